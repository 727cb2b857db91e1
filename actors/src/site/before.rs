//! What a restored region may do at its sites. While it is reconciling only what reads or blocks goes out; what was recorded before the
//! backup is first made a doubt, so that its site is asked for it, by the reference that it had then.

use std::time::Duration;

use takt_protocol::effect::Effect;
use takt_protocol::intent::{Intent, IntentId};
use takt_protocol::outbox::Class;
use takt_protocol::planted::{self, Bug};

use super::SiteDesk;

/// How long an errand that may not go out waits before it is looked at again.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Whether an errand has to wait. What was recorded before the backup is let through until its site was asked for it.
pub(super) async fn waits(desk: &SiteDesk, intent: IntentId) -> bool {
    if !desk.node.is_reconciling() || planted::is(Bug::SendsUncompared) {
        return false;
    }
    if desk.node.is_from_before(intent) && !desk.node.is_asked(intent) {
        return false;
    }
    let Ok(state) = desk.reach.show(intent.entity).await else { return true };
    match state.common.outbox.get(intent.number).map(|open| &open.intent) {
        Some(Intent::Site { effect, .. }) => !may_go(effect),
        // It is over: its entity says so.
        Some(Intent::Mail { .. } | Intent::Wake { .. }) | None => false,
    }
}

/// What makes nothing that could be there twice: questions, and what stops goods.
fn may_go(effect: &Effect) -> bool {
    effect.only_reads() || matches!(effect, Effect::BlockStock(_) | Effect::BlockShipment { .. })
}

/// Why an errand that may be sent is not: a life that was lost may have done it. Nothing when it may go.
pub(super) fn doubt(desk: &SiteDesk, intent: IntentId, effect: &Effect) -> Option<String> {
    if !desk.node.is_from_before(intent) || effect.only_reads() || desk.node.is_asked(intent) {
        return None;
    }
    if desk.node.book().class(desk.site, effect.verb()) == Class::DedupByKey {
        // It cannot be asked for, and need not be: its site knows it by its key.
        desk.node.was_asked(intent);
    }
    Some("the region was restored from a backup, and may have sent it before it was lost".to_owned())
}
