//! A fact in words: what it is, with the quantities, numbers and names that a person looks for. What is public of it is said as its
//! public contract says it, so that the two cannot drift apart.

use serde_json::{Map, Value};
use takt_protocol::event;
use takt_protocol::fact::Fact;
use takt_protocol::intent::Intent;
use takt_protocol::outbox::{OutboxFact, Outcome};

use crate::answers::facts::{self, Told, spaced};

/// A fact, in one line.
pub(crate) fn of(fact: &Fact) -> String {
    match fact {
        Fact::Named(name) => format!("known as {name}"),
        Fact::Intended { number, intent } => intended(*number, intent),
        Fact::Outbox { number, step } => format!("errand {number} {}", errand(step)),
        Fact::CaseOpened(case) => format!("exception {}: {}", case.number, case.what),
        Fact::CaseHandedOver { case, to } => format!("exception {case} handed to {to}"),
        Fact::CaseGivingUp { case, .. } => format!("exception {case}: asked to write it off; a second person has to ask for the same"),
        Fact::CaseSnoozed { case, until } => format!("exception {case} put away until {until}"),
        Fact::CaseClosed { case, how } => format!("exception {case} closed: {how}"),
        Fact::Order(own) => with(facts::of_order(own), fact),
        Fact::Lot(own) => with(facts::of_lot(own), fact),
        Fact::Unit(own) => with(facts::of_unit(own), fact),
        Fact::Shipment(own) => with(facts::of_shipment(own), fact),
        Fact::Site(own) => with(facts::of_site(own), fact),
        Fact::Record(own) => with(facts::of_record(own), fact),
    }
}

/// What it is, and what is public of the fact behind it.
fn with(told: Told, fact: &Fact) -> String {
    match told {
        Told::Whole(words) => words,
        Told::Head(words) => match event::data(fact).map(|data| fields(&data)) {
            Some(said) if !said.is_empty() => format!("{words}: {said}"),
            Some(_) | None => words.to_owned(),
        },
    }
}

fn fields(data: &Map<String, Value>) -> String {
    let one = |(name, value): (&String, &Value)| {
        let said = plain(value)?;
        let said = if is_a_word(name) { spaced(&said) } else { said };
        Some(format!("{} {said}", spaced(name)))
    };
    data.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

/// Whether a field holds one of a closed list of words, which the wire writes with strokes; numbers and names stay as they are.
fn is_a_word(field: &str) -> bool {
    matches!(field, "state" | "movement" | "use" | "kind" | "output" | "stage" | "verdict" | "gate" | "firmness" | "standing")
}

/// A value as a person reads it; nothing for what is empty.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(flag) => Some(if *flag { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Array(all) => Some(all.iter().filter_map(plain).collect::<Vec<_>>().join(" + ")).filter(|all| !all.is_empty()),
        Value::Object(data) => Some(fields(data)).filter(|said| !said.is_empty()).map(|said| format!("({said})")),
    }
}

fn intended(number: u32, intent: &Intent) -> String {
    match intent {
        Intent::Site { site, effect, .. } => format!("errand {number}: {} at {site}", spaced(effect.verb())),
        Intent::Mail { to, .. } => format!("tells {to}"),
        Intent::Wake { at, .. } => format!("looks again at {at}"),
    }
}

fn errand(step: &OutboxFact) -> String {
    match step {
        OutboxFact::Released { site, .. } => format!("may go to {site}"),
        OutboxFact::InFlight { attempt, .. } => format!("is sent, attempt {attempt}"),
        OutboxFact::InDoubt { attempt, why } => format!("is in doubt, attempt {attempt}: {why}"),
        OutboxFact::NotDone { attempt, why } => format!("was not done, attempt {attempt}: {why}"),
        OutboxFact::Requeued => "is sent again, by a person's wish".to_owned(),
        OutboxFact::Parked { why } => format!("is parked: {why}"),
        OutboxFact::Settled(outcome) => match outcome {
            Outcome::Accepted(receipt) => {
                let document = receipt.document.as_ref().map(|document| format!(", document {document}"));
                let probe = if receipt.by_probe { ", found by a probe" } else { "" };
                format!("is done{}{probe}", document.unwrap_or_default())
            }
            Outcome::Rejected { code, text } => format!("was refused: {code} {text}"),
            Outcome::Adopted { document } => format!("is done by document {document}, which was made by hand"),
            Outcome::WrittenOff => "is given up".to_owned(),
            Outcome::Superseded => "was overtaken before it was sent".to_owned(),
        },
    }
}
