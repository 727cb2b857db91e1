//! What the maintenance system of a plant says: which equipment is down, and when it will be stopped. Orders that cannot run
//! as planned because of it are told, each by itself; so are they when it is over.
//!
//! Apart from validation because that asks before an order is sent, and this speaks to orders that were sent long ago. Never
//! stops a line: that is for the plant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Fact, Need, Report, Resolution, Site};
use crate::answer::Answer;
use crate::effect::{Breakdown, Effect};
use crate::envelope::Envelope;
use crate::id::EntityId;
use crate::input::Body;
use crate::instant::Instant;
use crate::intent::Tier;
use crate::kernel::not_owner;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::order::{self, Stop};
use crate::words::EquipmentId;

/// A planned stop of a piece of equipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Which piece.
    pub equipment: EquipmentId,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub to: Instant,
    /// It has begun, and is not over.
    pub running: bool,
}

/// How far a planned stop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowState {
    /// It will come, or comes at another time than was said before.
    Planned,
    /// It has begun.
    Running,
    /// It has ended, or will not come.
    Over,
}

/// What a word of the maintenance system is about; of each, the latest word counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Whether a piece may run.
    State(EquipmentId),
    /// Until when it is calibrated.
    Calibration(EquipmentId),
    /// A planned stop, by its number.
    Stop(NativeId),
}

/// An order that is to run at a plant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// When it should start.
    pub start: Instant,
    /// When it should end.
    pub end: Instant,
    /// What it may run on.
    pub on: BTreeSet<EquipmentId>,
}

impl Plan {
    fn meets(&self, window: &Window) -> bool {
        self.on.contains(&window.equipment) && window.from < self.end && self.start < window.to
    }
}

impl Window {
    fn stop(&self, number: &NativeId) -> Stop {
        let what = format!("maintenance {number}, {} to {}", self.from, self.to);
        Stop { equipment: self.equipment.clone(), cause: number.to_string(), what, from: self.from, to: Some(self.to) }
    }
}

/// The cause of a stop that nobody planned; a planned one is called by its number.
const DOWN: &str = "down";

const DAY_MS: i64 = 24 * 3_600_000;

impl Site {
    /// How long the time of the last word about a planned stop that is over is kept: a word that comes later than that is new.
    pub const STOPS_KEPT_DAYS: i64 = 30;

    /// When the maintenance system last said something of this.
    fn last_word_of(&self, of: &Subject) -> Option<Instant> {
        match of {
            Subject::State(piece) => self.heard.get(piece),
            Subject::Calibration(piece) => self.tested.get(piece),
            Subject::Stop(number) => self.told_of.get(number),
        }
        .copied()
    }

    pub(super) fn hear(&mut self, of: &Subject, at: Instant) {
        match of {
            Subject::State(piece) => drop(self.heard.insert(piece.clone(), at)),
            Subject::Calibration(piece) => drop(self.tested.insert(piece.clone(), at)),
            Subject::Stop(number) => {
                self.told_of.insert(number.clone(), at);
                let oldest = at.utc_ms() - Self::STOPS_KEPT_DAYS * DAY_MS;
                self.told_of.retain(|number, told| told.utc_ms() >= oldest || self.windows.contains_key(number));
            }
        }
    }

    /// A planned stop as it is now; nothing once it is over.
    pub(super) fn know_window(&mut self, number: &NativeId, window: Option<&Window>) {
        match window {
            Some(window) => drop(self.windows.insert(number.clone(), window.clone())),
            None => drop(self.windows.remove(number)),
        }
    }

    /// Why a piece may not run at that time, as far as its state and its planned stops say.
    pub fn hindrance(&self, piece: &EquipmentId, at: Instant) -> Option<String> {
        let stops = |window: &&Window| window.equipment == *piece && (window.running || (window.from <= at && at < window.to));
        let window = || self.windows.values().find(stops).map(|window| format!("maintenance until {}", window.to));
        self.down.get(piece).cloned().or_else(window)
    }

    /// The orders that are to run on a piece that may not run now.
    pub fn affected(&self, now: Instant) -> Vec<EntityId> {
        let stopped = |plan: &Plan| plan.on.iter().any(|piece| self.hindrance(piece, now).is_some());
        self.plans.iter().filter(|(_, plan)| stopped(plan)).map(|(order, _)| *order).collect()
    }
}

impl Turn<'_, '_> {
    /// The maintenance system of this plant, where there is one.
    pub(super) fn maintenance(&self) -> Option<SiteId> {
        let book = self.context.book;
        book.sites.get(&book.site_of(self.draft.me())?)?.around.maintenance
    }

    /// Promise T6: where a maintenance system is configured, only it says which equipment may run. What the plant's own system
    /// sees at a machine is passed on to it; an older word of its own changes nothing, in whatever order its words come. `None`
    /// where the report is to be applied.
    pub(super) fn of_maintenance(&mut self, report: &Report, envelope: &Envelope) -> Option<Answer> {
        let of = match report {
            Report::EquipmentState { equipment, .. } => Subject::State(equipment.clone()),
            Report::Calibrated { equipment, .. } => Subject::Calibration(equipment.clone()),
            Report::MaintenanceWindow { window, .. } => Subject::Stop(window.clone()),
            Report::PlantRecipes { .. } | Report::PlantRecipeList { .. } | Report::Demand(_) => return None,
        };
        let owner = self.maintenance()?;
        let (book, source) = (self.context.book, envelope.key.source);
        if source == owner || !book.sites.contains_key(&source) {
            return self.in_its_order(report, of, envelope.occurred_at);
        }
        match (book.site_of(self.draft.me()), report) {
            (Some(plant), Report::EquipmentState { equipment, available, state }) if plant == source => {
                if !available && !self.site.down.contains_key(equipment) {
                    let breakdown = Breakdown { plant, equipment: equipment.clone(), state: state.clone(), at: envelope.occurred_at };
                    self.draft.ask_site(owner, Tier::PlantCritical, Effect::ReportBreakdown(breakdown));
                }
                Some(Answer::Accepted)
            }
            _ => Some(not_owner(self.draft, source, owner, "which equipment may run")),
        }
    }

    /// Of words about one thing the latest counts, also where it says nothing new: what was said before it, and comes after it, is old.
    fn in_its_order(&mut self, report: &Report, of: Subject, at: Instant) -> Option<Answer> {
        // A clock that is ahead makes no word of tomorrow of one of today.
        let at = at.min(self.context.now);
        let before = self.site.last_word_of(&of);
        if before.is_some_and(|before| before > at) {
            return Some(Answer::Accepted);
        }
        let known = match report {
            Report::EquipmentState { equipment, available, .. } => before.is_some() && self.site.down.contains_key(equipment) != *available,
            Report::Calibrated { .. }
            | Report::MaintenanceWindow { .. }
            | Report::PlantRecipes { .. }
            | Report::PlantRecipeList { .. }
            | Report::Demand(_) => false,
        };
        // The fact of a new state has its time.
        if before != Some(at) && (known || !matches!(of, Subject::State(_))) {
            self.note(Fact::Heard { of, at });
        }
        known.then_some(Answer::Accepted)
    }

    /// A piece may run, or may not: what waits for it is looked at, and who is to run on it is told.
    pub(super) fn equipment_changed(&mut self, fact: Fact) {
        if let Fact::Equipment { equipment, available, state, at } = &fact {
            let at = at.unwrap_or(self.context.now);
            let stop = Stop { equipment: equipment.clone(), cause: DOWN.to_owned(), what: state.clone(), from: at, to: None };
            let on_it = |plan: &&Plan| plan.on.contains(equipment);
            let orders: Vec<EntityId> = self.site.plans.iter().filter(|(_, plan)| on_it(plan)).map(|(order, _)| *order).collect();
            self.tell_orders(orders, &stop, *available);
        }
        self.changed(fact);
    }

    /// A planned stop comes, moves, begins or is over.
    pub(super) fn window(&mut self, number: &NativeId, window: &Window, state: WindowState) {
        let before = self.site.windows.get(number).cloned();
        let after = (state != WindowState::Over).then(|| window.clone());
        if before == after {
            return;
        }
        let meets = |window: &Option<Window>| {
            let plans = self.site.plans.iter().filter(|(_, plan)| window.as_ref().is_some_and(|window| plan.meets(window)));
            plans.map(|(order, _)| *order).collect::<Vec<EntityId>>()
        };
        let (was, is) = (meets(&before), meets(&after));
        if let Some(before) = &before {
            let over = was.into_iter().filter(|order| !is.contains(order)).collect();
            self.tell_orders(over, &before.stop(number), true);
        }
        if let Some(after) = &after {
            self.tell_orders(is, &after.stop(number), false);
        }
        self.changed(Fact::Window { number: number.clone(), window: after });
    }

    fn tell_orders(&mut self, orders: Vec<EntityId>, stop: &Stop, over: bool) {
        for order in orders {
            let mail = order::Mail::Equipment { stop: Box::new(stop.clone()), over };
            self.draft.tell(order, Body::Order(order::Input::Mail(mail)));
        }
    }

    /// An order was found to be able to run: it hears from now on of what stops it, and of what is planned to.
    pub(super) fn plan(&mut self, order: EntityId, need: &Need, found: &Resolution) {
        let (Resolution::Resolved(resolved), Some(end), Some(_)) = (found, need.end, self.maintenance()) else { return };
        let on = resolved.operations.iter().flat_map(|operation| operation.equipment.iter().cloned()).collect();
        let plan = Plan { start: need.start, end, on };
        let stops: Vec<Stop> =
            self.site.windows.iter().filter(|(_, window)| plan.meets(window)).map(|(number, window)| window.stop(number)).collect();
        for stop in &stops {
            self.tell_orders(vec![order], stop, false);
        }
        self.note(Fact::Planned { order, plan: Box::new(plan) });
    }

    /// An order is to run at another time: it hears of the planned stops that fall into that, and that others do no longer.
    pub(super) fn moved(&mut self, order: EntityId, start: Instant, end: Instant) {
        let Some(before) = self.site.plans.get(&order).cloned() else { return };
        let after = Plan { start, end, ..before.clone() };
        let told: Vec<(Stop, bool)> = self
            .site
            .windows
            .iter()
            .filter(|(_, window)| before.meets(window) != after.meets(window))
            .map(|(number, window)| (window.stop(number), before.meets(window)))
            .collect();
        self.note(Fact::Planned { order, plan: Box::new(after) });
        for (stop, over) in &told {
            self.tell_orders(vec![order], stop, *over);
        }
    }

    /// An order has run, or never will.
    pub(super) fn finished(&mut self, order: EntityId) {
        if self.site.plans.contains_key(&order) {
            self.note(Fact::Finished(order));
        }
        self.waits_no_more(order);
    }
}
