//! What the warehouse of a shipment answers to what it was told. That it must not leave is in force here all the same; but a
//! warehouse that did not take it may load on, and one that did not take the end of it lets goods stand: both are shown until it
//! takes the same the next time.

use super::Stage;
use super::decide::Turn;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::Effect;
use crate::name::SiteId;
use crate::outbox::{OutboxFact, Outcome};

/// What it was told, in a sentence about its refusal; who acts on that, and how.
struct Told {
    refused: &'static str,
    owner: &'static str,
    remedy: &'static str,
    /// Whether it hurts at once, and not only when the shipment is to leave.
    now: bool,
}

const BLOCK: Told = Told {
    refused: "did not block",
    owner: "quality",
    remedy: "call the warehouse and have the loading stopped by hand; whatever holds it is in force all the same",
    now: true,
};
const UNBLOCK: Told = Told {
    refused: "did not free",
    owner: "planning",
    remedy: "have the warehouse free it by hand: nothing holds it here any more",
    now: false,
};
const NO: Told = Told {
    refused: "did not take back that it may load and send off",
    owner: "quality",
    remedy: "call the warehouse and have it stopped at the dock: it may not leave",
    now: true,
};
const YES: Told = Told {
    refused: "did not take that it may send off",
    owner: "planning",
    remedy: "find out why, and have the warehouse ask for the departure again",
    now: false,
};

impl Turn<'_, '_> {
    /// An errand for the warehouse went on.
    pub(super) fn warehouse_answered(&mut self, warehouse: SiteId, effect: &Effect, step: &OutboxFact) {
        let Some(told) = told(effect) else { return };
        if forbids(effect) && matches!(step, OutboxFact::Settled(Outcome::Accepted(_) | Outcome::Adopted { .. })) {
            self.knows_that_it_is_over();
        }
        let (shipment, now) = (self.shipment, self.context.now);
        self.draft.show_refusal(self.common, &about(warehouse, told), step, |code, text| {
            // What a departure means has cases of its own.
            if shipment.stage == Stage::Departed {
                return None;
            }
            let number = shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default();
            let what = format!("{warehouse} {} {number}: {code} {text}", told.refused);
            let offers = vec![Proposal::Do(told.remedy.to_owned()), Proposal::Acknowledge];
            let at = shipment.planned.filter(|_| !told.now).unwrap_or(now);
            Some(NewCase::new(CaseKind::Discrepancy, told.owner, what).impact(at).offers(offers))
        });
    }

    /// It is gone: what its warehouse did not take before needs nobody any more.
    pub(super) fn close_refusals(&mut self) {
        let Some(warehouse) = self.shipment.warehouse else { return };
        for told in [BLOCK, UNBLOCK, NO, YES] {
            self.draft.close_about(self.common, &CaseKind::Discrepancy, &about(warehouse, &told), "it has left");
        }
    }
}

/// Which of these an errand is; nothing for others.
fn told(effect: &Effect) -> Option<&'static Told> {
    if let Effect::BlockShipment { .. } = effect {
        return Some(&BLOCK);
    }
    if let Effect::UnblockShipment { .. } = effect {
        return Some(&UNBLOCK);
    }
    if let Effect::AnswerDeparture { granted, .. } = effect {
        return Some(if *granted { &YES } else { &NO });
    }
    None
}

/// Whether it says that the shipment may not leave.
fn forbids(effect: &Effect) -> bool {
    matches!(effect, Effect::BlockShipment { .. } | Effect::AnswerDeparture { granted: false, .. })
}

fn about(warehouse: SiteId, told: &Told) -> String {
    format!("{warehouse} {} a shipment", told.refused)
}
