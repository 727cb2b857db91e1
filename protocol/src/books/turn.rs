//! How a thing is compared, whatever it is: told that it moved, read, read again, and what comes of that. Each kind of thing
//! says for itself what it has, and what its cases offer.

use std::collections::BTreeMap;

use super::kept::{Asked, Fact, Kept, Next, READS_MAX};
use super::{Called, Comparison, Found, Pace, Place, Question, Reading, Row, Side, Verdict, compare};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal, total};
use crate::common::Common;
use crate::draft::{Draft, NewCase};
use crate::effect::Effect;
use crate::envelope::{RawRef, Who};
use crate::fact::Fact as Noted;
use crate::input::Body;
use crate::intent::Wake;
use crate::kernel::{Context, refuse};
use crate::name::SiteId;
use crate::refusal::Code;
use crate::site;
use crate::workflow::Flow;

/// Rows of a difference that a case names; the rest stands on the screen.
const NAMED_MAX: usize = 3;

/// Everything a comparison looks at, and the draft it writes into.
pub(crate) struct Turn<'a, 'd> {
    /// What the thing keeps, by system.
    pub(crate) kept: &'a BTreeMap<SiteId, Kept>,
    pub(crate) common: &'a Common,
    pub(crate) context: &'a Context<'a>,
    pub(crate) draft: &'d mut Draft,
    /// The thing's own fact about it.
    pub(crate) noted: fn(SiteId, Fact) -> Noted,
    /// Who looks at a difference.
    pub(crate) owner: &'static str,
}

impl Turn<'_, '_> {
    fn pace(&self, site: SiteId) -> Option<&Pace> {
        self.context.book.reconcile.get(&site)
    }

    fn note(&mut self, site: SiteId, fact: Fact) {
        let noted = (self.noted)(site, fact);
        self.draft.note(noted);
    }

    fn asked(&self, site: SiteId) -> Option<Asked> {
        self.kept.get(&site)?.asked
    }

    /// It moves at a system whose books are read: that one's site hears of it, once until it is read.
    pub(crate) fn moved(&mut self, site: SiteId, flow: Flow) {
        let counts = self.pace(site).is_some() && self.context.book.workflows.compares(flow);
        let told = (self.noted)(site, Fact::Moved);
        if !counts || self.kept.get(&site).is_some_and(|kept| kept.moved) || self.draft.facts().contains(&told) {
            return;
        }
        self.draft.note(told);
        let entity = self.draft.me();
        self.tell(site, site::Mail::BooksMoved { entity });
    }

    fn tell(&mut self, site: SiteId, mail: site::Mail) {
        if let Some(entity) = self.context.book.site_entity(site) {
            self.draft.tell(entity, Body::Site(site::Input::Mail(mail)));
        }
    }

    /// It is to be read; `question` is what is asked, when it has anything there at all.
    pub(crate) fn read(&mut self, site: SiteId, called: Called, question: Option<Question>) {
        let Some(question) = question else {
            let found = Found { verdict: Verdict::Equal, ..self.found() };
            return self.answer(site, called.run, found);
        };
        let Called { run, cut_off } = called;
        let open = self.asked(site).filter(|asked| self.common.outbox.get(asked.intent).is_some());
        match open {
            // It is asked already; whoever wants to know hears of that one, and a run that waits for it still does.
            Some(_) if run == 0 => {}
            Some(asked) => self.note(site, Fact::Asked(Asked { run, cut_off, ..asked })),
            None => self.ask(site, Asked { run, cut_off, intent: 0, failed: 0, due: None }, question),
        }
    }

    fn ask(&mut self, site: SiteId, asked: Asked, question: Question) {
        let (intent, _) = self.draft.ask_site_last(site, Effect::ReadBooks(question));
        self.note(site, Fact::Asked(Asked { intent, due: None, ..asked }));
    }

    /// Asks again where a question was put off until now, or had to make room for something else.
    pub(crate) fn go_on(&mut self, site: SiteId, question: impl FnOnce(Called) -> Option<Question>) {
        let Some(asked) = self.asked(site) else { return };
        let open = self.common.outbox.get(asked.intent).is_some();
        if open || asked.due.is_some_and(|due| due > self.context.now) {
            return;
        }
        if let Some(question) = question(Called { run: asked.run, cut_off: asked.cut_off }) {
            self.ask(site, asked, question);
        }
    }

    /// The system did not say what it has.
    pub(crate) fn unread(&mut self, site: SiteId, why: &str) {
        let Some(asked) = self.asked(site) else { return };
        let settle_ms = self.pace(site).map_or(Pace::default().settle_ms, |pace| pace.settle_ms);
        let again = (asked.failed + 1 < READS_MAX).then(|| self.context.now.plus_ms(settle_ms));
        self.note(site, Fact::Unread { why: why.to_owned(), again });
        if let Some(at) = again {
            return self.draft.wake(at, Wake::Books { site });
        }
        let found = Found { verdict: Verdict::Unread, why: why.to_owned(), ..self.found() };
        self.answer(site, asked.run, found);
    }

    /// The system said what it has; what that leads to, and both sides.
    pub(crate) fn compared(
        &mut self,
        site: SiteId,
        mut side: Side,
        reading: &Reading,
        raw: Option<RawRef>,
        flow: fn(&super::Item) -> Flow,
    ) -> Option<(Next, Comparison)> {
        let asked = self.asked(site)?;
        let workflows = &self.context.book.workflows;
        side.within_percent = self.pace(site).map_or(0, |pace| pace.by_itself_within_percent);
        let rows = compare(&side, reading, asked.cut_off, |item| workflows.impact(flow(item)));
        let comparison = Comparison { site, read_at: self.context.now, cut_off: asked.cut_off, raw, rows };
        let settle_ms = self.pace(site).map_or(Pace::default().settle_ms, |pace| pace.settle_ms);
        let next = self.kept.get(&site)?.next(&comparison, settle_ms);
        let again = if let Next::Again(at) = next { Some(at) } else { None };
        self.note(site, Fact::Compared { comparison: Box::new(comparison.clone()), again });
        // What was entered after the cut-off is for the next reading: of the past it says nothing.
        if reading.entries.iter().any(|line| line.entered_at.is_some_and(|at| at > asked.cut_off)) {
            self.note(site, Fact::Moved);
            let entity = self.draft.me();
            self.tell(site, site::Mail::BooksMoved { entity });
        }
        let verdict = match next {
            Next::Agrees => Verdict::Equal,
            Next::Accepted => Verdict::Accepted,
            Next::Again(at) => {
                self.draft.wake(at, Wake::Books { site });
                Verdict::Once
            }
            Next::Differs => Verdict::Twice,
        };
        if matches!(next, Next::Agrees | Next::Accepted) {
            self.close(site, "the books agree");
        }
        let found = Found { verdict, netted: comparison.netted(), unexplained: comparison.unexplained(), ..self.found() };
        self.answer(site, asked.run, found);
        Some((next, comparison))
    }

    fn found(&self) -> Found {
        Found { verdict: Verdict::Equal, read_at: self.context.now, netted: Vec::new(), unexplained: Vec::new(), why: String::new() }
    }

    fn answer(&mut self, site: SiteId, run: u32, found: Found) {
        let entity = self.draft.me();
        self.tell(site, site::Mail::BooksRead { entity, run, found: Box::new(found) });
    }

    /// Opens a case about these rows, which differ in two readings; one that says the same stays.
    pub(crate) fn differs(&mut self, site: SiteId, rows: &[&Row]) {
        if rows.is_empty() {
            return self.close(site, "what differed has cases of its own");
        }
        let what = said(site, rows);
        // Not every row has room in the words: another difference that reads the same is another one.
        if self.open(site).any(|case| case.what == what && self.is_about(site, case)) {
            return;
        }
        self.close(site, "it differs otherwise by now");
        let documents = documents(rows);
        let offers = vec![
            Proposal::Do(format!(
                "look in {site} who changed that, and have it put right there{documents}: it closes by itself when the books agree"
            )),
            Proposal::DoNot("post the difference by hand before you know where it comes from".into()),
            Proposal::Retry,
            Proposal::WriteOff,
        ];
        let amounts = rows.iter().map(|row| row.unexplained).map(|qty| if qty.is_negative() { qty.negated() } else { qty });
        let case = NewCase::new(CaseKind::BooksDiffer, self.owner, what).stake(total(amounts)).because_of(about(site)).offers(offers);
        self.draft.open_case(case);
    }

    /// Whether what differs now is what differed when that case was opened.
    fn is_about(&self, site: SiteId, case: &crate::case::Case) -> bool {
        self.kept.get(&site).and_then(|kept| kept.since).is_none_or(|since| since <= case.opened_at)
    }

    fn open(&self, site: SiteId) -> impl Iterator<Item = &crate::case::Case> {
        let about = about(site);
        self.common.cases.values().filter(move |case| case.kind == CaseKind::BooksDiffer && case.about == about)
    }

    fn close(&mut self, site: SiteId, how: &str) {
        self.draft.close_about(self.common, &CaseKind::BooksDiffer, &about(site), how);
    }

    /// A person wants it read now, or gives the difference up; nothing for any other case.
    pub(crate) fn act(
        &mut self,
        site: SiteId,
        case: &crate::case::Case,
        write_off: bool,
        who: Option<&Who>,
        question: impl FnOnce(Called) -> Option<Question>,
    ) -> Answer {
        if !write_off {
            let called = Called { run: 0, cut_off: self.context.now };
            let question = question(called);
            self.read(site, called, question);
            return Answer::Accepted;
        }
        let Some(last) = self.kept.get(&site).and_then(|kept| kept.last.as_ref()) else {
            return refuse(Code::State, format!("{site} was never read"), "have it read first", "case");
        };
        if !self.is_about(site, case) {
            let text = format!("{site} was read since, and differs otherwise than this exception says");
            return refuse(
                Code::State,
                text,
                "wait until it is read once more: the difference that stays is an exception of its own",
                "case",
            );
        }
        let differences = last.differences();
        if let Some(answer) = crate::kernel::not_given_up(case, who, self.context, self.draft) {
            return answer;
        }
        self.note(site, Fact::Accepted { differences });
        self.draft.close_case(case.number, "the difference was given up");
        Answer::Accepted
    }
}

/// What the cases about a system's books have in common.
pub(crate) fn about(site: SiteId) -> String {
    format!("the books of {site} differ from ours")
}

/// The system whose books a case is about.
pub(crate) fn system_of(kept: &BTreeMap<SiteId, Kept>, case: &crate::case::Case) -> Option<SiteId> {
    kept.keys().copied().find(|site| case.kind == CaseKind::BooksDiffer && case.about == about(*site))
}

fn said(site: SiteId, rows: &[&Row]) -> String {
    let line = |row: &&Row| {
        let by_itself = row.netted.iter().find(|(place, _)| *place == Place::Skipped);
        let by_itself = by_itself.map(|(_, qty)| format!(" and {qty} that it books by itself")).unwrap_or_default();
        format!("{} of {}, we say {}{by_itself}", row.theirs, row.item.said(), row.ours)
    };
    let named: Vec<String> = rows.iter().take(NAMED_MAX).map(line).collect();
    let rest = rows.len().saturating_sub(NAMED_MAX);
    let rest = if rest == 0 { String::new() } else { format!(", and {rest} more") };
    format!("{site} has {}{rest}, in two readings", named.join("; "))
}

fn documents(rows: &[&Row]) -> String {
    let list = |words: &str, of: fn(&Row) -> &[crate::words::DocNo]| {
        let all: Vec<String> = rows.iter().flat_map(|row| of(row)).map(ToString::to_string).collect();
        if all.is_empty() { String::new() } else { format!("; {words} {}", all.join(", ")) }
    };
    format!("{}{}", list("not as we posted it:", |row| &row.missing), list("not ours:", |row| &row.strange))
}
