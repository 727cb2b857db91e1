//! A lot that a supplier sends: it is known before it comes, by the supplier's number too, so that a hold placed meanwhile is in
//! force when it arrives. Its handling units are announced to the warehouse like any others, and what is counted there is
//! compared with what was announced by the handling unit itself.

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Fact, Lot};
use crate::answer::Answer;
use crate::effect::UnitContent;
use crate::fact::Fact as Noted;
use crate::input::Body;
use crate::instant::Instant;
use crate::kernel::not_owner;
use crate::name::SiteId;
use crate::native::{NativeId, NativeKind, Ref};
use crate::qty::Qty;
use crate::unit;
use crate::words::{LotKey, OutputKind, Sscc};

/// A supplier says that some of a lot is on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    /// The lot, by the supplier's number within the material.
    pub lot: LotKey,
    /// The plant it is for.
    pub site: SiteId,
    /// The ship notice.
    pub notice: NativeId,
    /// The purchase order that it answers, or its line, as the portal calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<NativeId>,
    /// Who sends it.
    pub supplier: NativeId,
    /// On which handling unit.
    pub unit: Sscc,
    /// How much.
    pub qty: Qty,
}

/// Goods that will come, or came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The ship notice.
    pub notice: NativeId,
    /// The purchase order that it answers, or its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<NativeId>,
    /// Who sends it.
    pub supplier: NativeId,
    /// How much, as announced.
    pub qty: Qty,
    /// When it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived: Option<Instant>,
}

impl Lot {
    /// What a fact changes about what is on its way.
    pub(super) fn expect(&mut self, fact: &Fact) {
        if let Fact::Announced { unit, expected } = fact {
            self.expected.insert(unit.clone(), expected.as_ref().clone());
        }
        if let Fact::Arrived { unit, at } = fact
            && let Some(expected) = self.expected.get_mut(unit)
        {
            expected.arrived = Some(*at);
        }
    }
}

impl Turn<'_, '_> {
    /// Only the portal of its plant announces goods for it; a client of ours may do so in its place.
    pub(super) fn announced(&mut self, said: &Announcement) -> Answer {
        let (book, source) = (self.context.book, self.envelope.key.source);
        let portal = book.sites.get(&said.site).and_then(|plant| plant.around.supplier);
        if portal != Some(source) && (portal.is_none() || book.sites.contains_key(&source)) {
            let owner = portal.map_or_else(|| format!("a supplier portal of {}", said.site), |portal| portal.to_string());
            return not_owner(self.draft, source, owner, "what suppliers send");
        }
        self.known(&said.lot, said.site);
        if self.lot.expected.contains_key(&said.unit) {
            return Answer::Accepted;
        }
        let (Some(portal), Some(unit)) = (portal, portal.and_then(|portal| book.unit_entity(portal, &said.unit))) else {
            return Answer::Accepted;
        };
        // A portal has names of its own: the same number of another supplier is another lot.
        if let Ok(id) = NativeId::parse(&said.lot.to_string()) {
            let name = Ref::new(portal, NativeKind::Lot, id);
            if !self.common.names.contains(&name) {
                self.draft.note(Noted::Named(name));
            }
        }
        let (notice, purchase, supplier) = (said.notice.clone(), said.purchase.clone(), said.supplier.clone());
        let expected = Expected { notice, purchase, supplier, qty: said.qty, arrived: None };
        self.note(Fact::Announced { unit: said.unit.clone(), expected: Box::new(expected) });
        let me = self.draft.me();
        let content = UnitContent { lot: said.lot.clone(), lot_entity: me, order: None, output: OutputKind::Main, qty: said.qty };
        let to = book.sites.get(&said.site).and_then(|plant| plant.warehouse);
        let filled = unit::Mail::Filled { sscc: said.unit.clone(), contents: vec![content], from: portal, to };
        self.draft.tell(unit, Body::Unit(unit::Input::Mail(filled)));
        self.goes_to_warehouse();
        self.hold_what_comes(&said.unit);
        Answer::Accepted
    }

    /// A hold on the whole lot holds what is announced after it, too.
    fn hold_what_comes(&mut self, unit: &Sscc) {
        let whole = self.lot.holds.iter().find(|(_, hold)| hold.covers_all()).map(|(number, hold)| (number.clone(), hold.clone()));
        if let Some((number, hold)) = whole {
            self.block_newcomers(&number, &hold, std::slice::from_ref(unit));
        }
        self.block_refused(unit);
    }

    /// A handling unit with some of it came.
    pub(super) fn arrived(&mut self, unit: &Sscc) {
        let waits = self.lot.expected.iter().find(|(known, expected)| known.is(unit) && expected.arrived.is_none());
        if let Some((known, _)) = waits {
            self.note(Fact::Arrived { unit: known.clone(), at: self.context.now });
        }
    }
}
