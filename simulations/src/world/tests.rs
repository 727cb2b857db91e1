//! All systems under senseless requests: whatever is sent, there is an answer, and the same again on replay.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::exchange::{Method, Request};
use super::moment::{Moment, Zone};
use super::system::{Kind, System};

mod around;

const START: Moment = Moment::from_millis(1_795_486_331_000);

type Asked = Vec<(Method, &'static str, Value)>;

/// Every sort of system.
const EVERY: [Kind; 12] = [
    Kind::Erp,
    Kind::ErpOdoo,
    Kind::Mes,
    Kind::MesCsv,
    Kind::Qms,
    Kind::Wms,
    Kind::Cmms,
    Kind::Tms,
    Kind::Planning,
    Kind::Portal,
    Kind::Plm,
    Kind::Analytics,
];

/// What each system is asked when all is well: the examples of its interface page.
fn sensible(kind: Kind) -> Asked {
    match kind {
        Kind::Erp => erp(),
        Kind::ErpOdoo => odoo(),
        Kind::Mes => mes(),
        Kind::MesCsv => around::mes_csv(),
        Kind::Qms => qms(),
        Kind::Wms => wms(),
        Kind::Cmms => around::cmms(),
        Kind::Tms => around::tms(),
        Kind::Planning => around::planning(),
        Kind::Portal => around::portal(),
        Kind::Plm => around::plm(),
        Kind::Analytics => around::analytics(),
    }
}

fn erp() -> Asked {
    let item = json!({ "Material": "FG", "Plant": "1010", "StorageLocation": "1", "Batch": "", "GoodsMovementType": "101",
                       "ManufacturingOrder": "7", "QuantityInEntryUnit": "5", "EntryUnit": "EA" });
    let component =
        json!({ "item": "1", "operation": "0010", "material": "FG", "quantity": "1", "unit": "EA", "location": "1", "backflush": true });
    let order = json!({ "order": "7", "material": "FG", "plant": "1010", "quantity": "10", "over_percent": "5",
                        "operations": [{ "operation": "0010", "work_center": "P" }], "components": [component] });
    let document = json!({ "PostingDate": "2026-11-24", "to_MaterialDocumentItem": [item] });
    let confirmation = json!({ "OrderID": "7", "OrderOperation": "0010", "ConfirmationUnit": "EA", "ConfirmationYieldQuantity": "5",
                               "PostingDate": "/Date(1795478400000)/" });
    vec![
        (Method::Post, "/_sim/materials", json!({ "material": "FG", "base_unit": "EA", "units": { "PAL": [40, 1] } })),
        (Method::Post, "/_sim/production-orders", order),
        (Method::Post, "/_sim/production-orders/7/release", json!({})),
        (Method::Post, "/_sim/production-orders/7/change", json!({ "quantity": "11" })),
        (Method::Post, "/_sim/stock", item),
        (Method::Post, "/_sim/by-hand", json!({ "do": "post", "user": "K", "document": document })),
        (Method::Post, "/_sim/by-hand", json!({ "do": "confirm", "user": "K", "confirmation": confirmation })),
        (Method::Put, "/_sim/periods", json!({ "closed": ["2026-10"] })),
        (Method::Post, "/_sim/sourcing", json!({ "material": "FG", "sources": [{ "plant": "1010", "per_day": "160" }] })),
        (Method::Post, "/_sim/conversions", json!({})),
    ]
}

fn odoo() -> Asked {
    let bom = json!({ "product": "FG", "warehouse": "1", "version": "1", "base_quantity": 1, "over_tolerance": 5,
                      "operations": [{ "operation": "10", "workcenter": "P" }],
                      "components": [{ "line": "1", "operation": "10", "product": "FG", "quantity": 0.1, "uom": "Dozens" }] });
    let order = json!({ "product_id": "FG", "warehouse_id": 1, "product_qty": 9, "product_uom": "Units", "origin": "P", "date_start": "2026-11-24 05:00:00" });
    let line = json!({ "product_id": "FG", "lot_name": "N7", "quantity": 0.1, "product_uom": "Units", "warehouse_id": "1",
                       "location": "Production", "location_dest": "Stock", "production_id": 5 });
    let log = json!({ "production_id": 5, "operation": "10", "good": 1, "labour_minutes": 0.5, "final": false, "date": "2026-11-24" });
    vec![
        (Method::Post, "/_sim/warehouses", json!({ "warehouse": "1", "time_zone": "Europe/Berlin" })),
        (Method::Post, "/_sim/products", json!({ "code": "FG", "uom": "Units", "tracking": "lot" })),
        (Method::Post, "/_sim/boms", bom),
        (Method::Post, "/_sim/stock", json!({ "product": "FG", "warehouse": "1", "lot": "L", "quantity": 7 })),
        (Method::Post, "/api/manufacturing_order", json!({ "values": order })),
        (Method::Post, "/api/manufacturing_order/5/action_confirm", json!({ "args": {} })),
        (Method::Post, "/api/work_log", json!({ "values": log })),
        (Method::Post, "/api/stock_picking", json!({ "values": { "date": "2026-11-24", "moves": [[0, 0, line]] } })),
        (Method::Post, "/api/stock_picking/8/button_validate", json!({ "args": { "confirm_overproduction": false } })),
        (Method::Put, "/api/manufacturing_order/5", json!({ "values": { "date_finished": "2026-11-24 05:00:00", "origin": "Q" } })),
        (Method::Post, "/api/manufacturing_order/5/change_quantity", json!({ "args": { "quantity": 8 } })),
        (Method::Put, "/_sim/lock-dates", json!({ "1": "2026-10-31" })),
    ]
}

fn mes() -> Asked {
    let pace = json!({ "piecesPerSecond": "100", "startAfterMs": 1, "scrapEvery": 3, "sampleEvery": 3, "useEvery": 1, "labourEvery": 1,
                       "readEvery": 2, "palletPieces": 2 });
    let job = json!({ "externalKey": "k", "part": "FG", "recipeVersion": "1", "pieces": "9", "palletPieces": 4,
                      "materials": [{ "item": "1", "part": "S", "step": 10, "amount": "3", "measure": "KG" }] });
    let correction = json!({ "do": "correct_count", "job": "J-000001", "step": 10, "pieces": -1, "person": "K", "reason": "x" });
    let steps = json!([{ "step": 10, "station": "P", "minutesPerPiece": "0.1" }]);
    vec![
        (Method::Put, "/stations/P", json!({ "state": "up", "counting": "counter", "calibratedUntil": "2027-01-01" })),
        (Method::Put, "/recipes/FG", json!({ "version": "1", "steps": steps })),
        (Method::Put, "/_sim/pace", pace),
        (Method::Put, "/_sim/line-stock", json!({ "S": [{ "lot": "H", "amount": "1" }] })),
        (Method::Post, "/jobs", job),
        (Method::Post, "/jobs/J-000001/quantity-proposals", json!({ "proposal": "p", "pieces": 8 })),
        (Method::Post, "/jobs/J-000001/quantity-proposals/p/commit", json!({})),
        (Method::Post, "/_sim/by-hand", correction),
    ]
}

fn qms() -> Asked {
    let shares = json!([{ "decision": "Scrap", "quantity": "4" }, { "decision": "Accept" }]);
    let case = json!({ "reference": "h", "material": "FG", "lot": "N7", "pallets": [], "quantity": "9", "unit": "EA", "reason": "x",
                       "decisions": shares });
    let inspection = json!({ "reference": "i", "material": "FG", "lot": "N7", "quantity": "5", "unit": "EA",
                             "characteristics": [{ "name": "t", "low": "1", "high": "2" }] });
    vec![
        (Method::Put, "/_sim/plan", json!({ "result_after_ms": 1, "decide_after_ms": 1, "fail_every": 1, "decisions": shares })),
        (Method::Post, "/inspections", inspection),
        (Method::Post, "/_sim/raise", case.clone()),
        (Method::Post, "/holds", case),
        (Method::Post, "/_sim/decide", json!({ "case": "NC-000001", "decided_by": "L", "decisions": shares })),
    ]
}

fn wms() -> Asked {
    let pace = json!({ "receive_ms": 1, "put_away_ms": 1, "pick_ms": 1, "pack_ms": 1, "ask_ms": 1, "load_ms": 1, "ask_again_ms": 1 });
    let notice = json!({ "notice_ref": "n", "sscc": "1", "contents": [{ "item": "FG", "lot": "N7", "units": "5" }] });
    let delivery = json!({ "delivery": "D", "lines": [{ "line": "1", "item": "FG", "units": "3" }] });
    vec![
        (Method::Put, "/_sim/pace", pace),
        (Method::Post, "/inbound-notices", notice),
        (Method::Post, "/_sim/deliveries", delivery),
        (Method::Post, "/stock-blocks", json!({ "block_ref": "b", "lot": "N7", "reason": "x" })),
        (Method::Delete, "/stock-blocks/B-000001", Value::Null),
        (Method::Post, "/deliveries/D/clearance", json!({ "attempt": 1, "clearance": "granted" })),
        (Method::Post, "/_sim/by-hand", json!({ "do": "adjust", "sscc": "1", "units": "-1", "person": "K" })),
    ]
}

/// What no sane client sends.
fn nonsense(chance: &mut ChaCha8Rng) -> Value {
    let all = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("-7"),
        json!("0.0000000000000000000000000001"),
        json!("79228162514264337593543950335"),
        json!("-79228162514264337593543950335"),
        json!("9999999999.999"),
        json!("/Date(9223372036854775807)/"),
        json!("ünïcödé \u{0} '*>."),
        json!("x".repeat(10_000)),
        json!([]),
        json!([[[]]]),
        json!({}),
    ];
    all[chance.next_u32() as usize % all.len()].clone()
}

/// Replaces one value, anywhere in there.
fn spoil(value: &mut Value, chance: &mut ChaCha8Rng) {
    let deeper = chance.next_u32() > u32::MAX / 5;
    let at = chance.next_u32() as usize;
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let at = at % fields.len();
            spoil(fields.values_mut().nth(at).unwrap(), chance);
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = at % list.len();
            spoil(&mut list[at], chance);
        }
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            *value = nonsense(chance);
        }
    }
}

/// A visit of a thousand requests, most of them spoilt; returns the books.
fn visit(kind: Kind, seed: u64) -> (Value, usize) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut house: Box<dyn System> = super::system(kind, "house", Zone::named("Asia/Kolkata").unwrap(), seed);
    let (mut now, mut refused) = (START, 0);
    for round in 0..1_000 {
        let mut asked = sensible(kind);
        let at = if round < asked.len() { round } else { chance.next_u32() as usize % asked.len() };
        let (method, path, mut body) = asked.swap_remove(at);
        if round >= sensible(kind).len() && chance.next_u32() > u32::MAX / 8 {
            spoil(&mut body, &mut chance);
        }
        let response = house.answer(now, &Request::new(method, path).with_body(&body)).reply.response().unwrap();
        assert!((200..500).contains(&response.status), "{path} {body}: {}", response.status);
        // Not everybody says in the status that it was refused.
        let no = !response.is_success() || response.value().get("error").is_some();
        assert!(round >= sensible(kind).len() || !no || response.status == 409, "{path} {body}: {}", response.body);
        refused += usize::from(no);
        now = now.plus_ms(5);
        house.tick(now);
        house.due();
    }
    (house.books(), refused)
}

#[test]
fn a_thousand_senseless_requests_get_an_answer_each_and_the_same_again() {
    for kind in EVERY {
        for seed in 0..8 {
            let (books, refused) = visit(kind, seed);
            assert!(refused > 50, "{kind:?}: almost nothing was refused, so nothing was tried");
            assert_eq!(visit(kind, seed).0, books, "{kind:?} {seed}");
        }
    }
}
