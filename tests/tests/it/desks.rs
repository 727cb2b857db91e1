//! The people of the simulated systems around the second ERP: what every system has to know before anything happens, each in its own
//! words, and whatever else a test says or reads at one of their desks.

use serde_json::{Value, json};
use takt_simulations::world::launch::RunningWorld;

/// The people of the simulated systems, each at the desk of one.
pub(crate) struct Desks<'a> {
    pub(crate) client: &'a reqwest::Client,
    pub(crate) world: &'a RunningWorld,
}

impl Desks<'_> {
    /// Tells every system what it has to know, each in its own words.
    pub(crate) async fn furnish(&self) {
        let erp = |desk: &str| format!("erp-eu/_sim/{desk}");
        self.post(&erp("warehouses"), &json!({ "warehouse": "1010", "time_zone": "Europe/Berlin" })).await;
        for (code, uom, tracking) in [("FG-100", "Units", "lot"), ("STEEL-3", "kg", "lot"), ("GREASE", "kg", "none")] {
            self.post(&erp("products"), &json!({ "code": code, "uom": uom, "tracking": tracking })).await;
        }
        let line = |line: &str, product: &str, quantity: f64| json!({ "line": line, "operation": "10", "product": product, "quantity": quantity, "uom": "kg" });
        self.post(
            &erp("boms"),
            &json!({ "product": "FG-100", "warehouse": "1010", "version": "7", "base_quantity": 1000,
            "operations": [{ "operation": "10", "workcenter": "PRESS" }, { "operation": "20", "workcenter": "WELD" }],
            "components": [line("0010", "STEEL-3", 320.0), line("0020", "GREASE", 0.35)] }),
        )
        .await;
        self.post(&erp("stock"), &json!({ "product": "STEEL-3", "warehouse": "1010", "lot": "L-1", "quantity": 1000 })).await;
        for station in ["PRESS-4", "WELD-2"] {
            self.put(&format!("nord/stations/{station}"), &json!({ "state": "up", "counting": "each", "calibratedUntil": "2099-12-31" }))
                .await;
        }
        let steps = json!([{ "step": 10, "station": "PRESS-4", "minutesPerPiece": "0.05" }, { "step": 20, "station": "WELD-2", "minutesPerPiece": "0.05" }]);
        self.put("nord/recipes/FG-100", &json!({ "version": "7", "lotManaged": true, "steps": steps })).await;
        self.put("nord/_sim/line-stock", &json!({ "STEEL-3": [{ "lot": "L-1", "amount": "1000" }] })).await;
        self.put(
            "nord/_sim/pace",
            &json!({ "piecesPerSecond": "200", "startAfterMs": 100, "scrapEvery": 25, "useEvery": 10,
            "labourEvery": 20, "palletPieces": 40 }),
        )
        .await;
        self.put(
            "wms-na/_sim/pace",
            &json!({ "receive_ms": 50, "put_away_ms": 50, "pick_ms": 50, "pack_ms": 50, "ask_ms": 50, "load_ms": 50,
            "ask_again_ms": 200 }),
        )
        .await;
        self.put("qms/_sim/plan", &json!({ "result_after_ms": 50, "decide_after_ms": 600_000, "decisions": [{ "decision": "Accept" }] }))
            .await;
    }

    /// `POST` of `system/path`.
    pub(crate) async fn post(&self, place: &str, body: &Value) -> Value {
        self.request(reqwest::Method::POST, place, Some(body)).await
    }

    /// `PUT` of `system/path`.
    pub(crate) async fn put(&self, place: &str, body: &Value) -> Value {
        self.request(reqwest::Method::PUT, place, Some(body)).await
    }

    /// What stands at `system/path`.
    pub(crate) async fn get(&self, place: &str) -> Value {
        self.request(reqwest::Method::GET, place, None).await
    }

    /// What is answered, which has to be a success.
    pub(crate) async fn request(&self, method: reqwest::Method, place: &str, body: Option<&Value>) -> Value {
        let (system, path) = place.split_once('/').unwrap();
        let request = self.client.request(method, format!("{}/{path}", self.world.url(system).unwrap()));
        let answer = body.map_or(request.try_clone().unwrap(), |body| request.json(body)).send().await.unwrap();
        let (status, value) = (answer.status(), answer.json::<Value>().await.unwrap_or_default());
        assert!(status.is_success() && value.get("error").is_none(), "{place}: {status} {value}");
        value
    }
}
