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
