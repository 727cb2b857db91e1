//! T9: who asked to be woken is woken. A stale alarm changes nothing, by the kernel's own rule: so one that would still change its entity
//! long after its time was never heard.

use std::time::Duration;

use takt_protocol::book::Book;
use takt_protocol::envelope::Envelope;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::intent::{Intent, IntentId, Wake};
use takt_protocol::kernel::{self, ALL_REACHED, Context};

use super::Evidence;
use crate::logs::Told;

/// For how long an alarm may be on its way.
const ON_ITS_WAY: Duration = Duration::from_mins(5);

/// An alarm that was recorded.
struct Alarm<'a> {
    intent: IntentId,
    at: Instant,
    wake: &'a Wake,
}

/// Looks; how many alarms had come due.
pub(super) fn look(evidence: &Evidence<'_>, broken: &mut Vec<String>) -> u64 {
    let (book, long_ago) = (evidence.people.yard.book(), evidence.people.town.now().minus(ON_ITS_WAY));
    let mut due = 0;
    for (entity, told) in evidence.logs.entities().iter().filter(|(entity, _)| !evidence.forgot(**entity)) {
        for alarm in alarms(*entity, told).filter(|alarm| alarm.at <= long_ago && is_over_once_heard(alarm.wake)) {
            due += 1;
            if still_changes(told, &alarm, &book) {
                broken.push(format!("T9: {entity} was to be woken at {} for {:?}, and never was", alarm.at, alarm.wake));
            }
        }
    }
    due
}

fn alarms(entity: EntityId, told: &Told) -> impl Iterator<Item = Alarm<'_>> {
    let facts = told.commits.iter().flat_map(|commit| {
        let facts = commit.steps.iter().flat_map(|step| &step.facts);
        facts.map(|fact| (commit.incarnation, fact))
    });
    facts.filter_map(move |(incarnation, fact)| {
        let Fact::Intended { number, intent } = fact else { return None };
        let Intent::Wake { at, wake } = intent.as_ref() else { return None };
        Some(Alarm { intent: IntentId { entity, incarnation, number: *number }, at: *at, wake })
    })
}

/// Whether it makes itself stale. The others say what is so at their time, which may be so again, or ring again and again.
fn is_over_once_heard(wake: &Wake) -> bool {
    match wake {
        Wake::Postings
        | Wake::DispatchAnswer { .. }
        | Wake::ClearanceExpiry { .. }
        | Wake::Reconcile { .. }
        | Wake::ReconcileEnds { .. }
        | Wake::Books { .. } => true,
        Wake::PlannedStart | Wake::FinalGap { .. } | Wake::Unbooked { .. } | Wake::Forget | Wake::DispositionDue { .. } => false,
    }
}

/// Whether the entity as it stands would do something if the alarm rang at its time.
fn still_changes(told: &Told, alarm: &Alarm<'_>, book: &Book) -> bool {
    let context = Context { now: alarm.at, book, incarnation: alarm.intent.incarnation, unreached: &ALL_REACHED };
    let body = Body::Woken { intent: alarm.intent, wake: alarm.wake.clone(), at: Some(alarm.at) };
    let envelope = Envelope::ours(alarm.intent.mail_key().as_str(), alarm.at);
    let input = Input { to: Address::Entity(alarm.intent.entity), envelope, body };
    let (step, _) = kernel::take(&mut told.state.clone(), &input, &context);
    step.is_some()
}
