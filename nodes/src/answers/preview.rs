//! What a request would do, before anybody does it: in words a person can check, thing by thing, with what would be sent where
//! and what stands in its way. Made from facts that the kernel gives on a copy of how things stand.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use takt_protocol::books::About;
use takt_protocol::demand::{DemandNotice, Firmness};
use takt_protocol::effect::{Document, Effect, StockBlock};
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::{Own, State};
use takt_protocol::lot;
use takt_protocol::order;
use takt_protocol::outbox::{OutboxFact, Outcome};
use takt_protocol::posting::{Posting, PostingFact};
use takt_protocol::qty::Qty;
use takt_protocol::shipment;
use takt_protocol::site;
use takt_protocol::words::HoldNo;
use utoipa::ToSchema;

use super::facts::stands;
use super::timeline::said;
use super::word_of;
use crate::ask::v1;

/// What a request would do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// What its sender would be told: accepted, discrepant, quarantined or refused; `known` where it was sent before.
    pub answer: String,
    /// Why it would be refused, and what would help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complaint: Option<v1::Complaint>,
    /// What would be recorded, thing by thing, the one that is asked first.
    pub touches: Vec<Touched>,
    /// What would be sent to which system.
    pub sends: Vec<Sending>,
    /// Exceptions that would be over.
    pub closes: Vec<String>,
    /// Exceptions that would be opened.
    pub opens: Vec<String>,
    /// For a hold: all that it would be on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<HoldReach>,
    /// When this was so.
    pub as_of: String,
    /// Whether the preview ended at its limit, so that there is more.
    pub cut: bool,
}

/// A thing that would be otherwise.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Touched {
    /// Our id.
    pub id: String,
    /// order, lot, unit, shipment or site.
    pub kind: String,
    /// A name people have for it; our id where there is none.
    pub name: String,
    /// What would be recorded.
    pub what: Vec<String>,
}

/// Something that a system would be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sending {
    /// Which system.
    pub site: String,
    /// What.
    pub what: String,
    /// What it waits for; empty when it goes at once.
    pub waits_for: String,
    /// Why it never goes, and a person has to do it there; empty when it can be sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cannot: String,
}

/// All that a hold would be on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct HoldReach {
    /// The lots: the one that is held, and all that was made of it.
    pub lots: Vec<LotOfHold>,
    /// Shipments that would be kept, or had left.
    pub shipments: Vec<ReachedShipment>,
    /// Handling units that would be blocked.
    pub blocked_units: usize,
    /// Handling units that have left already.
    pub left_units: usize,
    /// How much of all lots would be blocked, by unit of measure.
    pub blocked: String,
}

/// A lot that a hold would be on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LotOfHold {
    /// Our id.
    pub id: String,
    /// The lot, as `material/lot`.
    pub lot: String,
    /// The plant whose lot it is.
    pub plant: String,
    /// All that was made of it.
    pub total: String,
    /// What would be blocked of it.
    pub blocked: String,
    /// Its handling units that would be blocked, each with how much.
    pub units: Vec<String>,
    /// Its handling units that have left, each with the shipment.
    pub left: Vec<String>,
}

/// A shipment that a hold would touch.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReachedShipment {
    /// Our id.
    pub id: String,
    /// Its number.
    pub delivery: String,
    /// open, picking, packed or departed.
    pub stage: String,
    /// When it should leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<String>,
}

/// What would be done to every exception of a group, for the first of them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupPreview {
    /// The group.
    pub group: String,
    /// How many are open.
    pub count: usize,
    /// How many of them one request acts on.
    #[serde(default)]
    pub at_once: usize,
    /// Of the first of them, what would be done to each.
    pub previews: Vec<OnePreview>,
}

/// What would be done to one of many.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OnePreview {
    /// Which exception.
    pub exception: String,
    /// What would be done.
    pub preview: Preview,
}

/// The name people have for a thing: the first it got; of a shipment that of its warehouse, whatever else it is called.
pub fn name_of(state: &State) -> String {
    if let Own::Shipment(shipment) = &state.own
        && let (Some(delivery), Some(warehouse)) = (&shipment.delivery, shipment.warehouse)
    {
        return format!("{delivery}@{warehouse}");
    }
    state.common.names.first().map_or_else(|| state.id.to_string(), ToString::to_string)
}

/// A lot as these holds would be on it, whatever else is.
pub fn reached_lot(state: &State, lot: &lot::Lot, holds: &BTreeSet<HoldNo>, name: impl Fn(EntityId) -> String) -> LotOfHold {
    let of_these = |unit: &_| lot.holds.iter().any(|(number, hold)| holds.contains(number) && hold.covers(unit));
    let kept = |unit: &_| of_these(unit) && !lot.has_left(unit);
    let all = lot.holds.iter().any(|(number, hold)| holds.contains(number) && hold.covers_all());
    let on_units = || lot.units.keys().filter(|unit| kept(unit)).filter_map(|unit| lot.still_on(unit));
    // Of a whole lot also what is on no handling unit, without what has left.
    let whole = lot.total().and_then(|total| lot.left().map_or(Some(total), |left| total.minus(left).ok()));
    let blocked = if all { whole } else { on_units().reduce(|a, b| a.plus(b).unwrap_or(a)) };
    LotOfHold {
        id: state.id.to_string(),
        lot: lot.key.as_ref().map(ToString::to_string).unwrap_or_default(),
        plant: lot.site.map(|site| site.to_string()).unwrap_or_default(),
        total: lot.total().map(|total| total.to_string()).unwrap_or_default(),
        blocked: blocked.map(|blocked| blocked.to_string()).unwrap_or_default(),
        units: lot.units.keys().filter(|unit| kept(unit)).map(|unit| format!("{unit} {}", text(lot.still_on(unit)))).collect(),
        left: super::lot::left(lot, of_these, name),
    }
}

fn text(qty: Option<Qty>) -> String {
    qty.map(|qty| qty.to_string()).unwrap_or_default()
}

/// A shipment as a hold would touch it.
pub fn reached_shipment(state: &State, shipment: &shipment::Shipment) -> ReachedShipment {
    ReachedShipment {
        id: state.id.to_string(),
        delivery: shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default(),
        stage: word_of(&shipment.stage),
        planned: shipment.planned.map(|planned| planned.to_string()),
    }
}

/// A fact as a preview tells it, with how its entity stands behind it; nothing for what only we keep count of, and for what is told elsewhere in the preview.
pub fn words(state: &State, fact: &Fact) -> Option<String> {
    match fact {
        Fact::Named(name) => Some(format!("is known as {name}")),
        Fact::Outbox { step: OutboxFact::Settled(outcome), .. } => settled(outcome),
        Fact::Intended { .. } | Fact::CaseOpened(_) | Fact::CaseClosed { .. } | Fact::Outbox { .. } => None,
        Fact::CaseHandedOver { to, .. } => Some(format!("hands the exception to {to}")),
        Fact::CaseGivingUp { .. } => Some("asks to write it off; a second person has to ask for the same".to_owned()),
        Fact::CaseSnoozed { until, .. } => Some(format!("puts the exception away until {until}")),
        Fact::Order(own) => of_order(own, fact),
        Fact::Lot(own) => of_lot(own, fact),
        Fact::Unit(_) | Fact::Record(_) => Some(said(fact)),
        Fact::Shipment(own) => Some(of_shipment(state, own, fact)),
        Fact::Site(own) => Some(of_site(own, fact)),
    }
}

fn plain(word: &str) -> String {
    word.replace('_', " ")
}

fn settled(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Adopted { document } => Some(format!("takes document {document} as ours; ours is not sent any more")),
        Outcome::WrittenOff => Some("what was to be sent is given up".to_owned()),
        Outcome::Superseded => Some("what was to be sent is overtaken".to_owned()),
        Outcome::Accepted(_) | Outcome::Rejected { .. } => None,
    }
}

fn of_order(fact: &order::Fact, whole: &Fact) -> Option<String> {
    if let order::Fact::Posting(fact) = fact {
        return of_posting(fact);
    }
    if let order::Fact::Dispatch(to) = fact {
        return Some(format!("dispatch becomes {}", plain(&word_of(to))));
    }
    let ours = matches!(
        fact,
        order::Fact::Carries { .. } | order::Fact::DispatchedBy { .. } | order::Fact::Counter { .. } | order::Fact::Lot { .. }
    );
    (!ours).then(|| said(whole))
}

fn of_posting(fact: &PostingFact) -> Option<String> {
    match fact {
        PostingFact::Recorded { actual, .. } => {
            let lot = actual.lot.as_ref().map(|lot| format!(" lot {lot}")).unwrap_or_default();
            Some(format!("{} {} of {}{lot} on {}", word_of(&actual.purpose), actual.qty, actual.material, actual.date))
        }
        PostingFact::Flushed { posting: Some(posting), parked: None, .. } => Some(format!("makes posting {}", posting.number)),
        PostingFact::Flushed { posting: Some(posting), parked: Some((why, _)), .. } => {
            Some(format!("makes posting {}, which waits: {why}", posting.number))
        }
        PostingFact::Flushed { posting: None, .. } => None,
        PostingFact::Stands { posting, standing } => Some(format!("posting {posting} becomes {}", stands(standing))),
        PostingFact::Reissued { posting } => Some(format!("posting {} goes out again, dated {}", posting.number, posting.date)),
        PostingFact::TakenBack { back, again, .. } => {
            Some(format!("posting {} takes a document back; posting {} waits to post it again", back.number, again.number))
        }
        PostingFact::Split { posting, into, .. } => Some(format!("posting {posting} is split; the rest is posting {into}")),
    }
}

fn of_lot(fact: &lot::Fact, whole: &Fact) -> Option<String> {
    if let lot::Fact::Held { hold, bound } = fact {
        let units = bound.scope();
        let on = if units.is_empty() { "all of it".to_owned() } else { format!("{} handling units", units.len()) };
        return Some(format!("hold {hold} ({}) binds {on}", bound.reason));
    }
    if let lot::Fact::ClearanceRevoked { .. } = fact {
        return Some("a clearance is taken back".to_owned());
    }
    let ours = matches!(fact, lot::Fact::Told | lot::Fact::Contained { .. } | lot::Fact::Known { .. });
    (!ours).then(|| said(whole))
}

/// `state` is how the shipment stands behind it.
fn of_shipment(state: &State, fact: &shipment::Fact, whole: &Fact) -> String {
    if let shipment::Fact::Held { hold, reason, .. } = fact {
        let gone = matches!(&state.own, Own::Shipment(shipment) if shipment.stage == shipment::Stage::Departed);
        return if gone {
            format!("HAS LEFT: hold {hold} ({reason}) cannot keep it, and puts it on the recall list")
        } else {
            format!("hold {hold} ({reason}) keeps it")
        };
    }
    said(whole)
}

fn of_site(fact: &site::Fact, whole: &Fact) -> String {
    if let site::Fact::Matched { entity, .. } = fact {
        return format!("passes the message on to {entity}");
    }
    if let site::Fact::Mended { copies, .. } = fact {
        let taken = if copies.len() == 1 { "the copy" } else { "the copies" };
        return format!("takes {taken} in the place of the message, which stays in the log");
    }
    if let site::Fact::Quarantined { .. } = fact {
        return "the copy waits, too: nobody knows what it is about".to_owned();
    }
    said(whole)
}

/// What a system would be told.
pub fn told(effect: &Effect) -> String {
    match effect {
        Effect::Post(document) => posted(document),
        Effect::ConvertPlannedOrder(wish) => format!("make {} of {} from {}", wish.total, wish.material, wish.planned_order),
        Effect::DispatchJob(job) => format!("take job {} attempt {}: {} of {}", job.erp_order, job.attempt, job.total, job.material),
        Effect::RevokeJob(_) => "give the job back".to_owned(),
        Effect::ChangeOrder(change) => format!("change {}: {}", change.erp_order, plain(&word_of(&change.change))),
        Effect::ChangeJob { total, start, .. } => format!("agree to {total} from {start}"),
        Effect::HoldJob { reason, .. } => format!("stop the job: {reason}"),
        Effect::ResumeJob(_) => "go on with the job".to_owned(),
        Effect::ChangeStockStatus { lot, qty, from, to, .. } => format!("move {qty} of {lot} from {} stock to {}", from.word(), to.word()),
        Effect::AnnounceUnit(notice) => format!("expect {}", notice.sscc),
        Effect::BlockStock(block) => format!("block {}", stock(block)),
        Effect::UnblockStock(block) => format!("free {}", stock(block)),
        Effect::BlockShipment { shipment, reasons } => format!("keep {shipment}: {}", reasons.join("; ")),
        Effect::UnblockShipment { shipment } => format!("nothing keeps {shipment} any more"),
        Effect::AnswerDeparture { shipment, granted, .. } => format!("{shipment} {} leave", if *granted { "may" } else { "may not" }),
        Effect::TellHold(block) => format!("hold {} is on {}", block.hold, stock(block)),
        Effect::OpenInspection { lot, sample, .. } => format!("inspect sample {sample} of {lot}"),
        Effect::ReportBreakdown(breakdown) => format!("{} is down", breakdown.equipment),
        Effect::PlaceDemand(notice) => wanted(notice),
        Effect::AnswerDemand(answer) => format!("{} orders are on their way for {}", answer.orders.len(), answer.number),
        Effect::TellEvents(batch) => format!("{} events", batch.events.len()),
        Effect::ReadBooks(question) => match &question.about {
            About::Order(number) => format!("say what is posted to {number}"),
            About::Unit(sscc) => format!("say what is on {sscc}"),
        },
        Effect::TenderLoad(tender) => format!("send a truck for {}, {} handling units", tender.shipment, tender.units),
    }
}

fn wanted(notice: &DemandNotice) -> String {
    let DemandNotice { demand, signal } = notice;
    match signal.firmness {
        Firmness::Withdrawn => format!("plan for {} no more", demand.number),
        Firmness::Open | Firmness::Firm => {
            format!("plan for {}: {} of {} until {}", demand.number, signal.total, signal.material, signal.due)
        }
    }
}

fn stock(block: &StockBlock) -> String {
    if block.units.is_empty() { format!("all of {}", block.lot) } else { format!("{} handling units of {}", block.units.len(), block.lot) }
}

fn posted(document: &Document) -> String {
    let Posting { movement, date, lines, reverses, .. } = &document.posting;
    let lines = lines.iter().map(|line| {
        let lot = line.series.lot.as_ref().map(|lot| format!(" lot {lot}")).unwrap_or_default();
        format!("{} of {}{lot}", line.qty, line.series.material)
    });
    let back = if reverses.is_empty() { "" } else { "take back: " };
    format!("{back}{} of {}: {}, dated {date}", plain(&word_of(movement)), document.erp_order, lines.collect::<Vec<_>>().join(", "))
}
