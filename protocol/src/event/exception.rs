//! What the world is told of exceptions, whatever they are about.

use super::{Contract, Shape, Told, always, contract, maybe};
use crate::fact::Fact;

const OPENED: Contract = contract(
    "exception",
    "opened",
    "A person must look at something.",
    &[
        always("exception", Shape::Number, "Its number within what it is about."),
        always("kind", Shape::Word, "What kind."),
        always("what", Shape::Text, "What is wrong, for a person."),
        maybe("stake", Shape::Text, "What is at stake."),
        maybe("impact_at", Shape::Time, "When it starts to hurt."),
        always("owner", Shape::Text, "The role that should act."),
    ],
);
const HANDED_OVER: Contract = contract(
    "exception",
    "handed_over",
    "Somebody else should act.",
    &[always("exception", Shape::Number, "Its number within what it is about."), always("owner", Shape::Text, "The role that should act.")],
);
const CLOSED: Contract = contract(
    "exception",
    "closed",
    "An exception is over.",
    &[always("exception", Shape::Number, "Its number within what it is about."), maybe("how", Shape::Text, "How, for a person.")],
);

pub(super) const ALL: &[&Contract] = &[&OPENED, &HANDED_OVER, &CLOSED];

pub(super) fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::CaseOpened(case) => {
            let data = OPENED.with().put("exception", case.number).word("kind", &case.kind).text("what", &case.what);
            data.maybe("stake", Some(&case.stake)).maybe("impact_at", case.impact_at).text("owner", &case.owner).done()
        }
        Fact::CaseHandedOver { case, to } => HANDED_OVER.with().put("exception", *case).text("owner", to).done(),
        Fact::CaseClosed { case, how } => CLOSED.with().put("exception", *case).maybe("how", Some(how)).done(),
        // How the desk keeps its own order is nobody's business outside.
        Fact::CaseSnoozed { .. }
        | Fact::CaseGivingUp { .. }
        | Fact::Named(_)
        | Fact::Intended { .. }
        | Fact::Outbox { .. }
        | Fact::Order(_)
        | Fact::Lot(_)
        | Fact::Unit(_)
        | Fact::Shipment(_)
        | Fact::Site(_)
        | Fact::Record(_) => None,
    }
}
