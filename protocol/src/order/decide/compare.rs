//! The order beside the books of its ERP: what it has there, what of it is elsewhere, and what comes of a difference. A document
//! that nobody knows is offered as one that was posted by hand; what was taken back or changed there is a case.

use std::collections::{BTreeMap, BTreeSet};

use super::Turn;
use super::foreign::Foreign;
use crate::answer::Answer;
use crate::books::{self, About, Called, Comparison, Item, Next, Ours, Place, Question, Reading, Row, Side, Stated};
use crate::case::Case;
use crate::common::Common;
use crate::desk::Action;
use crate::draft::Draft;
use crate::envelope::RawRef;
use crate::fact::Fact as Noted;
use crate::kernel::Context;
use crate::name::SiteId;
use crate::order::{Fact, Order};
use crate::outbox::{OutboxFact, Outcome};
use crate::posting::{Series, Standing, Use};
use crate::qty::Qty;
use crate::workflow::Flow;

impl Order {
    /// Its ERP said what it has.
    pub(crate) fn read(
        &self,
        common: &Common,
        site: SiteId,
        reading: &Reading,
        raw: Option<RawRef>,
        context: &Context<'_>,
        draft: &mut Draft,
    ) {
        let envelope = crate::kernel::clockwork(context.now);
        let mut turn = Turn { order: self, common, envelope: &envelope, context, draft, late: None };
        let side = turn.side();
        if let Some((Next::Differs, found)) = turn.books().compared(site, side, reading, raw, flow) {
            turn.differ(site, &found, reading);
        }
    }
}

impl Turn<'_, '_> {
    pub(super) fn books(&mut self) -> books::Turn<'_, '_> {
        books::Turn {
            kept: &self.order.books,
            common: self.common,
            context: self.context,
            draft: self.draft,
            noted: |site, step| Noted::Order(Box::new(Fact::Books { site, step: Box::new(step) })),
            owner: "finance",
        }
    }

    /// What its ERP is asked, when it has anything there.
    fn question(&self, site: SiteId, called: Called) -> Option<Question> {
        let header = self.order.header.as_ref().filter(|header| header.erp == site)?;
        Some(Question { about: About::Order(header.number.clone()), plant: header.plant, cut_off: called.cut_off })
    }

    /// A document of its may stand in its ERP soon, or does.
    pub(super) fn moved_in_books(&mut self, flow: Flow) {
        let Some(erp) = self.order.header.as_ref().map(|header| header.erp) else { return };
        self.books().moved(erp, flow);
    }

    pub(super) fn read_books(&mut self, site: SiteId, called: Called) -> Answer {
        let question = self.question(site, called);
        self.books().read(site, called, question);
        Answer::Accepted
    }

    /// Asks again, where it was put off or had to make room.
    pub(super) fn read_on(&mut self, site: SiteId) {
        let order = self.order;
        let header = order.header.as_ref().filter(|header| header.erp == site);
        let question = |called: Called| {
            let header = header?;
            Some(Question { about: About::Order(header.number.clone()), plant: header.plant, cut_off: called.cut_off })
        };
        self.books().go_on(site, question);
    }

    pub(super) fn books_step(&mut self, site: SiteId, step: &OutboxFact) {
        if let OutboxFact::Settled(Outcome::Rejected { code, text }) = step {
            self.books().unread(site, &format!("{code}: {text}"));
        }
    }

    /// What a person decides about a difference; nothing for any other case.
    pub(super) fn act_on_books(&mut self, case: &Case, action: &Action) -> Option<Answer> {
        let site = books::system_of(&self.order.books, case)?;
        let write_off = match action {
            Action::Retry => false,
            Action::WriteOff => true,
            Action::Adopt { .. }
            | Action::Match { .. }
            | Action::HandTo { .. }
            | Action::Acknowledge
            | Action::Snooze { .. }
            | Action::Edit { .. } => return Some(super::desk::not_offered(case)),
        };
        let (who, question) = (self.envelope.who.as_ref(), self.question(site, Called { run: 0, cut_off: self.context.now }));
        Some(self.books().act(site, case, write_off, who, |_| question))
    }

    /// What it has in its ERP, by its own ledger, and what is elsewhere.
    fn side(&self) -> Side {
        let ledger = &self.order.ledger;
        let mut side = Side { by_hand: self.order.foreign.clone(), ..Side::default() };
        for entry in ledger.postings() {
            let Some(document) = entry.standing.document() else { continue };
            let lines = entry.posting.lines.iter().filter(|line| !line.qty.is_zero());
            side.ours.extend(lines.map(|line| Ours { item: item(&line.series), document: Some(document.clone()), qty: line.qty }));
        }
        side.by_hand.retain(|document| !side.ours.iter().any(|ours| ours.document.as_ref() == Some(document)));
        for account in self.order.accounts() {
            let places = [
                (Place::Pending, account.pending),
                (Place::InFlight, account.in_flight),
                (Place::InDoubt, account.in_doubt),
                (Place::Parked, account.parked),
                (Place::WrittenOff, account.written_off),
                (Place::Skipped, account.skipped),
                (Place::Carried, account.residual),
            ];
            let there = places.into_iter().filter(|(_, qty)| !qty.is_zero());
            side.elsewhere.extend(there.map(|(place, qty)| (item(&account.series), place, qty)));
        }
        side.backflushed = ledger.backflushed().into_iter().map(|(series, must, may)| (item(series), must, may)).collect();
        side.doubtful = self.doubtful();
        side
    }

    /// The references of what was handed over and has no document: it may be there.
    fn doubtful(&self) -> BTreeSet<String> {
        let open = |posting: &u32| {
            let entry = self.order.ledger.posting(*posting);
            entry.is_some_and(|entry| matches!(entry.standing, Standing::InFlight | Standing::InDoubt | Standing::Parked { .. }))
        };
        let carried = self.order.carries.iter().filter(|(_, posting)| open(posting));
        carried.map(|(intent, _)| self.draft.intent_id(*intent).reference().as_str().to_owned()).collect()
    }

    /// The same difference in two readings.
    fn differ(&mut self, site: SiteId, found: &Comparison, reading: &Reading) {
        let apart: Vec<&Row> = found.rows.iter().filter(|row| row.differs()).collect();
        let ours = |line: &Stated| self.order.ledger.postings().any(|entry| entry.standing.document() == line.document.as_ref());
        let lines = apart.iter().flat_map(|row| made(row, reading).map(move |line| (*row, line)));
        let offered: Vec<(&Row, &Stated)> = lines.filter(|(_, line)| !ours(line)).collect();
        for (_, line) in &offered {
            self.offer(line);
        }
        let mut made: BTreeMap<&Item, Qty> = BTreeMap::new();
        for (row, line) in &offered {
            let sum = made.entry(&row.item).or_insert(Qty::zero(row.unexplained.uom()));
            *sum = sum.plus(line.qty).unwrap_or(*sum);
        }
        let left = apart.into_iter().filter(|row| {
            let rest = made.get(&row.item).map_or(Ok(row.unexplained), |made| row.unexplained.minus(*made));
            !row.missing.is_empty() || rest.map_or(true, |rest| !rest.is_zero())
        });
        let left: Vec<&Row> = left.collect();
        self.books().differs(site, &left);
    }

    /// A document that somebody made by hand: adopted where it is one of ours that waits, else a case.
    fn offer(&mut self, line: &Stated) {
        let Some(document) = &line.document else { return };
        let by = line.by.as_deref().unwrap_or("somebody");
        let found = Foreign { document, by, purpose: line.purpose, material: &line.material, lot: line.lot.as_ref(), qty: line.qty };
        self.foreign_posting(&found);
    }
}

/// The lines of documents that nobody knows and that add something: what takes back is no posting of ours that was made by hand.
fn made<'a>(row: &'a Row, reading: &'a Reading) -> impl Iterator<Item = &'a Stated> {
    let strange = |line: &&Stated| line.document.as_ref().is_some_and(|document| row.strange.contains(document));
    let its = |line: &&Stated| Item::new(line.purpose, line.op.as_ref(), &line.material, line.lot.as_ref()) == row.item;
    reading.entries.iter().filter(strange).filter(its).filter(|line| line.qty.is_positive())
}

fn item(series: &Series) -> Item {
    Item::new(series.purpose, series.op.as_ref(), &series.material, series.lot.as_ref())
}

/// The workflow that moves it.
fn flow(item: &Item) -> Flow {
    match item.purpose {
        Use::Produced => Flow::BatchCompletion,
        Use::Yield | Use::Scrap | Use::Rework | Use::Consumed | Use::Labour | Use::Machine => Flow::Confirm,
    }
}
