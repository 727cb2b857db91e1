//! What happened, in the words of the field: the head of every line in timelines and previews. One list for both, so that the same
//! thing is called the same. Never the names of our own code.

use takt_protocol::order::{Execution, Fact as OrderFact};
use takt_protocol::posting::{PostingFact, Standing};
use takt_protocol::{lot, record, shipment, site, unit};

/// What happened, in words.
#[derive(Debug)]
pub(crate) enum Told {
    /// What it is; what is public of it comes behind that.
    Head(&'static str),
    /// All there is to say.
    Whole(String),
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Head(words) => f.write_str(words),
            Self::Whole(words) => f.write_str(words),
        }
    }
}

/// Of an order.
pub(crate) fn of_order(fact: &OrderFact) -> Told {
    let words = match fact {
        OrderFact::Wished(_) => "wished for",
        OrderFact::Created(_) => "made by its ERP",
        OrderFact::Released(_) => "released by its ERP",
        OrderFact::Business(status) => return Told::Whole(format!("ERP status: {}", spaced(&super::word_of(status)))),
        OrderFact::Locked { since: Some(_) } => "somebody has it open in its ERP",
        OrderFact::Locked { since: None } => "nobody has it open in its ERP any more",
        OrderFact::OnHold(Some(_)) => "has to wait",
        OrderFact::OnHold(None) => "goes on",
        OrderFact::ChangeMoved(_) => "a change is on its way",
        OrderFact::ChangeEnded { done: true } => "the change is agreed",
        OrderFact::ChangeEnded { done: false } => "the change is given up",
        OrderFact::Rescheduled { .. } => "new dates",
        OrderFact::Replaced { .. } => "another component",
        OrderFact::RecipeChanged { .. } => "another recipe",
        OrderFact::SplitFrom { .. } => "split off from another order",
        OrderFact::SplitInto { .. } => "split: a part became an order of its own",
        OrderFact::TotalChanged { .. } => "new quantity",
        OrderFact::Validating { .. } => "its plant is asked whether it can run",
        OrderFact::Resolved(_) => "its plant has everything it needs",
        OrderFact::Dispatch(_) => "dispatch",
        OrderFact::DispatchedBy { attempt, .. } => return Told::Whole(format!("job handed over for sending, attempt {attempt}")),
        OrderFact::Job(number) => return Told::Whole(format!("its plant calls the job {number}")),
        OrderFact::Execution { op, to } => return Told::Whole(operation(op, to)),
        OrderFact::Worked { op, purpose, qty, reason } => {
            let why = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            return Told::Whole(format!("operation {op}: {} {qty}{why}", super::word_of(purpose)));
        }
        OrderFact::Counter { op, counter, .. } => return Told::Whole(format!("a counter of operation {op} stands at {}", counter.value)),
        OrderFact::Declared { op, good } => return Told::Whole(format!("operation {op} ends with {good} good in all")),
        OrderFact::Completed => "its plant is done with it",
        OrderFact::Supply(_) => "components",
        OrderFact::Posting(fact) => return of_posting(fact),
        OrderFact::Carries { posting, .. } => return Told::Whole(format!("posting {posting} is handed over for sending")),
        OrderFact::Lot { quality, .. } => return Told::Whole(quality_of(quality)),
        OrderFact::Consumed { key, .. } => return Told::Whole(format!("lot {key} goes into it")),
        OrderFact::Made { key, .. } => return Told::Whole(format!("lot {key} comes out of it")),
        OrderFact::Unmade => "its ERP did not make it",
        OrderFact::Early(_) => "a correction waits for the count that it corrects",
        OrderFact::EarlyBooked { .. } => "the correction that waited is booked",
        OrderFact::Unbooked(_) => "what was reported waits: its material or its unit is not known",
        OrderFact::UnbookedOver { given_up: false, .. } => "what waited for its material or its unit is booked",
        OrderFact::UnbookedOver { given_up: true, .. } => "what waited for its material or its unit is written off",
        OrderFact::Filled { .. } => "handling unit filled",
        OrderFact::UnitMoved { sscc, stage } => return Told::Whole(format!("handling unit {sscc} is {}", spaced(&super::word_of(stage)))),
        OrderFact::ForeignPosting { .. } => "posted in its ERP by hand",
        OrderFact::Equipment { over: false, .. } => "equipment stops",
        OrderFact::Equipment { over: true, .. } => "equipment may run again",
        OrderFact::Books { site, .. } => return Told::Whole(format!("compared with the books of {site}")),
        OrderFact::UnitTaken { sscc, qty } => return Told::Whole(format!("{qty} left of handling unit {sscc}")),
        OrderFact::Measured { said, total } => return Told::Whole(format!("{said} ordered are {total}")),
    };
    Told::Head(words)
}

fn quality_of(quality: &takt_protocol::order::LotQuality) -> String {
    let holds: Vec<String> = quality.holds.iter().map(ToString::to_string).collect();
    let held = if holds.is_empty() { String::new() } else { format!(", held by {}", holds.join(", ")) };
    let provisional: Vec<String> = quality.provisional.iter().map(ToString::to_string).collect();
    let held = if provisional.is_empty() { held } else { format!("{held}, released provisionally {}", provisional.join(", ")) };
    let inspected = if quality.in_inspection { ", in inspection" } else { "" };
    format!("lot {}: {} free, {} blocked{inspected}{held}", quality.lot, quality.free, quality.blocked)
}

fn of_posting(fact: &PostingFact) -> Told {
    Told::Whole(match fact {
        PostingFact::Recorded { actual, .. } => {
            let lot = actual.lot.as_ref().map(|lot| format!(" lot {lot}")).unwrap_or_default();
            let op = actual.op.as_ref().map(|op| format!(" at operation {op}")).unwrap_or_default();
            format!("{} {} of {}{lot}{op}, for {}", super::word_of(&actual.purpose), actual.qty, actual.material, actual.date)
        }
        PostingFact::Flushed { posting: Some(_), .. } => return Told::Head("posting made"),
        PostingFact::Flushed { posting: None, .. } => return Told::Head("nothing to post, by rule or because it adds up to nothing"),
        PostingFact::Stands { posting, standing } => format!("posting {posting} {}", stands(standing)),
        PostingFact::Reissued { posting } => format!("posting {} goes out again, dated {}", posting.number, posting.date),
        PostingFact::TakenBack { back, again, .. } => {
            format!("posting {} takes a document back, posting {} waits to post it again", back.number, again.number)
        }
        PostingFact::Split { posting, into, .. } => format!("posting {posting} was taken in part, the rest is posting {into}"),
    })
}

/// How a posting stands, for a sentence.
pub(crate) fn stands(standing: &Standing) -> String {
    match standing {
        Standing::Adopted { document } => format!("adopted, as document {document}"),
        Standing::Posted { document } => format!("posted, as document {document}"),
        Standing::Parked { why, .. } => format!("parked: {why}"),
        Standing::Prepared | Standing::InFlight | Standing::InDoubt | Standing::WrittenOff => spaced(&super::word_of(standing)),
    }
}

fn operation(op: &takt_protocol::words::OpNo, to: &Execution) -> String {
    match to {
        Execution::Interrupted { why } => format!("operation {op} interrupted: {why}"),
        Execution::Aborted { why } => format!("operation {op} given up: {why}"),
        Execution::NotStarted | Execution::Running | Execution::Completed => format!("operation {op} {}", spaced(&super::word_of(to))),
    }
}

/// Of a lot.
pub(crate) fn of_lot(fact: &lot::Fact) -> Told {
    let words = match fact {
        lot::Fact::Known { .. } => "known to its plant",
        lot::Fact::Produced { .. } => "made",
        lot::Fact::Consumed { .. } => "used",
        lot::Fact::Linked { .. } => "what it came from or went into",
        lot::Fact::Sampled(sample) => return Told::Whole(format!("sample {sample} taken")),
        lot::Fact::Judged { sample, passed: true } => return Told::Whole(format!("sample {sample} passed")),
        lot::Fact::Judged { sample, passed: false } => return Told::Whole(format!("sample {sample} failed")),
        lot::Fact::Held { .. } => "held",
        lot::Fact::Contained { hold, site, containment } => {
            return Told::Whole(format!("hold {hold} at {site}: {}", super::word_of(containment)));
        }
        lot::Fact::Decided { hold, provisional: Some(so), .. } => {
            return Told::Whole(format!("hold {hold} accepted by {} without {}, which has to countersign", so.role, so.by));
        }
        lot::Fact::Decided { .. } => "disposition decided",
        lot::Fact::DecidedEarly { hold, .. } => return Told::Whole(format!("decided about hold {hold} before word of it came")),
        lot::Fact::Disposed { .. } => "disposition carried out",
        lot::Fact::Restricted { .. } => "accepted for restricted use",
        lot::Fact::Booked { .. } => "booked in its ERP",
        lot::Fact::Moved { from, to, qty } => return Told::Whole(format!("{qty} go from {} stock to {}", from.word(), to.word())),
        lot::Fact::MoveRefused { from, to, qty } => {
            return Told::Whole(format!("its ERP did not move {qty} from {} stock to {}", from.word(), to.word()));
        }
        lot::Fact::MoveDone { from, to } => return Told::Whole(format!("moved from {} stock to {}", from.word(), to.word())),
        lot::Fact::ParentFreed { .. } => "a lot it was made from is not held any more",
        lot::Fact::OriginFreed { .. } => "the hold that came down to it is over where it was placed",
        lot::Fact::Released(_) => "hold released",
        lot::Fact::Registered { .. } => "a shipment wants to leave with some of it",
        lot::Fact::Unregistered { .. } => "a shipment does not want to leave with it any more",
        lot::Fact::Cleared { .. } => "cleared for a shipment",
        lot::Fact::ClearanceRevoked { .. } => "clearance taken back",
        lot::Fact::Departed { .. } => "left with a shipment",
        lot::Fact::Told => "its orders are told how it is",
        lot::Fact::Announced { .. } => "announced by a supplier",
        lot::Fact::Arrived { unit, .. } => return Told::Whole(format!("handling unit {unit} arrived")),
        lot::Fact::GoesTo(site) => return Told::Whole(format!("some of it goes to {site}")),
    };
    Told::Head(words)
}

/// Of a handling unit.
pub(crate) fn of_unit(fact: &unit::Fact) -> Told {
    Told::Whole(match fact {
        unit::Fact::Filled { .. } => return Told::Head("filled"),
        unit::Fact::Moved { stage, place } => {
            let place = place.as_ref().map(|place| format!(", at {place}")).unwrap_or_default();
            format!("{}{place}", spaced(&super::word_of(stage)))
        }
        unit::Fact::Counted(qty) => format!("counted: {qty}"),
        unit::Fact::Nested(Some(within)) => format!("stands on or in {within}"),
        unit::Fact::Nested(None) => "stands alone".to_owned(),
        unit::Fact::HandedTo(site) => format!("announced to {site}"),
        unit::Fact::Books { site, .. } => format!("compared with the books of {site}"),
        unit::Fact::PickedPart(qty) => format!("{qty} of it picked"),
        unit::Fact::Taken { .. } => "some of it left with a shipment".to_owned(),
    })
}

/// Of a shipment.
pub(crate) fn of_shipment(fact: &shipment::Fact) -> Told {
    let words = match fact {
        shipment::Fact::Announced { .. } => "announced by its warehouse",
        shipment::Fact::Picked(sscc) => return Told::Whole(format!("handling unit {sscc} picked")),
        shipment::Fact::Located { sscc, .. } => return Told::Whole(format!("the lots on handling unit {sscc} are known")),
        shipment::Fact::Stage(stage) => return Told::Whole(spaced(&super::word_of(stage))),
        shipment::Fact::Blocked { gate, reason } => return Told::Whole(format!("kept by {}: {reason}", super::word_of(gate))),
        shipment::Fact::Unblocked(gate) => return Told::Whole(format!("kept by {} no more", super::word_of(gate))),
        shipment::Fact::Held { .. } => "kept by a hold",
        shipment::Fact::Freed { hold, .. } => return Told::Whole(format!("kept by hold {hold} no more")),
        shipment::Fact::Asked { attempt, .. } => return Told::Whole(format!("its lots are asked for clearance, attempt {attempt}")),
        shipment::Fact::Answered { refused, .. } if refused.is_empty() => "a lot is cleared for it",
        shipment::Fact::Answered { .. } => "a lot is not cleared for it",
        shipment::Fact::Told { granted: true, .. } => "its warehouse is told that it may leave",
        shipment::Fact::Told { granted: false, .. } => "its warehouse is told that it may not leave",
        shipment::Fact::Over { .. } => "the clearance that its warehouse was told is over",
        shipment::Fact::Tendered { transport, units } => {
            return Told::Whole(format!("{transport} is asked for a truck, {units} handling units"));
        }
        shipment::Fact::Load(number) => return Told::Whole(format!("its transport system calls it load {number}")),
        shipment::Fact::Booked { .. } => "truck booked",
        shipment::Fact::Docked(dock) => return Told::Whole(format!("its truck stands at {dock}")),
        shipment::Fact::WaitsForTruck { .. } => "packed, waits for its truck",
        shipment::Fact::TruckAsked { .. } => "its truck wants to leave",
        shipment::Fact::TruckTold { granted: true, .. } => "its truck is told that it may leave",
        shipment::Fact::TruckTold { granted: false, .. } => "its truck is told that it may not leave",
        shipment::Fact::TruckLeft => "its truck left",
        shipment::Fact::PickedPart { unit, .. } => return Told::Whole(format!("some of handling unit {unit} picked")),
    };
    Told::Head(words)
}

/// Of a site.
pub(crate) fn of_site(fact: &site::Fact) -> Told {
    let words = match fact {
        site::Fact::Expects { names, .. } => {
            return Told::Whole(format!("knows {}", names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
        }
        site::Fact::Forgot(entity) => return Told::Whole(format!("{entity} is over")),
        site::Fact::Waits { order, .. } => return Told::Whole(format!("{order} misses something here")),
        site::Fact::WaitsNoMore(order) => return Told::Whole(format!("{order} misses nothing here any more")),
        site::Fact::Locates { name, .. } => return Told::Whole(format!("a shipment asks for handling unit {}", name.1)),
        site::Fact::Quarantined { .. } => "a message matches nothing, and waits",
        site::Fact::Matched { entity, .. } => return Told::Whole(format!("a message that waited goes to {entity}")),
        site::Fact::Equipment { equipment, available: true, .. } => return Told::Whole(format!("{equipment} may run")),
        site::Fact::Equipment { equipment, available: false, state, .. } => {
            return Told::Whole(format!("{equipment} may not run ({state})"));
        }
        site::Fact::Calibrated { equipment, until } => return Told::Whole(format!("{equipment} is calibrated until {until}")),
        site::Fact::Recipes { material, versions } if versions.is_empty() => {
            return Told::Whole(format!("its own system has no recipe of {material} any more"));
        }
        site::Fact::Recipes { material, versions } => {
            let versions: Vec<&str> = versions.iter().map(takt_protocol::words::Version::as_str).collect();
            return Told::Whole(format!("its own system has recipe {} of {material}", versions.join(", ")));
        }
        site::Fact::Heard { of: site::Subject::State(piece), .. } => return Told::Whole(format!("{piece} stands as it was known")),
        site::Fact::Heard { of: site::Subject::Calibration(piece), .. } => {
            return Told::Whole(format!("word of the calibration of {piece}"));
        }
        site::Fact::Heard { of: site::Subject::Stop(number), .. } => return Told::Whole(format!("word of planned stop {number}")),
        site::Fact::RecipesListed => "its own system said all the recipes that it has",
        site::Fact::Read(progress) => return Told::Whole(format!("{} read on", progress.topic)),
        site::Fact::Tallied { rule, .. } => return Told::Whole(format!("telemetry counted by {rule}")),
        site::Fact::Mended { .. } => "a message that waited was mended in a copy",
        site::Fact::Window { number, window: Some(window) } => {
            return Told::Whole(format!("{} is planned to stop from {} to {} ({number})", window.equipment, window.from, window.to));
        }
        site::Fact::Window { number, window: None } => return Told::Whole(format!("planned stop {number} is over")),
        site::Fact::Planned { order, .. } => return Told::Whole(format!("{order} is to run here")),
        site::Fact::Finished(order) => return Told::Whole(format!("{order} has run, or will not")),
        site::Fact::Demand(_) => "demand",
        site::Fact::Books(_) => "comparison of its books",
        site::Fact::LastWord(last) => return Told::Whole(format!("{} said its last word", last.entity)),
    };
    Told::Head(words)
}

/// Of a record of master data.
pub(crate) fn of_record(fact: &record::Fact) -> Told {
    let record::Fact::Stated { of, .. } = fact;
    Told::Whole(format!("master data of {of} stated"))
}

/// A word of the wire as people write it.
pub(crate) fn spaced(word: &str) -> String {
    word.replace('_', " ")
}
