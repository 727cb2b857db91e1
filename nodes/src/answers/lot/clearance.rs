//! What may leave, and might: every clearance that a lot gave, and what became of it. Read from its log, because the lot itself
//! forgets what is over.

use takt_protocol::commit::Commit;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::lot;

use super::ClearanceRow;

/// A clearance on its way.
struct Given {
    shipment: EntityId,
    attempt: u32,
    until: Instant,
    ended: Option<&'static str>,
}

/// The clearances that stand in the commits of a lot, oldest first, as they are at `now`.
pub(super) fn given(commits: &[Commit], now: Instant, name: impl Fn(EntityId) -> String) -> Vec<ClearanceRow> {
    let mut all: Vec<Given> = Vec::new();
    for fact in commits.iter().flat_map(|commit| &commit.steps).flat_map(|step| &step.facts) {
        if let Fact::Lot(fact) = fact {
            follow(&mut all, fact);
        }
    }
    all.iter().map(|given| row(given, now, &name)).collect()
}

fn follow(all: &mut Vec<Given>, fact: &lot::Fact) {
    if let lot::Fact::Cleared { shipment, attempt, until } = fact {
        end(all, *shipment, "replaced");
        all.push(Given { shipment: *shipment, attempt: *attempt, until: *until, ended: None });
    }
    if let lot::Fact::ClearanceRevoked { shipment } = fact {
        end(all, *shipment, "taken_back");
    }
    if let lot::Fact::Departed { shipment, .. } = fact {
        end(all, *shipment, "used");
    }
}

fn end(all: &mut [Given], shipment: EntityId, how: &'static str) {
    let open = all.iter_mut().filter(|given| given.shipment == shipment && given.ended.is_none());
    open.for_each(|given| given.ended = Some(how));
}

fn row(given: &Given, now: Instant, name: &impl Fn(EntityId) -> String) -> ClearanceRow {
    let (number, shipment) = (name(given.shipment), given.shipment.to_string());
    let still = if now > given.until { "expired" } else { "open" };
    ClearanceRow {
        delivery: Some(number).filter(|number| *number != shipment),
        shipment,
        attempt: given.attempt,
        until: given.until.to_string(),
        state: given.ended.unwrap_or(still).to_owned(),
    }
}
