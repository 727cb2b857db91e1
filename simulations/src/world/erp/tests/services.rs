//! The gateway: tokens, keys, navigation, paging, deliveries, and what does not exist.

use serde_json::json;

use super::super::super::exchange::{Method, Request};
use super::super::odata;
use super::{Clerk, DOCUMENTS, ORDERS, code, document, issue, receipt};

#[test]
fn writing_asks_for_a_token_that_reading_fetches() {
    let mut clerk = Clerk::at_work();
    let without = clerk.answer(&Request::post(DOCUMENTS, &document(&[issue("1")])));
    assert_eq!((without.status, without.headers["x-csrf-token"].as_str()), (403, "Required"));
    let fetched = clerk.answer(&Request::get("/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV/").with_header("x-csrf-token", "Fetch"));
    let token = fetched.headers["x-csrf-token"].clone();
    let with = Request::post(DOCUMENTS, &document(&[issue("1")])).with_header("x-csrf-token", &token);
    assert_eq!(clerk.answer(&with).status, 201);
    clerk.now = clerk.now.plus_ms(60 * 60 * 1000);
    assert_eq!(clerk.answer(&with).status, 403);
}

#[test]
fn a_document_is_read_by_its_key_and_its_items_by_navigation() {
    let mut clerk = Clerk::at_work();
    clerk.post(DOCUMENTS, &document(&[receipt("40"), issue("10")]));
    let key = format!("{DOCUMENTS}(MaterialDocumentYear='2026',MaterialDocument='4900000002')");
    assert_eq!(clerk.answer(&Request::get(&key)).value()["d"]["ReferenceDocument"], "K7Q2");
    assert_eq!(clerk.read(&format!("{key}/to_MaterialDocumentItem"), "GoodsMovementType eq '261'").len(), 1);
    let items = "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentItem";
    assert_eq!(clerk.read(items, "ManufacturingOrder eq '1000042' and QuantityInBaseUnit gt 10M").len(), 1);
}

#[test]
fn a_set_is_ordered_paged_and_counted() {
    let mut clerk = Clerk::at_work();
    (1..=5).for_each(|kilos| drop(clerk.post(DOCUMENTS, &document(&[issue(&kilos.to_string())]))));
    let page = Request::get(DOCUMENTS).with_query("$orderby", "MaterialDocument desc").with_query("$top", "2");
    let page = clerk.answer(&page.with_query("$skip", "1").with_query("$inlinecount", "allpages")).value();
    let numbers: Vec<_> = page["d"]["results"].as_array().unwrap().iter().map(|one| one["MaterialDocument"].as_str().unwrap()).collect();
    assert_eq!((page["d"]["__count"].as_str(), numbers), (Some("6"), vec!["4900000005", "4900000004"]));
}

#[test]
fn what_does_not_exist_is_said_to_be_missing() {
    let mut clerk = Clerk::at_work();
    for path in ["/sap/opu/odata/sap/NO_SRV/Set", "/elsewhere", &format!("{ORDERS}('77')"), &format!("{ORDERS}('1000042')/to_Nowhere")] {
        assert_eq!(clerk.answer(&Request::get(path)).status, 404, "{path}");
    }
    assert_eq!(clerk.call("API_PRODUCTION_ORDER_2_SRV/PaintOrder", &[]).status, 404);
}

#[test]
fn a_filter_that_cannot_be_understood_is_refused_and_not_ignored() {
    let mut clerk = Clerk::at_work();
    let response = clerk.answer(&Request::get(ORDERS).with_query("$filter", "substringof('4',Material)"));
    assert_eq!((response.status, code(&response).as_str()), (400, "/IWBEP/CM_MGW_RT/173"));
}

#[test]
fn a_delivery_is_blocked_and_unblocked_from_outside() {
    let mut clerk = Clerk::at_work();
    let item = json!({ "item": "10", "material": "FG-100", "plant": "1010", "batch": "N7-1123", "quantity": "40", "unit": "EA" });
    clerk.sim("deliveries", &json!({ "delivery": "80000001", "items": [item] }));
    let delivery = "/sap/opu/odata/sap/API_OUTBOUND_DELIVERY_SRV;v=0002/A_OutbDeliveryHeader('80000001')";
    for reason in ["Q1", ""] {
        let patch = Request::new(Method::Patch, delivery).with_body(&json!({ "DeliveryBlockReason": reason }));
        assert_eq!(clerk.answer(&patch.with_header("x-csrf-token", &odata::token(clerk.now, 0))).status, 204);
        assert_eq!(clerk.answer(&Request::get(delivery)).value()["d"]["DeliveryBlockReason"], reason);
    }
}
