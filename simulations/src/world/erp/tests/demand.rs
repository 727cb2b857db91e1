//! Requirements: what is planned for them, by whose capacity, and what becomes of that.

use serde_json::{Value, json};

use super::super::super::exchange::{Method, Request, Response};
use super::super::odata;
use super::{Clerk, ORDERS, code};

const REQUIREMENTS: &str = "/sap/opu/odata/sap/API_PLND_INDEP_RQMT_SRV/A_PlndIndepRqmt";

/// The ERP with a second plant, and a version of the bracket at each.
fn at_work() -> Clerk {
    let mut clerk = Clerk::at_work();
    clerk.sim("plants", &json!({ "plant": "1020", "time_zone": "Europe/Berlin" }));
    for plant in ["1010", "1020"] {
        clerk.sim("production-versions", &version(plant));
    }
    clerk
}

fn version(plant: &str) -> Value {
    json!({ "material": "FG-100", "plant": plant, "production_version": "7", "base_quantity": "1", "location": "0002",
        "operations": [{ "operation": "0010", "work_center": "PRESS" }], "components": [] })
}

fn sources(clerk: &mut Clerk, sources: &[(&str, &str)]) {
    let sources: Vec<Value> = sources.iter().map(|(plant, per_day)| json!({ "plant": plant, "per_day": per_day })).collect();
    clerk.sim("sourcing", &json!({ "material": "FG-100", "sources": sources }));
}

/// Wanted by Monday, 30 November 2026.
fn wanted(quantity: &str) -> Value {
    json!({ "Material": "FG-100", "Plant": "1010", "RequirementReference": "aps/S-000001", "RequirementVersion": "1",
        "PlannedQuantity": quantity, "BaseUnit": "EA", "RequirementDate": "2026-11-30T00:00:00", "IsFirm": false })
}

fn write(clerk: &mut Clerk, method: Method, number: &str, body: &Value) -> Response {
    let path = format!("{REQUIREMENTS}('{number}')");
    let token = odata::token(clerk.now, 0);
    let request = Request { method, ..Request::post(&path, body) }.with_header("x-csrf-token", &token);
    clerk.answer(&request)
}

/// Plant, quantity and day of every planned order.
fn planned(clerk: &mut Clerk) -> Vec<(String, String, String)> {
    let all = clerk.read(REQUIREMENTS, "");
    let orders = all.iter().flat_map(|requirement| requirement["to_PlannedOrder"]["results"].as_array().unwrap().clone());
    let text = |order: &Value, field: &str| order[field].as_str().unwrap().to_owned();
    orders.map(|order| (text(&order, "ProductionPlant"), text(&order, "TotalQuantity"), text(&order, "PlndOrderPlannedEndDate"))).collect()
}

fn row(plant: &str, quantity: &str, day: &str) -> (String, String, String) {
    (plant.to_owned(), quantity.to_owned(), odata::day_text(day.parse().unwrap()))
}

#[test]
fn what_is_wanted_is_planned_as_late_as_capacity_allows_and_never_on_a_sunday() {
    let mut clerk = at_work();
    sources(&mut clerk, &[("1010", "160")]);
    assert_eq!(clerk.post(REQUIREMENTS, &wanted("240")).status, 201);
    assert_eq!(planned(&mut clerk), [row("1010", "160.000", "2026-11-30"), row("1010", "80.000", "2026-11-27")]);
}

#[test]
fn where_it_is_wanted_is_asked_first_and_the_next_source_takes_what_is_left() {
    let mut clerk = at_work();
    sources(&mut clerk, &[("1020", "100"), ("1010", "160")]);
    clerk.post(REQUIREMENTS, &wanted("240"));
    assert_eq!(planned(&mut clerk), [row("1010", "160.000", "2026-11-30"), row("1020", "80.000", "2026-11-30")]);
    clerk.post(REQUIREMENTS, &wanted("20"));
    assert_eq!(planned(&mut clerk)[2], row("1020", "20.000", "2026-11-30"), "the first has taken the day");
}

#[test]
fn what_no_plant_can_make_in_time_is_refused_whole() {
    let mut clerk = at_work();
    sources(&mut clerk, &[("1010", "1")]);
    assert_eq!(code(&clerk.post(REQUIREMENTS, &wanted("6"))), "MD/061");
    assert!(planned(&mut clerk).is_empty());
    assert_eq!(code(&clerk.post(REQUIREMENTS, &wanted("0"))), "MD/010");
    sources(&mut clerk, &[("3010", "500")]);
    assert_eq!(code(&clerk.post(REQUIREMENTS, &wanted("6"))), "CO/100");
}

#[test]
fn a_firm_requirement_becomes_orders_once_and_each_names_what_it_was_planned_for() {
    let mut clerk = at_work();
    sources(&mut clerk, &[("1010", "160")]);
    clerk.post(REQUIREMENTS, &wanted("240"));
    assert_eq!(clerk.sim("conversions", &json!({}))["orders"], json!([]), "it is not firm");
    assert_eq!(write(&mut clerk, Method::Patch, "00000001", &json!({ "IsFirm": true })).status, 204);
    let made = clerk.sim("conversions", &json!({}))["orders"].clone();
    assert_eq!(made, json!(["1000043", "1000044"]));
    assert_eq!(clerk.sim("conversions", &json!({}))["orders"], json!([]));
    let orders = clerk.read(ORDERS, "RequirementReference eq 'aps/S-000001'");
    assert_eq!(orders.len(), 2);
    assert_eq!((&orders[0]["TotalQuantity"], &orders[0]["OrderIsReleased"]), (&json!("160.000"), &json!("X")));
    assert_eq!(code(&write(&mut clerk, Method::Patch, "00000001", &json!({ "PlannedQuantity": "10" }))), "MD/142");
    assert_eq!(code(&write(&mut clerk, Method::Delete, "00000001", &json!({}))), "MD/142");
}

#[test]
fn a_revision_is_planned_anew_and_what_was_dropped_frees_its_capacity() {
    let mut clerk = at_work();
    sources(&mut clerk, &[("1010", "160")]);
    clerk.post(REQUIREMENTS, &wanted("240"));
    let revised = json!({ "PlannedQuantity": "100", "RequirementVersion": "2" });
    assert_eq!(write(&mut clerk, Method::Patch, "00000001", &revised).status, 204);
    assert_eq!(planned(&mut clerk), [row("1010", "100.000", "2026-11-30")]);
    assert_eq!(write(&mut clerk, Method::Delete, "00000001", &json!({})).status, 204);
    assert_eq!(write(&mut clerk, Method::Delete, "00000001", &json!({})).status, 404);
    clerk.post(REQUIREMENTS, &wanted("160"));
    assert_eq!(planned(&mut clerk), [row("1010", "160.000", "2026-11-30")]);
}
