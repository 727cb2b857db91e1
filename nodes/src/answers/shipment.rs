//! A shipment as the dock asks for it: may it leave, and if not, why not.

use serde::{Deserialize, Serialize};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::shipment::{Shipment, Stage, Truck, Yes};
use utoipa::ToSchema;

use super::case::{CaseRow, row};
use super::unit::{ContentRow, content};
use super::{Head, Word, head, word_of};

/// A shipment, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShipmentView {
    /// Who it is, and when this was so.
    #[serde(flatten)]
    pub head: Head,
    /// Its number in its warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// The warehouse it leaves from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// When it should leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<String>,
    /// The truck that brings it away, where a transport system plans them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truck: Option<TruckRow>,
    /// open, picking, packed or departed.
    pub stage: String,
    /// Whether it may leave just now: yes only with a clearance that nothing took back.
    pub cleared: Word,
    /// Until when the clearance that was given last is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_until: Option<String>,
    /// Why not: gates that are shut, holds on its lots.
    pub blocked_by: Vec<String>,
    /// What it should hold: quantity and material.
    pub lines: Vec<String>,
    /// Its handling units.
    pub units: Vec<ShipmentUnit>,
    /// What waits for a person.
    pub exceptions: Vec<CaseRow>,
}

/// A shipment in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShipmentRow {
    /// Our id.
    pub id: String,
    /// Its number in its warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// The warehouse it leaves from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// When it should leave: when its truck comes, where one is booked, else as it was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_at: Option<String>,
    /// open, picking, packed or departed.
    pub stage: String,
    /// Whether it may leave just now.
    pub cleared: Word,
    /// Why not: gates that are shut, holds on its lots.
    pub blocked_by: Vec<String>,
    /// How many handling units are on it.
    pub units: usize,
    /// Who drives, where a transport system said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// How many exceptions of it are open.
    pub exceptions: usize,
}

/// A shipment as it stands in a list now.
pub(crate) fn listed(state: &State, shipment: &Shipment, now: Instant) -> ShipmentRow {
    ShipmentRow {
        id: state.id.to_string(),
        delivery: shipment.delivery.as_ref().map(ToString::to_string),
        warehouse: shipment.warehouse.map(|site| site.to_string()),
        leaves_at: shipment.truck.as_ref().and_then(|truck| truck.appointment).or(shipment.planned).map(|at| at.to_string()),
        stage: word_of(&shipment.stage),
        cleared: cleared(shipment, now),
        blocked_by: blocked_by(shipment),
        units: shipment.units.len(),
        carrier: shipment.truck.as_ref().and_then(|truck| truck.carrier.as_ref()).map(ToString::to_string),
        exceptions: state.common.cases.len(),
    }
}

/// A truck.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TruckRow {
    /// The transport system that sends it.
    pub transport: String,
    /// Its number there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<String>,
    /// Who drives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// When it is to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dock: Option<String>,
    /// wanted, asking (for its departure), granted, refused or left.
    pub state: String,
}

fn truck(truck: &Truck) -> TruckRow {
    let state = match (truck.left, truck.ask, truck.told) {
        (true, ..) => "left",
        (false, 0, _) => "wanted",
        (false, _, None) => "asking",
        (false, _, Some(true)) => "granted",
        (false, _, Some(false)) => "refused",
    };
    TruckRow {
        transport: truck.transport.to_string(),
        load: truck.load.as_ref().map(ToString::to_string),
        carrier: truck.carrier.as_ref().map(ToString::to_string),
        appointment: truck.appointment.map(|at| at.to_string()),
        dock: truck.dock.as_ref().map(ToString::to_string),
        state: state.to_owned(),
    }
}

/// A handling unit on a shipment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShipmentUnit {
    /// Its number.
    pub sscc: String,
    /// What of it is on the shipment: all, or what was picked of it; absent until its lots are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<Vec<ContentRow>>,
}

/// A shipment, whole, as it is now.
pub fn view(state: &State, shipment: &Shipment, now: Instant) -> ShipmentView {
    let unit = |(sscc, located): (&takt_protocol::words::Sscc, &Option<takt_protocol::shipment::Located>)| ShipmentUnit {
        sscc: sscc.to_string(),
        contents: located.as_ref().map(|located| shipment.on_it(sscc, located).iter().map(content).collect()),
    };
    ShipmentView {
        head: head(state, now),
        delivery: shipment.delivery.as_ref().map(ToString::to_string),
        warehouse: shipment.warehouse.map(|site| site.to_string()),
        planned: shipment.planned.map(|at| at.to_string()),
        truck: shipment.truck.as_ref().map(truck),
        stage: word_of(&shipment.stage),
        cleared: cleared(shipment, now),
        cleared_until: shipment
            .departure
            .as_ref()
            .filter(|departure| departure.told == Some(true))
            .map(|departure| departure.until.to_string()),
        blocked_by: blocked_by(shipment),
        lines: shipment.lines.iter().map(|line| format!("{} {}", line.qty, line.material)).collect(),
        units: shipment.units.iter().map(unit).collect(),
        exceptions: state.common.cases.values().map(|case| row(state.id, case)).collect(),
    }
}

fn cleared(shipment: &Shipment, now: Instant) -> Word {
    if shipment.stage == Stage::Departed {
        let with = |yes: &Yes| Word::new("yes", format!("it left with the clearance of attempt {}", yes.attempt));
        return shipment.cleared.as_ref().map_or_else(|| Word::new("no", "it left without a clearance"), with);
    }
    let Some(departure) = &shipment.departure else { return Word::new("no", "nobody has asked for its departure yet") };
    let attempt = departure.attempt;
    match departure.told {
        Some(true) if now > departure.until => Word::new("no", format!("the clearance of attempt {attempt} is over")),
        Some(true) => Word::new("yes", format!("attempt {attempt}")),
        Some(false) => Word::new("no", format!("attempt {attempt} was refused or taken back")),
        None => {
            let waiting = departure.lots.values().filter(|answer| answer.is_none()).count();
            Word::new("unknown", format!("attempt {attempt} waits for {waiting} lots"))
        }
    }
}

fn blocked_by(shipment: &Shipment) -> Vec<String> {
    let holds = shipment.holds.iter().map(|((_, hold), reason)| format!("hold {hold}: {reason}"));
    let gates = shipment.gates.iter().map(|(gate, reason)| format!("{}: {reason}", word_of(gate)));
    holds.chain(gates).collect()
}
