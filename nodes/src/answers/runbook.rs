//! Runbooks: for each kind of exception what it means, what to do step by step in commands, and what never to do. At three in
//! the morning nobody looks for a wiki.

use serde::{Deserialize, Serialize};
use takt_protocol::case::CaseKind;
use utoipa::ToSchema;

/// What to do about a kind of exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Runbook {
    /// The kind, such as `in_doubt`.
    pub kind: String,
    /// How bad, 0 worst.
    pub severity: u8,
    /// What it means.
    pub means: String,
    /// What to do, in order; commands stand as they are typed.
    pub steps: Vec<String>,
    /// What never to do; empty where nothing is dangerous.
    pub never: String,
}

/// The words of all kinds.
pub fn kinds() -> impl Iterator<Item = String> {
    CaseKind::ALL.into_iter().map(|kind| kind.word().to_owned())
}

/// The runbook of a kind; nothing for what is no kind.
pub fn of(word: &str) -> Option<Runbook> {
    let kind = CaseKind::ALL.into_iter().find(|kind| kind.word() == word)?;
    let (means, steps, never) = *text(&kind);
    let steps = steps.iter().map(|step| (*step).to_owned()).collect();
    Some(Runbook { kind: word.to_owned(), severity: kind.severity(), means: means.to_owned(), steps, never: never.to_owned() })
}

type Text = (&'static str, &'static [&'static str], &'static str);

fn text(kind: &CaseKind) -> &'static Text {
    match kind {
        CaseKind::Rejected(_) => &REJECTED,
        CaseKind::NotReady => &NOT_READY,
        CaseKind::Unanswered => &UNANSWERED,
        CaseKind::InDoubt => &IN_DOUBT,
        CaseKind::Misconfigured => &MISCONFIGURED,
        CaseKind::ParkedPosting => &PARKED_POSTING,
        CaseKind::ForeignPosting => &FOREIGN_POSTING,
        CaseKind::KeyReused => &KEY_REUSED,
        CaseKind::NotOwner => &NOT_OWNER,
        CaseKind::Discrepancy => &DISCREPANCY,
        CaseKind::Unmatched => &UNMATCHED,
        CaseKind::Escape => &ESCAPE,
        CaseKind::HeldAfterClearance => &HELD_AFTER_CLEARANCE,
        CaseKind::AliasClash => &ALIAS_CLASH,
        CaseKind::CounterRestarted => &COUNTER_RESTARTED,
        CaseKind::Tolerance => &TOLERANCE,
        CaseKind::Shortage => &SHORTAGE,
        CaseKind::Blocked => &BLOCKED,
        CaseKind::EquipmentDown => &EQUIPMENT_DOWN,
        CaseKind::BooksDiffer => &BOOKS_DIFFER,
        CaseKind::Provisional => &PROVISIONAL,
        CaseKind::Contradicted => &CONTRADICTED,
        CaseKind::LogBroken => &LOG_BROKEN,
    }
}

const REJECTED: Text = (
    "A system refused what it was asked, in words of its own; or something it reported cannot be booked yet. Nothing was posted.",
    &[
        "takt exceptions show ID — the system's own code and words, or what is not known of what it reported",
        "a refusal: mend the cause in that system; what is not known: have the material or its conversion stated, it is booked by itself then",
        "takt exceptions preview retry ID, then takt exceptions retry ID --reason …; of many with one cause: --group G",
        "or choose another plant, or cancel the order",
    ],
    "",
);

const NOT_READY: Text = (
    "Something that the order needs is missing, so its plant was told nothing.",
    &[
        "takt exceptions show ID — it names what is missing",
        "have the owner of the recipe, material or equipment state it, or write it into the configuration folder; or have the plant load its recipe",
        "nothing more: the order goes on by itself when it is there",
    ],
    "Do not start the job in the MES by hand: its reports would match nothing.",
);

const UNANSWERED: Text = (
    "A plant has not answered about a job, or nobody has decided about a hold in time.",
    &[
        "takt sites — is the system heard, and what waits for it?",
        "takt sites deliveries SITE — what went there, and what became of it",
        "nothing: it is asked again with the same key, and a late answer counts; for a hold, call quality",
    ],
    "Do not type the job into the MES: the late answer would make a second one.",
);

const IN_DOUBT: Text = (
    "The reply to something we sent was lost, and asking did not settle whether it was done.",
    &[
        "takt exceptions show ID — what, where, and our reference",
        "look in that system for our reference",
        "it is there: takt exceptions adopt ID --doc NUMBER --reason …",
        "it is certainly not there: takt exceptions retry ID --reason …; of many with one cause: --group G",
    ],
    "Do not post by hand before you have looked: it would stand there twice.",
);

const MISCONFIGURED: Text = (
    "Something could not be sent as it is configured: a mapping refused it, or the other side did not let us in. Nothing was done there.",
    &[
        "takt exceptions show ID — what, where to, and why not",
        "a mapping: mend it in the configuration folder, try it with takt map try, and start the node again",
        "an address or a credential: have it put right",
        "takt exceptions retry ID --reason …; of many with one cause: --group G",
    ],
    "",
);

const PARKED_POSTING: Text = (
    "A posting may not go out as it is: its period is closed, the ERP refused it, or a rule parked it.",
    &[
        "takt exceptions show ID — why, and the date that would be possible",
        "mend the cause: open the period or the order in the ERP, or agree on the date",
        "takt exceptions preview retry ID — what would be posted, dated when",
        "takt exceptions retry ID --reason …; did somebody post it by hand: takt exceptions adopt ID --doc NUMBER",
        "as the last way: takt exceptions write-off ID --reason … (finance; it is done when a second person of finance asks for the same)",
    ],
    "Do not post it by hand while it waits here, unless you adopt that document at once.",
);

const FOREIGN_POSTING: Text = (
    "Somebody posted in the ERP by hand, and it is none of our postings.",
    &[
        "takt ledger ORDER — is it one of the postings that wait here?",
        "if it is: takt exceptions adopt ID-OF-THAT-POSTING --doc NUMBER",
        "if it is not: have it reversed in the ERP, then takt exceptions ack ID --reason …",
    ],
    "",
);

const KEY_REUSED: Text = (
    "A system used a key again for other content. The first stands; the second is kept with its raw message.",
    &[
        "takt exceptions show ID — the key, and the raw message of the second",
        "ask the system's people whether it was restored or its counter began again; have its epoch raised",
        "is the second one true: report it under a key of its own; then takt exceptions ack ID --reason …",
    ],
    "",
);

const NOT_OWNER: Text = (
    "A system said something that another one owns. Nothing moved.",
    &[
        "takt exceptions show ID — who said what",
        "have the owner say it, or correct `ownership` in the configuration if the other one owns it now",
        "takt exceptions ack ID --reason …",
    ],
    "",
);

const DISCREPANCY: Text = (
    "What was reported contradicts what is known. It is kept, and the rest went on.",
    &[
        "takt exceptions show ID — both sides of the contradiction",
        "find out which side is right; correct the count, or have the system correct its own",
        "takt exceptions ack ID --reason …",
    ],
    "",
);

const UNMATCHED: Text = (
    "A message matches nothing that is known, or no mapping understands it. It is kept, whole.",
    &[
        "takt exceptions show ID — what it says, and what it most likely meant",
        "wait, if what it is about is on its way: it is offered again by itself",
        "takt exceptions preview match ID --to ORDER, then takt exceptions match ID --to ORDER --reason …",
        "wrong inside: takt exceptions edit ID --input FILE --reason … (a copy; the original stays)",
        "not understood: mend the mapping, or takt exceptions edit ID --payload FILE --reason …",
    ],
    "Do not post its quantity by hand: matched later, it would count twice.",
);

const ESCAPE: Text = (
    "Something left without a clearance that held.",
    &[
        "takt shipment show SHIPMENT and takt lot trace LOT — what is on it, and where else it went",
        "recall it; tell quality and the customer",
        "find out how it left; then takt exceptions ack ID --reason …",
    ],
    "Do not clear it afterwards: a yes does not undo a departure.",
);

const HELD_AFTER_CLEARANCE: Text = (
    "A hold came after the truck had been cleared or had left.",
    &[
        "takt shipment show SHIPMENT — has it left?",
        "still in the yard: stop it; gone: recall it, or tell the customer",
        "takt exceptions ack ID --reason … once that is done",
    ],
    "",
);

const ALIAS_CLASH: Text = (
    "One number means two things at a site; the newer one counts.",
    &[
        "takt search NUMBER — both of them",
        "find out which is right, and have the other's number corrected in its system",
        "takt exceptions ack ID --reason …",
    ],
    "",
);

const COUNTER_RESTARTED: Text = (
    "A counter began again at zero. What it counted before stands; from now on it is counted from zero.",
    &[
        "compare the count on the floor with takt order show ORDER",
        "are pieces missing: takt order correct ORDER --operation N --use yield --difference '6 H87' --reason …",
        "takt exceptions ack ID --reason …",
    ],
    "",
);

const TOLERANCE: Text = (
    "More was reported than the order allows.",
    &[
        "takt order show ORDER — count on the floor",
        "was it miscounted: takt order correct ORDER --operation N --use yield --difference '-6 H87' --reason …",
        "was it made: have the planner raise the total, then takt exceptions ack ID --reason …",
    ],
    "",
);

const SHORTAGE: Text = (
    "Components of the order are not there.",
    &[
        "takt order show ORDER — when does it start, and what is short?",
        "have the warehouse stage it, move the order, or replace the component",
        "it goes on by itself when the components are there",
    ],
    "",
);

const BLOCKED: Text = (
    "A hold keeps a truck from leaving.",
    &[
        "takt shipment show SHIPMENT — which lots, and when it should leave",
        "takt lot show LOT — the hold, and who was told",
        "have quality decide, or have the warehouse take what is held off the truck",
    ],
    "Do not let it go on the warehouse's word alone: it would be an escape.",
);

const EQUIPMENT_DOWN: Text = (
    "Equipment that an order runs on, or is to run on, may not run. It is over by itself when the maintenance system says so.",
    &[
        "takt sites show PLANT — what is down, since when, and which orders that stops",
        "ask maintenance until when; nothing is to be done if that is in time",
        "reschedule the order, split it off to another plant, or have other equipment run it",
    ],
    "Do not set it up again in Takt: only the maintenance system says which equipment may run.",
);

const BOOKS_DIFFER: Text = (
    "The books of an ERP or a warehouse say something else than ours, in two readings, and nothing that is known explains it. It is \
     over by itself when they agree.",
    &[
        "takt reconcile show SITE — which documents, by item, and what was netted out",
        "takt ledger ORDER, or takt raw HASH for what the system answered — whose word is it?",
        "have it put right in that system; then takt exceptions retry ID --reason … has it read at once",
        "was it posted by hand and is one of ours that waits: takt exceptions adopt ID-OF-THAT-POSTING --doc NUMBER",
        "as the last way: takt exceptions write-off ID --reason … (finance; it is done when a second person of finance asks for the same)",
    ],
    "Do not post the difference by hand before you know where it comes from: the next reading would show it twice.",
);

const PROVISIONAL: Text = (
    "A plant released a hold while the quality system was not reached. The goods may be used and may leave; it counts only if quality agrees.",
    &[
        "takt lot show LOT — which hold, who released it and when; takt lot reach LOT — what was done with the goods since",
        "quality agrees: decide so in the quality system, or takt lot release LOT --hold NUMBER --reason … in a quality role; that countersigns",
        "quality does not: decide otherwise there. The lot is held again, trucks that were cleared are told, and what left is a recall",
    ],
    "Do not leave it: nobody else looks at the goods again.",
);

const CONTRADICTED: Text = (
    "An ERP decided something about an order, and its plant did otherwise: mostly the word of it was long on its way. What was made is made \
     and stands in the ledger.",
    &[
        "takt order show ORDER and takt order timeline ORDER — what the ERP said and when that was heard here, and what was reported",
        "cancelled: reopen it in the ERP and have it posted, post to a cost centre, or have finance write the quantities off",
        "reduced or moved: raise the total or move it back in the ERP, or accept the surplus there; takt order hold ORDER --reason … stops the plant",
        "then takt exceptions ack ID --reason …, with what was decided",
    ],
    "Do not correct the count to what the ERP wanted: the goods are there.",
);

const LOG_BROKEN: Text = (
    "The log of an order, lot, shipment, handling unit or site has a hole or a fork, or holds what nobody can read. It stands still: better no \
     answer than a wrong one. Everything else goes on.",
    &[
        "takt exceptions show ID — what stands still, and at which commit",
        "takt doctor — whether the disks and servers under the store are sound; copy the store as it is, for whoever looks for the cause",
        "takt restore — bring its region back from the last backup: it reconciles with every system before it sends anything",
        "then takt exceptions ack ID --reason …",
    ],
    "Do not mend or delete messages of a log by hand, and do not post in its place before the ERP's books were looked at.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_runbook_of_its_own() {
        let all: Vec<Runbook> = kinds().map(|kind| of(&kind).unwrap()).collect();
        let mut means: Vec<&str> = all.iter().map(|book| book.means.as_str()).collect();
        means.sort_unstable();
        means.dedup();
        assert_eq!(means.len(), all.len());
        assert!(all.iter().all(|book| book.steps.len() >= 3));
        assert_eq!(of("sunshine"), None);
    }
}
