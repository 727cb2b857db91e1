//! What the world is told of a shipment.

use super::{Contract, Shape, Told, always, contract, maybe};
use crate::shipment::Fact;

const ANNOUNCED: Contract = contract(
    "shipment",
    "announced",
    "A delivery was planned.",
    &[
        always("warehouse", Shape::Text, "The warehouse it leaves from."),
        always("delivery", Shape::Text, "Its number there."),
        maybe("planned", Shape::Time, "When it should leave."),
    ],
);
const PICKED: Contract =
    contract("shipment", "unit_picked", "A handling unit is on it.", &[always("unit", Shape::Text, "The handling unit.")]);
const PART_PICKED: Contract = contract(
    "shipment",
    "part_picked",
    "Some of a handling unit is on it; the rest of that unit stays.",
    &[
        always("unit", Shape::Text, "The handling unit."),
        always("quantity", Shape::Quantity, "How much of it, beside what was picked of it before."),
        maybe("lot", Shape::Text, "Which lot of it, as material/lot."),
    ],
);
const STAGE: Contract = contract(
    "shipment",
    "stage_changed",
    "It is further than before.",
    &[always("stage", Shape::Word, "open, picking, packed or departed.")],
);
const BLOCKED: Contract = contract(
    "shipment",
    "gate_shut",
    "Somebody wants it stopped.",
    &[always("gate", Shape::Word, "quality, credit, customs or manual."), always("reason", Shape::Text, "Why.")],
);
const UNBLOCKED: Contract =
    contract("shipment", "gate_opened", "That gate is open again.", &[always("gate", Shape::Word, "quality, credit, customs or manual.")]);
const HELD: Contract = contract(
    "shipment",
    "lot_held",
    "A lot on it is held: it may not leave.",
    &[always("lot", Shape::Entity, "The lot."), always("hold", Shape::Text, "The hold."), always("reason", Shape::Text, "Why.")],
);
const FREED: Contract = contract(
    "shipment",
    "lot_freed",
    "That hold is over.",
    &[always("lot", Shape::Entity, "The lot."), always("hold", Shape::Text, "The hold.")],
);
const ASKED: Contract = contract(
    "shipment",
    "clearance_asked",
    "It wants to leave; its lots are asked.",
    &[always("attempt", Shape::Number, "Which departure attempt."), always("lots", Shape::Texts, "The lots, by our ids.")],
);
const ANSWERED: Contract = contract(
    "shipment",
    "clearance_answered",
    "A lot answered.",
    &[
        always("attempt", Shape::Number, "Which departure attempt."),
        always("lot", Shape::Entity, "Which lot."),
        always("refused", Shape::Texts, "Why not; none for yes."),
    ],
);
const DECIDED: Contract = contract(
    "shipment",
    "departure_decided",
    "The warehouse is told whether it may leave.",
    &[always("attempt", Shape::Number, "Which departure attempt."), always("granted", Shape::Flag, "Whether it may.")],
);
const TENDERED: Contract = contract(
    "shipment",
    "truck_wanted",
    "A transport system is asked for a truck.",
    &[always("transport", Shape::Text, "Which."), always("units", Shape::Number, "For how many handling units.")],
);
const BOOKED: Contract = contract(
    "shipment",
    "truck_booked",
    "A carrier takes it, or comes at another time than before.",
    &[always("carrier", Shape::Text, "Who."), always("appointment", Shape::Time, "When the truck is to come.")],
);
const DOCKED: Contract = contract("shipment", "truck_docked", "Its truck stands at a dock.", &[always("dock", Shape::Text, "Which.")]);
const TRUCK_DECIDED: Contract = contract(
    "shipment",
    "truck_decided",
    "The transport system is told whether the truck may leave.",
    &[always("ask", Shape::Number, "Which question of the transport system."), always("granted", Shape::Flag, "Whether it may.")],
);
const TRUCK_LEFT: Contract = contract("shipment", "truck_left", "The truck left.", &[]);

pub(super) const ALL: &[&Contract] = &[
    &ANNOUNCED,
    &PICKED,
    &PART_PICKED,
    &STAGE,
    &BLOCKED,
    &UNBLOCKED,
    &HELD,
    &FREED,
    &ASKED,
    &ANSWERED,
    &DECIDED,
    &TENDERED,
    &BOOKED,
    &DOCKED,
    &TRUCK_DECIDED,
    &TRUCK_LEFT,
];

pub(super) fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::Announced { warehouse, delivery, planned, .. } => {
            ANNOUNCED.with().text("warehouse", warehouse).text("delivery", delivery).maybe("planned", planned.as_ref()).done()
        }
        Fact::Picked(sscc) => PICKED.with().text("unit", sscc).done(),
        Fact::PickedPart { unit, part } => {
            PART_PICKED.with().text("unit", unit).text("quantity", part.qty).maybe("lot", part.lot.as_ref()).done()
        }
        Fact::Stage(stage) => STAGE.with().word("stage", stage).done(),
        Fact::Blocked { gate, reason } => BLOCKED.with().word("gate", gate).text("reason", reason).done(),
        Fact::Unblocked(gate) => UNBLOCKED.with().word("gate", gate).done(),
        Fact::Held { lot, hold, reason } => HELD.with().text("lot", lot).text("hold", hold).text("reason", reason).done(),
        Fact::Freed { lot, hold } => FREED.with().text("lot", lot).text("hold", hold).done(),
        Fact::Asked { attempt, lots, .. } => ASKED.with().put("attempt", *attempt).texts("lots", lots).done(),
        Fact::Answered { attempt, lot, refused } => {
            ANSWERED.with().put("attempt", *attempt).text("lot", lot).texts("refused", refused).done()
        }
        Fact::Told { attempt, granted } => DECIDED.with().put("attempt", *attempt).put("granted", *granted).done(),
        Fact::Tendered { transport, units } => TENDERED.with().text("transport", transport).put("units", *units).done(),
        Fact::Booked { carrier, appointment } => BOOKED.with().text("carrier", carrier).text("appointment", appointment).done(),
        Fact::Docked(dock) => DOCKED.with().text("dock", dock).done(),
        Fact::TruckTold { ask, granted } => TRUCK_DECIDED.with().put("ask", *ask).put("granted", *granted).done(),
        Fact::TruckLeft => TRUCK_LEFT.with().done(),
        Fact::Located { .. } | Fact::Over { .. } | Fact::Load(_) | Fact::WaitsForTruck { .. } | Fact::TruckAsked { .. } => None,
    }
}
