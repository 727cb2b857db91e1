//! Orders: what their statuses allow, what is told about them, and how they are found.

use serde_json::json;

use super::super::super::exchange::{Method, Request};
use super::super::odata;
use super::{Clerk, DOCUMENTS, ORDERS, code, document, issue, order, receipt};

#[test]
fn an_order_that_is_not_released_takes_no_goods() {
    let mut clerk = Clerk::at_work();
    clerk.sim("production-orders", &super::but(&order(), "order", "1000043"));
    let early = super::but(&receipt("1"), "ManufacturingOrder", "1000043");
    assert_eq!(code(&clerk.post(DOCUMENTS, &document(&[early]))), "BS/007");
}

#[test]
fn an_order_that_is_technically_complete_locked_closed_or_cancelled_takes_no_goods() {
    for (steps, status) in [
        (&["technically-complete"][..], "TECO"),
        (&["lock"][..], "LKD"),
        (&["technically-complete", "close"][..], "CLSD"),
        (&["cancel"][..], "DLFL"),
    ] {
        let mut clerk = Clerk::at_work();
        for step in steps {
            clerk.sim(&format!("production-orders/1000042/{step}"), &json!({}));
        }
        let response = clerk.post(DOCUMENTS, &document(&[receipt("1")]));
        assert_eq!(code(&response), "BS/013");
        assert!(response.body.contains(status) && clerk.statuses().contains(&status.to_owned()), "{status}");
    }
}

#[test]
fn a_reopened_or_unlocked_order_takes_goods_again() {
    let mut clerk = Clerk::at_work();
    for step in ["technically-complete", "reopen", "lock", "unlock"] {
        clerk.sim(&format!("production-orders/1000042/{step}"), &json!({}));
    }
    assert_eq!(clerk.post(DOCUMENTS, &document(&[receipt("1")])).status, 201);
}

#[test]
fn every_change_of_an_order_is_told_with_nothing_but_its_number() {
    let mut clerk = Clerk::at_work();
    clerk.sim("production-orders/1000042/change", &json!({ "quantity": "80" }));
    clerk.sim("production-orders/1000042/technically-complete", &json!({}));
    clerk.sim("production-orders/1000042/close", &json!({}));
    assert_eq!(clerk.told(), ["order.changed", "order.technically_completed", "order.closed"]);
    let first: serde_json::Value = serde_json::from_str(&super::System::pending(&clerk.house, clerk.now, 1)[0].body).unwrap();
    assert_eq!(first["data"], json!({ "ManufacturingOrder": "1000042" }));
    assert_eq!(first["time"], "2026-11-24T03:12:11.000+01:00");
}

#[test]
fn a_changed_quantity_changes_what_components_are_needed() {
    let mut clerk = Clerk::at_work();
    clerk.sim("production-orders/1000042/change", &json!({ "quantity": "50" }));
    let order = clerk.order();
    assert_eq!(order["TotalQuantity"], "50.000");
    assert_eq!(order["to_ProductionOrderComponent"]["results"][0]["RequiredQuantity"], "20.000");
}

#[test]
fn a_planned_order_is_converted_once() {
    let mut clerk = Clerk::at_work();
    let mut planned = super::but(&order(), "order", "");
    planned["planned_order"] = json!("P-77");
    assert_eq!(clerk.sim("production-orders", &planned)["order"], "1000043");
    let again = clerk.answer(&Request::post("/_sim/production-orders", &planned));
    assert_eq!((again.status, code(&again).as_str()), (400, "CO/141"));
}

#[test]
fn a_service_may_release_an_order_and_only_once() {
    let mut clerk = Clerk::at_work();
    clerk.sim("production-orders", &super::but(&order(), "order", "1000043"));
    let key = [("ManufacturingOrder", "1000043")];
    assert_eq!(clerk.call("API_PRODUCTION_ORDER_2_SRV/ReleaseOrder", &key).status, 200);
    assert_eq!(code(&clerk.call("API_PRODUCTION_ORDER_2_SRV/ReleaseOrder", &key)), "BS/007");
    assert_eq!(clerk.told(), ["order.created", "order.released"]);
}

#[test]
fn an_operation_may_be_released_before_the_others_and_the_order_is_then_partly_released() {
    let mut clerk = Clerk::at_work();
    clerk.sim("production-orders", &super::but(&order(), "order", "1000043"));
    let view = clerk.sim("production-orders/1000043/release-operation", &json!({ "operation": "0010" }));
    assert_eq!((&view["d"]["OrderIsPartiallyReleased"], &view["d"]["OrderIsReleased"]), (&json!("X"), &json!("")));
    let odd = clerk.answer(&Request::post("/_sim/production-orders/1000043/release-operation", &json!({ "operation": "0099" })));
    assert_eq!(code(&odd), "BS/007");
    let view = clerk.sim("production-orders/1000043/release", &json!({}));
    assert_eq!((&view["d"]["OrderIsPartiallyReleased"], &view["d"]["OrderIsReleased"]), (&json!(""), &json!("X")));
    assert_eq!(clerk.told(), ["order.created", "order.changed", "order.released"]);
}

#[test]
fn an_order_is_changed_from_outside_only_by_who_read_its_last_version() {
    let mut clerk = Clerk::at_work();
    let tag = clerk.answer(&Request::get(&format!("{ORDERS}('1000042')"))).headers["etag"].clone();
    let patch = |held: Option<&str>| {
        let request = Request::new(Method::Patch, &format!("{ORDERS}('1000042')")).with_body(&json!({ "TotalQuantity": "90" }));
        let request = request.with_header("x-csrf-token", &odata::token(super::NOW, 0));
        held.map_or(request.clone(), |tag| request.with_header("if-match", tag))
    };
    assert_eq!(clerk.answer(&patch(None)).status, 428);
    assert_eq!(clerk.answer(&patch(Some("W/\"'/Date(1+0000)/'\""))).status, 412);
    assert_eq!(clerk.answer(&patch(Some(&tag))).status, 204);
    assert_eq!(clerk.order()["TotalQuantity"], "90.000");
}

#[test]
fn polling_finds_the_orders_that_changed_since() {
    let mut clerk = Clerk::at_work();
    clerk.now = super::NOW.plus_ms(60_000);
    assert_eq!(clerk.read(ORDERS, "LastChangeDateTime ge datetimeoffset'2026-11-24T02:12:12Z'").len(), 0);
    clerk.post(DOCUMENTS, &document(&[issue("1")]));
    let found = clerk.read(ORDERS, "LastChangeDateTime ge datetimeoffset'2026-11-24T02:12:12Z' and ProductionPlant eq '1010'");
    assert_eq!(found[0]["ManufacturingOrder"], "1000042");
    assert_eq!(found[0]["to_ProductionOrderOperation"]["__deferred"]["uri"], "to_ProductionOrderOperation");
}

#[test]
fn an_order_asked_for_from_outside_is_made_of_the_production_version_and_a_planned_order_becomes_one_order() {
    let mut clerk = Clerk::at_work();
    let asked = json!({ "Material": "FG-100", "ProductionPlant": "1010", "TotalQuantity": "50", "PlannedOrder": "70000001" });
    let refused = clerk.post(ORDERS, &asked);
    assert_eq!(refused.value().pointer("/error/code").unwrap(), "CO/100");
    let version = json!({ "material": "FG-100", "plant": "1010", "production_version": "7", "base_quantity": "1000", "location": "0002",
        "operations": [{ "operation": "0010", "work_center": "PRESS-4" }],
        "components": [{ "item": "0010", "operation": "0010", "material": "STEEL-3", "quantity": "400", "unit": "KG", "location": "0001" }] });
    clerk.sim("production-versions", &version);
    let made = clerk.post(ORDERS, &asked);
    assert_eq!(made.status, 201, "{}", made.body);
    let order = made.value();
    assert_eq!(order.pointer("/d/to_ProductionOrderComponent/results/0/RequiredQuantity").unwrap(), "20.000");
    assert_eq!(order.pointer("/d/ProductionVersion").unwrap(), "7");
    let again = clerk.post(ORDERS, &asked);
    assert_eq!(again.value().pointer("/error/code").unwrap(), "CO/141");
}
