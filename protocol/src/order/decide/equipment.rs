//! Equipment that the order is to run on may not run, or may again: shown to a planner with what is at stake and when it
//! starts to hurt, and closed by itself when it is over. The line is the plant's to stop.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::input::Body;
use crate::name::SiteId;
use crate::order::{Business, Dispatch, Execution, Fact, Header, Stop};
use crate::site;

impl Turn<'_, '_> {
    /// The maintenance system of a plant, where there is one.
    pub(super) fn maintenance(&self, plant: SiteId) -> Option<SiteId> {
        self.context.book.sites.get(&plant)?.around.maintenance
    }

    /// The plant's site says that a piece stops, or stops no longer.
    pub(super) fn equipment(&mut self, stop: &Stop, over: bool) -> Answer {
        let known = self.order.stops.get(&stop.key());
        if if over { known.is_none() } else { known == Some(stop) } {
            return Answer::Accepted;
        }
        let fact = Fact::Equipment { stop: Box::new(stop.clone()), over };
        let mut after = self.order.clone();
        after.evolve(&fact);
        self.note(fact);
        let runs = matches!(self.order.business, Business::Planned | Business::Created | Business::PartlyReleased | Business::Released);
        let Some((header, (op, stops))) = self.order.header.as_ref().zip(after.stopped()).filter(|_| runs) else {
            self.draft.close_cases(self.common, &CaseKind::EquipmentDown, "the equipment may run again");
            return Answer::Accepted;
        };
        let pieces = stops.iter().map(|stop| format!("{}: {}", stop.equipment, stop.what)).collect::<Vec<_>>().join("; ");
        let what = format!("operation {op} of {} cannot run at {}: {pieces}", header.number, header.plant);
        if self.common.cases.values().any(|case| case.kind == CaseKind::EquipmentDown && case.what == what) {
            return Answer::Accepted;
        }
        let begun = self.order.ops.values().any(|operation| operation.execution != Execution::NotStarted);
        let soonest = if begun { self.context.now } else { header.start };
        let impact = stops.iter().map(|stop| stop.from).max().map_or(soonest, |from| from.max(soonest));
        let done = self.order.processed().and_then(|done| header.total.minus(done).ok());
        let offers = vec![
            Proposal::Do("nothing, if it is repaired in time: this closes by itself when it may run again".into()),
            Proposal::Do("reschedule the order, split it, or have other equipment run it".into()),
            Proposal::Acknowledge,
        ];
        self.draft.close_cases(self.common, &CaseKind::EquipmentDown, "something else is down");
        let named = stops.iter().map(|stop| stop.equipment.to_string()).collect::<Vec<_>>().join(", ");
        let case = NewCase::new(CaseKind::EquipmentDown, "planning", what).because_of(format!("{}: {named} cannot run", header.plant));
        self.draft.open_case(case.stake(done.unwrap_or(header.total)).impact(impact).offers(offers));
        Answer::Accepted
    }

    /// It runs at another time: other planned stops fall into it.
    pub(super) fn moved_on_the_line(&mut self, header: &Header) {
        if self.maintenance(header.plant).is_none() {
            return;
        }
        let moved = site::Mail::Moved { order: self.draft.me(), start: header.start, end: header.end };
        if let Some(site) = self.context.book.site_entity(header.plant) {
            self.draft.tell(site, Body::Site(site::Input::Mail(moved)));
        }
    }

    /// It has run, or never will: its plant's site need not tell it of equipment, nor of what it missed, any more.
    pub(super) fn left_the_line(&mut self) {
        self.draft.close_cases(self.common, &CaseKind::EquipmentDown, "it has run, or never will");
        let waits = matches!(self.order.dispatch, Dispatch::Validating | Dispatch::Invalid { .. });
        let Some(plant) = self.order.plant().filter(|plant| waits || self.maintenance(*plant).is_some()) else { return };
        let order = self.draft.me();
        if let Some(site) = self.context.book.site_entity(plant) {
            self.draft.tell(site, Body::Site(site::Input::Mail(site::Mail::Finished { order })));
        }
    }
}
