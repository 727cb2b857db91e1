//! What a site refuses a while after it took it: a file port takes a file, and moves it aside when it cannot book it. Nobody sends
//! or asks any more by then, so somebody has to look, now and then, for what was settled and is not so there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use takt_protocol::intent::IntentId;
use takt_protocol::native::NativeId;
use takt_protocol::outbox::Claim;

use super::{SiteDesk, errand};
use crate::index::{Evidence, Index};
use crate::link::LateRefusal;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(15);

/// Runs for ever on one site.
pub(crate) async fn run(desk: Arc<SiteDesk>, index: Index) {
    let mut told: BTreeSet<LateRefusal> = BTreeSet::new();
    loop {
        desk.node.seams.clock.sleep(EVERY).await;
        match desk.link.late_refusals().await {
            Ok(found) => {
                told.retain(|known| found.contains(known));
                for one in found {
                    if !told.contains(&one) && tell(&desk, &index, &one).await {
                        told.insert(one);
                    }
                }
            }
            Err(why) => tracing::debug!(site = %desk.site, %why, "what was refused there could not be looked for"),
        }
    }
}

/// Tells what it was about; whether that is known by now. What is under way finds out by itself.
async fn tell(desk: &SiteDesk, index: &Index, refused: &LateRefusal) -> bool {
    let Ok(reference) = NativeId::parse(&refused.reference) else { return true };
    let posted = index.evidence(&reference).into_iter().find(|(what, _)| *what == Evidence::Posting);
    let Some((_, entity)) = posted else { return false };
    let Ok(state) = desk.reach.show(entity).await else { return false };
    let incarnation = desk.node.seams.journal.incarnation();
    let is_it = |number: &u32| IntentId { entity, incarnation, number: *number }.reference().as_str() == refused.reference;
    let Some(number) = (1..state.common.outbox.next_number()).find(is_it) else { return true };
    if state.common.outbox.document(number).is_none() {
        // What is open finds out by itself; what was refused at once is known already.
        return state.common.outbox.get(number).is_none();
    }
    let why = format!("it stands as {}; take it away there when it is settled, or it is told of again at the next start", refused.place);
    errand::claim(desk, IntentId { entity, incarnation, number }, Claim::RefusedLate { why }).await.is_ok()
}
