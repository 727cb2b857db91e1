//! The second ERP in the place of the first: a mesh from the text of the demo, with one file changed, carries an order the
//! whole way over real HTTP, and in the end the ERP's own books say what ours do.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::json;
use takt_protocol::books::Verdict;
use takt_protocol::case::CaseKind;
use takt_protocol::kernel::Own;
use takt_protocol::order::{self, Change, Order, Request};
use takt_protocol::posting::accounts;
use takt_protocol::words::StockStatus;
use takt_simulations::logs::{Logs, booked};
use takt_simulations::world::ledger::{Entry, Heap, Ledger, Purpose, Status};
use takt_simulations::world::system::Kind;

pub(crate) mod stage;

use stage::Stage;

/// Pieces the order begins; a pallet holds 40.
const PIECES: u32 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_the_whole_way_with_the_second_erp_and_the_books_agree() {
    let stage = Stage::set(Kind::ErpOdoo).await;
    // A lost reply to a create, one to a validation, and two answers of yes that did nothing.
    stage
        .put(
            "erp-eu/_sim/habits",
            &json!({
                "lost_reply": { "next": 3, "matching": "POST /api/stock_picking" },
                "hollow_success": { "next": 2, "matching": "POST /api/stock_picking" },
            }),
        )
        .await;
    let order = stage.release(PIECES).await;
    let settled = |order: &Order| !order.ledger.is_unsettled() && !order.ledger.has_open_groups();
    let made = stage.order_when(order, "completed at the plant, and booked", |order| order.completed && settled(order)).await;
    assert!(made.header().unwrap().number.as_str().starts_with("MO-"), "the order has the number that the second ERP gave it");

    // The laboratory finds something in the lot, looks at it, and lets it go again.
    stage.hold_and_accept(&made).await;
    stage.ship(&made).await;
    stage.order_when(order, "nothing unsettled", settled).await;
    for (wish, change) in [(Request::TechnicallyComplete { force: false }, Change::TechnicallyComplete), (Request::Close, Change::Close)] {
        stage.wish(order, wish).await;
        let done = |order: &Order| {
            matches!(
                (&change, order.business),
                (Change::TechnicallyComplete, order::Business::TechnicallyCompleted) | (Change::Close, order::Business::Closed)
            )
        };
        stage.order_when(order, "changed in the ERP", done).await;
    }
    stage.quiet().await;
    let books = stage.books("erp-eu").await;
    assert_eq!(books["manufacturing_order"][0]["state"], "done");
    for (effect, least) in [("lost_reply", 3), ("hollow_success", 2)] {
        assert!(books["effects"][effect].as_u64() >= Some(least), "{effect} did not take effect: {}", books["effects"]);
    }
    agree(&stage, &books).await;

    // The mesh finds the same by itself: in the ERP's books, and pallet by pallet in the warehouse's.
    for system in ["erp-eu", "wms-na"] {
        let run = stage.compared(system, true).await;
        let (equal, unexplained) = (run.with(Verdict::Equal), run.found.values().flat_map(|found| &found.unexplained).count());
        assert!(run.of > 0 && equal == run.of && unexplained == 0, "{system}: {run:?}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_somebody_took_back_in_the_second_erp_is_a_case_after_two_readings_and_not_after_one() {
    let stage = Stage::set(Kind::ErpOdoo).await;
    let order = stage.release(PIECES).await;
    let settled = |order: &Order| order.completed && !order.ledger.is_unsettled() && !order.ledger.has_open_groups();
    let made = stage.order_when(order, "completed at the plant, and booked", settled).await;
    // A log that counts at once, that nobody is told of, and that takes a piece back.
    let number = made.header().unwrap().number.to_string();
    let log = json!({ "production_id": number, "operation": "10", "good": -1 });
    stage.post("erp-eu/_sim/by-hand", &json!({ "user": "kott", "do": "create", "model": "work_log", "values": log })).await;
    stage.quiet().await;
    stage.compare("erp-eu", false).await;
    let once = stage.run_when("erp-eu", "read once", |run| run.with(Verdict::Once) == 1).await;
    assert!(once.is_under_way() && stage.cases(order).await.is_empty(), "{once:?}");
    let twice = stage.run_when("erp-eu", "read twice", |run| !run.is_under_way()).await;
    let found = twice.found.values().next().unwrap();
    assert_eq!((found.verdict, found.unexplained.len()), (Verdict::Twice, 1), "{twice:?}");
    assert_eq!(found.unexplained[0].to_string(), "-1 H87");
    let cases = stage.cases(order).await;
    assert!(matches!(&cases[..], [one] if one.kind == CaseKind::BooksDiffer && one.what.contains("yield at 10 FG-100")), "{cases:?}");
    // Somebody logs it again there: the case closes by itself.
    let log = json!({ "production_id": number, "operation": "10", "good": 1 });
    stage.post("erp-eu/_sim/by-hand", &json!({ "user": "kott", "do": "create", "model": "work_log", "values": log })).await;
    let run = stage.compared("erp-eu", true).await;
    assert!(run.with(Verdict::Equal) == 1 && stage.cases(order).await.is_empty(), "{run:?}");
    stage.end().await;
}

/// T2 and T4: no reference twice; what each order has posted, and what of each lot stands in which stock, is in the ERP's books.
async fn agree(stage: &Stage, books: &serde_json::Value) {
    let (mut logs, mut broken) = (Logs::default(), Vec::new());
    logs.read(&stage.seams(), &mut broken).await.unwrap();
    let theirs = Ledger::of(Kind::ErpOdoo, books).unwrap();
    assert!(theirs.references.len() > 5 && theirs.references.values().all(|count| *count == 1), "{:?}", theirs.references);
    let mut ours: BTreeMap<Entry, Decimal> = BTreeMap::new();
    for (_, order) in logs.orders() {
        assert!(order.header().is_some());
        for places in accounts(&order.ledger) {
            assert!(places.balances(), "{places:?}");
        }
        ours.extend(booked(order));
    }
    ours.retain(|_, sum| !sum.is_zero());
    assert_eq!(ours, theirs.entries);
    assert_eq!(theirs.entries.keys().filter(|entry| entry.purpose == Purpose::Produced).count(), 1);
    let mut lots = 0;
    for told in logs.entities().values() {
        let Own::Lot(lot) = &told.state.own else { continue };
        let (Some(key), false) = (&lot.key, lot.produced.is_empty()) else { continue };
        lots += 1;
        for (status, place) in [(StockStatus::Blocked, Status::Blocked), (StockStatus::QualityInspection, Status::Inspection)] {
            let heap = Heap { material: key.material.to_string(), lot: key.lot.to_string(), status: place };
            let stands = lot.stock.stands.get(&status).map(takt_protocol::qty::Qty::value).unwrap_or_default();
            assert_eq!(theirs.stock.get(&heap).copied().unwrap_or_default(), stands, "{heap:?}");
        }
    }
    assert_eq!((lots, broken), (1, Vec::<String>::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posting_by_hand_in_the_second_erp_is_noticed_by_its_order() {
    let stage = Stage::set(Kind::ErpOdoo).await;
    stage.put("nord/_sim/pace", &json!({ "startAfterMs": 600_000 })).await;
    let order = stage.release(PIECES).await;
    let number = stage.order_when(order, "taken by the plant", |order| order.job.is_some()).await.header().unwrap().number.to_string();
    let line = json!({ "product_id": "GREASE", "quantity": 0.3, "product_uom": "kg", "warehouse_id": "1010", "location": "Stock",
        "location_dest": "Production", "raw_material_production_id": number });
    let draft = json!({ "user": "kott", "do": "create", "model": "stock_picking", "values": { "moves": [[0, 0, line]] } });
    let id = stage.post("erp-eu/_sim/by-hand", &draft).await["result"].clone();
    let press = json!({ "user": "kott", "do": "press", "model": "stock_picking", "id": id, "button": "button_validate" });
    assert_eq!(stage.post("erp-eu/_sim/by-hand", &press).await["result"], true);
    let noticed = stage.order_when(order, "told of the foreign document", |order| !order.foreign.is_empty()).await;
    let name = stage.books("erp-eu").await["stock_picking"][0]["name"].as_str().unwrap().to_owned();
    assert_eq!(noticed.foreign.iter().map(ToString::to_string).collect::<Vec<_>>(), [name]);
    stage.end().await;
}
