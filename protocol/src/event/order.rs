//! What the world is told of an order.

use serde_json::Value;

use super::{Contract, Data, Field, Shape, Told, always, contract, maybe, word};
use crate::order::{Dispatch, Execution, Fact, Header, Supply};
use crate::posting::{Posting, PostingFact, Standing};

const RELEASED: Contract = contract(
    "order",
    "released",
    "The ERP released an order, or changed what it ordered: as it stands now.",
    &[
        always("erp", Shape::Text, "The ERP that owns it."),
        always("number", Shape::Text, "Its number there, verbatim."),
        always("plant", Shape::Text, "The plant that is to make it."),
        always("material", Shape::Text, "The material."),
        always("total", Shape::Quantity, "The total, planned scrap included."),
        maybe("recipe", Shape::Text, "The version of the recipe; absent for the newest approved one."),
        maybe("lot", Shape::Text, "The lot to make."),
        always("start", Shape::Time, "When it should start."),
        always("end", Shape::Time, "When it should end."),
    ],
);
const CREATED: Contract =
    contract("order", "created", "The ERP made an order, and has not released all of it: as it stands there.", RELEASED.fields);
const STATE: Contract = contract(
    "order",
    "state_changed",
    "The business state moved in the ERP.",
    &[always("state", Shape::Word, "planned, created, partly_released, released, technically_completed, closed or cancelled.")],
);
const HOLD: Contract = contract(
    "order",
    "hold_changed",
    "A planner wants it to wait, or to go on.",
    &[always("on_hold", Shape::Flag, "Whether it waits."), maybe("reason", Shape::Text, "Why.")],
);
const RESCHEDULED: Contract = contract(
    "order",
    "rescheduled",
    "It has other dates.",
    &[always("start", Shape::Time, "When it should start."), always("end", Shape::Time, "When it should end.")],
);
const TOTAL: Contract = contract(
    "order",
    "total_changed",
    "Another total was agreed by ERP and plant, or set by the ERP.",
    &[always("total", Shape::Quantity, "The new total.")],
);
const REPLACED: Contract = contract(
    "order",
    "component_replaced",
    "Another material goes in.",
    &[always("item", Shape::Text, "The component line."), always("material", Shape::Text, "The material from now on.")],
);
const RECIPE: Contract =
    contract("order", "recipe_changed", "It is made by another version of its recipe.", &[always("recipe", Shape::Text, "The version.")]);
const SPLIT: Contract = contract(
    "order",
    "split",
    "A part of it is an order of its own now.",
    &[
        always("child", Shape::Entity, "That order."),
        always("number", Shape::Text, "Its number in the ERP."),
        always("total", Shape::Quantity, "How much it took over."),
    ],
);
const DISPATCH: Contract = contract(
    "order",
    "dispatch_changed",
    "Its way to the plant moved.",
    &[
        always(
            "state",
            Shape::Word,
            "idle, validating, invalid, ready, sent, accepted, rejected, timed_out, revoking, revoked or revoke_refused.",
        ),
        maybe("attempt", Shape::Number, "Which attempt."),
        maybe("code", Shape::Text, "The plant's own code, when it would not."),
        maybe("missing", Shape::Records(MISSING), "What is missing, when it is invalid."),
    ],
);
const MISSING: &[Field] = &[always("code", Shape::Word, "What kind of thing."), always("what", Shape::Text, "Which one.")];
const OPERATION: Contract = contract(
    "order",
    "operation_changed",
    "An operation started, stopped, went on or ended.",
    &[
        always("operation", Shape::Text, "Which."),
        always("state", Shape::Word, "not_started, running, interrupted, completed or aborted."),
        maybe("reason", Shape::Text, "Why."),
    ],
);
const WORK: Contract = contract(
    "order",
    "work_reported",
    "The plant reported pieces, or took some back.",
    &[
        always("operation", Shape::Text, "At which operation."),
        always("use", Shape::Word, "yield, scrap or rework."),
        always("quantity", Shape::Quantity, "How much, signed."),
        maybe("reason", Shape::Text, "Why, for scrap and corrections."),
    ],
);
const COMPLETED: Contract = contract("order", "completed", "The plant says that all is done.", &[]);
const SUPPLY: Contract = contract(
    "order",
    "supply_changed",
    "Whether its components are there.",
    &[always("state", Shape::Word, "unchecked, committed, short or staged."), maybe("short", Shape::Texts, "What is missing.")],
);
const FILLED: Contract = contract(
    "order",
    "unit_filled",
    "A handling unit was filled from it.",
    &[always("unit", Shape::Text, "The handling unit."), always("quantity", Shape::Quantity, "With how much of it.")],
);
const PREPARED: Contract = contract(
    "order",
    "posting_prepared",
    "Reported quantities became a posting for the ERP.",
    &[
        always("posting", Shape::Number, "Its number within the order."),
        always("movement", Shape::Word, "goods_receipt, goods_issue or confirmation."),
        always("date", Shape::Text, "The posting date."),
        always("lines", Shape::Records(LINES), "What is posted."),
        maybe("reverses", Shape::Texts, "Documents it takes back."),
    ],
);
const LINES: &[Field] = &[
    always("use", Shape::Word, "yield, scrap, rework, consumed, produced, labour, machine."),
    always("material", Shape::Text, "Of which material."),
    maybe("lot", Shape::Text, "Of which lot."),
    maybe("operation", Shape::Text, "At which operation."),
    maybe("unit", Shape::Text, "On which handling unit."),
    always("quantity", Shape::Quantity, "How much, rounded; negative takes back."),
];
const POSTING: Contract = contract(
    "order",
    "posting_changed",
    "A posting is on its way, stands in the ERP, or waits for a person.",
    &[
        always("posting", Shape::Number, "Its number within the order."),
        always("state", Shape::Word, "prepared, in_flight, in_doubt, posted, adopted, parked or written_off."),
        maybe("document", Shape::Text, "The ERP's document."),
        maybe("reason", Shape::Text, "Why it waits."),
    ],
);
const FOREIGN: Contract = contract(
    "order",
    "foreign_posting",
    "Somebody posted in the ERP by hand.",
    &[always("document", Shape::Text, "The ERP's document."), always("quantity", Shape::Quantity, "How much.")],
);
const EQUIPMENT: Contract = contract(
    "order",
    "equipment_changed",
    "Equipment that it is to run on stops, or will; or that is over.",
    &[
        always("equipment", Shape::Text, "Which."),
        always("available", Shape::Flag, "Whether this cause of its stop is over."),
        always("cause", Shape::Text, "A planned stop by its number in the maintenance system; any other as down."),
        always("what", Shape::Text, "The maintenance system's own words."),
        always("from", Shape::Time, "From when."),
        maybe("to", Shape::Time, "Until when, where that is known."),
    ],
);

pub(super) const ALL: &[&Contract] = &[
    &CREATED,
    &RELEASED,
    &STATE,
    &HOLD,
    &RESCHEDULED,
    &TOTAL,
    &REPLACED,
    &RECIPE,
    &SPLIT,
    &DISPATCH,
    &OPERATION,
    &WORK,
    &COMPLETED,
    &SUPPLY,
    &FILLED,
    &PREPARED,
    &POSTING,
    &FOREIGN,
    &EQUIPMENT,
];

pub(super) fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::Created(header) => ordered(CREATED.with(), header),
        Fact::Released(header) => ordered(RELEASED.with(), header),
        Fact::Business(state) => STATE.with().word("state", state).done(),
        Fact::OnHold(reason) => HOLD.with().put("on_hold", reason.is_some()).maybe("reason", reason.as_ref()).done(),
        Fact::Rescheduled { start, end } => RESCHEDULED.with().text("start", start).text("end", end).done(),
        Fact::TotalChanged { total } | Fact::Measured { total, .. } => TOTAL.with().text("total", total).done(),
        Fact::Replaced { item, material } => REPLACED.with().text("item", item).text("material", material).done(),
        Fact::RecipeChanged { version } => RECIPE.with().text("recipe", version).done(),
        Fact::SplitInto { child, number, total } => SPLIT.with().text("child", child).text("number", number).text("total", total).done(),
        Fact::Dispatch(state) => dispatch(state),
        Fact::Execution { op, to } => execution(op.as_str(), to),
        Fact::Worked { op, purpose, qty, reason } => {
            let data = WORK.with().text("operation", op).word("use", purpose).text("quantity", qty);
            data.maybe("reason", reason.as_ref()).done()
        }
        Fact::Completed => COMPLETED.with().done(),
        Fact::Supply(state) => {
            let data = SUPPLY.with().word("state", state);
            if let Supply::Short { what } = state { data.texts("short", what) } else { data }.done()
        }
        Fact::Filled { sscc, qty, .. } => FILLED.with().text("unit", sscc).text("quantity", qty).done(),
        Fact::Posting(fact) => posting(fact),
        Fact::ForeignPosting { document, qty, .. } => FOREIGN.with().text("document", document).text("quantity", qty).done(),
        Fact::Equipment { stop, over } => {
            let data = EQUIPMENT.with().text("equipment", &stop.equipment).put("available", *over).text("cause", &stop.cause);
            data.text("what", &stop.what).text("from", stop.from).maybe("to", stop.to).done()
        }
        // Steps on the way, and what lots and handling units tell themselves.
        Fact::Wished(_)
        | Fact::Locked { .. }
        | Fact::ChangeMoved(_)
        | Fact::ChangeEnded { .. }
        | Fact::SplitFrom { .. }
        | Fact::Validating { .. }
        | Fact::Resolved(_)
        | Fact::DispatchedBy { .. }
        | Fact::Job(_)
        | Fact::Counter { .. }
        | Fact::Declared { .. }
        | Fact::Carries { .. }
        | Fact::Unmade
        | Fact::Early(_)
        | Fact::EarlyBooked { .. }
        | Fact::Unbooked(_)
        | Fact::UnbookedOver { .. }
        | Fact::Lot { .. }
        | Fact::Consumed { .. }
        | Fact::Made { .. }
        | Fact::UnitMoved { .. }
        | Fact::UnitTaken { .. }
        | Fact::Books { .. } => None,
    }
}

fn ordered(data: Data, header: &Header) -> Option<Told> {
    let data = data.text("erp", header.erp).text("number", &header.number).text("plant", header.plant);
    let data = data.text("material", &header.material).text("total", header.total);
    let data = data.maybe("recipe", header.recipe.as_ref()).maybe("lot", header.lot.as_ref());
    data.text("start", header.start).text("end", header.end).done()
}

fn dispatch(state: &Dispatch) -> Option<Told> {
    let data = DISPATCH.with().word("state", state);
    match state {
        Dispatch::Invalid { missing } => {
            let records = missing.iter().map(|(code, what)| serde_json::json!({ "code": word(code), "what": what }));
            data.put("missing", records.collect::<Vec<Value>>())
        }
        Dispatch::Rejected { attempt, code } => data.put("attempt", *attempt).maybe("code", Some(code)),
        Dispatch::Sent { attempt }
        | Dispatch::Accepted { attempt, .. }
        | Dispatch::TimedOut { attempt }
        | Dispatch::Revoking { attempt } => data.put("attempt", *attempt),
        Dispatch::Idle | Dispatch::Validating | Dispatch::Ready | Dispatch::Revoked | Dispatch::RevokeRefused => data,
    }
    .done()
}

fn execution(op: &str, to: &Execution) -> Option<Told> {
    let data = OPERATION.with().text("operation", op).word("state", to);
    match to {
        Execution::Interrupted { why } | Execution::Aborted { why } => data.maybe("reason", Some(why)),
        Execution::NotStarted | Execution::Running | Execution::Completed => data,
    }
    .done()
}

fn posting(fact: &PostingFact) -> Option<Told> {
    match fact {
        PostingFact::Flushed { posting: Some(posting), .. } | PostingFact::Reissued { posting } => prepared(posting),
        PostingFact::TakenBack { back, .. } => prepared(back),
        PostingFact::Stands { posting, standing } => {
            let data = POSTING.with().put("posting", *posting).word("state", standing).maybe("document", standing.document());
            match standing {
                Standing::Parked { why, .. } => data.maybe("reason", Some(why)),
                Standing::Prepared
                | Standing::InFlight
                | Standing::InDoubt
                | Standing::Posted { .. }
                | Standing::Adopted { .. }
                | Standing::WrittenOff => data,
            }
            .done()
        }
        PostingFact::Split { into, why, .. } => {
            POSTING.with().put("posting", *into).put("state", "parked").maybe("reason", Some(why)).done()
        }
        PostingFact::Flushed { posting: None, .. } | PostingFact::Recorded { .. } => None,
    }
}

fn prepared(posting: &Posting) -> Option<Told> {
    let lines = posting.lines.iter().map(|line| {
        let mut record = serde_json::json!({
            "use": word(&line.series.purpose),
            "material": line.series.material.to_string(),
            "quantity": line.qty.to_string(),
        });
        let parts = [
            ("lot", line.series.lot.as_ref().map(ToString::to_string)),
            ("operation", line.series.op.as_ref().map(ToString::to_string)),
            ("unit", line.unit.as_ref().map(ToString::to_string)),
        ];
        if let Value::Object(record) = &mut record {
            record.extend(parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), Value::String(part?)))));
        }
        record
    });
    let data = PREPARED.with().put("posting", posting.number).word("movement", &posting.movement);
    let data = data.text("date", posting.date).put("lines", lines.collect::<Vec<_>>());
    if posting.reverses.is_empty() { data } else { data.texts("reverses", &posting.reverses) }.done()
}
