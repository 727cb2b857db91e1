//! What the world is told of a handling unit.

use serde_json::{Value, json};

use super::{Contract, Field, Shape, Told, always, contract, maybe};
use crate::effect::UnitContent;
use crate::unit::Fact;

const FILLED: Contract = contract(
    "unit",
    "filled",
    "A handling unit was filled.",
    &[
        always("unit", Shape::Text, "Its number, an SSCC as a rule."),
        always("from", Shape::Text, "The plant."),
        maybe("to", Shape::Text, "The warehouse it goes to."),
        always("contents", Shape::Records(CONTENTS), "What is on it."),
    ],
);
const CONTENTS: &[Field] = &[
    always("lot", Shape::Text, "The lot, as material/lot."),
    always("lot_entity", Shape::Entity, "The same."),
    always("order", Shape::Entity, "The order that made it."),
    always("quantity", Shape::Quantity, "How much."),
];
const MOVED: Contract = contract(
    "unit",
    "moved",
    "A handling unit is further than before.",
    &[
        always("stage", Shape::Word, "filled, announced, received, put_away, picked or shipped."),
        maybe("place", Shape::Text, "Where it stands now."),
    ],
);
const COUNTED: Contract =
    contract("unit", "counted", "The warehouse counted it.", &[always("quantity", Shape::Quantity, "What it counted.")]);

const NESTED: Contract = contract(
    "unit",
    "nested",
    "It was packed onto or into another handling unit, or taken out again.",
    &[maybe("within", Shape::Text, "The number of that one; absent when it stands alone again.")],
);

const PART_SHIPPED: Contract = contract(
    "unit",
    "part_shipped",
    "Some of what is on it left with a shipment; the rest stays.",
    &[always("shipment", Shape::Entity, "Which."), always("contents", Shape::Records(CONTENTS), "What left.")],
);

const EXPECTED: Contract = contract(
    "unit",
    "expected",
    "A supplier sends it: it will come.",
    &[
        always("unit", Shape::Text, "Its number."),
        always("from", Shape::Text, "The portal of its supplier."),
        maybe("to", Shape::Text, "The warehouse it goes to."),
        always("lots", Shape::Texts, "What is on it, as material/lot."),
    ],
);

pub(super) const ALL: &[&Contract] = &[&FILLED, &MOVED, &COUNTED, &NESTED, &EXPECTED, &PART_SHIPPED];

pub(super) fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::Filled { sscc, contents, from, to } if contents.iter().any(|content| content.order.is_none()) => {
            let data = EXPECTED.with().text("unit", sscc).text("from", from).maybe("to", to.as_ref());
            data.texts("lots", contents.iter().map(|content| &content.lot)).done()
        }
        Fact::Filled { sscc, contents, from, to } => {
            let data = FILLED.with().text("unit", sscc).text("from", from).maybe("to", to.as_ref());
            data.put("contents", rows(contents)).done()
        }
        Fact::Moved { stage, place } => MOVED.with().word("stage", stage).maybe("place", place.as_ref()).done(),
        Fact::Nested(within) => NESTED.with().maybe("within", within.as_ref()).done(),
        // The warehouse that it comes to has been told itself.
        Fact::HandedTo(_) | Fact::Books { .. } | Fact::PickedPart(_) => None,
        Fact::Taken { shipment, part } => PART_SHIPPED.with().text("shipment", shipment).put("contents", rows(part)).done(),
        Fact::Counted(qty) => COUNTED.with().text("quantity", qty).done(),
    }
}

fn rows(contents: &[UnitContent]) -> Vec<Value> {
    let row = |content: &UnitContent| {
        json!({
            "lot": content.lot.to_string(),
            "lot_entity": content.lot_entity.to_string(),
            "order": content.order.map(|order| order.to_string()),
            "quantity": content.qty.to_string(),
        })
    };
    contents.iter().map(row).collect()
}
