//! The comparison: document by document where there are documents, so that what was changed is found even where sums agree, and
//! what was entered after the cut-off is left out on both sides.

use std::collections::{BTreeMap, BTreeSet};

use super::{Item, Place, Reading, Row, Stated};
use crate::instant::Instant;
use crate::posting::Use;
use crate::qty::{Qty, Rounding};
use crate::uom::{Dimension, Uom};
use crate::words::DocNo;
use crate::workflow::Reconciliation;

/// A quantity that we say is in the books of a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    /// Of what.
    pub item: Item,
    /// In which document; absent where the system has none.
    pub document: Option<DocNo>,
    /// How much.
    pub qty: Qty,
}

/// All that we know, beside a reading.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// What should be there.
    pub ours: Vec<Ours>,
    /// What is elsewhere.
    pub elsewhere: Vec<(Item, Place, Qty)>,
    /// References of ours whose end nobody knows: a document that carries one may be there.
    pub doubtful: BTreeSet<String>,
    /// Documents that somebody made by hand, and that are known here.
    pub by_hand: BTreeSet<DocNo>,
    /// What the system takes by itself: how much must be there, and how much more may be because it is not flushed here yet.
    pub backflushed: Vec<(Item, Qty, Qty)>,
    /// How far what the system books by itself may be from what was reported, in percent of that.
    pub within_percent: u32,
}

impl Side {
    /// Whether something that was made is on its way into the books: what the system books by itself then comes with it.
    fn is_on_its_way(&self) -> bool {
        let open = |place: &Place| matches!(place, Place::Pending | Place::InFlight | Place::InDoubt | Place::Parked);
        self.elsewhere.iter().any(|(item, place, _)| matches!(item.purpose, Use::Yield | Use::Produced) && open(place))
    }
}

/// Compares; `impact` says what of an item counts.
pub fn compare(side: &Side, reading: &Reading, cut_off: Instant, impact: impl Fn(&Item) -> Reconciliation) -> Vec<Row> {
    let later = |line: &&Stated| line.entered_at.is_some_and(|at| at > cut_off);
    let late: BTreeSet<&DocNo> = reading.entries.iter().filter(later).filter_map(|line| line.document.as_ref()).collect();
    let there = reading.entries.iter().filter_map(|line| line.document.as_ref()).collect();
    let mut desk = Desk { rows: BTreeMap::new(), pairs: BTreeMap::new(), side, there };
    for (item, place, qty) in &side.elsewhere {
        desk.elsewhere(item, *place, *qty);
    }
    for (item, must, may) in &side.backflushed {
        desk.takes_by_itself(item, *must, *may);
    }
    for ours in side.ours.iter().filter(|ours| ours.document.as_ref().is_none_or(|document| !late.contains(document))) {
        desk.ours(ours);
    }
    for line in &reading.entries {
        if !later(&line) {
            desk.theirs(line);
        } else if let Some(known) = desk.by_itself(line) {
            // What is reported is known as of now, so what it takes by itself is counted as of now, too.
            known.take(line.qty);
        }
    }
    desk.settle();
    desk.settle_by_itself();
    desk.rows.into_values().filter_map(|sums| finished(sums, &impact)).collect()
}

/// What is found of one item on the way.
struct Sums {
    row: Row,
    /// What the system books by itself, by rule.
    by_itself: Option<ByItself>,
}

/// How much a system may have booked without being asked to, how much it must have, and how much it has.
#[derive(Clone, Copy)]
struct ByItself {
    most: Qty,
    least: Qty,
    booked: Qty,
}

impl ByItself {
    fn take(&mut self, qty: Qty) {
        let said = in_unit(qty, self.booked.uom()).unwrap_or(qty);
        self.booked = self.booked.plus(said).unwrap_or(self.booked);
    }

    fn none(uom: Uom) -> Self {
        let zero = Qty::zero(uom);
        Self { most: zero, least: zero, booked: zero }
    }

    /// What is not explained by what was reported. Less than it must have may be to come; and a system that goes by its own bill of
    /// material may be so many percent away from what was counted.
    fn apart(self, within_percent: u32, more_comes: bool) -> Qty {
        let beyond = |bound: Qty, less: bool| {
            let part = bound.value().checked_mul(within_percent.into()).and_then(|part| part.checked_div(100.into()));
            let apart = self.booked.minus(bound).ok().filter(|apart| !apart.is_zero() && apart.is_negative() == less)?;
            part.is_none_or(|part| apart.value().abs() > part.abs()).then_some(apart)
        };
        let (low, high) = if self.most.is_negative() { (self.most, self.least) } else { (self.least, self.most) };
        let less = beyond(low, true).filter(|_| !more_comes);
        less.or_else(|| beyond(high, false)).unwrap_or(Qty::zero(self.booked.uom()))
    }
}

/// One item in one document, ours and theirs.
struct Pair {
    ours: Qty,
    theirs: Option<Qty>,
}

struct Desk<'a> {
    rows: BTreeMap<(Item, Uom), Sums>,
    pairs: BTreeMap<(Option<&'a DocNo>, Item), Vec<Pair>>,
    side: &'a Side,
    /// Every document that the reading names.
    there: BTreeSet<&'a DocNo>,
}

impl<'a> Desk<'a> {
    /// The row of an item, and the quantity in its unit: units that do not become each other have rows of their own.
    fn row(&mut self, item: &Item, qty: Qty) -> (&mut Sums, Qty) {
        let qty = usual(qty);
        let known = self.rows.keys().find(|(known, uom)| known == item && in_unit(qty, *uom).is_some()).map(|(_, uom)| *uom);
        let uom = known.unwrap_or(qty.uom());
        let zero = Qty::zero(uom);
        let sums = self.rows.entry((item.clone(), uom)).or_insert_with(|| Sums {
            row: Row {
                item: item.clone(),
                ours: zero,
                theirs: zero,
                netted: Vec::new(),
                unexplained: zero,
                missing: Vec::new(),
                absent: Vec::new(),
                strange: Vec::new(),
            },
            by_itself: None,
        });
        (sums, in_unit(qty, uom).unwrap_or(qty))
    }

    /// What we know to be elsewhere. Where the system books by itself, which lot and operation it names is its own affair.
    fn elsewhere(&mut self, item: &Item, place: Place, qty: Qty) {
        if place != Place::Skipped {
            let (sums, qty) = self.row(item, qty);
            return sums.row.netted.push((place, qty));
        }
        let (sums, qty) = self.row(&item.of_any_lot(), qty);
        let known = sums.by_itself.get_or_insert(ByItself::none(qty.uom()));
        known.most = known.most.plus(qty).unwrap_or(known.most);
        let said = known.most;
        sums.row.netted.retain(|(place, _)| *place != Place::Skipped);
        sums.row.netted.push((Place::Skipped, said));
    }

    /// What of that it must have taken, and what it may have taken already.
    fn takes_by_itself(&mut self, item: &Item, must: Qty, may: Qty) {
        let any = item.of_any_lot();
        let (sums, must) = self.row(&any, must);
        let known = sums.by_itself.get_or_insert(ByItself::none(must.uom()));
        known.least = known.least.plus(must).unwrap_or(known.least);
        let may = in_unit(may, must.uom()).unwrap_or(may);
        known.most = known.most.plus(may).unwrap_or(known.most);
    }

    fn ours(&mut self, ours: &'a Ours) {
        let qty = usual(ours.qty);
        let pairs = self.pairs.entry((ours.document.as_ref(), ours.item.clone())).or_default();
        match pairs.iter_mut().find(|pair| pair.ours.uom() == qty.uom()) {
            Some(pair) => pair.ours = pair.ours.plus(qty).unwrap_or(pair.ours),
            None => pairs.push(Pair { ours: qty, theirs: None }),
        }
    }

    /// A line of theirs: of a document of ours, or of one that none of our postings is known to have made.
    fn theirs(&mut self, line: &'a Stated) {
        let exact = Item::new(line.purpose, line.op.as_ref(), &line.material, line.lot.as_ref());
        // Where we named no lot, whichever lot the system took is meant.
        let without = Item { lot: None, ..exact.clone() };
        let document = line.document.as_ref();
        for item in [&exact, &without] {
            let pairs = self.pairs.get_mut(&(document, item.clone())).into_iter().flatten();
            for pair in pairs {
                let Some(said) = in_unit(line.qty, pair.ours.uom()) else { continue };
                pair.theirs = Some(pair.theirs.map_or(said, |before| before.plus(said).unwrap_or(before)));
                return;
            }
        }
        self.stranger(&exact, line);
    }

    fn stranger(&mut self, item: &Item, line: &Stated) {
        let doubtful = line.reference.as_ref().is_some_and(|reference| self.side.doubtful.contains(reference));
        let by_hand = line.document.as_ref().is_some_and(|document| self.side.by_hand.contains(document));
        let of_any_lot = item.of_any_lot();
        let by_itself = !doubtful && !by_hand && self.by_itself(line).is_some();
        let (sums, said) = self.row(if by_itself { &of_any_lot } else { item }, line.qty);
        let row = &mut sums.row;
        row.theirs = row.theirs.plus(said).unwrap_or(row.theirs);
        match (doubtful, by_hand, &mut sums.by_itself) {
            (true, ..) => row.netted.push((Place::InDoubt, said)),
            (false, true, _) => row.netted.push((Place::ByHand, said)),
            (false, false, Some(known)) => known.take(said),
            (false, false, None) => {
                row.unexplained = row.unexplained.plus(said).unwrap_or(row.unexplained);
                row.strange.extend(line.document.clone());
            }
        }
    }

    /// What the system books by itself of what a line is about.
    fn by_itself(&mut self, line: &Stated) -> Option<&mut ByItself> {
        let item = Item::new(line.purpose, line.op.as_ref(), &line.material, line.lot.as_ref()).of_any_lot();
        self.rows.iter_mut().filter(|((known, _), _)| *known == item).find_map(|(_, sums)| sums.by_itself.as_mut())
    }

    /// What the system books by itself is explained by what was reported, and by no more.
    fn settle_by_itself(&mut self) {
        let (within, more_comes) = (self.side.within_percent, self.side.is_on_its_way());
        for sums in self.rows.values_mut() {
            let Some(known) = sums.by_itself else { continue };
            let apart = known.apart(within, more_comes);
            sums.row.unexplained = sums.row.unexplained.plus(apart).unwrap_or(sums.row.unexplained);
        }
    }

    /// Both sides of everything that we say is there.
    fn settle(&mut self) {
        for ((document, item), pairs) in std::mem::take(&mut self.pairs) {
            for Pair { ours, theirs } in pairs {
                let said = theirs.unwrap_or_else(|| Qty::zero(ours.uom()));
                let apart = said.minus(ours).unwrap_or(ours.negated());
                let is_absent = document.is_some_and(|document| !self.there.contains(document));
                let (Sums { row, .. }, ours) = self.row(&item, ours);
                let (said, apart) = (in_unit(said, ours.uom()).unwrap_or(said), in_unit(apart, ours.uom()).unwrap_or(apart));
                row.ours = row.ours.plus(ours).unwrap_or(row.ours);
                row.theirs = row.theirs.plus(said).unwrap_or(row.theirs);
                row.unexplained = row.unexplained.plus(apart).unwrap_or(row.unexplained);
                if !apart.is_zero() {
                    row.missing.extend(document.cloned());
                    // Under another lot, operation or material it is there all the same.
                    row.absent.extend(document.filter(|_| is_absent).cloned());
                }
            }
        }
    }
}

/// A row as it counts; nothing where nothing of it does.
fn finished(sums: Sums, impact: &impl Fn(&Item) -> Reconciliation) -> Option<Row> {
    let mut row = sums.row;
    for documents in [&mut row.missing, &mut row.absent, &mut row.strange] {
        documents.sort();
        documents.dedup();
    }
    // A document by hand and another one that undoes it are no difference.
    if row.unexplained.is_zero() && row.missing.is_empty() {
        row.strange.clear();
    }
    match impact(&row.item) {
        Reconciliation::Books | Reconciliation::Stock => Some(row),
        // Only that it is there counts, not how much of it.
        Reconciliation::Presence => {
            if row.theirs.is_zero() == row.ours.is_zero() {
                row.unexplained = Qty::zero(row.unexplained.uom());
                row.missing.clear();
                row.absent.clear();
                row.strange.clear();
            }
            Some(row)
        }
        Reconciliation::None => None,
    }
}

/// Times in minutes: hours and minutes of the same work are one sum.
fn usual(qty: Qty) -> Qty {
    let minutes = Uom::parse("MIN").ok().filter(|_| qty.uom().dimension() == Dimension::Time);
    minutes.and_then(|minutes| in_unit(qty, minutes)).unwrap_or(qty)
}

/// In another unit; nothing where no fixed factor leads there.
fn in_unit(qty: Qty, uom: Uom) -> Option<Qty> {
    let (num, den) = qty.uom().factor_to(uom)?;
    let exact = qty.value().checked_mul(num.into())?.checked_div(den.into())?;
    Qty::new(Rounding::HalfEven.apply(exact, Qty::SCALE_MAX), uom).ok()
}

impl Item {
    /// The same, whichever lot and operation.
    fn of_any_lot(&self) -> Self {
        Self { lot: None, op: None, ..self.clone() }
    }

    /// As people read it: `produced FG-100 lot N7-1123`, `yield at 20 FG-100`.
    pub fn said(&self) -> String {
        let purpose = match self.purpose {
            Use::Yield => "yield",
            Use::Scrap => "scrap",
            Use::Rework => "rework",
            Use::Consumed => "consumed",
            Use::Produced => "produced",
            Use::Labour => "labour",
            Use::Machine => "machine",
        };
        let op = self.op.as_ref().map(|op| format!(" at {op}")).unwrap_or_default();
        let lot = self.lot.as_ref().map(|lot| format!(" lot {lot}")).unwrap_or_default();
        format!("{purpose}{op} {}{lot}", self.material)
    }
}
