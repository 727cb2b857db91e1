//! Transition 8, the ERP's own side: another total or other dates, as it says. Applied at once, told to the plant, and a
//! discrepancy where it breaks what was made or what the plant agrees to.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::instant::Instant;
use crate::order::{Change, Execution, Header, Phase, plausible};
use crate::outbox::{OutboxFact, Outcome};
use crate::qty::Qty;

impl Turn<'_, '_> {
    /// The ERP changed the total. What it changed because we asked is no news.
    pub(super) fn quantity_changed(&mut self, total: Qty) -> Answer {
        let Some(header) = self.order.header.clone().filter(|header| header.total != total) else { return Answer::Accepted };
        if self.asked_for(|change| *change == Change::Quantity { total }) {
            return Answer::Accepted;
        }
        let header = Header { total, ..header };
        self.now_total(&header);
        // A change says everything again; a start that is long past is no slip of who changes what has run for long.
        let slip = plausible::slip_of_total(&total).or_else(|| plausible::slip_of_end(header.start, header.end));
        if let Some((_, slip)) = slip.filter(|_| self.plant_has_it()) {
            return self.not_told(&header, &slip);
        }
        self.tell_plant((&header).into());
        self.below_what_was_made(total)
    }

    /// The ERP has a total that is less than what was made: the goods are there, a person decides what becomes of them.
    pub(super) fn below_what_was_made(&mut self, total: Qty) -> Answer {
        let Some(made) = self.order.processed().filter(|_| self.breaks_reported(total)) else { return Answer::Accepted };
        let what = format!("the ERP reduced the order to {total}, and {made} were made already");
        let offers = vec![Proposal::Do("raise the total in the ERP again, or accept the surplus there".into())];
        self.contradicted(&what, Some(made), offers)
    }

    /// The ERP moved it. An ERP that knows days only does not take the hour away: the same day is the same start.
    pub(super) fn dates_changed(&mut self, start: Instant, end: Instant) -> Answer {
        let Some(header) = self.order.header.clone() else { return Answer::Accepted };
        let calendar = self.calendar();
        // What cannot be meant is put right by the hour, too.
        let slipped = plausible::slip_of_end(header.start, header.end).is_some();
        let same = |a: Instant, b: Instant| if slipped { a == b } else { calendar.posting_date(a) == calendar.posting_date(b) };
        if same(header.start, start) && same(header.end, end) {
            return Answer::Accepted;
        }
        let pick = |known: Instant, told: Instant| if same(known, told) { known } else { told };
        let (start, end) = (pick(header.start, start), pick(header.end, end));
        if self.asked_for(|change| matches!(change, Change::Dates { start: s, end: e } if same(*s, start) && same(*e, end))) {
            return Answer::Accepted;
        }
        let header = Header { start, end, ..header };
        self.now_dates(&header);
        let slip = plausible::slips(&header, self.context.now).into_iter().next();
        if let Some((_, slip)) = slip.filter(|_| self.plant_has_it()) {
            return self.not_told(&header, &slip);
        }
        self.tell_plant((&header).into());
        // What stands still, or is done, is not begun anew.
        let runs = self.order.ops.values().any(|op| op.execution == Execution::Running);
        if !runs || start <= self.context.now {
            return Answer::Accepted;
        }
        let what = format!("the ERP moved the order to begin at {start}, and the plant has begun it");
        let offers = vec![Proposal::Do("move it back in the ERP; or hold the order, if the plant is to stop".into())];
        self.contradicted(&what, self.order.processed(), offers)
    }

    /// The ERP changed the order to what cannot be meant, and the plant has the job: it goes on with what it has.
    fn not_told(&mut self, header: &Header, slip: &str) -> Answer {
        let what = format!("{} changed the order, and {} was not told: {slip}", header.erp, header.plant);
        let offers = vec![Proposal::Do(format!("have {} say what is meant; the plant is told then", header.erp)), Proposal::Acknowledge];
        Answer::Discrepant { case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).offers(offers)) }
    }

    fn asked_for(&self, is: impl Fn(&Change) -> bool) -> bool {
        self.order.pending.as_ref().is_some_and(|pending| pending.phase == Phase::Erp && is(&pending.change))
    }

    pub(super) fn breaks_reported(&self, total: Qty) -> bool {
        self.order.processed().is_some_and(|made| made.compare(&total).is_some_and(std::cmp::Ordering::is_gt))
    }

    /// The plant answers to what the ERP had decided: it may refuse, and then two systems disagree.
    pub(super) fn told_step(&mut self, total: Qty, step: &OutboxFact) {
        // Of a job that it gave back it need not know.
        let OutboxFact::Settled(Outcome::Rejected { code, text }) = step else { return };
        if !self.plant_has_it() {
            return;
        }
        let what = format!("the order is {total} in the ERP, and the plant goes on with what it had: {code} {text}");
        let offers = vec![Proposal::Do("agree with the plant, or change the order in the ERP again".into()), Proposal::Acknowledge];
        self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).stake(total).offers(offers));
    }
}
