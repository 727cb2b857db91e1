//! What people inside the ERP's own house do: maintain masters, plan and release orders, close periods, post by hand.
//!
//! Apart from the services because nobody outside may come here, no token is asked for, and no habit interferes. What is
//! done by hand goes through the very same rules as what comes from outside.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::moment::Zone;
use super::super::system::Desk;
use super::Erp;
use super::changes::Change;
use super::confirmations::NewConfirmation;
use super::documents::{Head, NewDocument, NewItem};
use super::events::Event;
use super::odata::{Outcome, Refused, not_found, refused};
use super::stock::Material;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPlant {
    plant: String,
    time_zone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Periods {
    /// `2026-11`: no posting any more.
    closed: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum ByHand {
    Post {
        user: String,
        document: NewDocument,
    },
    Confirm {
        user: String,
        confirmation: Box<NewConfirmation>,
    },
    Undo {
        user: String,
        year: i16,
        document: u64,
    },
    ReprocessFailed {
        user: String,
    },
    /// Any action of a planner: completes, closes, cancels, locks behind our back.
    Order {
        order: String,
        action: String,
    },
}

impl Erp {
    /// `/_sim/…` of the ERP.
    pub(super) fn in_house(&mut self, desk: &mut Desk, request: &Request) -> Outcome<Response> {
        let segments = request.segments();
        match (request.method.name(), segments.get(1..).unwrap_or_default()) {
            ("POST", ["materials"]) => self.maintain(request),
            ("POST", ["plants"]) => self.open_plant(request),
            ("POST", ["stock"]) => self.open_stock(desk, request),
            ("PUT", ["periods"]) => self.set_periods(request),
            ("POST", ["production-versions"]) => self.plan_production(request),
            ("POST", ["production-orders"]) => self.create_order(desk, request),
            ("POST", ["production-orders", number, action]) => self.act(desk, number, action, &read::<Change>(request)?),
            ("POST", ["sourcing"]) => self.source(request),
            ("POST", ["conversions"]) => self.convert(desk),
            ("POST", ["deliveries"]) => self.create_delivery(request),
            ("POST", ["by-hand"]) => self.by_hand(desk, request),
            _ => Err(not_found(format!("{} is not a desk of this house", request.path))),
        }
    }

    fn maintain(&mut self, request: &Request) -> Outcome<Response> {
        let material: Material = read(request)?;
        self.materials.insert(material.number.clone(), material);
        Ok(Response::empty(204))
    }

    fn open_plant(&mut self, request: &Request) -> Outcome<Response> {
        let plant: NewPlant = read(request)?;
        let zone = Zone::named(&plant.time_zone).map_err(|wrong| refused("ZT/106", wrong.to_string()))?;
        self.plants.insert(plant.plant, zone);
        Ok(Response::empty(204))
    }

    /// An opening balance: one item of movement type 561.
    fn open_stock(&mut self, desk: &mut Desk, request: &Request) -> Outcome<Response> {
        let item = NewItem { goods_movement_type: "561".to_owned(), ..read(request)? };
        let head = Head { header_text: "opening balance".to_owned(), user: "INITIAL".to_owned(), ..Head::default() };
        let (year, number) = self.post(desk, head, &[item])?;
        Ok(Response::json(201, &json!({ "year": year, "document": number })))
    }

    fn set_periods(&mut self, request: &Request) -> Outcome<Response> {
        let periods: Periods = read(request)?;
        self.closed_periods = periods.closed.into_iter().collect();
        Ok(Response::json(200, &json!({ "closed": self.closed_periods })))
    }

    fn create_order(&mut self, desk: &mut Desk, request: &Request) -> Outcome<Response> {
        let number = self.create(desk, read(request)?)?;
        Ok(Response::json(201, &json!({ "order": number })))
    }

    fn by_hand(&mut self, desk: &mut Desk, request: &Request) -> Outcome<Response> {
        let zone = desk.zone.clone();
        let (key, order) = match read(request)? {
            ByHand::Post { user, document } => {
                let (head, items) = document.into_parts(&user)?;
                let order = items.first().map(|item| item.manufacturing_order.clone());
                (self.post(desk, head, &items)?, order.unwrap_or_default())
            }
            ByHand::Undo { user, year, document } => {
                let key = self.undo(desk, (year, document), None, Head { user, ..Head::default() })?;
                (key, String::new())
            }
            ByHand::Confirm { user, confirmation } => {
                let at = self.confirm(desk, *confirmation, &user)?;
                desk.habits.count("confirmed_by_hand");
                let entity = self.confirmations.get(at).map(|one| self.confirmation_view(&zone, one));
                return Ok(Response::json(201, &json!({ "d": entity })));
            }
            ByHand::Order { order, action } => {
                let done = self.act(desk, &order, &action, &Change::default())?;
                desk.habits.count("order_changed_by_hand");
                return Ok(done);
            }
            ByHand::ReprocessFailed { user } => {
                let posted = self.reprocess(desk, &user);
                return Ok(Response::json(200, &json!({ "posted": posted, "still_failed": self.failed.len() })));
            }
        };
        desk.habits.count("posted_by_hand");
        let keys = json!({ "MaterialDocumentYear": key.0.to_string(), "MaterialDocument": key.1.to_string() });
        self.tell(desk, Event::PostedByHand, &order, &keys);
        let entity = self.documents.get(&key).map(|document| document.view(&zone));
        Ok(Response::json(201, &json!({ "d": entity })))
    }
}

/// The body, or what is wrong with it.
pub(super) fn read<T: serde::de::DeserializeOwned>(request: &Request) -> Outcome<T> {
    request.read().map_err(|wrong| Refused { status: 400, code: "/IWBEP/CM_MGW_RT/021", text: wrong })
}

/// Who a request from outside says it is; the gateway's technical user otherwise.
pub(super) fn user_of(request: &Request) -> String {
    request.headers.get("x-user").cloned().unwrap_or_else(|| "RFC_USER".to_owned())
}

/// Everything by number, for the account at the end.
pub(super) fn listed<K, V>(map: &BTreeMap<K, V>, view: impl Fn(&V) -> Value) -> Vec<Value> {
    map.values().map(view).collect()
}
