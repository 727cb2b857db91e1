//! Pitfalls 1, 2, 3 and 4: what is summed, in which unit, and where the decimals go.

use super::*;

fn flour(trigger: Trigger) -> Shop {
    Shop::new(vec![rule("issue", Use::Consumed, vec![trigger])])
}

#[test]
fn a_thousand_times_nought_point_four_grams_posts_four_hundred_grams_however_often_it_is_flushed() {
    for trigger in [Trigger::EachReport, Trigger::Count(7), Trigger::Completion] {
        let mut shop = flour(trigger);
        for _ in 0..1000 {
            shop.report(actual(Use::Consumed, "0.0004 KGM"));
        }
        shop.flush_everything();
        shop.accept_all();
        assert_eq!(shop.account().posted, qty("0.400 KGM"), "{trigger:?}");
        assert_eq!(shop.account().residual, qty("0 KGM"), "{trigger:?}");
    }
}

#[test]
fn what_is_less_than_the_smallest_step_is_carried_over_dates_and_shifts_to_the_next_posting() {
    let by_shift = Rule { group_by: vec![Axis::PlantDay], ..rule("issue", Use::Consumed, vec![Trigger::ShiftEnd]) };
    let mut shop = Shop::new(vec![by_shift]);
    for shift_end in ["2026-11-23T14:00:00+01:00", "2026-11-23T22:00:00+01:00", "2026-11-24T06:00:00+01:00"] {
        let end = Instant::parse(shift_end).unwrap();
        shop.now = end.minus(std::time::Duration::from_hours(1));
        shop.report(actual(Use::Consumed, "0.0004 KGM").at(&shop.now.to_string()));
        assert_eq!(next_wake(&shop.ledger), Some(end), "the shift ends then");
        shop.flush(&Due::Time(end));
    }
    assert_eq!(shop.lines(), ["0.001 KGM"], "0.4 g, then 0.8 g, then 1.2 g: one gram is posted once");
    assert_eq!(shop.account().residual, qty("0.0002 KGM"));
}

#[test]
fn the_reports_behind_a_carried_residual_lead_to_the_posting_that_took_it() {
    let mut shop = flour(Trigger::EachReport);
    for _ in 0..5 {
        shop.report(actual(Use::Consumed, "0.0004 KGM"));
    }
    let behind: Vec<_> = shop.ledger.postings().flat_map(|entry| &entry.posting.lines).map(|line| line.actuals.clone()).collect();
    assert_eq!(behind, [vec![(1, 2)], vec![(3, 4)]], "0.8 g rounds to one, 1.6 g to two; the fifth waits for the next");
}

#[test]
fn a_correction_below_half_a_step_takes_the_rounded_step_back() {
    let mut shop = flour(Trigger::EachReport);
    shop.report(actual(Use::Consumed, "0.0006 KGM"));
    shop.report(actual(Use::Consumed, "-0.0002 KGM"));
    assert_eq!(shop.lines(), ["0.001 KGM", "-0.001 KGM"]);
    assert_eq!(shop.account().residual, qty("0.0004 KGM"));
}

#[test]
fn a_gram_in_a_material_kept_in_tonnes_is_carried_and_shown_until_it_is_a_kilogram() {
    let mut shop = flour(Trigger::EachReport);
    for _ in 0..499 {
        shop.report(actual(Use::Consumed, "0.000001 TNE"));
    }
    assert!(shop.lines().is_empty());
    assert_eq!(shop.account().residual, qty("0.000499 TNE"), "not posted, not lost");
    shop.report(actual(Use::Consumed, "0.000001 TNE"));
    assert_eq!(shop.lines(), ["0.001 TNE"]);
}

#[test]
fn each_rounding_posts_the_rounded_cumulative_sum() {
    for (rounding, posted) in [(Rounding::HalfUp, "0.003 KGM"), (Rounding::HalfEven, "0.002 KGM"), (Rounding::Down, "0.002 KGM")] {
        let mut shop = Shop::new(vec![Rule { rounding, ..rule("issue", Use::Consumed, vec![Trigger::Completion]) }]);
        shop.report(actual(Use::Consumed, "0.0025 KGM"));
        shop.flush_everything();
        assert_eq!(shop.lines(), [posted], "{rounding:?}");
    }
}

#[test]
fn a_rule_with_fewer_decimals_than_the_one_before_never_posts_more_decimals_than_it_has() {
    let mut shop = flour(Trigger::EachReport);
    shop.report(actual(Use::Consumed, "0.4 KGM"));
    let coarse = Rule { version: 2, scale: 0, ..rule("issue", Use::Consumed, vec![Trigger::EachReport]) };
    shop.rules = RuleBook::new(vec![coarse]).unwrap();
    for _ in 0..5 {
        shop.report(actual(Use::Consumed, "0.4 KGM"));
    }
    assert!(shop.lines().iter().skip(1).all(|line| !line.contains('.') && !line.starts_with('-')), "{:?}", shop.lines());
    assert_eq!(shop.account().pending, qty("2.4 KGM"));
}

#[test]
fn lots_statuses_outputs_items_and_operations_are_never_summed_over() {
    let mut shop = Shop::new(vec![rule("receipt", Use::Produced, vec![Trigger::Completion])]);
    let one = || actual(Use::Produced, "1 H87");
    shop.report(one().of_lot("A"));
    shop.report(one().of_lot("B"));
    shop.report(Actual { status: StockStatus::Blocked, ..one().of_lot("B") });
    shop.report(Actual { output: Some(OutputKind::ByProduct), ..one().of_lot("B") });
    shop.report(Actual { item: ItemNo::parse("0010").ok(), ..one().of_lot("B") });
    shop.report(Actual { material: MaterialId::parse("FG-200").unwrap(), ..one().of_lot("B") });
    let postings = shop.flush_everything();
    assert_eq!(postings.len(), 1, "one document");
    assert_eq!(postings[0].lines.len(), 6, "six lines");
}

#[test]
fn the_same_material_reported_in_two_units_is_two_sums_and_nothing_is_lost() {
    let mut shop = flour(Trigger::Completion);
    shop.report(actual(Use::Consumed, "1 KGM"));
    shop.report(actual(Use::Consumed, "300 GRM"));
    shop.flush_everything();
    assert_eq!(shop.lines(), ["300 GRM", "1 KGM"]);
    assert_eq!(accounts(&shop.ledger).len(), 2);
}

#[test]
fn a_sum_larger_than_a_quantity_can_be_is_an_error_before_it_is_recorded() {
    let mut shop = flour(Trigger::Completion);
    shop.report(actual(Use::Consumed, "999999999999999 KGM"));
    let moment = Moment { now: shop.now, shift_end: shop.now };
    let issue = rule("issue", Use::Consumed, vec![Trigger::Completion]);
    assert!(record(&shop.ledger, actual(Use::Consumed, "1 KGM"), &issue, moment).is_err());
}

#[test]
fn ten_thousand_serial_numbers_are_one_posting_with_a_list() {
    let mut shop = Shop::new(vec![rule("receipt", Use::Produced, vec![Trigger::Completion])]);
    for n in 0..10_000 {
        shop.report_unchecked(actual(Use::Produced, "1 H87").with_serials(&[&format!("S{n}")]));
    }
    let postings = shop.flush_everything();
    let [Line { qty: made, serials, actuals, .. }] = &postings[0].lines[..] else { panic!("one line") };
    assert_eq!((*made, serials.len(), actuals.as_slice()), (qty("10000 H87"), 10_000, &[(1, 10_000)][..]));
}

#[test]
fn a_piece_taken_back_before_the_flush_is_not_on_the_list() {
    let mut shop = Shop::new(vec![rule("receipt", Use::Produced, vec![Trigger::Completion])]);
    shop.report(actual(Use::Produced, "2 H87").with_serials(&["S1", "S2"]));
    shop.report(actual(Use::Produced, "-1 H87").with_serials(&["S1"]));
    let postings = shop.flush_everything();
    assert_eq!(postings[0].lines[0].qty, qty("1 H87"));
    assert_eq!(postings[0].lines[0].serials, [SerialNo::parse("S2").unwrap()]);
}

impl Shop {
    /// A report without the checks after each fact, where there are too many of them.
    fn report_unchecked(&mut self, actual: Actual) {
        let moment = Moment { now: self.now, shift_end: self.now };
        let rule = self.rules.rules()[0].clone();
        let (fact, _) = record(&self.ledger, actual, &rule, moment).unwrap();
        self.ledger.evolve(&fact);
    }
}
