//! Finding records: domains, orders, pages, and the silence about what is left out.

use serde_json::{Value, json};

use super::super::super::exchange::Request;
use super::{Clerk, fault, order};

fn ids(found: &Value) -> Vec<u64> {
    found["records"].as_array().unwrap().iter().map(|record| record["id"].as_u64().unwrap()).collect()
}

#[test]
fn a_list_without_a_limit_gives_eighty_and_only_the_length_says_that_there_is_more() {
    let mut clerk = Clerk::at_work();
    (0..100).for_each(|_| drop(clerk.does("manufacturing_order", &order())));
    let found = clerk.all("manufacturing_order", &[]);
    assert_eq!((ids(&found).len(), &found["length"]), (80, &json!(101)));
    assert_eq!(ids(&clerk.all("manufacturing_order", &[("offset", "80")])).len(), 21);
}

#[test]
fn a_poller_that_goes_on_by_write_date_and_id_meets_every_version_once() {
    let mut clerk = Clerk::at_work();
    (0..9).for_each(|_| drop(clerk.does("manufacturing_order", &order())));
    let (mut seen, mut cursor) = (Vec::new(), (String::new(), 0));
    for expected in [10, 0, 1] {
        // Orders written at one instant are told apart by their id: what was seen of that instant is left out.
        let later = json!([["write_date", ">=", cursor.0]]).to_string();
        let page = clerk.all("manufacturing_order", &[("domain", &later), ("order", "write_date,id"), ("fields", "write_date")]);
        let versions = page["records"].as_array().unwrap().iter();
        let versions = versions.map(|record| (record["write_date"].as_str().unwrap().to_owned(), record["id"].as_u64().unwrap()));
        let fresh: Vec<(String, u64)> = versions.filter(|version| *version > cursor).collect();
        assert_eq!(fresh.len(), expected);
        cursor = fresh.last().cloned().unwrap_or(cursor);
        seen.extend(fresh);
        if seen.len() == 10 && expected == 0 {
            clerk.press("change_quantity", &json!({ "quantity": 90 }));
        }
    }
    assert_eq!(seen.last().map(|(_, id)| json!(id)), Some(clerk.order.clone()));
}

#[test]
fn domains_compare_numbers_texts_and_relations_and_all_of_them_hold() {
    let mut clerk = Clerk::at_work();
    let second = clerk.does("manufacturing_order", &order());
    let mut found = |domain: &str| ids(&clerk.all("manufacturing_order", &[("domain", domain)])).len();
    for (domain, count) in [
        (r#"[["product_id","=","FG-100"]]"#, 2),
        (r#"[["product_id","=","FG-100"],["state","=","draft"]]"#, 1),
        (r#"[["state","in",["draft","confirmed"]]]"#, 2),
        (r#"[["state","!=","draft"]]"#, 1),
        (r#"[["product_qty",">",99.5],["product_qty","<=",100]]"#, 2),
        (r#"[["lot_producing","=",false]]"#, 2),
        (r#"[["write_date",">","2026-11-24 02:12:11.000"]]"#, 1),
        (r#"[["nonsense","=","x"]]"#, 0),
    ] {
        assert_eq!(found(domain), count, "{domain}");
    }
    assert_eq!(found(&json!([["id", "=", second]]).to_string()), 1);
}

#[test]
fn a_domain_that_makes_no_sense_is_refused_and_not_taken_for_everything() {
    let mut clerk = Clerk::at_work();
    for domain in ["state=draft", r#"[["state","is","draft"]]"#, r#"["state"]"#] {
        let answer = clerk.answer(&Request::get("/api/manufacturing_order").with_query("domain", domain));
        assert_eq!(fault(&answer.value()), "exceptions.ValidationError", "{domain}");
    }
    let answer = clerk.answer(&Request::get("/api/manufacturing_order").with_query("limit", "many"));
    assert_eq!(fault(&answer.value()), "exceptions.ValidationError");
}

/// Of thousands of records only those are written out that can be meant: that may leave out nothing.
#[test]
fn what_is_named_by_a_relation_or_in_a_list_is_what_a_look_at_all_of_them_finds() {
    let mut clerk = Clerk::at_work();
    let (receipt, issue) = (clerk.receipt(40.0), clerk.issue(3.0));
    assert_eq!(clerk.moves(&[receipt, issue])["result"], true);
    clerk.logs(json!({ "operation": "10", "good": 2 }));
    let (order, name) = (clerk.order.clone(), clerk.read()["name"].clone());
    let picking = clerk.all("stock_picking", &[])["records"][0]["name"].clone();
    let asked = [
        ("stock_move", json!([["production_id", "=", name]])),
        ("stock_move", json!([["production_id", "=", order]])),
        ("stock_move", json!([["production_id", "=", false]])),
        ("stock_move", json!([["raw_material_production_id", "=", name]])),
        ("work_log", json!([["production_id", "=", name]])),
        ("work_log", json!([["production_id", "=", order]])),
        ("stock_picking", json!([["name", "in", [picking, "another"]]])),
    ];
    for (model, domain) in asked {
        let found = clerk.all(model, &[("domain", &domain.to_string())]);
        assert_eq!(found["length"], 1, "{model} {domain}: {found}");
        let nobody = if domain[0][2].is_array() { json!(["nobody"]) } else { json!("nobody") };
        let none = json!([[domain[0][0], domain[0][1], nobody]]);
        assert_eq!(clerk.all(model, &[("domain", &none.to_string())])["length"], 0, "{model} {none}");
    }
}
