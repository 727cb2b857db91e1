//! Invariants 1, 7, 8 and 9 and the promises T4 and T7 over random histories: reports and corrections in any order, flushes
//! at any moment, an ERP that takes, drops, refuses and loses, persons who retry, adopt and give up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    Report { lot: u8, day: u8, micro: i32 },
    Flush,
    Accept { failed: Option<u16> },
    Reject,
    Lose,
    Retry { pick: u8 },
    Adopt { pick: u8 },
    WriteOff { pick: u8 },
}

fn event() -> impl Strategy<Value = Event> {
    let report = (0..3_u8, 0..3_u8, -400_000..1_000_000_i32).prop_map(|(lot, day, micro)| Event::Report { lot, day, micro });
    prop_oneof![
        8 => report,
        2 => Just(Event::Flush),
        4 => prop::option::weighted(0.2, 0..3_u16).prop_map(|failed| Event::Accept { failed }),
        1 => Just(Event::Reject),
        1 => Just(Event::Lose),
        2 => any::<u8>().prop_map(|pick| Event::Retry { pick }),
        1 => any::<u8>().prop_map(|pick| Event::Adopt { pick }),
        1 => any::<u8>().prop_map(|pick| Event::WriteOff { pick }),
    ]
}

/// Consumption in kilograms with six decimals, of one of three lots, on one of three days.
fn consumed(lot: u8, day: u8, micro: i32) -> Actual {
    let much = Qty::new(rust_decimal::Decimal::new(i64::from(micro), 6), Uom::parse("KGM").unwrap()).unwrap();
    Actual { qty: much, ..actual(Use::Consumed, "0 KGM").of_lot(&format!("L{lot}")).on(&format!("2026-11-{:02}", 20 + day)) }
}

impl Shop {
    /// The order's lane: only what was handed over first is at the ERP.
    fn next(&self) -> Option<u32> {
        let out = |entry: &&Entry| matches!(entry.standing, Standing::Prepared | Standing::InDoubt);
        self.ledger.postings().filter(out).min_by_key(|entry| entry.turn).map(|entry| entry.posting.number)
    }

    fn park_stranded(&mut self) {
        for posting in stranded(&self.ledger) {
            self.note(PostingFact::Stands { posting, standing: Standing::Parked { why: "stranded".into(), proposed: None } });
        }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Report { lot, day, micro } => self.report(consumed(*lot, *day, *micro)),
            Event::Flush => drop(self.flush_everything()),
            Event::Accept { failed } => {
                if let Some(posting) = self.next() {
                    self.accept(posting, failed.as_slice());
                }
            }
            Event::Reject => self.next().into_iter().for_each(|posting| self.reject(posting)),
            Event::Lose => {
                if let Some(posting) = self.next() {
                    self.step(posting, &OutboxFact::InDoubt { attempt: 1, why: "no reply".into() });
                }
            }
            Event::Retry { pick } | Event::Adopt { pick } | Event::WriteOff { pick } => self.decide(event, *pick),
        }
        self.park_stranded();
    }

    /// A person decides about a parked posting. By hand, too, an ERP lets nobody take back what does not stand there.
    fn decide(&mut self, event: &Event, pick: u8) {
        let parked: Vec<u32> =
            self.ledger.postings().filter(|entry| is_parked(&entry.standing)).map(|entry| entry.posting.number).collect();
        let Some(posting) = parked.get(usize::from(pick) % parked.len().max(1)).copied() else { return };
        self.documents += 1;
        let document = DocNo::parse(&format!("77{:08}", self.documents)).unwrap();
        let fact = match event {
            Event::Adopt { .. } => adopt(&self.ledger, posting, document).filter(|fact| !self.would_overdraw(fact)),
            Event::WriteOff { .. } => write_off(&self.ledger, posting).pop(),
            Event::Retry { .. } | Event::Report { .. } | Event::Flush | Event::Accept { .. } | Event::Reject | Event::Lose => {
                retry(&self.ledger, posting, &self.periods).ok()
            }
        };
        if let Some(fact) = fact {
            self.note(fact);
        }
    }

    fn would_overdraw(&self, fact: &PostingFact) -> bool {
        let mut after = self.clone();
        after.ledger.evolve(fact);
        after.overdrawn().is_some()
    }

    /// Per series: reported, and the sum of all lines ever made.
    fn sums(&self) -> BTreeMap<Series, (Qty, Qty)> {
        let mut sums: BTreeMap<Series, (Qty, Qty)> =
            self.ledger.series.iter().map(|(series, sums)| (series.clone(), (sums.reported, Qty::zero(series.uom)))).collect();
        for line in self.ledger.postings().flat_map(|entry| &entry.posting.lines) {
            let (_, lines) = sums.get_mut(&line.series).unwrap();
            *lines = lines.plus(line.qty).unwrap();
        }
        sums
    }

    /// A series of which less than nothing stands in the ERP, or may: what is in doubt may be there.
    fn overdrawn(&self) -> Option<Series> {
        let there = |entry: &Entry, line: &Line| {
            entry.standing.document().is_some() || (entry.standing == Standing::InDoubt && line.qty.is_negative())
        };
        let stands = |series: &Series| {
            let lines = self.ledger.postings().flat_map(|entry| entry.posting.lines.iter().filter(|line| there(entry, line)));
            let lines = lines.filter(|line| line.series == *series);
            lines.fold(Qty::zero(series.uom), |sum, line| sum.plus(line.qty).unwrap())
        };
        self.ledger.series.keys().find(|series| stands(series).is_negative()).cloned()
    }

    /// Invariant 8: every report stands behind exactly one line, but for those whose residual is still carried.
    fn check_reachable(&self) {
        let mut behind = BTreeMap::new();
        let carried = self.ledger.series.values().flat_map(|sums| &sums.carried);
        let lines = self.ledger.postings().flat_map(|entry| &entry.posting.lines);
        for (from, to) in lines.flat_map(|line| &line.actuals).chain(carried) {
            for number in *from..=*to {
                *behind.entry(number).or_insert(0) += 1;
            }
        }
        assert_eq!(behind, (1..=self.ledger.actuals()).map(|number| (number, 1)).collect());
    }
}

fn issue(trigger: Vec<Trigger>) -> Shop {
    Shop::new(vec![rule("issue", Use::Consumed, trigger)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::kernel::tests::fixture::cases(256), ..ProptestConfig::default() })]

    /// Invariants 1, 7, 8, 9 and T4 (which `note` checks after every fact), and replay.
    #[test]
    fn whatever_the_floor_the_erp_and_the_desk_do_the_ledger_adds_up(
        events in prop::collection::vec(event(), 1..60),
        count in 1..6_u32,
    ) {
        let mut shop = issue(vec![Trigger::Count(count), Trigger::Completion]);
        for event in &events {
            shop.take(event);
            prop_assert_eq!(shop.overdrawn(), None, "invariant 7 broken by {:?}", event);
        }
        shop.flush_everything();
        for (series, (reported, lines)) in shop.sums() {
            prop_assert_eq!(lines, reported.rounded(3, Rounding::HalfUp), "invariant 1 broken for {:?}", series);
        }
        shop.check_reachable();
        let mut replayed = Ledger::default();
        for fact in &shop.facts {
            replayed.evolve(fact);
        }
        prop_assert_eq!(replayed, shop.ledger);
    }

    /// T7: the same reports in another order, under another rhythm of flushes, post the same sums.
    #[test]
    fn reports_in_any_order_and_rhythm_post_the_same_sums(
        (given, shuffled) in prop::collection::vec((0..3_u8, 0..3_u8, -400_000..1_000_000_i32), 1..60)
            .prop_flat_map(|reports| (Just(reports.clone()), Just(reports).prop_shuffle())),
        count in 1..9_u32,
    ) {
        let run = |reports: &[(u8, u8, i32)], trigger| {
            let mut shop = issue(trigger);
            for (lot, day, micro) in reports {
                shop.report(consumed(*lot, *day, *micro));
            }
            shop.flush_everything();
            shop
        };
        let one = run(&given, vec![Trigger::Completion]);
        let other = run(&shuffled, vec![Trigger::Completion]);
        let lines = |shop: &Shop| -> Vec<_> {
            shop.ledger.postings().flat_map(|entry| entry.posting.lines.iter().map(|line| (entry.posting.date, line.series.clone(), line.qty))).collect()
        };
        prop_assert_eq!(lines(&one), lines(&other), "the same lines on the same dates, when flushed at the same moment");
        prop_assert_eq!(one.sums(), run(&shuffled, vec![Trigger::Count(count)]).sums(), "the same sums, whenever flushed");
    }
}
