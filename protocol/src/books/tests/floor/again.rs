//! What is read once more: differences that change between two persons, configurations that come back, and the past.

use super::*;

#[test]
fn two_persons_give_up_the_same_difference_or_none() {
    let mut floor = posted();
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[goods("D1", &lot(), "470 H87")]);
    floor.wait_ms(1_000);
    says(&mut floor, &[goods("D1", &lot(), "470 H87")]);
    assert_eq!(act(&mut floor, "finance", Action::WriteOff), Answer::Accepted);
    floor.wait_ms(1_000);
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[]);
    let second = |floor: &mut Floor| act_as(floor, crate::floor::another("finance"), Action::WriteOff);
    assert_eq!(refused(&second(&mut floor)), Code::State, "nobody has seen this difference twice");
    floor.wait_ms(1_000);
    says(&mut floor, &[]);
    assert_eq!(open(&floor, &CaseKind::BooksDiffer), 1);
    assert_eq!(second(&mut floor), Answer::Accepted);
    assert_eq!(open(&floor, &CaseKind::BooksDiffer), 1, "of the new difference it is the first who asks");
}

#[test]
fn an_answer_to_an_earlier_run_is_none_to_this_one() {
    let mut floor = posted();
    let (erp, order) = (floor.book.site_entity(site("erp-eu")).unwrap(), me(&floor));
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[goods("D1", &lot(), "480 H87")]);
    let before = run(&floor, "erp-eu").number;
    makes(&mut floor, "240 H87");
    posts(&mut floor, "D2");
    reconcile(&mut floor, "erp-eu");
    let read_at = floor.now;
    let old = Found { verdict: Verdict::Equal, read_at, netted: Vec::new(), unexplained: Vec::new(), why: String::new() };
    let late = sites::Mail::BooksRead { entity: order, run: before, found: Box::new(old) };
    floor.tell(erp, "takt", Body::Site(sites::Input::Mail(late)));
    assert_eq!(verdicts(&floor, "erp-eu"), (0, 0, 0, 0, true), "the order has not answered this one");
    says(&mut floor, &[goods("D1", &lot(), "480 H87")]);
    assert_eq!(verdicts(&floor, "erp-eu"), (0, 1, 0, 0, true));
}

#[test]
fn a_person_who_wants_it_read_now_takes_it_from_no_run() {
    let mut floor = posted();
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[]);
    floor.wait_ms(1_000);
    says(&mut floor, &[]);
    assert_eq!(verdicts(&floor, "erp-eu"), (0, 0, 1, 0, false));
    makes(&mut floor, "240 H87");
    posts(&mut floor, "D2");
    reconcile(&mut floor, "erp-eu");
    assert_eq!(act(&mut floor, "finance", Action::Retry), Answer::Accepted);
    says(&mut floor, &[goods("D1", &lot(), "480 H87"), goods("D2", &lot(), "240 H87")]);
    assert_eq!(verdicts(&floor, "erp-eu"), (1, 0, 0, 0, false));
}

#[test]
fn a_configuration_that_comes_back_is_looked_at_again() {
    let mut floor = posted();
    let entity = floor.book.site_entity(site("erp-eu")).unwrap();
    let activate = |floor: &mut Floor, every: Option<u64>| {
        floor.book.reconcile.get_mut(&site("erp-eu")).unwrap().every_ms = every;
        let hash = format!("{every:?}");
        floor.tell(entity, "takt", Body::Site(sites::Input::Mail(sites::Mail::BookActivated { hash })));
        let Own::Site(site) = &floor.state(entity).own else { panic!("no site") };
        site.books.as_ref().and_then(|books| books.next).is_some()
    };
    assert!(activate(&mut floor, Some(600_000)) && !activate(&mut floor, None) && activate(&mut floor, Some(600_000)));
}

#[test]
fn a_reading_of_the_past_leaves_what_was_entered_since_for_the_next_one() {
    let mut floor = posted();
    let before = floor.now.minus(std::time::Duration::from_millis(1));
    floor.wait_ms(1_000);
    assert_eq!(wishes(&mut floor, "erp-eu", Some(before)), Answer::Accepted);
    floor.deliver();
    let entered_at = Some(floor.now);
    says(&mut floor, &[Stated { entered_at, ..goods("D1", &lot(), "480 H87") }]);
    assert_eq!(run(&floor, "erp-eu").with(Verdict::Equal), 1, "it was not there then");
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[]);
    assert_eq!(run(&floor, "erp-eu").with(Verdict::Once), 1, "what is gone now is found");
}

/// 480 pieces that the ERP refused, and that finance adopts as a document by its number.
fn adopted(document: &str) -> Floor {
    let mut floor = begun();
    makes(&mut floor, "480 H87");
    floor.refuses("post");
    adopts(&mut floor, document);
    floor
}

fn adopts(floor: &mut Floor, document: &str) {
    let id = me(floor);
    let case = floor.cases(id).iter().find(|case| case.kind == CaseKind::ParkedPosting).unwrap().number;
    let document = DocNo::parse(document).unwrap();
    assert_eq!(floor.wish(id, person("finance"), Body::Desk(Wish { case, action: Action::Adopt { document } })), Answer::Accepted);
    floor.deliver();
}

fn reverses(floor: &mut Floor, posting: u32) -> Answer {
    let wish = Body::Order(order::Input::Request(order::Request::ReversePosting { posting }));
    let id = me(floor);
    let answer = floor.wish(id, person("finance"), wish);
    floor.deliver();
    answer
}

fn read_twice(floor: &mut Floor, entries: &[Stated]) {
    reconcile(floor, "erp-eu");
    says(floor, entries);
    floor.wait_ms(1_000);
    says(floor, entries);
}

#[test]
fn what_was_adopted_as_a_document_that_never_was_waits_again_and_nothing_is_posted_for_that() {
    let mut floor = adopted("4999");
    let booked = |floor: &Floor| {
        let entity = floor.book.lot_entity(site("nord"), &Day::lot()).unwrap();
        let Own::Lot(lot) = &floor.state(entity).own else { panic!("no lot") };
        lot.stock.stands.values().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(booked(&floor), ["480 H87"]);
    read_twice(&mut floor, &[]);
    let posting = floor.order(me(&floor)).ledger.postings().next().unwrap().posting.number;
    let (soon, late) = (floor.now, floor.now.plus_ms(3_600_001));
    floor.now = late;
    assert_eq!(refused(&reverses(&mut floor, posting)), Code::State, "it may be there by now");
    floor.now = soon;
    assert_eq!(reverses(&mut floor, posting), Answer::Accepted);
    assert!(floor.asked("post").is_empty() && floor.order(me(&floor)).accounts().iter().all(posting::Account::balances));
    let parked = |floor: &Floor| floor.order(me(floor)).accounts().iter().map(|account| account.parked.to_string()).collect::<Vec<_>>();
    assert_eq!(parked(&floor), ["480 H87"]);
    assert_eq!(booked(&floor), ["0 H87"], "its lot hears that it is not in the ERP");
    // What is there can be taken back there, also when it is there under another lot.
    adopts(&mut floor, "D1");
    let posting = floor.order(me(&floor)).ledger.postings().last().unwrap().posting.number;
    read_twice(&mut floor, &[goods("D1", "N9", "480 H87")]);
    assert_eq!(reverses(&mut floor, posting), Answer::Accepted);
    assert_eq!(floor.asked("post").len(), 1);
}
