//! Goods movements: what is posted, and every reason to refuse one.

use serde_json::{Value, json};

use super::super::super::exchange::Request;
use super::{Clerk, DOCUMENTS, STOCK, but, code, document, issue, receipt};

#[track_caller]
fn refuses(item: Value, expected: &str) {
    let mut clerk = Clerk::at_work();
    let before = clerk.read(STOCK, "");
    let response = clerk.post(DOCUMENTS, &document(&[item]));
    assert_eq!((response.status, code(&response).as_str()), (400, expected), "{}", response.body);
    assert_eq!(clerk.read(STOCK, ""), before);
}

#[test]
fn a_receipt_for_a_released_order_is_stock_and_delivery_and_leaves_a_numbered_document() {
    let mut clerk = Clerk::at_work();
    let response = clerk.post(DOCUMENTS, &document(&[receipt("40"), receipt("20.000")]));
    assert_eq!(response.status, 201, "{}", response.body);
    let posted = &response.value()["d"];
    assert_eq!((posted["MaterialDocumentYear"].as_str(), posted["MaterialDocument"].as_str()), (Some("2026"), Some("4900000002")));
    assert_eq!(posted["to_MaterialDocumentItem"]["results"][1]["QuantityInEntryUnit"], "20.000");
    assert_eq!(clerk.stock("FG-100", "01"), "60");
    assert_eq!(clerk.order()["ActualDeliveredQuantity"], "60.000");
    assert_eq!(clerk.statuses(), ["REL", "PDLV"]);
}

#[test]
fn the_same_document_sent_twice_is_posted_twice_because_nobody_dedups() {
    let mut clerk = Clerk::at_work();
    for _ in 0..2 {
        assert_eq!(clerk.post(DOCUMENTS, &document(&[issue("10")])).status, 201);
    }
    assert_eq!(clerk.stock("STEEL-3", "01"), "30");
    assert_eq!(clerk.read(DOCUMENTS, "ReferenceDocument eq 'K7Q2'").len(), 2);
}

#[test]
fn a_document_is_posted_whole_or_not_at_all() {
    let mut clerk = Clerk::at_work();
    let response = clerk.post(DOCUMENTS, &document(&[receipt("40"), issue("60")]));
    assert_eq!(code(&response), "M7/021");
    assert_eq!(clerk.stock("FG-100", "01"), "0");
    assert_eq!(clerk.order()["ActualDeliveredQuantity"], "0.000");
}

#[test]
fn two_items_of_one_document_draw_on_the_same_heap() {
    let mut clerk = Clerk::at_work();
    assert_eq!(code(&clerk.post(DOCUMENTS, &document(&[issue("30"), issue("30")]))), "M7/021");
    assert_eq!(clerk.post(DOCUMENTS, &document(&[issue("30"), issue("20")])).status, 201);
}

#[test]
fn more_than_there_is_cannot_be_issued() {
    refuses(issue("50.001"), "M7/021");
}

#[test]
fn a_material_managed_in_batches_needs_its_batch() {
    refuses(but(&issue("1"), "Batch", ""), "M7/018");
}

#[test]
fn a_material_without_batches_takes_none() {
    refuses(but(&issue("1"), "Material", "GREASE"), "ZT/104");
}

#[test]
fn an_unknown_material_unit_order_or_movement_is_refused_by_name() {
    refuses(but(&issue("1"), "Material", "STEAL-3"), "M3/305");
    refuses(but(&issue("1"), "EntryUnit", "LB"), "BM/302");
    refuses(but(&issue("1"), "ManufacturingOrder", "100042"), "CO/001");
    refuses(but(&issue("1"), "GoodsMovementType", "999"), "M7/001");
    refuses(but(&issue("1"), "InventoryStockType", "03"), "ZT/103");
    refuses(but(&issue("1"), "StorageLocation", ""), "M7/011");
}

#[test]
fn a_quantity_finer_than_a_thousandth_or_not_decimal_text_is_refused_not_rounded() {
    refuses(issue("0.0004"), "/IWBEP/CM_MGW_RT/021");
    refuses(issue("1,5"), "/IWBEP/CM_MGW_RT/021");
    refuses(issue("12345678901"), "/IWBEP/CM_MGW_RT/021");
    refuses(issue("0"), "M7/002");
    let number = json!({ "to_MaterialDocumentItem": [{ "QuantityInEntryUnit": 1.5 }] });
    assert_eq!(Clerk::at_work().post(DOCUMENTS, &number).status, 400);
}

#[test]
fn another_unit_is_converted_by_whole_numbers() {
    let mut clerk = Clerk::at_work();
    let pallets = but(&receipt("2.5"), "EntryUnit", "PAL");
    let posted = clerk.post(DOCUMENTS, &document(&[pallets])).value();
    assert_eq!(posted["d"]["to_MaterialDocumentItem"]["results"][0]["QuantityInBaseUnit"], "100.000");
    assert_eq!(clerk.stock("FG-100", "01"), "100");
}

#[test]
fn an_order_takes_five_percent_more_than_ordered_and_not_one_piece_beyond() {
    let mut clerk = Clerk::at_work();
    assert_eq!(clerk.post(DOCUMENTS, &document(&[receipt("105")])).status, 201);
    assert_eq!(code(&clerk.post(DOCUMENTS, &document(&[receipt("1")]))), "M7/022");
    assert_eq!(clerk.statuses(), ["REL", "DLV"]);
}

#[test]
fn a_reference_longer_than_its_field_is_refused_not_cut() {
    let mut clerk = Clerk::at_work();
    let long = but(&document(&[issue("1")]), "ReferenceDocument", "12345678901234567");
    assert_eq!(code(&clerk.post(DOCUMENTS, &long)), "/IWBEP/CM_MGW_RT/022");
}

#[test]
fn a_posting_date_in_a_period_that_is_not_open_is_refused_and_counted() {
    let mut clerk = Clerk::at_work();
    for (day, open) in [("2026-10-31", true), ("2026-09-30", false), ("2026-12-01", false)] {
        let dated = but(&document(&[issue("1")]), "PostingDate", day);
        assert_eq!(clerk.post(DOCUMENTS, &dated).status == 201, open, "{day}");
    }
    clerk.answer(&Request::put("/_sim/periods", &json!({ "closed": ["2026-10"] })));
    let october = but(&document(&[issue("1")]), "PostingDate", "/Date(1793404800000)/");
    assert_eq!(code(&clerk.post(DOCUMENTS, &october)), "M7/053");
    assert_eq!(clerk.effect("period_closed"), 3);
}

#[test]
fn the_posting_day_is_the_plants_own_and_so_is_the_month_that_is_open() {
    let mut clerk = Clerk::at_work();
    clerk.sim("plants", &json!({ "plant": "1010", "time_zone": "Asia/Tokyo" }));
    let newest_years_eve = jiff::civil::date(2026, 12, 31).at(16, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    clerk.now = super::Moment::from_millis(newest_years_eve.timestamp().as_millisecond());
    let undated = json!({ "to_MaterialDocumentItem": [issue("1")] });
    let posted = clerk.post(DOCUMENTS, &undated).value();
    assert_eq!(
        (posted["d"]["MaterialDocumentYear"].as_str(), posted["d"]["MaterialDocument"].as_str()),
        (Some("2027"), Some("4900000001"))
    );
}

#[test]
fn a_batch_goes_from_free_to_blocked_and_back_and_from_there_to_scrap() {
    let mut clerk = Clerk::at_work();
    clerk.post(DOCUMENTS, &document(&[receipt("60")]));
    let moved = |kind: &str, quantity: &str| but(&but(&receipt(quantity), "GoodsMovementType", kind), "ManufacturingOrder", "");
    for (kind, quantity, free, blocked) in [("344", "48", "12", "48"), ("343", "8", "20", "40"), ("555", "40", "20", "0")] {
        assert_eq!(clerk.post(DOCUMENTS, &document(&[moved(kind, quantity)])).status, 201, "{kind}");
        assert_eq!((clerk.stock("FG-100", "01").as_str(), clerk.stock("FG-100", "07").as_str()), (free, blocked), "{kind}");
    }
    assert_eq!(code(&clerk.post(DOCUMENTS, &document(&[moved("343", "1")]))), "M7/021");
}

#[test]
fn a_cancelled_document_is_undone_by_a_new_one_that_refers_to_it_and_only_once() {
    let mut clerk = Clerk::at_work();
    clerk.post(DOCUMENTS, &document(&[receipt("40")]));
    let key = [("MaterialDocumentYear", "2026"), ("MaterialDocument", "4900000002")];
    let undone = clerk.call("API_MATERIAL_DOCUMENT_SRV/Cancel", &key);
    assert_eq!(undone.status, 200, "{}", undone.body);
    let item = &undone.value()["d"]["to_MaterialDocumentItem"]["results"][0];
    assert_eq!((item["GoodsMovementType"].as_str(), item["ReversedMaterialDocument"].as_str()), (Some("102"), Some("4900000002")));
    assert_eq!((clerk.stock("FG-100", "01").as_str(), clerk.order()["ActualDeliveredQuantity"].as_str()), ("0", Some("0.000")));
    assert_eq!(code(&clerk.call("API_MATERIAL_DOCUMENT_SRV/Cancel", &key)), "M7/310");
}

#[test]
fn a_receipt_whose_stock_is_gone_cannot_be_cancelled() {
    let mut clerk = Clerk::at_work();
    clerk.post(DOCUMENTS, &document(&[receipt("40")]));
    let shipped = but(&but(&receipt("1"), "GoodsMovementType", "601"), "ManufacturingOrder", "");
    assert_eq!(clerk.post(DOCUMENTS, &document(&[shipped])).status, 201);
    let key = [("MaterialDocumentYear", "2026"), ("MaterialDocument", "4900000002")];
    assert_eq!(code(&clerk.call("API_MATERIAL_DOCUMENT_SRV/Cancel", &key)), "M7/021");
}
