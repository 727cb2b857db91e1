//! A lot as quality asks for it: what is on which handling unit, what holds it and who has confirmed that, what left.

use serde::{Deserialize, Serialize};
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::lot::{Containment, Hold, Lot};
use takt_protocol::words::HoldNo;
use utoipa::ToSchema;

use super::case::{CaseRow, row};
use super::{Head, head};

/// A lot, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LotView {
    /// Who it is, and when this was so.
    #[serde(flatten)]
    pub head: Head,
    /// The lot, as `material/lot`, once anybody said its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// The plant whose lot it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// All that was made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// What holds keep of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// Whether it waits for inspection.
    pub in_inspection: bool,
    /// Its handling units.
    pub units: Vec<LotUnit>,
    /// Holds that are not over.
    pub holds: Vec<HoldRow>,
    /// Holds that are over.
    pub released_holds: Vec<String>,
    /// Clearances that were given: shipment, attempt, until.
    pub clearances: Vec<String>,
    /// Orders that made it.
    pub orders: Vec<String>,
    /// What it was made from.
    pub from: Vec<Edge>,
    /// What was made from it.
    pub into: Vec<Edge>,
    /// What waits for a person.
    pub exceptions: Vec<CaseRow>,
}

/// A handling unit of the lot.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LotUnit {
    /// Its number.
    pub sscc: String,
    /// How much of the lot is on it.
    pub quantity: String,
    /// What keeps it from leaving; empty when nothing does.
    pub blocked_by: Vec<String>,
    /// The shipment it left with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_with: Option<String>,
}

/// A hold.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HoldRow {
    /// Its number.
    pub hold: String,
    /// Why.
    pub reason: String,
    /// When it bound.
    pub bound_at: String,
    /// Only these handling units; none for the whole lot.
    pub units: Vec<String>,
    /// The lots it came down from, with a comma between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Who was told to block, and how that stands.
    pub containment: Vec<ContainmentRow>,
    /// Verdicts so far.
    pub verdicts: Vec<String>,
}

/// How far a system is with blocking.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContainmentRow {
    /// The system.
    pub site: String,
    /// requested, confirmed or failed: the hold is in force all the same.
    pub state: String,
    /// Since when.
    pub at: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// An edge of genealogy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Edge {
    /// Our id of the lot.
    pub id: String,
    /// The lot, as `material/lot`.
    pub lot: String,
}

/// Everything a lot came from and went into.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    /// Our id of the lot.
    pub id: String,
    /// All lots it was made from, over any number of steps.
    pub ancestors: Vec<Edge>,
    /// All lots that were made from it, over any number of steps.
    pub descendants: Vec<Edge>,
    /// Shipments that left with any of them, or want to: our ids.
    pub shipments: Vec<String>,
    /// Whether the walk ended at its limit, so that there is more.
    pub cut: bool,
}

/// A lot, whole, as it is now.
pub fn view(state: &State, lot: &Lot, now: Instant) -> LotView {
    LotView {
        head: head(state, now),
        lot: lot.key.as_ref().map(ToString::to_string),
        plant: lot.site.map(|site| site.to_string()),
        total: lot.total().map(|qty| qty.to_string()),
        blocked: lot.blocked().map(|qty| qty.to_string()),
        in_inspection: lot.in_inspection(),
        units: units(lot),
        holds: lot.holds.iter().map(hold).collect(),
        released_holds: lot.released.iter().map(ToString::to_string).collect(),
        clearances: lot.clearances.iter().map(|(to, (attempt, until))| format!("{to} attempt {attempt} until {until}")).collect(),
        orders: lot.produced.keys().map(EntityId::to_string).collect(),
        from: lot.parents.iter().map(edge).collect(),
        into: lot.children.iter().map(edge).collect(),
        exceptions: state.common.cases.values().map(|case| row(state.id, case)).collect(),
    }
}

/// An edge of genealogy as it is shown.
pub(crate) fn edge((key, id): &(takt_protocol::words::LotKey, EntityId)) -> Edge {
    Edge { id: id.to_string(), lot: key.to_string() }
}

fn units(lot: &Lot) -> Vec<LotUnit> {
    let unit = |(sscc, qty): (&takt_protocol::words::Sscc, &takt_protocol::qty::Qty)| LotUnit {
        sscc: sscc.to_string(),
        quantity: qty.to_string(),
        blocked_by: lot.blocks(sscc),
        left_with: lot.departed.get(sscc).map(EntityId::to_string),
    };
    lot.units.iter().map(unit).collect()
}

fn hold((number, hold): (&HoldNo, &Hold)) -> HoldRow {
    HoldRow {
        hold: number.to_string(),
        reason: hold.reason.to_string(),
        bound_at: hold.bound_at.to_string(),
        units: hold.scope().iter().map(ToString::to_string).collect(),
        parent: parents(hold),
        containment: hold.containment.iter().map(|(site, containment)| contained(site, containment)).collect(),
        verdicts: hold.decisions.iter().map(|decision| decision.verdict.word().to_owned()).collect(),
    }
}

/// The lots it came down from, when it did.
fn parents(hold: &Hold) -> Option<String> {
    let parents: Vec<String> = hold.parents.iter().map(|ground| ground.parent.to_string()).collect();
    (!parents.is_empty()).then(|| parents.join(", "))
}

fn contained(site: &takt_protocol::name::SiteId, containment: &Containment) -> ContainmentRow {
    let (state, at, why) = match containment {
        Containment::Requested { at } => ("requested", at, None),
        Containment::Confirmed { at } => ("confirmed", at, None),
        Containment::Failed { at, why } => ("failed", at, Some(why.clone())),
    };
    ContainmentRow { site: site.to_string(), state: state.to_owned(), at: at.to_string(), why }
}
