use std::sync::Arc;
use std::time::Duration;

use takt_cluster::seam::Seams;
use takt_cluster::views::Views;
use takt_protocol::answer::Answer;
use takt_protocol::book::{Book, Policy};
use takt_protocol::case::{Case, CaseKind};
use takt_protocol::commit::{Commit, Step};
use takt_protocol::envelope::{Envelope, Key, Mark};
use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::posting::RuleBook;
use takt_protocol::seen::ContentHash;
use takt_protocol::words::Role;

use super::Index;
use crate::node::{Node, Settings};
use crate::tape::tests::{commit, order, seams, write};

fn name(system: &str, number: &str) -> Ref {
    Ref::new(SiteId::parse(system).unwrap(), NativeKind::Order, NativeId::parse(number).unwrap())
}

fn case(number: u32, owner: &str) -> Fact {
    Fact::CaseOpened(Box::new(Case {
        number,
        kind: CaseKind::Discrepancy,
        what: "it does not add up".to_owned(),
        stake: String::new(),
        impact_at: None,
        owner: Role::parse(owner).unwrap(),
        proposals: Vec::new(),
        intent: None,
        posting: None,
        opened_at: Instant::EPOCH,
        site: None,
        impact_by: None,
        about: "the same".to_owned(),
        origin: None,
        snoozed_until: None,
    }))
}

pub(crate) fn saying(entity: EntityId, number: u64, facts: Vec<Fact>) -> Commit {
    let envelope = Envelope::of(Key { source: SiteId::parse("erp").unwrap(), epoch: 0, mark: Mark::Number(number) }, Instant::EPOCH);
    let step = Step::of(&envelope, ContentHash::of(b"x"), Answer::Accepted, facts);
    Commit { steps: vec![step], ..commit(entity, number) }
}

pub(crate) fn node(seams: &Seams) -> Arc<Node> {
    let book = Book {
        hash: String::new(),
        generation: 1,
        sites: std::collections::BTreeMap::new(),
        materials: std::collections::BTreeMap::new(),
        recipes: std::collections::BTreeMap::new(),
        equipment: std::collections::BTreeMap::new(),
        data: takt_protocol::data::Data::default(),
        rules: RuleBook::new(Vec::new()).unwrap(),
        policy: Policy::default(),
    };
    Arc::new(Node::new(Region::parse("eu").unwrap(), seams.clone(), Arc::new(book), Settings::default()))
}

/// An index that has read everything up to `last`.
async fn read(seams: &Seams, views: &Views, last: u64) -> Index {
    let (node, index) = (node(seams), Index::new(Region::parse("eu").unwrap(), views.clone()));
    let running = tokio::spawn(super::run(node, index.clone(), 0));
    let reading = async {
        while views.cursor(0).unwrap() < last {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), reading).await.unwrap();
    running.abort();
    index
}

#[tokio::test]
async fn names_entities_and_cases_are_what_the_log_says_and_again_when_the_rows_were_lost() {
    let (seams, views) = (seams(), Views::in_memory());
    write(&seams, &mut saying(order(1), 1, vec![Fact::Named(name("erp", "0004711")), case(1, "planning"), case(2, "planning")])).await;
    let handed = Fact::CaseHandedOver { case: 2, to: Role::parse("finance").unwrap() };
    write(&seams, &mut saying(order(2), 1, vec![Fact::Named(name("erp", "4712")), Fact::Named(name("mes", "4711"))])).await;
    let last = write(&seams, &mut saying(order(1), 2, vec![Fact::CaseClosed { case: 1, how: "done".to_owned() }, handed])).await;
    for rows in [&views, &views, &Views::in_memory()] {
        let index = read(&seams, rows, last).await;
        assert_eq!(index.find(&name("erp", "4711")), Some(order(1)));
        assert_eq!(index.find(&name("erp", "4713")), None);
        let found = index.search(&NativeId::parse("004711").unwrap());
        assert_eq!(found, [(name("erp", "4711"), order(1)), (name("mes", "4711"), order(2))]);
        assert_eq!(index.entities(Kind::Order, None, 9), [order(1), order(2)]);
        assert!(index.entities(Kind::Lot, None, 9).is_empty());
        let open: Vec<(EntityId, u32, String)> =
            index.cases().into_iter().map(|open| (open.entity, open.case.number, open.case.owner.to_string())).collect();
        assert_eq!(open, [(order(1), 2, "finance".to_owned())]);
        let cases = index.cases();
        let told: Vec<&str> = cases.iter().flat_map(|open| &open.notes).map(|note| note.what.as_str()).collect();
        assert_eq!(told, ["handed to finance"]);
        let cause = cases[0].case.cause(order(1));
        assert_eq!(index.caused(cause.as_str()), [(order(1), 1), (order(1), 2)], "closed ones, too");
    }
}

#[tokio::test]
async fn a_page_goes_on_behind_an_id_of_any_region() {
    let (seams, views) = (seams(), Views::in_memory());
    let mut last = 0;
    for number in 1..=5 {
        last = write(&seams, &mut saying(order(number), 1, Vec::new())).await;
    }
    let index = read(&seams, &views, last).await;
    assert_eq!(index.entities(Kind::Order, None, 2), [order(1), order(2)]);
    assert_eq!(index.entities(Kind::Order, Some(order(2)), 2), [order(3), order(4)]);
    let far = |region: &str| EntityId::from_parts(Kind::Order, Region::parse(region).unwrap(), 1, 3);
    assert_eq!(index.entities(Kind::Order, Some(far("ap")), 9).len(), 5);
    assert!(index.entities(Kind::Order, Some(far("na")), 9).is_empty());
}
