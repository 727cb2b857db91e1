//! The ledger by itself: a shop floor that reports, rules that post, and an ERP that answers as it is told to. Every fact
//! is checked as it is noted: the accounts balance (T4, invariant 9).

mod dates;
mod ends;
mod finals;
mod laws;
mod reversals;
mod rounding;
mod rules;
mod undone;

use super::*;
use crate::calendar::{Calendar, Pattern, PeriodBook, PeriodState, Shift};
use crate::outbox::{OutboxFact, Outcome, Receipt};
use crate::qty::Rounding;

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

fn date(text: &str) -> PostingDate {
    PostingDate::parse(text).unwrap()
}

fn rule(id: &str, purpose: Use, trigger: Vec<Trigger>) -> Rule {
    let matches = Match { purpose: Some(purpose), ..Match::default() };
    Rule { id: id.into(), matches, ..Rule::collecting(purpose, trigger) }
}

/// A calendar of three shifts, the production day starting at six.
fn nord() -> Calendar {
    let shift = |name: &str, hour: i8| Shift { name: name.into(), starts: format!("{hour:02}:00").parse().unwrap() };
    let pattern = Pattern {
        zone: "Europe/Berlin".into(),
        shifts: vec![shift("A", 6), shift("B", 14), shift("C", 22)],
        closed: std::collections::BTreeSet::default(),
    };
    Calendar::new(pattern).unwrap()
}

fn actual(purpose: Use, much: &str) -> Actual {
    let at = Instant::parse("2026-11-23T10:00:00+01:00").unwrap();
    let work = !matches!(purpose, Use::Consumed | Use::Produced);
    Actual {
        purpose,
        op: work.then(|| OpNo::parse("10").unwrap()),
        item: None,
        output: None,
        material: MaterialId::parse("FG-100").unwrap(),
        lot: None,
        status: StockStatus::Unrestricted,
        unit: None,
        serials: Vec::new(),
        qty: qty(much),
        native: None,
        day: nord().plant_day(at),
        date: nord().posting_date(at),
        corrects: None,
    }
}

impl Actual {
    fn at(mut self, instant: &str) -> Self {
        let at = Instant::parse(instant).unwrap();
        self.day = nord().plant_day(at);
        self.date = nord().posting_date(at);
        self
    }

    fn on(self, day: &str) -> Self {
        self.at(&format!("{day}T10:00:00+01:00"))
    }

    fn of_lot(mut self, lot: &str) -> Self {
        self.lot = LotNo::parse(lot).ok();
        self
    }

    fn of_op(mut self, op: &str) -> Self {
        self.op = OpNo::parse(op).ok();
        self
    }

    fn in_unit(mut self, sscc: &str) -> Self {
        self.unit = Sscc::parse(sscc).ok();
        self
    }

    fn with_serials(mut self, serials: &[&str]) -> Self {
        self.serials = serials.iter().map(|serial| SerialNo::parse(serial).unwrap()).collect();
        self
    }
}

/// A ledger at work.
#[derive(Clone)]
struct Shop {
    ledger: Ledger,
    rules: RuleBook,
    periods: PeriodBook,
    now: Instant,
    facts: Vec<PostingFact>,
    documents: u32,
}

impl Shop {
    fn new(rules: Vec<Rule>) -> Self {
        let now = Instant::parse("2026-11-23T12:00:00+01:00").unwrap();
        let rules = RuleBook::new(rules).unwrap();
        Self { ledger: Ledger::default(), rules, periods: PeriodBook::default(), now, facts: Vec::new(), documents: 0 }
    }

    fn period(mut self, year: i16, month: i8, state: PeriodState) -> Self {
        self.periods.set(year, month, state);
        self
    }

    /// A report, with what becomes ripe by it.
    fn report(&mut self, actual: Actual) {
        let plant = crate::name::SiteId::parse("nord").unwrap();
        let rule = self.rules.find(plant, &actual).expect("a rule for it").clone();
        let moment = Moment { now: self.now, shift_end: nord().shift_end(self.now) };
        let (fact, ripe) = record(&self.ledger, actual, &rule, moment).unwrap();
        self.note(fact);
        if let Some(group) = ripe {
            self.flush(&Due::Groups(&[group]));
        }
    }

    /// The postings a flush makes.
    fn flush(&mut self, due: &Due<'_>) -> Vec<Posting> {
        let facts = flush(&self.ledger, due, nord().posting_date(self.now), &self.periods);
        let before = self.ledger.last_posting;
        for fact in facts {
            self.note(fact);
        }
        self.ledger.postings.range(before + 1..).map(|(_, entry)| entry.posting.clone()).collect()
    }

    fn flush_everything(&mut self) -> Vec<Posting> {
        self.flush(&Due::Everything)
    }

    #[track_caller]
    fn note(&mut self, fact: PostingFact) {
        self.ledger.evolve(&fact);
        self.facts.push(fact);
        for account in accounts(&self.ledger) {
            assert!(account.balances(), "T4 broken: {account:?}");
        }
        assert_eq!(accounts(&self.ledger).len(), self.ledger.series.len(), "a series has no account");
    }

    #[track_caller]
    fn step(&mut self, posting: u32, step: &OutboxFact) {
        for fact in settle(&self.ledger, posting, step) {
            self.note(fact);
        }
    }

    /// The ERP takes a posting, but for the lines that fail; its document number.
    #[track_caller]
    fn accept(&mut self, posting: u32, failed: &[u16]) -> DocNo {
        self.documents += 1;
        let document = DocNo::parse(&format!("49{:08}", self.documents)).unwrap();
        let failed_lines = failed.iter().map(|line| (*line, "deficit of stock".to_owned())).collect();
        let receipt = Receipt { document: Some(document.clone()), failed_lines, ..Receipt::default() };
        self.step(posting, &OutboxFact::Settled(Outcome::Accepted(receipt)));
        document
    }

    /// The ERP takes all that waits, oldest first.
    fn accept_all(&mut self) {
        let waits = |entry: &&Entry| entry.standing == Standing::Prepared;
        let numbers: Vec<u32> = self.ledger.postings().filter(waits).map(|entry| entry.posting.number).collect();
        for number in numbers {
            self.accept(number, &[]);
        }
    }

    fn reject(&mut self, posting: u32) {
        let refused = Outcome::Rejected { code: "M7/021".into(), text: "deficit of stock".into() };
        self.step(posting, &OutboxFact::Settled(refused));
    }

    fn standing(&self, posting: u32) -> &Standing {
        &self.ledger.posting(posting).unwrap().standing
    }

    /// The only account there is.
    #[track_caller]
    fn account(&self) -> Account {
        let accounts = accounts(&self.ledger);
        assert_eq!(accounts.len(), 1, "{accounts:?}");
        accounts[0].clone()
    }

    /// Every line ever made, as text.
    fn lines(&self) -> Vec<String> {
        self.ledger.postings().flat_map(|entry| &entry.posting.lines).map(|line| line.qty.to_string()).collect()
    }
}

fn is_parked(standing: &Standing) -> bool {
    matches!(standing, Standing::Parked { .. })
}
