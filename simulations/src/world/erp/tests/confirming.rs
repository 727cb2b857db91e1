//! Confirmations: sums, finality, corrections, cancelling, and goods movements that fail behind a success.

use serde_json::{Value, json};

use super::super::super::habits::{Dose, Habit};
use super::{CONFIRMATIONS, Clerk, but, code, issue, receipt};

fn confirmation(operation: &str, good: &str, items: &[Value]) -> Value {
    json!({ "OrderID": "1000042", "OrderOperation": operation, "ConfirmationUnit": "EA", "ConfirmationYieldQuantity": good,
            "ConfirmationScrapQuantity": "3", "ConfirmationText": "K7Q2", "ExternalSystemConfirmation": "0a-1",
            "PostingDate": "2026-11-24", "OpConfirmedWorkQuantity1": "12.5", "OpWorkQuantityUnit1": "MIN",
            "APIConfHasNoGoodsMovements": items.is_empty(), "to_ProdnOrdConfMatlDocItm": items })
}

fn operation(clerk: &mut Clerk, at: usize) -> Value {
    clerk.order()["to_ProductionOrderOperation"]["results"][at].clone()
}

#[test]
fn partial_confirmations_add_up_and_the_final_one_ends_the_operation() {
    let mut clerk = Clerk::at_work();
    assert_eq!(clerk.post(CONFIRMATIONS, &confirmation("0010", "40", &[])).status, 201);
    assert_eq!(clerk.statuses(), ["REL", "PCNF"]);
    for operation in ["0010", "0020"] {
        let mut last = confirmation(operation, "60", &[]);
        last["IsFinalConfirmation"] = json!(true);
        assert_eq!(clerk.post(CONFIRMATIONS, &last).status, 201);
    }
    let first = operation(&mut clerk, 0);
    assert_eq!((first["OpTotalConfirmedYieldQty"].as_str(), first["OpTotalConfirmedScrapQty"].as_str()), (Some("100.000"), Some("6.000")));
    assert_eq!(clerk.statuses(), ["REL", "CNF"]);
    assert_eq!(clerk.order()["MfgOrderConfirmedYieldQty"], "60.000");
}

#[test]
fn a_confirmation_is_found_by_the_reference_of_who_sent_it() {
    let mut clerk = Clerk::at_work();
    clerk.post(CONFIRMATIONS, &confirmation("0010", "40", &[]));
    let found = clerk.read(CONFIRMATIONS, "ExternalSystemConfirmation eq guid'0a-1'");
    assert_eq!((found[0]["ConfirmationCount"].as_str(), found[0]["OpConfirmedWorkQuantity1"].as_str()), (Some("1"), Some("12.5")));
    assert_eq!(clerk.read(CONFIRMATIONS, "ConfirmationText eq 'never'").len(), 0);
}

#[test]
fn a_count_corrected_after_the_final_confirmation_is_a_new_confirmation_and_never_below_zero() {
    let mut clerk = Clerk::at_work();
    let mut last = confirmation("0010", "40", &[]);
    last["IsFinalConfirmation"] = json!(true);
    clerk.post(CONFIRMATIONS, &last);
    assert_eq!(clerk.post(CONFIRMATIONS, &confirmation("0010", "-6", &[])).status, 201);
    assert_eq!(operation(&mut clerk, 0)["OpTotalConfirmedYieldQty"], "34.000");
    assert_eq!(code(&clerk.post(CONFIRMATIONS, &confirmation("0010", "-35", &[]))), "RU/077");
}

#[test]
fn an_unknown_operation_or_unit_or_field_is_refused() {
    let mut clerk = Clerk::at_work();
    assert_eq!(code(&clerk.post(CONFIRMATIONS, &confirmation("0030", "1", &[]))), "RU/002");
    assert_eq!(code(&clerk.post(CONFIRMATIONS, &but(&confirmation("0010", "1", &[]), "ConfirmationUnit", "KG"))), "BM/302");
    assert_eq!(code(&clerk.post(CONFIRMATIONS, &but(&confirmation("0010", "1", &[]), "Yield", "1"))), "/IWBEP/CM_MGW_RT/021");
}

#[test]
fn a_confirmation_is_saved_although_one_of_its_movements_fails_and_the_clerk_posts_it_later() {
    let mut clerk = Clerk::at_work();
    let response = clerk.post(CONFIRMATIONS, &confirmation("0020", "40", &[receipt("40"), issue("60")]));
    assert_eq!(response.status, 201);
    let posted = response.value()["d"]["to_ProdnOrdConfMatlDocItm"]["results"].clone();
    assert_eq!((posted.as_array().unwrap().len(), posted[0]["GoodsMovementType"].as_str()), (1, Some("101")));
    let failed = super::System::books(&clerk.house)["failed_goods_movements"].clone();
    assert_eq!((failed[0]["code"].as_str(), failed[0]["QuantityInEntryUnit"].as_str()), (Some("M7/021"), Some("60")));
    let steel = json!({ "Material": "STEEL-3", "Plant": "1010", "StorageLocation": "0001", "Batch": "H-5501",
                        "QuantityInEntryUnit": "20", "EntryUnit": "KG" });
    clerk.sim("stock", &steel);
    assert_eq!(clerk.sim("by-hand", &json!({ "do": "reprocess_failed", "user": "KOTT" }))["posted"], 1);
    assert_eq!(clerk.stock("STEEL-3", "01"), "10");
}

#[test]
fn a_bad_day_lets_two_of_three_movements_fail_behind_a_created_answer() {
    let mut clerk = Clerk::at_work();
    clerk.has(Habit::PartialGoods, &Dose::next(1).of(2));
    let response = clerk.post(CONFIRMATIONS, &confirmation("0020", "40", &[issue("1"), issue("2"), receipt("40")]));
    assert_eq!(response.status, 201);
    assert_eq!((clerk.effect("partial_goods"), clerk.effect("goods_movement_failed")), (1, 2));
    assert_eq!((clerk.stock("STEEL-3", "01").as_str(), clerk.stock("FG-100", "01").as_str()), ("50", "40"));
}

#[test]
fn components_marked_for_backflush_are_issued_by_the_plan_unless_told_otherwise() {
    let mut clerk = Clerk::at_work();
    let grease = json!({ "Material": "GREASE", "Plant": "1010", "StorageLocation": "0001", "QuantityInEntryUnit": "5", "EntryUnit": "KG" });
    clerk.sim("stock", &grease);
    clerk.post(CONFIRMATIONS, &confirmation("0010", "40", &[]));
    assert_eq!(clerk.stock("GREASE", "01"), "5");
    let mut planned = confirmation("0010", "40", &[]);
    planned["APIConfHasNoGoodsMovements"] = json!(false);
    clerk.post(CONFIRMATIONS, &planned);
    assert_eq!(clerk.stock("GREASE", "01"), "4.2");
}

#[test]
fn a_cancelled_confirmation_takes_its_sums_and_its_movements_back() {
    let mut clerk = Clerk::at_work();
    clerk.post(CONFIRMATIONS, &confirmation("0020", "40", &[receipt("40")]));
    let key = [("ConfirmationGroup", "10000420020"), ("ConfirmationCount", "1")];
    let response = clerk.call("API_PROD_ORDER_CONFIRMATION_2_SRV/CancelProdnOrdConf", &key);
    assert_eq!((response.status, response.value()["d"]["OpConfirmedWorkQuantity1"].as_str()), (200, Some("-12.5")), "{}", response.body);
    assert_eq!(operation(&mut clerk, 1)["OpTotalConfirmedYieldQty"], "0.000");
    assert_eq!(clerk.stock("FG-100", "01"), "0");
    assert_eq!(code(&clerk.call("API_PROD_ORDER_CONFIRMATION_2_SRV/CancelProdnOrdConf", &key)), "RU/126");
}
