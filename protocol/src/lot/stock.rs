//! What stands of a lot in the ERP, and where it should stand. The lot hears what its orders booked, wants the statuses that
//! its holds, samples and decisions ask for, and asks for the difference: whatever comes first, receipt or verdict, hold or
//! receipt, the stock ends in the same place. Never asks for stock that the ERP does not have yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Containment, Fact, Lot};
use crate::effect::Effect;
use crate::fact::Fact as Noted;
use crate::id::EntityId;
use crate::intent::Tier;
use crate::name::SiteId;
use crate::ownership::Domain;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, Sscc, StockStatus};

/// A quantity of a lot that a document of the ERP moved in or out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// Into or out of which stock.
    pub status: StockStatus,
    /// On which handling unit, where the posting says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Sscc>,
    /// How much, signed.
    pub qty: Qty,
}

/// What stands in the ERP, as far as its orders told and it asked itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    /// By status, with the moves that are asked for.
    pub stands: BTreeMap<StockStatus, Qty>,
    /// By handling unit, where its orders are posted by unit.
    pub units: BTreeMap<Sscc, Qty>,
    /// The postings in it, by order: a posting counts once.
    pub postings: BTreeMap<EntityId, std::collections::BTreeSet<u32>>,
    /// How much was accepted for restricted use.
    pub restricted: Option<Qty>,
    /// Moves that the ERP refused: not asked for again before something else is booked.
    pub refused: std::collections::BTreeSet<(StockStatus, StockStatus)>,
}

impl Stock {
    /// More of it may be used only within limits.
    pub(super) fn restrict(&mut self, qty: Qty) {
        let sum = self.restricted.map_or(qty, |sum| sum.plus(qty).unwrap_or(sum));
        self.restricted = Some(sum);
    }

    /// What a document moved.
    pub(super) fn book(&mut self, order: EntityId, posting: u32, parts: &[Booking]) {
        self.postings.entry(order).or_default().insert(posting);
        self.refused.clear();
        for part in parts {
            self.add(part.status, part.qty);
            if let Some(unit) = &part.unit {
                let sum = self.units.entry(unit.clone()).or_insert(Qty::zero(part.qty.uom()));
                *sum = sum.plus(part.qty).unwrap_or(*sum);
            }
        }
    }

    pub(super) fn add(&mut self, status: StockStatus, qty: Qty) {
        self.stands.entry(status).or_insert(Qty::zero(qty.uom())).add(qty);
    }

    /// Some of it went from one status to another.
    pub fn moved(&mut self, from: StockStatus, to: StockStatus, qty: Qty) {
        self.add(from, qty.negated());
        self.add(to, qty);
    }

    /// A move that was asked for did not come about.
    pub(super) fn not_moved(&mut self, from: StockStatus, to: StockStatus, qty: Qty) {
        self.moved(to, from, qty);
        self.refused.insert((from, to));
    }

    /// Others may be asked for again, now that stock has moved.
    pub(super) fn did_move(&mut self) {
        self.refused.clear();
    }

    fn has(&self, status: StockStatus) -> Option<Qty> {
        self.stands.get(&status).copied().filter(Qty::is_positive)
    }
}

/// The statuses that a lot moves its stock between; what is on its way or came back is somebody else's.
const OURS: [StockStatus; 4] = [StockStatus::Unrestricted, StockStatus::QualityInspection, StockStatus::Blocked, StockStatus::Restricted];

impl Lot {
    /// How much should stand in each status, of what stands in the ERP at all.
    fn wants(&self) -> Option<BTreeMap<StockStatus, Qty>> {
        let total = OURS.into_iter().filter_map(|status| self.stock.has(status)).reduce(|a, b| a.plus(b).unwrap_or(a))?;
        let zero = Qty::zero(total.uom());
        let blocked = smaller(self.kept_in_erp(total), total);
        let rest = total.minus(blocked).ok()?;
        let inspection = if self.inspected && self.in_inspection() { rest } else { zero };
        let usable = rest.minus(inspection).ok()?;
        let restricted = smaller(self.stock.restricted.unwrap_or(zero), usable);
        Some(BTreeMap::from([
            (StockStatus::Blocked, blocked),
            (StockStatus::QualityInspection, inspection),
            (StockStatus::Restricted, restricted),
            (StockStatus::Unrestricted, usable.minus(restricted).ok()?),
        ]))
    }

    /// How much of what stands in the ERP holds and decisions keep: of a handling unit only what was booked of it.
    fn kept_in_erp(&self, total: Qty) -> Qty {
        if self.holds.values().any(super::Hold::covers_all) {
            return total;
        }
        let here = || self.units.keys().filter_map(|unit| Some((unit, self.still_on(unit)?)));
        let by_unit: Vec<(&Sscc, Qty)> =
            if self.stock.units.is_empty() { here().collect() } else { self.stock.units.iter().map(|(unit, qty)| (unit, *qty)).collect() };
        let kept = |unit: &Sscc| self.holds.values().any(|hold| hold.covers(unit)) || self.bars(unit).is_some();
        let here = by_unit.into_iter().filter(|(unit, qty)| !self.has_left(unit) && qty.is_positive());
        let (kept, free): (Vec<_>, Vec<_>) = here.partition(|(unit, _)| kept(unit));
        let kept = kept.into_iter().fold(Qty::zero(total.uom()), |sum, (_, qty)| sum.plus(qty).unwrap_or(sum));
        if self.refused.is_none() {
            return kept;
        }
        // All that is not on a handling unit that is free. What is booked without its handling unit may be of either, as long as
        // some is not booked yet: then no less than what stands on none.
        let rest = free.into_iter().fold(total, |left, (_, qty)| left.minus(qty).unwrap_or(left));
        let least = self.loose().filter(|_| self.stock.units.is_empty()).and_then(|loose| kept.plus(loose).ok()).unwrap_or(kept);
        if rest.compare(&least).is_some_and(std::cmp::Ordering::is_lt) { least } else { rest }
    }

    /// What has to be moved for that: from, to, how much.
    fn moves(&self) -> Vec<(StockStatus, StockStatus, Qty)> {
        let Some(wants) = self.wants() else { return Vec::new() };
        let has = |status: &StockStatus, want: &Qty| self.stock.has(*status).unwrap_or(Qty::zero(want.uom()));
        let over = |(status, want): (&StockStatus, &Qty)| Some((*status, has(status, want).minus(*want).ok().filter(Qty::is_positive)?));
        let short = |(status, want): (&StockStatus, &Qty)| Some((*status, want.minus(has(status, want)).ok().filter(Qty::is_positive)?));
        let mut over: Vec<(StockStatus, Qty)> = wants.iter().filter_map(over).collect();
        let mut moves = Vec::new();
        for (to, mut missing) in wants.iter().filter_map(short).collect::<Vec<_>>() {
            for (from, left) in &mut over {
                let qty = smaller(*left, missing);
                if qty.is_positive() && !self.stock.refused.contains(&(*from, to)) {
                    moves.push((*from, to, qty));
                    *left = left.minus(qty).unwrap_or(*left);
                    missing = missing.minus(qty).unwrap_or(missing);
                }
            }
        }
        moves
    }
}

fn smaller(a: Qty, b: Qty) -> Qty {
    if a.compare(&b).is_some_and(std::cmp::Ordering::is_gt) { b } else { a }
}

impl Turn<'_, '_> {
    /// An order posted some of it, or took some back.
    pub(super) fn booked(&mut self, order: EntityId, posting: u32, parts: &[Booking]) {
        let known = self.lot.stock.postings.get(&order).is_some_and(|postings| postings.contains(&posting));
        if !known {
            self.note(Fact::Booked { order, posting, parts: parts.to_vec() });
        }
    }

    /// Asks for every move that what was written so far makes necessary, the blocks before all other work.
    pub(super) fn move_stock(&mut self) {
        let (Some(lot), Some(plant)) = (self.key.clone(), self.site) else { return };
        let Some(erp) = self.context.book.owner(plant, Domain::Inventory) else { return };
        let hold = self.spoken_of();
        let moves = self.after().moves();
        let blocks = moves.iter().any(|(_, to, _)| *to == StockStatus::Blocked);
        for (from, to, qty) in moves {
            self.ask_move(erp, (&lot, plant), (from, to, qty), hold.as_ref());
        }
        let at = self.context.now;
        let containment = if blocks { Containment::Requested { at } } else { Containment::Confirmed { at } };
        for hold in self.bound_now() {
            self.note(Fact::Contained { hold, site: erp, containment: containment.clone() });
        }
    }

    fn ask_move(&mut self, erp: SiteId, whose: (&LotKey, SiteId), what: (StockStatus, StockStatus, Qty), hold: Option<&HoldNo>) {
        let ((lot, plant), (from, to, qty)) = (whose, what);
        let effect = Effect::ChangeStockStatus { lot: lot.clone(), plant, qty, from, to, hold: hold.cloned() };
        if to == StockStatus::Blocked {
            self.draft.ask_site_first(erp, effect);
        } else {
            self.draft.ask_site(erp, Tier::Business, effect);
        }
        self.note(Fact::Moved { from, to, qty });
    }

    /// The hold that this decision is about, for the text of the document.
    fn spoken_of(&self) -> Option<HoldNo> {
        let about = |fact: &Noted| match fact {
            Noted::Lot(fact) => match fact.as_ref() {
                Fact::Held { hold, .. } | Fact::Decided { hold, .. } | Fact::ParentFreed { hold, .. } | Fact::Released(hold) => {
                    Some(hold.clone())
                }
                Fact::Known { .. }
                | Fact::Produced { .. }
                | Fact::Consumed { .. }
                | Fact::Linked { .. }
                | Fact::OriginFreed { .. }
                | Fact::Sampled(_)
                | Fact::Judged { .. }
                | Fact::Contained { .. }
                | Fact::DecidedEarly { .. }
                | Fact::Disposed { .. }
                | Fact::Restricted { .. }
                | Fact::Booked { .. }
                | Fact::Moved { .. }
                | Fact::MoveRefused { .. }
                | Fact::MoveDone { .. }
                | Fact::Registered { .. }
                | Fact::Unregistered { .. }
                | Fact::Cleared { .. }
                | Fact::ClearanceRevoked { .. }
                | Fact::Departed { .. }
                | Fact::Announced { .. }
                | Fact::Arrived { .. }
                | Fact::GoesTo(_)
                | Fact::Told => None,
            },
            Noted::Named(_)
            | Noted::Intended { .. }
            | Noted::Outbox { .. }
            | Noted::CaseOpened(_)
            | Noted::CaseHandedOver { .. }
            | Noted::CaseSnoozed { .. }
            | Noted::CaseGivingUp { .. }
            | Noted::CaseClosed { .. }
            | Noted::Order(_)
            | Noted::Unit(_)
            | Noted::Shipment(_)
            | Noted::Site(_)
            | Noted::Record(_) => None,
        };
        let written = self.draft.facts().iter().rev().find_map(about);
        written.or_else(|| self.lot.holds.keys().next_back().cloned())
    }

    /// Holds that bind, or reach further, with this decision.
    fn bound_now(&self) -> Vec<HoldNo> {
        let bound = |fact: &Noted| match fact {
            Noted::Lot(fact) => {
                if let Fact::Held { hold, .. } = fact.as_ref() {
                    Some(hold.clone())
                } else {
                    None
                }
            }
            Noted::Named(_)
            | Noted::Intended { .. }
            | Noted::Outbox { .. }
            | Noted::CaseOpened(_)
            | Noted::CaseHandedOver { .. }
            | Noted::CaseSnoozed { .. }
            | Noted::CaseGivingUp { .. }
            | Noted::CaseClosed { .. }
            | Noted::Order(_)
            | Noted::Unit(_)
            | Noted::Shipment(_)
            | Noted::Site(_)
            | Noted::Record(_) => None,
        };
        self.draft.facts().iter().filter_map(bound).collect()
    }
}
