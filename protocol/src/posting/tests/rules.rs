//! Rules: which one is found, which contradict each other, what triggers a flush, who computes (pitfall 7).

use super::*;
use crate::name::SiteId;

fn found<'a>(rules: &'a RuleBook, site: &str, actual: &Actual) -> Option<&'a str> {
    rules.find(SiteId::parse(site).unwrap(), actual).map(|rule| rule.id.as_str())
}

fn refused(rules: Vec<Rule>) -> Vec<String> {
    RuleBook::new(rules).unwrap_err().iter().map(ToString::to_string).collect()
}

fn yields(id: &str, matches: Match) -> Rule {
    Rule { matches: Match { purpose: Some(Use::Yield), ..matches }, ..rule(id, Use::Yield, vec![Trigger::Completion]) }
}

#[test]
fn the_rarest_match_wins_operation_over_material_over_plant_over_use() {
    let plant = Match { site: SiteId::parse("nord").ok(), ..Match::default() };
    let material = Match { material: MaterialId::parse("FG-100").ok(), ..Match::default() };
    let operation = Match { op: OpNo::parse("20").ok(), ..Match::default() };
    let rules = RuleBook::new(vec![
        yields("any", Match::default()),
        yields("plant", plant),
        yields("material", material),
        yields("operation", operation),
    ])
    .unwrap();
    let good = actual(Use::Yield, "1 H87");
    let other = Actual { material: MaterialId::parse("FG-200").unwrap(), ..good.clone() };
    assert_eq!(found(&rules, "nord", &good.clone().of_op("20")), Some("operation"));
    assert_eq!(found(&rules, "nord", &good), Some("material"));
    assert_eq!(found(&rules, "nord", &other), Some("plant"));
    assert_eq!(found(&rules, "sued", &other), Some("any"));
    assert_eq!(found(&rules, "nord", &actual(Use::Scrap, "1 H87")), None);
}

#[test]
fn two_rules_for_the_same_reports_are_refused_and_two_for_different_ones_are_not() {
    let at = |id: &str, site: &str| yields(id, Match { site: SiteId::parse(site).ok(), ..Match::default() });
    assert_eq!(refused(vec![at("one", "nord"), at("two", "nord")]).len(), 1);
    assert!(refused(vec![at("one", "nord"), at("two", "nord")])[0].contains("narrow one of them"));
    assert!(RuleBook::new(vec![at("one", "nord"), at("two", "sued")]).is_ok());
}

#[test]
fn one_id_and_version_for_two_rules_is_refused_because_their_lines_would_share_a_document() {
    let (good, scrap) = (rule("work", Use::Yield, vec![Trigger::Completion]), rule("work", Use::Scrap, vec![Trigger::Completion]));
    assert!(refused(vec![good, scrap])[0].contains("stands there twice"));
}

#[test]
fn a_rule_that_cannot_hold_is_refused_with_what_to_do() {
    let good = || rule("r", Use::Yield, vec![Trigger::Completion]);
    let wrong = [
        (Rule { trigger: vec![], ..good() }, "no trigger"),
        (Rule { trigger: vec![Trigger::Count(0)], ..good() }, "trigger of zero"),
        (Rule { trigger: vec![Trigger::EveryMinutes(0)], ..good() }, "trigger of zero"),
        (Rule { trigger: vec![Trigger::Hold, Trigger::Count(5)], ..good() }, "waits for a person"),
        (Rule { scale: 7, ..good() }, "more decimals"),
        (Rule { matches: Match::default(), ..good() }, "which `use` it is for"),
        (Rule { movement: Movement::GoodsIssue, ..good() }, "write confirmation or goods_receipt as its `movement`"),
        (
            Rule { movement: Movement::Confirmation, ..rule("r", Use::Consumed, vec![Trigger::Completion]) },
            "write goods_issue as its `movement`",
        ),
        (
            Rule {
                matches: Match { op: OpNo::parse("10").ok(), purpose: Some(Use::Produced), ..Match::default() },
                ..rule("r", Use::Produced, vec![Trigger::Completion])
            },
            "no operation",
        ),
    ];
    for (rule, says) in wrong {
        let said = refused(vec![rule]);
        assert!(said.len() == 1 && said[0].contains(says), "{said:?}");
    }
}

#[test]
fn a_group_is_flushed_by_what_comes_first_of_count_time_and_completion() {
    let trigger = vec![Trigger::Count(3), Trigger::EveryMinutes(15), Trigger::Completion];
    let mut shop = Shop::new(vec![rule("yield", Use::Yield, trigger)]);
    let report = |shop: &mut Shop| shop.report(actual(Use::Yield, "1 H87"));
    for _ in 0..4 {
        report(&mut shop);
    }
    assert_eq!(shop.lines(), ["3 H87"], "by count, and the fourth waits");
    let due = next_wake(&shop.ledger).unwrap();
    assert_eq!(due.since(shop.now).as_secs(), 15 * 60);
    assert!(shop.flush(&Due::Time(due.minus(std::time::Duration::from_millis(1)))).is_empty(), "not a moment before its time");
    assert_eq!(shop.flush(&Due::Time(due)).len(), 1, "by time");
    report(&mut shop);
    assert!(shop.flush(&Due::Operation(&OpNo::parse("20").unwrap())).is_empty(), "another operation");
    assert_eq!(shop.flush(&Due::Operation(&OpNo::parse("10").unwrap())).len(), 1, "by completion");
}

#[test]
fn what_is_held_waits_for_a_person_even_when_its_operation_is_complete() {
    let mut shop = Shop::new(vec![rule("yield", Use::Yield, vec![Trigger::Hold])]);
    shop.report(actual(Use::Yield, "5 H87"));
    assert!(shop.flush(&Due::Operation(&OpNo::parse("10").unwrap())).is_empty());
    assert_eq!(shop.account().pending, qty("5 H87"));
    assert_eq!(shop.flush_everything().len(), 1);
}

#[test]
fn a_closed_pallet_posts_its_own_pieces_and_no_others() {
    let by_unit = Rule { group_by: vec![Axis::Unit], ..rule("receipt", Use::Produced, vec![Trigger::UnitClosed]) };
    let mut shop = Shop::new(vec![by_unit]);
    shop.report(actual(Use::Produced, "480 H87").in_unit("pallet-1"));
    shop.report(actual(Use::Produced, "100 H87").in_unit("pallet-2"));
    let closed = Sscc::parse("pallet-1").unwrap();
    let postings = shop.flush(&Due::Unit(&closed));
    assert_eq!((postings[0].lines[0].qty, postings[0].lines[0].unit.as_ref()), (qty("480 H87"), Some(&closed)));
    assert_eq!(shop.account().pending, qty("580 H87"), "480 handed over, 100 still open");
    assert!(shop.ledger.has_open_groups());
}

#[test]
fn what_the_erp_computes_itself_and_what_nobody_posts_is_counted_and_never_posted() {
    for method in [Method::Backflush, Method::Skip] {
        let mut shop = Shop::new(vec![Rule { method, ..rule("issue", Use::Consumed, vec![Trigger::EachReport]) }]);
        shop.report(actual(Use::Consumed, "3 KGM"));
        shop.report(actual(Use::Consumed, "0.0004 KGM"));
        assert!(shop.flush_everything().is_empty() && shop.lines().is_empty(), "{method:?}");
        assert_eq!((shop.account().skipped, shop.account().residual), (qty("3.0004 KGM"), qty("0 KGM")), "{method:?}");
    }
}

#[test]
fn one_component_is_issued_or_backflushed_and_never_both() {
    let steel = MaterialId::parse("STEEL-3").unwrap();
    let matches = Match { material: Some(steel.clone()), purpose: Some(Use::Consumed), ..Match::default() };
    let backflushed = Rule { method: Method::Backflush, matches, ..rule("steel", Use::Consumed, vec![Trigger::EachReport]) };
    let mut shop = Shop::new(vec![rule("issue", Use::Consumed, vec![Trigger::EachReport]), backflushed]);
    shop.report(Actual { material: steel, ..actual(Use::Consumed, "3 KGM") });
    shop.report(actual(Use::Consumed, "5 KGM"));
    assert_eq!(shop.lines(), ["5 KGM"]);
}

#[test]
fn a_group_is_flushed_by_the_version_of_the_rule_that_opened_it() {
    let mut shop = Shop::new(vec![Rule { code: "261".into(), ..rule("issue", Use::Consumed, vec![Trigger::Completion]) }]);
    shop.report(actual(Use::Consumed, "1.25 KGM"));
    let second = Rule { version: 2, code: "262".into(), scale: 1, ..rule("issue", Use::Consumed, vec![Trigger::Completion]) };
    shop.rules = RuleBook::new(vec![second]).unwrap();
    shop.report(actual(Use::Consumed, "1.25 KGM"));
    let postings = shop.flush_everything();
    let told: Vec<_> = postings.iter().map(|posting| (posting.rule.1, posting.code.as_str(), posting.lines[0].qty)).collect();
    assert_eq!(told, [(1, "261", qty("1.25 KGM")), (2, "262", qty("1.2 KGM"))], "2.5 in all; what the second cannot say is carried");
    assert_eq!(shop.account().residual, qty("0.05 KGM"));
}
