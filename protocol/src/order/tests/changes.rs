//! Two phases: the plant, then the ERP; whoever had agreed is told when it comes to nothing.

use super::*;

#[test]
fn a_total_changes_when_plant_and_erp_have_both_agreed_and_not_before() {
    let mut floor = accepted();
    assert_eq!(wish(&mut floor, Request::ChangeQuantity { total: qty("4000 H87") }), Answer::Accepted);
    assert!(asked_of_erp(&floor).is_empty() && total(&floor) == "5000 H87");
    floor.does("change_job", &done());
    assert_eq!((asked_of_erp(&floor), total(&floor).as_str()), (vec![Change::Quantity { total: qty("4000 H87") }], "5000 H87"));
    floor.does("change_order", &done());
    assert_eq!((total(&floor).as_str(), &order(&floor).pending), ("4000 H87", &None));
}

#[test]
fn what_the_plant_refuses_is_never_asked_of_the_erp() {
    let mut floor = accepted();
    wish(&mut floor, Request::ChangeQuantity { total: qty("4000 H87") });
    floor.refuses("change_job");
    assert!(asked_of_erp(&floor).is_empty() && total(&floor) == "5000 H87" && order(&floor).pending.is_none());
    assert_eq!(floor.open(me(&floor), &CaseKind::Rejected(Code::Other)), 1);
}

#[test]
fn what_the_erp_refuses_is_taken_back_at_the_plant() {
    let mut floor = accepted();
    wish(&mut floor, Request::ChangeQuantity { total: qty("4000 H87") });
    floor.does("change_job", &done());
    floor.refuses("change_order");
    assert!(total(&floor) == "5000 H87" && order(&floor).pending.is_none());
    let told = floor.asked("change_job");
    assert!(matches!(told.as_slice(), [Effect::ChangeJob { total, .. }] if *total == qty("5000 H87")), "{told:?}");
}

#[test]
fn an_order_that_no_plant_has_yet_is_changed_in_the_erp_and_validated_again() {
    let mut floor = released();
    let before = order(&floor).validations;
    wish(&mut floor, Request::ChangeQuantity { total: qty("4000 H87") });
    floor.does("change_order", &done());
    assert_eq!((total(&floor).as_str(), order(&floor).validations), ("4000 H87", before + 1));
    floor.deliver();
    let jobs = floor.asked("dispatch_job");
    assert!(matches!(jobs.as_slice(), [Effect::DispatchJob(job)] if job.components[0].required == qty("1600 KGM")), "{jobs:?}");
}

#[test]
fn a_total_does_not_go_below_what_was_made_and_one_change_waits_for_another() {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    let ask = |floor: &mut Floor, total: &str| wish(floor, Request::ChangeQuantity { total: qty(total) });
    assert_eq!(refused(&ask(&mut floor, "299 H87")), Code::Capacity);
    assert_eq!(refused(&ask(&mut floor, "3 KGM")), Code::UomUnmapped);
    assert_eq!(ask(&mut floor, "300 H87"), Answer::Accepted);
    assert_eq!(refused(&ask(&mut floor, "400 H87")), Code::State);
}

#[test]
fn a_total_that_was_overtaken_while_it_was_asked_for_is_given_up_or_shown() {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    wish(&mut floor, Request::ChangeQuantity { total: qty("300 H87") });
    makes(&mut floor, "40 H87");
    floor.does("change_job", &done());
    assert!(asked_of_erp(&floor).is_empty(), "340 pieces are there by now");
    let told = floor.asked("change_job");
    assert!(matches!(told.as_slice(), [Effect::ChangeJob { total, .. }] if *total == qty("5000 H87")), "{told:?}");
    assert_eq!(floor.open(me(&floor), &CaseKind::Rejected(Code::Other)), 1);
    floor.does("change_job", &done());
    wish(&mut floor, Request::ChangeQuantity { total: qty("350 H87") });
    floor.does("change_job", &done());
    makes(&mut floor, "40 H87");
    floor.does("change_order", &done());
    assert_eq!((total(&floor).as_str(), floor.open(me(&floor), &CaseKind::Contradicted)), ("350 H87", 1));
}

#[test]
fn the_erp_s_word_about_what_we_asked_for_is_no_news_and_its_own_word_counts() {
    let mut floor = accepted();
    wish(&mut floor, Request::ChangeQuantity { total: qty("4000 H87") });
    floor.does("change_job", &done());
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("4000 H87") });
    floor.does("change_order", &done());
    assert!(total(&floor) == "4000 H87" && floor.asked("change_job").is_empty(), "the plant is not asked twice");
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("3500 H87") });
    assert_eq!(total(&floor), "3500 H87");
    floor.refuses("change_job");
    assert_eq!(floor.open(me(&floor), &CaseKind::Discrepancy), 1, "two systems disagree, and it is shown");
}

#[test]
fn another_word_of_the_erp_while_the_plant_is_asked_ends_in_what_was_agreed_last() {
    let mut floor = accepted();
    wish(&mut floor, Request::ChangeQuantity { total: qty("4000 H87") });
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("4500 H87") });
    floor.does("change_job", &done());
    floor.does("change_order", &done());
    assert_eq!(total(&floor), "4000 H87");
    let told = floor.asked("change_job");
    assert!(matches!(told.last(), Some(Effect::ChangeJob { total, .. }) if *total == qty("4000 H87")), "{told:?}");
}

#[test]
fn the_same_day_from_an_erp_that_knows_no_hours_moves_nothing_and_another_day_does() {
    let mut floor = accepted();
    let start = order(&floor).header().unwrap().start;
    says(&mut floor, "erp-eu", OwnerFact::DatesChanged { start: start.plus_ms(3 * 3_600_000), end: at(600) });
    assert!(order(&floor).header().unwrap().start == start && floor.asked("change_job").is_empty());
    let later = start.plus_ms(48 * 3_600_000);
    says(&mut floor, "erp-eu", OwnerFact::DatesChanged { start: later, end: later.plus_ms(3_600_000) });
    assert_eq!(order(&floor).header().unwrap().start, later);
    assert_eq!(floor.asked("change_job").len(), 1);
}

#[test]
fn a_component_is_replaced_before_the_plant_has_the_job_and_not_after() {
    let mut floor = Floor::new();
    floor.book = with_more_steel(floor.book);
    let id = me(&floor);
    floor.take(id, &Day::release());
    let ask = || Request::ReplaceComponent { item: ItemNo::parse("1").unwrap(), material: MaterialId::parse("STEEL-4").unwrap() };
    assert_eq!(wish(&mut floor, ask()), Answer::Accepted);
    floor.does("change_order", &done());
    floor.deliver();
    let jobs = floor.asked("dispatch_job");
    assert!(matches!(jobs.as_slice(), [Effect::DispatchJob(job)] if job.components[0].material.as_str() == "STEEL-4"), "{jobs:?}");
    assert_eq!(refused(&wish(&mut floor, ask())), Code::State, "the plant has its own copy now");
    let unknown = Request::ReplaceComponent { item: ItemNo::parse("9").unwrap(), material: MaterialId::parse("STEEL-4").unwrap() };
    assert_eq!(refused(&wish(&mut released(), unknown)), Code::Unknown);
    let recipe = Request::ChangeRecipe { version: crate::words::Version::parse("8").unwrap() };
    assert_eq!(refused(&wish(&mut released(), recipe)), Code::MissingRecipe);
}

fn with_more_steel(mut book: crate::book::Book) -> crate::book::Book {
    let steel = book.materials[&MaterialId::parse("STEEL-3").unwrap()].clone();
    book.materials.insert(MaterialId::parse("STEEL-4").unwrap(), steel);
    book
}

#[test]
fn an_order_is_cancelled_when_the_plant_gave_the_job_back_and_the_erp_agreed() {
    let mut floor = accepted();
    assert_eq!(wish(&mut floor, Request::Cancel), Answer::Accepted);
    floor.does("revoke_job", &done());
    assert_eq!((&order(&floor).dispatch, order(&floor).business), (&Dispatch::Revoked, Business::Released));
    floor.does("change_order", &done());
    assert_eq!(order(&floor).business, Business::Cancelled);

    let mut kept = accepted();
    wish(&mut kept, Request::Cancel);
    kept.refuses("revoke_job");
    assert_eq!((&order(&kept).dispatch, order(&kept).business), (&Dispatch::RevokeRefused, Business::Released));
    assert!(asked_of_erp(&kept).is_empty());
    makes(&mut kept, "1 H87");
    assert_eq!(refused(&wish(&mut kept, Request::Cancel)), Code::State, "work was reported");
}

#[test]
fn a_plant_that_keeps_the_job_hears_of_every_change_and_may_be_asked_for_it_again() {
    let mut floor = accepted();
    wish(&mut floor, Request::Revoke);
    let dates = Request::Reschedule { start: at(3 * 1440), end: at(4 * 1440) };
    assert_eq!(refused(&wish(&mut floor, dates)), Code::State, "it is being asked for the job");
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("4000 H87") });
    assert_eq!(floor.asked("change_job").len(), 1, "it may keep it");
    floor.refuses("revoke_job");
    floor.does("change_job", &done());
    wish(&mut floor, Request::Hold { reason: Reason::parse("wait").unwrap() });
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("3000 H87") });
    assert_eq!((floor.asked("hold_job").len(), floor.asked("change_job").len()), (1, 1));
    let other = Request::ReplaceComponent { item: ItemNo::parse("1").unwrap(), material: MaterialId::parse("STEEL-4").unwrap() };
    assert_eq!(refused(&wish(&mut floor, other)), Code::State, "it has its own copy");
    assert_eq!(wish(&mut floor, Request::Revoke), Answer::Accepted, "it was stopped at the plant, say");
    floor.does("revoke_job", &done());
    assert_eq!(order(&floor).dispatch, Dispatch::Revoked);

    let mut cancelled = accepted();
    wish(&mut cancelled, Request::Revoke);
    cancelled.refuses("revoke_job");
    says(&mut cancelled, "erp-eu", OwnerFact::Cancelled);
    assert_eq!(cancelled.asked("revoke_job").len(), 1, "the ERP gave the order up");
}

#[test]
fn a_plant_that_gave_the_job_back_owes_no_answer_to_what_it_was_told_of_it() {
    let mut floor = accepted();
    wish(&mut floor, Request::Revoke);
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("4000 H87") });
    floor.does("revoke_job", &done());
    floor.refuses("change_job");
    assert_eq!(floor.open(me(&floor), &CaseKind::Discrepancy), 0);
}

/// An order whose recipe is missing, and what makes it able to run.
fn without_recipe() -> (Floor, impl Fn(&mut Floor)) {
    let mut floor = Floor::new();
    let recipes = std::mem::take(&mut floor.book.recipes);
    let id = me(&floor);
    floor.take(id, &Day::release());
    floor.deliver();
    assert!(matches!(order(&floor).dispatch, Dispatch::Invalid { .. }));
    let comes = move |floor: &mut Floor| {
        floor.book.recipes.clone_from(&recipes);
        let hash = "other".to_owned();
        let plant = floor.book.site_entity(site("nord")).unwrap();
        let mail = crate::site::Mail::BookActivated { hash };
        floor.tell(plant, "nord", Body::Site(crate::site::Input::Mail(mail)));
        floor.deliver();
    };
    (floor, comes)
}

#[test]
fn what_is_to_be_cancelled_is_not_sent_and_goes_on_when_the_erp_would_not() {
    let (mut floor, recipe_comes) = without_recipe();
    assert_eq!(wish(&mut floor, Request::Cancel), Answer::Accepted);
    recipe_comes(&mut floor);
    assert!(floor.asked("dispatch_job").is_empty(), "its ERP is being asked to cancel it");
    floor.refuses("change_order");
    floor.deliver();
    assert_eq!(floor.asked("dispatch_job").len(), 1, "it is not cancelled after all");
}

#[test]
fn an_order_that_is_cancelled_leaves_no_case_about_its_start() {
    for by_erp in [true, false] {
        let (mut floor, _) = without_recipe();
        assert_eq!(floor.open(me(&floor), &CaseKind::NotReady), 1);
        if by_erp {
            says(&mut floor, "erp-eu", OwnerFact::Cancelled);
        } else {
            wish(&mut floor, Request::Cancel);
            floor.does("change_order", &done());
        }
        assert_eq!((order(&floor).business, floor.open(me(&floor), &CaseKind::NotReady)), (Business::Cancelled, 0));
    }
}

#[test]
fn what_came_while_an_order_was_shut_counts_when_it_is_open_again() {
    let (mut floor, recipe_comes) = without_recipe();
    says(&mut floor, "erp-eu", OwnerFact::TechnicallyCompleted);
    recipe_comes(&mut floor);
    assert!(floor.asked("dispatch_job").is_empty());
    says(&mut floor, "erp-eu", OwnerFact::Reopened);
    floor.deliver();
    assert_eq!(floor.asked("dispatch_job").len(), 1);
}

#[test]
fn technical_completion_is_asked_of_the_erp_after_the_last_posting() {
    let mut floor = accepted();
    makes(&mut floor, "300 H87");
    assert_eq!(refused(&wish(&mut floor, Request::TechnicallyComplete { force: false })), Code::State);
    assert_eq!(wish(&mut floor, Request::TechnicallyComplete { force: true }), Answer::Accepted);
    assert_eq!(order(&floor).business, Business::Released, "it is the ERP's to say");
    let asked: Vec<&str> = floor.asked.iter().map(|asked| asked.effect.verb()).filter(|verb| *verb != "tell_hold").collect();
    assert_eq!(asked, ["post", "change_order"], "in one lane, so the posting goes first");
    floor.does("post", &posted("4711/1"));
    floor.does("change_order", &done());
    assert_eq!(order(&floor).business, Business::TechnicallyCompleted);
    assert_eq!(wish(&mut floor, Request::Reopen), Answer::Accepted);
    floor.does("change_order", &done());
    assert_eq!(order(&floor).business, Business::Released);
}

#[test]
fn a_plant_that_never_took_the_job_keeps_nothing_when_it_is_asked_for_it_back() {
    let sent = || {
        let mut floor = released();
        floor.deliver();
        floor
    };
    let mut cancelled = sent();
    assert_eq!(wish(&mut cancelled, Request::Cancel), Answer::Accepted);
    cancelled.refuses("dispatch_job");
    cancelled.refuses("revoke_job");
    assert_eq!(asked_of_erp(&cancelled), [Change::Cancel], "there is nothing at the plant that is in the way");
    cancelled.does("change_order", &done());
    assert_eq!(order(&cancelled).business, Business::Cancelled);

    let mut revoked = sent();
    assert_eq!(wish(&mut revoked, Request::Revoke), Answer::Accepted);
    revoked.refuses("dispatch_job");
    revoked.refuses("revoke_job");
    assert!(matches!(order(&revoked).dispatch, Dispatch::Rejected { .. }), "{:?}", order(&revoked).dispatch);
    assert_eq!(wish(&mut revoked, Request::Redispatch), Answer::Accepted);

    let mut by_message = accepted();
    assert_eq!(wish(&mut by_message, Request::Cancel), Answer::Accepted);
    reports(&mut by_message, Report::JobRejected { code: "E7".into(), text: "no such recipe".into(), attempt: None });
    by_message.refuses("revoke_job");
    assert_eq!(asked_of_erp(&by_message), [Change::Cancel]);
}

#[test]
fn a_plant_hears_no_total_that_cannot_be_meant_by_any_change() {
    let mut floor = accepted();
    let told = |floor: &Floor| floor.asked("change_job").len();
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("0 H87") });
    assert_eq!(told(&floor), 0);
    let (start, end) = {
        let header = order(&floor).header().unwrap();
        (header.start.plus_ms(3_600_000), header.end.plus_ms(3_600_000))
    };
    assert_eq!(refused(&wish(&mut floor, Request::Reschedule { start, end })), Code::State);
    says(&mut floor, "erp-eu", OwnerFact::DatesChanged { start: start.plus_ms(86_400_000), end: end.plus_ms(86_400_000) });
    assert_eq!(told(&floor), 0, "nor by what the ERP says of something else");
    says(&mut floor, "erp-eu", OwnerFact::QuantityChanged { total: qty("4000 H87") });
    assert_eq!(told(&floor), 1);
}

#[test]
fn an_end_before_the_start_is_put_right_within_the_same_day() {
    let mut floor = Floor::new();
    let id = me(&floor);
    let mut release = Day::release();
    let Body::Order(Input::OwnerFact(OwnerFact::Released(header))) = &mut release.body else { panic!("not a release") };
    let (start, end) = (header.start, header.start.plus_ms(3_600_000));
    (header.start, header.end) = (end, start);
    floor.take(id, &release);
    assert!(matches!(order(&floor).dispatch, Dispatch::Invalid { .. }));
    says(&mut floor, "erp-eu", OwnerFact::DatesChanged { start, end });
    floor.deliver();
    assert!(!matches!(order(&floor).dispatch, Dispatch::Invalid { .. }), "{:?}", order(&floor).dispatch);
}
