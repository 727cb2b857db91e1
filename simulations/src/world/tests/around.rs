//! What the systems around the plants are asked when all is well.

use serde_json::{Value, json};

use super::super::exchange::Method;
use super::Asked;

/// 2026-11-24, a little after the start.
const SOON: i64 = 1_795_486_331_100;

pub(super) fn cmms() -> Asked {
    vec![
        (Method::Post, "/_sim/assets", json!({ "tag": "P", "plant": "nord", "calibrated_until": SOON })),
        (Method::Post, "/breakdowns", json!({ "asset": "P", "client_ref": "k", "code": "HYD", "text": "x" })),
        (Method::Post, "/_sim/repairs", json!({ "asset": "P" })),
        (Method::Post, "/_sim/breakdowns", json!({ "asset": "P", "code": "ELE", "text": "y", "repair_ms": 3 })),
        (Method::Post, "/_sim/windows", json!({ "asset": "P", "from": SOON, "to": SOON + 50 })),
        (Method::Delete, "/_sim/windows/MW-000001", Value::Null),
        (Method::Post, "/_sim/calibrations", json!({ "asset": "P", "valid_until": SOON })),
    ]
}

pub(super) fn mes_csv() -> Asked {
    let pace = json!({ "pieces_per_second": 1000, "start_after_ms": 1, "bundle": 3, "scrap_every": 4, "pallet": 5, "rows_per_file": 4 });
    // A body is taken as it stands, JSON or not; whatever it says, the answer is a file.
    vec![
        (Method::Put, "/_sim/machines", json!(["P"])),
        (Method::Put, "/_sim/recipes/FG", json!({ "version": "1", "operations": ["10"] })),
        (Method::Put, "/_sim/pace", pace),
        (Method::Post, "/in/a.csv", json!("A;1;FG;1;9;N7;24.11.2026")),
    ]
}

pub(super) fn tms() -> Asked {
    let pace = json!({ "book_ms": 1, "arrive_ms": 1, "ask_ms": 1, "leave_ms": 1, "ask_again_ms": 1 });
    let yard = json!({ "docks": ["D1"], "carriers": [{ "carrier": "K", "pallets": 5 }] });
    vec![
        (Method::Put, "/_sim/pace", pace),
        (Method::Put, "/_sim/yards/wms-eu", yard),
        (Method::Post, "/loads", json!({ "shipment": "S", "yard": "wms-eu", "pallets": 3, "customs": true })),
        (Method::Post, "/loads/L-000001/hold", json!({ "reason": "QUALITY" })),
        (Method::Post, "/loads/L-000001/unhold", json!({ "reason": "QUALITY" })),
        (Method::Post, "/_sim/customs/L-000001", json!({})),
        (Method::Post, "/loads/L-000001/release", json!({ "ask": 1, "release": "refused", "reasons": ["QUALITY"] })),
        (Method::Post, "/loads/L-000001/cancel", json!({})),
    ]
}

pub(super) fn planning() -> Asked {
    let signal = json!({ "item": "FG", "plant": "nord", "quantity": 5000, "unit": "PC", "need_by": "2026-12-01" });
    vec![
        (Method::Post, "/_sim/signals", signal),
        (Method::Post, "/_sim/signals/S-000001/revise", json!({ "quantity": 4000, "need_by": "2026-12-03" })),
        (Method::Post, "/signals/S-000001/response", json!({ "version": 2, "response": "accepted", "order": "1", "reason": "x" })),
        (
            Method::Put,
            "/signals/S-000001/supply",
            json!({ "word": 1, "version": 2, "orders": [{ "order": "1", "plant": "nord", "quantity": 5, "state": "created" }] }),
        ),
        (Method::Post, "/_sim/runs", json!({})),
        (Method::Post, "/_sim/signals/S-000001/firm", json!({})),
    ]
}

pub(super) fn portal() -> Asked {
    let line = json!({ "line": 10, "item": "S", "qty": "9", "unit": "KG", "due": "01.12.2026" });
    vec![
        (Method::Put, "/_sim/pace", json!({ "confirm_ms": 1, "ship_ms": 1, "pack_qty": "5", "reject_item": "Z" })),
        (Method::Put, "/purchase-orders/1", json!({ "supplier": "A", "ship_to": "nord", "lines": [line] })),
        (Method::Put, "/purchase-orders/2", json!({ "supplier": "A", "ship_to": "nord", "lines": [line] })),
        (Method::Put, "/purchase-orders/3", json!({ "supplier": "B", "ship_to": "ohio", "lines": [line] })),
        (Method::Post, "/ship-notices/ASN-000001/receipt", json!({ "packs": [{ "sscc": "340999990000000010", "qty": "5" }] })),
    ]
}

pub(super) fn plm() -> Asked {
    let revision = |name: &str, from: &str| {
        json!({ "item": "FG", "plant": "nord", "revision": name, "effective_from": from, "effective_to": null, "base": "10", "unit": "PC",
            "bom": [{ "pos": "1", "op": "10", "item": "S", "qty": "3", "unit": "KG" }], "routing": [{ "op": "10", "class": "P", "text": "x" }] })
    };
    vec![
        (Method::Post, "/_sim/revisions", revision("A", "2026-10-01")),
        (Method::Post, "/_sim/revisions/FG/nord/A/release", json!({ "approved_by": "R" })),
        (Method::Post, "/_sim/revisions", revision("B", "2026-12-01")),
        (Method::Post, "/_sim/revisions/FG/nord/B/release", json!({ "approved_by": "R" })),
        (Method::Post, "/_sim/revisions/FG/nord/A/obsolete", json!({})),
    ]
}

pub(super) fn analytics() -> Asked {
    let event =
        |id: &str| json!({ "id": id, "source": "takt/eu", "type": "order.released.v1", "time": "2026-11-24T03:12:11Z", "data": {} });
    vec![(Method::Post, "/events", event("1")), (Method::Post, "/events", json!([event("1"), event("2")]))]
}
