//! A handling unit beside the books of a warehouse: what was announced, or counted there since, against what lies on it there or
//! was picked from it. Which bin it stands in is the warehouse's business.

use super::{Fact, Unit};
use crate::answer::Answer;
use crate::books::{self, About, Called, Item, Next, Ours, Place, Question, Reading, Row, Side};
use crate::case::Case;
use crate::common::Common;
use crate::desk::Action;
use crate::draft::Draft;
use crate::effect::Effect;
use crate::envelope::{Envelope, RawRef};
use crate::fact::Fact as Noted;
use crate::kernel::{Context, refuse};
use crate::name::SiteId;
use crate::outbox::{OutboxFact, Outcome};
use crate::posting::Use;
use crate::refusal::Code;
use crate::workflow::{Flow, Step};

impl Unit {
    fn books<'a, 'd>(&'a self, common: &'a Common, context: &'a Context<'a>, draft: &'d mut Draft) -> books::Turn<'a, 'd> {
        books::Turn {
            kept: &self.books,
            common,
            context,
            draft,
            noted: |site, step| Noted::Unit(Box::new(Fact::Books { site, step: Box::new(step) })),
            owner: "planning",
        }
    }

    /// What a warehouse is asked, when it was told of it.
    fn question(&self, site: SiteId, called: Called, context: &Context<'_>) -> Option<Question> {
        let (Some(sscc), Some(plant)) = (&self.sscc, self.from) else { return None };
        let told = self.told.contains(&site) && context.book.workflows.has(plant, Step::AnnounceUnit);
        told.then(|| Question { about: About::Unit(sscc.clone()), plant, cut_off: called.cut_off })
    }

    pub(super) fn moved_in_books(&self, common: &Common, site: SiteId, context: &Context<'_>, draft: &mut Draft) {
        if self.told.contains(&site) {
            self.books(common, context, draft).moved(site, Flow::BatchCompletion);
        }
    }

    pub(super) fn read_books(&self, common: &Common, site: SiteId, called: Called, context: &Context<'_>, draft: &mut Draft) {
        let question = self.question(site, called, context);
        self.books(common, context, draft).read(site, called, question);
    }

    /// Asks again, where it was put off or had to make room.
    pub(super) fn read_on(&self, common: &Common, site: SiteId, context: &Context<'_>, draft: &mut Draft) {
        self.books(common, context, draft).go_on(site, |called| self.question(site, called, context));
    }

    /// An errand for a warehouse went on.
    pub(super) fn books_step(
        &self,
        common: &Common,
        site: SiteId,
        effect: &Effect,
        step: &OutboxFact,
        context: &Context<'_>,
        draft: &mut Draft,
    ) {
        let over = matches!(step, OutboxFact::Settled(_) | OutboxFact::Parked { .. });
        match (effect.only_reads(), step) {
            (true, OutboxFact::Settled(Outcome::Rejected { code, text })) => {
                self.books(common, context, draft).unread(site, &format!("{code}: {text}"));
            }
            (false, _) if over => {
                self.moved_in_books(common, site, context, draft);
                // What was to be read made room for it.
                self.read_on(common, site, context, draft);
            }
            (true | false, _) => {}
        }
    }

    /// A warehouse said what it has.
    pub(crate) fn read(
        &self,
        common: &Common,
        site: SiteId,
        reading: &Reading,
        raw: Option<RawRef>,
        context: &Context<'_>,
        draft: &mut Draft,
    ) {
        let mut turn = self.books(common, context, draft);
        let side = self.side(reading);
        if let Some((Next::Differs, found)) = turn.compared(site, side, reading, raw, |_| Flow::BatchCompletion) {
            let apart: Vec<&Row> = found.rows.iter().filter(|row| row.differs()).collect();
            turn.differs(site, &apart);
        }
    }

    /// What a person decides about a difference.
    pub(crate) fn act(
        &self,
        common: &Common,
        case: &Case,
        action: &Action,
        envelope: &Envelope,
        context: &Context<'_>,
        draft: &mut Draft,
    ) -> Answer {
        let (Some(site), write_off) = (books::system_of(&self.books, case), matches!(action, Action::WriteOff)) else {
            return not_offered(case);
        };
        match action {
            Action::Retry | Action::WriteOff => {
                let question = |called| self.question(site, called, context);
                self.books(common, context, draft).act(site, case, write_off, envelope.who.as_ref(), question)
            }
            Action::Adopt { .. }
            | Action::Match { .. }
            | Action::HandTo { .. }
            | Action::Acknowledge
            | Action::Snooze { .. }
            | Action::Edit { .. } => not_offered(case),
        }
    }

    /// What should be there. What the warehouse counted otherwise than announced, and said so, has a case of its own.
    fn side(&self, reading: &Reading) -> Side {
        let mut side = Side::default();
        for content in &self.contents {
            let item = Item::new(Use::Produced, None, &content.lot.material, Some(&content.lot.lot));
            side.ours.push(Ours { item, document: None, qty: content.qty });
        }
        let there = reading.entries.iter().map(|line| line.qty).reduce(|a, b| a.plus(b).unwrap_or(a));
        let (Some(announced), Some(counted)) = (self.filled(), self.received) else { return side };
        if announced != counted && there == Some(counted) {
            // By lot the warehouse is right: it counted them.
            side.ours.clear();
            for line in &reading.entries {
                let item = Item::new(line.purpose, None, &line.material, line.lot.as_ref());
                side.ours.push(Ours { item, document: None, qty: line.qty });
            }
            if let (Some(first), Ok(more)) = (side.ours.first(), counted.minus(announced)) {
                side.elsewhere.push((first.item.clone(), Place::Counted, more));
            }
        }
        side
    }
}

fn not_offered(case: &Case) -> Answer {
    refuse(Code::State, format!("case {} does not offer that", case.number), "choose one of the actions the case offers", "action")
}
