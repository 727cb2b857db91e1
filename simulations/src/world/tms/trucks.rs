//! The way of a truck: it is booked, arrives, waits in the yard, goes to a dock, asks, and leaves.
//!
//! Apart from what others want because nobody has to ask for this. It leaves only with the grant of its last ask, and without a
//! reason against it, unless a habit lets it go.

use serde_json::json;

use super::super::habits::Habit;
use super::super::moment::Moment;
use super::super::system::Desk;
use super::loads::{Load, Stage};
use super::{Carrier, Task, Tms};

/// How late a truck is that did not come.
const NO_SHOW_MS: i64 = 3_600_000;

impl Tms {
    /// Asks the carriers in their order.
    pub(super) fn book(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(mut load) = self.take(number, Stage::Tendered) else { return };
        let carriers = self.yards.get(&load.wish.yard).map_or(&[][..], |yard| yard.carriers.as_slice());
        let able = |carrier: &&Carrier| carrier.pallets >= load.wish.pallets;
        let before: Vec<String> = carriers.iter().take_while(|carrier| !able(carrier)).map(|one| one.carrier.clone()).collect();
        let taker = carriers.iter().find(able).map(|one| one.carrier.clone());
        for declined in before {
            self.tell(desk, &load, "carrier.declined", at, json!({ "carrier": declined }));
            load.declined.push(declined);
        }
        if let Some(carrier) = taker {
            let appointment = at.plus_ms(self.pace.arrive_ms.into());
            load.stage = Stage::Booked;
            load.carrier = Some(carrier);
            load.meet(&desk.zone, appointment);
            self.tell(desk, &load, "load.booked", at, json!({ "carrier": load.carrier, "appointment": load.appointment }));
            self.agenda.note(appointment, Task::Arrive(number.to_owned()));
        } else {
            load.stage = Stage::Unplaced;
            self.tell(desk, &load, "load.unplaced", at, json!({}));
        }
        self.loads.insert(number.to_owned(), load);
    }

    /// Comes into the yard, or does not.
    pub(super) fn arrive(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(mut load) = self.take(number, Stage::Booked) else { return };
        let yard = load.wish.yard.clone();
        if let Some(dose) = desk.habits.takes(Habit::NoShow, number) {
            let appointment = at.plus_ms(dose.amount.unwrap_or(NO_SHOW_MS).max(1));
            load.meet(&desk.zone, appointment);
            self.tell(desk, &load, "appointment.moved", at, json!({ "carrier": load.carrier, "appointment": load.appointment }));
            self.agenda.note(appointment, Task::Arrive(number.to_owned()));
        } else {
            load.stage = Stage::InYard;
            load.turn = self.loads.values().map(|other| other.turn).max().unwrap_or(0) + 1;
        }
        self.loads.insert(number.to_owned(), load);
        self.next_to_dock(desk, &yard, at);
    }

    /// Every free dock of a yard takes the truck that waits longest.
    pub(super) fn next_to_dock(&mut self, desk: &mut Desk, yard: &str, at: Moment) {
        let docks = self.yards.get(yard).map_or(Vec::new(), |yard| yard.docks.clone());
        for dock in docks {
            let here = |load: &&Load| load.wish.yard == yard;
            let taken = self.loads.values().filter(here).any(|load| load.stage.is_at_dock() && load.dock.as_ref() == Some(&dock));
            let waiting = self.loads.values().filter(here).filter(|load| load.stage == Stage::InYard).min_by_key(|load| load.turn);
            if let (false, Some(number)) = (taken, waiting.map(|load| load.number.clone())) {
                self.dock(desk, &number, dock, at);
            }
        }
    }

    fn dock(&mut self, desk: &mut Desk, number: &str, dock: String, at: Moment) {
        let Some(mut load) = self.take(number, Stage::InYard) else { return };
        load.stage = Stage::AtDock;
        let others = self.yards.get(&load.wish.yard).into_iter().flat_map(|yard| &yard.docks).find(|other| **other != dock);
        let told = match others {
            Some(other) if desk.habits.takes(Habit::DockChanges, number).is_some() => other.clone(),
            Some(_) | None => dock.clone(),
        };
        load.dock = Some(dock);
        self.tell(desk, &load, "truck.at_dock", at, json!({ "dock": told }));
        self.loads.insert(number.to_owned(), load);
        self.agenda.note(at.plus_ms(self.pace.ask_ms.into()), Task::Ask(number.to_owned()));
    }

    /// Asks whether it may leave; one with a reason against it asks when that is gone.
    pub(super) fn ask(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(mut load) = self.take(number, Stage::AtDock) else { return };
        if load.reasons.is_empty() {
            load.stage = Stage::Asking;
            load.ask += 1;
            self.tell(desk, &load, "departure.asked", at, json!({ "ask": load.ask }));
        }
        let asked = load.stage == Stage::Asking;
        self.loads.insert(number.to_owned(), load);
        if asked && desk.habits.takes(Habit::DepartsUncleared, number).is_some() {
            self.leave(desk, number, None, at);
        }
    }

    /// The truck is gone, and its dock is free.
    pub(super) fn leave(&mut self, desk: &mut Desk, number: &str, ask: Option<u32>, at: Moment) {
        let Some(load) = self.loads.get_mut(number) else { return };
        load.stage = Stage::Departed;
        let load = load.clone();
        self.tell(desk, &load, "load.departed", at, json!({ "ask": ask, "dock": load.dock }));
        self.next_to_dock(desk, &load.wish.yard, at);
    }

    /// The load to work on, if it is in that stage.
    fn take(&self, number: &str, stage: Stage) -> Option<Load> {
        self.loads.get(number).filter(|load| load.stage == stage).cloned()
    }
}
