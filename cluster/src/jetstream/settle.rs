//! What became of an append that was not plainly acknowledged. The leader's log is the witness: what stands behind the fence
//! is ours when it carries our id, and somebody else's otherwise; while nothing stands there the same bytes are sent again
//! under the same fence, so that of all tries, late ones too, at most one is ever kept.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::api::{Api, ID, Item, stored};
use super::committer::{Job, headers};
use super::fault::Fault;
use super::reads;
use crate::seam::Appended;

/// The pause after a first try, and the longest.
const PAUSE: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// The outcome, in the time that the append still has.
pub(super) async fn settle(api: &Api, stream: &str, job: &Job, mut fault: Fault, settlers: &Semaphore) -> Appended {
    let mut pause = PAUSE;
    loop {
        if let Fault::Refused(_) | Fault::Full = &fault {
            tracing::error!(entity = %job.append.entity, ?fault, "the servers refused an append");
        }
        // The leader still has a subject in process for a moment after it acknowledged the message before.
        api.clock.sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
        if api.clock.elapsed() >= job.until {
            return Appended::Unknown;
        }
        let Ok(_one_of_few) = settlers.acquire().await else { return Appended::Unknown };
        match stands(api, stream, job, &fault).await {
            Ok(Some(outcome)) => return outcome,
            Ok(None) => {}
            Err(unread) => {
                fault = unread;
                continue;
            }
        }
        let item = Item { subject: job.subject.clone(), headers: headers(job), bytes: job.append.bytes.clone() };
        match api.ask(item.subject, item.headers, item.bytes).await.and_then(|answer| stored(&answer)) {
            Ok(sequence) => return Appended::Committed { sequence },
            Err(next) => fault = next,
        }
    }
}

/// What stands behind the fence, by the leader; `None` while nothing does and the append may still be made.
async fn stands(api: &Api, stream: &str, job: &Job, fault: &Fault) -> Result<Option<Appended>, Fault> {
    let after = job.append.after;
    let next = match after.checked_add(1) {
        Some(from) => reads::next(api, stream, &job.subject, from).await?,
        None => None,
    };
    if let Some(next) = &next
        && next.header(ID) == Some(&job.id)
    {
        return Ok(Some(Appended::Committed { sequence: next.sequence }));
    }
    if next.is_none() && *fault != Fault::Fence {
        return Ok(None);
    }
    let last = reads::last(api, stream, &job.subject).await?.map_or(0, |last| last.sequence);
    // A fence before the log's end was overtaken; one beyond it names a message that is not there.
    Ok((last != after).then_some(Appended::Conflict { last }))
}
