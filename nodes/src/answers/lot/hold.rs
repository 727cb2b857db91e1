//! Holds on a lot: who placed each, when it bound, by when it should be decided, and how long its goods were exposed in each
//! system before that confirmed.

use serde::{Deserialize, Serialize};
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::lot::{self, Containment, Hold, Lot, Provisional};
use takt_protocol::name::SiteId;
use takt_protocol::words::HoldNo;
use utoipa::ToSchema;

use crate::answers::{history, word_of};

/// A hold on a lot, as it is shown beside an order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldRow {
    /// The lot, as `material/lot`.
    pub lot: String,
    /// Our id of the lot.
    pub lot_id: String,
    /// The hold.
    #[serde(flatten)]
    pub hold: HoldRow,
}

/// A hold.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HoldRow {
    /// Its number.
    pub hold: String,
    /// Why.
    pub reason: String,
    /// Who placed it, or whose word it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it bound.
    pub bound_at: String,
    /// By when it should be decided.
    pub due_at: String,
    /// Only these handling units; none for the whole lot.
    pub units: Vec<String>,
    /// The lots it came down from, with a comma between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Who was told to block, and how that stands.
    pub containment: Vec<ContainmentRow>,
    /// Verdicts so far.
    pub verdicts: Vec<String>,
    /// How long its goods could be promised to customers, by the word of its ERP; absent where no ERP was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promising: Option<PromisingRow>,
    /// That it was released while the quality system was not reached, and is over only if that countersigns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<ProvisionalRow>,
}

/// A release that the quality system has to countersign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProvisionalRow {
    /// When it was released.
    pub at: String,
    /// In which role.
    pub role: String,
    /// The quality system that was not reached.
    pub quality: String,
}

/// Whether an ERP may still promise goods that are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromisingRow {
    /// The ERP.
    pub erp: String,
    /// out (it confirmed that the goods are blocked), exposed (it did not yet, or would not), or nothing (it has none of them).
    pub state: String,
    /// How long they could be promised: until it confirmed, or until now.
    pub exposed_ms: u64,
}

/// How far a system is with blocking.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContainmentRow {
    /// The system.
    pub site: String,
    /// requested, confirmed or failed: the hold is in force all the same.
    pub state: String,
    /// Since when.
    pub at: String,
    /// How long after the hold bound that was, in ms: how long the goods were exposed there.
    pub after_ms: u64,
    /// Why it failed, or why it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The open holds of a lot, as they are shown beside its orders.
pub(crate) fn held(state: &State, lot: &Lot, commits: &[Commit], book: &Book, now: Instant) -> Vec<HeldRow> {
    let row = |open| HeldRow {
        lot: lot.key.as_ref().map(ToString::to_string).unwrap_or_default(),
        lot_id: state.id.to_string(),
        hold: hold(open, commits, book, now),
    };
    lot.holds.iter().map(row).collect()
}

/// A hold as it is shown.
pub(super) fn hold((number, hold): (&HoldNo, &Hold), commits: &[Commit], book: &Book, now: Instant) -> HoldRow {
    let bound = |fact: &Fact| matches!(fact, Fact::Lot(fact) if matches!(fact.as_ref(), lot::Fact::Held { hold, .. } if hold == number));
    let contained = |(site, how): (&SiteId, &Containment)| contained(*site, how, hold.bound_at);
    HoldRow {
        hold: number.to_string(),
        reason: hold.reason.to_string(),
        by: history::first(commits, bound).map(|moment| moment.by).filter(|by| !by.is_empty()),
        bound_at: hold.bound_at.to_string(),
        due_at: hold.bound_at.plus_ms(book.policy.disposition_ms).to_string(),
        units: hold.scope().iter().map(ToString::to_string).collect(),
        parent: parents(hold),
        containment: hold.containment.iter().map(contained).collect(),
        verdicts: hold.decisions.iter().map(|decision| decision.verdict.word().to_owned()).collect(),
        promising: hold.containment.iter().find_map(|(site, how)| promising(book, *site, how, hold.bound_at, now)),
        provisional: hold.provisional.as_ref().map(provisional),
    }
}

fn provisional(so: &Provisional) -> ProvisionalRow {
    ProvisionalRow { at: so.at.to_string(), role: so.role.clone(), quality: so.by.to_string() }
}

/// How long goods could be promised, by the word of an ERP; nothing of any other system.
fn promising(book: &Book, site: SiteId, how: &Containment, bound_at: Instant, now: Instant) -> Option<PromisingRow> {
    book.sites.get(&site).filter(|known| known.kind == SiteKind::Erp)?;
    let (state, until) = match how {
        Containment::Confirmed { at } if *at == bound_at => ("nothing", bound_at),
        Containment::Confirmed { at } => ("out", *at),
        Containment::Requested { .. } | Containment::Failed { .. } => ("exposed", now),
    };
    let exposed_ms = u64::try_from(until.since(bound_at).as_millis()).unwrap_or(u64::MAX);
    Some(PromisingRow { erp: site.to_string(), state: state.to_owned(), exposed_ms })
}

/// The lots it came down from, when it did.
fn parents(hold: &Hold) -> Option<String> {
    let parents: Vec<String> = hold.parents.iter().map(|ground| ground.parent.to_string()).collect();
    (!parents.is_empty()).then(|| parents.join(", "))
}

fn contained(site: SiteId, containment: &Containment, bound_at: Instant) -> ContainmentRow {
    let (at, why) = match containment {
        // Nobody confirms in no time: it was not asked.
        Containment::Confirmed { at } if *at == bound_at => (at, Some("it has nothing of it to block".to_owned())),
        Containment::Requested { at } | Containment::Confirmed { at } => (at, None),
        Containment::Failed { at, why } => (at, Some(why.clone())),
    };
    let after_ms = u64::try_from(at.since(bound_at).as_millis()).unwrap_or(u64::MAX);
    ContainmentRow { site: site.to_string(), state: word_of(containment), at: at.to_string(), after_ms, why }
}
