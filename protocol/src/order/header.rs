//! What the ERP ordered, as it stands in the ERP.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Release;
use crate::demand::DemandRef;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::qty::Qty;
use crate::words::{LotNo, MaterialId, Version};

/// How many times its total nobody can have made of an order.
const ABSURD_TIMES: Decimal = Decimal::TEN;

/// What the ERP ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The ERP that owns it.
    pub erp: SiteId,
    /// Its number there.
    pub number: NativeId,
    /// The plant.
    pub plant: SiteId,
    /// The material.
    pub material: MaterialId,
    /// The total, planned scrap included (SAP `TotalQuantity`).
    pub total: Qty,
    /// Of which planned scrap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_scrap: Option<Qty>,
    /// How much more may be delivered, in percent; absent for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_percent: Option<Decimal>,
    /// The recipe; absent for the newest approved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Version>,
    /// The lot to produce into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
    /// When it should start.
    pub start: Instant,
    /// When it should end.
    pub end: Instant,
    /// The demand it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<DemandRef>,
}

impl Header {
    /// As it would stand in its ERP, if that made what was wished for.
    pub fn wished(wish: &Release) -> Self {
        Self {
            erp: wish.erp,
            number: wish.planned_order.clone(),
            plant: wish.plant,
            material: wish.material.clone(),
            total: wish.total,
            planned_scrap: None,
            over_percent: None,
            recipe: wish.recipe.clone(),
            lot: wish.lot.clone(),
            start: wish.start,
            end: wish.end,
            demand: None,
        }
    }

    /// What nobody can have made of it, however much may be: a count above that is a slip, or another order's, and is shown.
    pub fn absurd_above(&self) -> Option<Qty> {
        let most = self.total.value().checked_mul(ABSURD_TIMES)?;
        let most = self.over_limit().map_or(most, |limit| most.max(limit.value()));
        Qty::new(most, self.total.uom()).ok()
    }

    /// The most that may be made; `None` where there is no limit.
    pub fn over_limit(&self) -> Option<Qty> {
        let percent = self.over_percent?;
        let factor = percent.checked_div(Decimal::ONE_HUNDRED)?.checked_add(Decimal::ONE)?;
        Qty::new(self.total.value().checked_mul(factor)?.round_dp(Qty::SCALE_MAX), self.total.uom()).ok()
    }
}
