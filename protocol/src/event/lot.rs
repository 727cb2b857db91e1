//! What the world is told of a lot.

use serde_json::{Value, json};

use super::{Contract, Field, Shape, Told, always, contract, maybe, word};
use crate::lot::{Containment, Decision, Fact};

const KNOWN: Contract = contract(
    "lot",
    "known",
    "A lot was named for the first time.",
    &[
        always("material", Shape::Text, "Its material."),
        always("lot", Shape::Text, "Its number within the material."),
        always("site", Shape::Text, "Its plant."),
    ],
);
const PRODUCED: Contract = contract(
    "lot",
    "produced",
    "An order made some of it, or took some back.",
    &[
        always("order", Shape::Entity, "The order."),
        always("output", Shape::Word, "main, co_product or by_product."),
        always("quantity", Shape::Quantity, "How much, signed."),
        maybe("unit", Shape::Text, "On which handling unit."),
        always("from", Shape::Texts, "The lots it was made from, as material/lot."),
    ],
);
const CONSUMED: Contract = contract(
    "lot",
    "consumed",
    "An order used some of it, or brought some back.",
    &[
        always("order", Shape::Entity, "The order."),
        always("quantity", Shape::Quantity, "How much, signed."),
        always("into", Shape::Texts, "The lots the order makes, as far as known, as material/lot."),
    ],
);
const LINKED: Contract = contract(
    "lot",
    "genealogy_changed",
    "What it was made from, or went into, became known apart from a quantity.",
    &[
        always("from", Shape::Texts, "Lots it was made from, as material/lot."),
        always("into", Shape::Texts, "Lots it went into, as material/lot."),
    ],
);
const SAMPLED: Contract = contract("lot", "sampled", "A sample was taken.", &[always("sample", Shape::Text, "Its number.")]);
const JUDGED: Contract = contract(
    "lot",
    "judged",
    "A sample was judged.",
    &[always("sample", Shape::Text, "Its number."), always("passed", Shape::Flag, "Whether it passed.")],
);
const HELD: Contract = contract(
    "lot",
    "held",
    "A hold binds, or reaches further than before.",
    &[
        always("hold", Shape::Text, "Its number."),
        always("reason", Shape::Text, "Why."),
        always("units", Shape::Texts, "Only these handling units; none for the whole lot and all that will be made."),
        always("from", Shape::Texts, "The lots it came down from, as material/lot."),
        always("bound_at", Shape::Time, "Since when it binds."),
    ],
);
const CONTAINED: Contract = contract(
    "lot",
    "containment_changed",
    "A system was told to block it, or answered.",
    &[
        always("hold", Shape::Text, "For which hold."),
        always("site", Shape::Text, "Which system."),
        always("state", Shape::Word, "requested, confirmed or failed; a hold that a system refuses is in force all the same."),
        maybe("reason", Shape::Text, "Why it failed."),
    ],
);
const DECIDED: Contract = contract(
    "lot",
    "decided",
    "Quality decided about held goods.",
    &[always("hold", Shape::Text, "Which hold."), always("decisions", Shape::Records(DECISIONS), "What.")],
);
const DECISIONS: &[Field] = &[
    always("verdict", Shape::Word, "accept, accept_restricted, rework, scrap or return."),
    maybe("quantity", Shape::Quantity, "How much; absent for all that is held."),
    maybe("unit", Shape::Text, "Only on this handling unit."),
];
const PROVISIONAL: Contract = contract(
    "lot",
    "provisionally_released",
    "A plant released a hold while the quality system was not reached: so until `lot.decided` comes for this hold, and countersigns or not.",
    &[
        always("hold", Shape::Text, "Which hold."),
        always("decisions", Shape::Records(DECISIONS), "What was accepted."),
        always("quality", Shape::Text, "The quality system that has to countersign."),
    ],
);
const RELEASED: Contract = contract("lot", "hold_released", "A hold is over.", &[always("hold", Shape::Text, "Its number.")]);
const CLEARED: Contract = contract(
    "lot",
    "cleared",
    "A shipment may leave with it.",
    &[
        always("shipment", Shape::Entity, "Which."),
        always("attempt", Shape::Number, "Which departure attempt."),
        always("until", Shape::Time, "How long that is good."),
    ],
);
const REVOKED: Contract =
    contract("lot", "clearance_revoked", "A clearance was taken back.", &[always("shipment", Shape::Entity, "Whose.")]);
const DEPARTED: Contract = contract(
    "lot",
    "departed",
    "Some of it left.",
    &[always("shipment", Shape::Entity, "With which shipment."), always("units", Shape::Texts, "On which handling units.")],
);

const ANNOUNCED: Contract = contract(
    "lot",
    "announced",
    "A supplier said that some of it is on its way.",
    &[
        always("unit", Shape::Text, "On which handling unit."),
        always("quantity", Shape::Quantity, "How much, as announced."),
        always("notice", Shape::Text, "The ship notice."),
        always("supplier", Shape::Text, "Who sends it."),
    ],
);
const ARRIVED: Contract = contract(
    "lot",
    "arrived",
    "A handling unit that a supplier had announced came.",
    &[always("unit", Shape::Text, "Which."), always("at", Shape::Time, "When.")],
);

pub(super) const ALL: &[&Contract] = &[
    &KNOWN,
    &PRODUCED,
    &CONSUMED,
    &LINKED,
    &SAMPLED,
    &JUDGED,
    &HELD,
    &CONTAINED,
    &DECIDED,
    &RELEASED,
    &CLEARED,
    &REVOKED,
    &DEPARTED,
    &ANNOUNCED,
    &ARRIVED,
    &PROVISIONAL,
];

pub(super) fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::Known { key, site } => KNOWN.with().text("material", &key.material).text("lot", &key.lot).text("site", site).done(),
        Fact::Produced { order, output, qty, unit, from, .. } => {
            let data = PRODUCED.with().text("order", order).word("output", output).text("quantity", qty);
            data.maybe("unit", unit.as_ref()).texts("from", from.iter().map(|(key, _)| key)).done()
        }
        Fact::Consumed { order, qty, into } => {
            CONSUMED.with().text("order", order).text("quantity", qty).texts("into", into.iter().map(|(key, _)| key)).done()
        }
        Fact::Linked { from, into } => {
            LINKED.with().texts("from", from.iter().map(|(key, _)| key)).texts("into", into.iter().map(|(key, _)| key)).done()
        }
        Fact::Sampled(sample) => SAMPLED.with().text("sample", sample).done(),
        Fact::Judged { sample, passed } => JUDGED.with().text("sample", sample).put("passed", *passed).done(),
        Fact::Held { hold, bound } => {
            let data = HELD.with().text("hold", hold).text("reason", &bound.reason).texts("units", bound.scope());
            data.texts("from", bound.parents.iter().map(|ground| &ground.parent)).text("bound_at", bound.bound_at).done()
        }
        Fact::Contained { hold, site, containment } => {
            let data = CONTAINED.with().text("hold", hold).text("site", site).word("state", containment);
            if let Containment::Failed { why, .. } = containment { data.maybe("reason", Some(why)) } else { data }.done()
        }
        Fact::Decided { hold, decisions, provisional } => {
            let decisions: Vec<Value> = decisions.iter().map(record).collect();
            match provisional {
                Some(so) => PROVISIONAL.with().text("hold", hold).put("decisions", decisions).text("quality", so.by).done(),
                None => DECIDED.with().text("hold", hold).put("decisions", decisions).done(),
            }
        }
        Fact::Released(hold) => RELEASED.with().text("hold", hold).done(),
        Fact::Cleared { shipment, attempt, until } => {
            CLEARED.with().text("shipment", shipment).put("attempt", *attempt).text("until", until).done()
        }
        Fact::ClearanceRevoked { shipment } => REVOKED.with().text("shipment", shipment).done(),
        Fact::Departed { shipment, units, .. } => DEPARTED.with().text("shipment", shipment).texts("units", units).done(),
        Fact::Announced { unit, expected } => {
            let data = ANNOUNCED.with().text("unit", unit).text("quantity", expected.qty).text("notice", &expected.notice);
            data.text("supplier", &expected.supplier).done()
        }
        Fact::Arrived { unit, at } => ARRIVED.with().text("unit", unit).text("at", at).done(),
        // Bookkeeping between a lot, its orders and the ERP.
        Fact::Disposed { .. }
        | Fact::DecidedEarly { .. }
        | Fact::Restricted { .. }
        | Fact::Booked { .. }
        | Fact::Moved { .. }
        | Fact::MoveRefused { .. }
        | Fact::MoveDone { .. }
        | Fact::ParentFreed { .. }
        | Fact::OriginFreed { .. }
        | Fact::Registered { .. }
        | Fact::Unregistered { .. }
        | Fact::GoesTo(_)
        | Fact::Told => None,
    }
}

/// A decision about a hold.
fn record(decision: &Decision) -> Value {
    let mut record = json!({ "verdict": word(&decision.verdict) });
    let parts = [("quantity", decision.qty.map(|qty| qty.to_string())), ("unit", decision.unit.as_ref().map(ToString::to_string))];
    if let Value::Object(record) = &mut record {
        record.extend(parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), Value::String(part?)))));
    }
    record
}
