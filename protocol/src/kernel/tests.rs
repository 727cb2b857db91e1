//! The kernel under random histories: the promises T2, T4, T5 and T7 as properties, with every entity, the sites' claims
//! and a simulated ERP in one box, and no engine at all.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names what it is about, and fails on the rest")]

pub(crate) mod fixture;
mod mesh;
mod week;

use fixture::{Chance, Day, cases};
use mesh::Mesh;
use proptest::prelude::*;

use super::*;
use crate::posting::{Standing, accounts};

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(96), ..ProptestConfig::default() })]

    /// T2, T4, T5, and replay: whatever is duplicated, shuffled, lost or in doubt.
    #[test]
    fn whatever_goes_wrong_every_unit_is_booked_once_and_nothing_held_is_cleared(seed in any::<u64>()) {
        let mut mesh = Mesh::new(seed, true);
        for input in Day::drawn(seed).inputs(&mut Chance::new(seed ^ 1)) {
            mesh.send(input);
        }
        mesh.run();
        prop_assert!(mesh.erp.documents > 0, "nothing was posted: the history proved nothing");
        mesh.check_books();
        mesh.check_replay();
        let before = mesh.commits();
        for input in Day::drawn(seed).inputs(&mut Chance::new(seed ^ 1)) {
            mesh.send(input);
        }
        mesh.run_without_trouble();
        prop_assert_eq!(mesh.commits(), before, "an input that was told before had an effect again");
    }

    /// T7: order, delay and duplication of reports change neither the physical state nor what is posted.
    #[test]
    fn reports_in_any_order_end_in_the_same_sums(seed in any::<u64>(), shuffle in any::<u64>()) {
        let day = Day::drawn(seed);
        let mut sums = Vec::new();
        for order in [seed, shuffle] {
            let mut mesh = Mesh::new(order, false);
            mesh.send(Day::release());
            mesh.run();
            for input in day.reports(&mut Chance::new(order)) {
                mesh.send(input);
            }
            mesh.run();
            mesh.send(Day::completed());
            mesh.run();
            mesh.check_books();
            sums.push((mesh.posted(), mesh.physical()));
        }
        prop_assert!(!sums[0].0.is_empty());
        prop_assert_eq!(&sums[0], &sums[1]);
    }
}

#[test]
fn a_thousand_tellings_of_one_completion_are_one() {
    let day = Day::drawn(7);
    let mut mesh = Mesh::new(7, false);
    mesh.send(Day::release());
    for input in day.reports(&mut Chance::new(7)) {
        mesh.send(input);
    }
    for _ in 0..1000 {
        mesh.send(Day::completed());
    }
    mesh.run();
    let order = mesh.order();
    let completed = mesh
        .log_of(order)
        .iter()
        .flat_map(|step| &step.facts)
        .filter(|fact| matches!(fact, Fact::Order(fact) if **fact == crate::order::Fact::Completed));
    assert_eq!(completed.count(), 1);
    mesh.check_books();
}

#[test]
fn ten_thousand_reports_become_as_many_postings_as_the_rule_says_and_not_a_digit_is_lost() {
    let mut day = Day::drawn(3);
    day.units = 10_000;
    let mut mesh = Mesh::new(3, false);
    mesh.send(Day::release());
    mesh.run();
    for input in day.unit_reports() {
        mesh.send(input);
    }
    mesh.send(Day::completed());
    mesh.run();
    let (documents, good) = mesh.confirmed_yield();
    assert_eq!(good.to_string(), "10000 H87");
    assert_eq!(documents, 10_000 / 500 + 1, "the rule says a posting every 500 reports; one of zero says that this was all");
}

#[test]
fn a_lost_reply_is_found_by_probe_and_posted_once() {
    let mut lost = 0;
    for seed in 0..40 {
        let mut mesh = Mesh::new(seed, true);
        for input in Day::drawn(seed).inputs(&mut Chance::new(seed)) {
            mesh.send(input);
        }
        mesh.run();
        mesh.check_books();
        lost += mesh.erp.found_by_probe;
    }
    assert!(lost > 0, "no reply was lost in forty days: the test proves nothing");
}

#[test]
fn what_the_erp_refuses_waits_for_a_person_and_is_still_counted() {
    let mut parked = 0;
    for seed in 0..40 {
        let mut mesh = Mesh::new(seed, true);
        for input in Day::drawn(seed).inputs(&mut Chance::new(seed)) {
            mesh.send(input);
        }
        mesh.run();
        let Own::Order(order) = &mesh.state(mesh.order()).own else { panic!("not an order") };
        parked += order.ledger.postings().filter(|entry| matches!(entry.standing, Standing::Parked { .. })).count();
        assert!(accounts(&order.ledger).iter().all(crate::posting::Account::balances));
    }
    assert!(parked > 0);
}
