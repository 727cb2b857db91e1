//! Loads: what is kept of them, and what others want of them: tender, release, hold, cancel.
//!
//! Apart from the trucks because these are answers, and trucks move by themselves.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exchange::Response;
use super::super::front::{Answered, refusal, shown, unknown};
use super::super::moment::{Moment, Zone};
use super::super::system::Desk;
use super::{Task, Tms};

/// Customs have not cleared it.
const CUSTOMS: &str = "CUSTOMS";

/// Where a load is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Tendered,
    Booked,
    InYard,
    AtDock,
    Asking,
    Released,
    Departed,
    Unplaced,
    Cancelled,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Tendered => "tendered",
            Self::Booked => "booked",
            Self::InYard => "in_yard",
            Self::AtDock => "at_dock",
            Self::Asking => "asking",
            Self::Released => "released",
            Self::Departed => "departed",
            Self::Unplaced => "unplaced",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether its truck stands at a dock.
    pub(super) const fn is_at_dock(self) -> bool {
        matches!(self, Self::AtDock | Self::Asking | Self::Released)
    }
}

/// A load as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLoad {
    pub(super) shipment: String,
    pub(super) yard: String,
    pub(super) pallets: u32,
    #[serde(default)]
    customs: bool,
}

/// One load.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) number: String,
    pub(super) wish: NewLoad,
    pub(super) stage: Stage,
    /// The carriers that declined, and the one that took it.
    pub(super) declined: Vec<String>,
    pub(super) carrier: Option<String>,
    pub(super) appointment: Option<String>,
    pub(super) dock: Option<String>,
    /// Its turn in the yard.
    pub(super) turn: u64,
    pub(super) reasons: BTreeSet<String>,
    pub(super) ask: u32,
    /// Whether the goods are on the truck.
    pub(super) loaded: bool,
    /// The last ask that was answered, and how.
    answered: Option<(u32, bool)>,
}

/// Somebody's answer to a question for departure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    ask: u32,
    #[serde(rename = "release")]
    verdict: Verdict,
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Granted,
    Refused,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

impl Load {
    pub(super) fn view(&self) -> Value {
        json!({
            "load": self.number, "shipment": self.wish.shipment, "yard": self.wish.yard, "pallets": self.wish.pallets,
            "customs": self.wish.customs, "state": self.stage.name(), "carrier": self.carrier, "declined": self.declined,
            "appointment": self.appointment, "dock": self.dock, "reasons": self.reasons, "ask": self.ask,
        })
    }

    /// Its appointment, as people read it.
    pub(super) fn meet(&mut self, zone: &Zone, at: Moment) {
        self.appointment = Some(zone.iso(at));
    }
}

impl Tms {
    /// Takes a load to bring away, once a shipment.
    pub(super) fn tender(&mut self, desk: &mut Desk, wish: NewLoad) -> Answered {
        if !self.yards.contains_key(&wish.yard) {
            return Err(unknown(&wish.yard));
        }
        if wish.shipment.is_empty() || wish.pallets == 0 {
            return Err(refusal(400, "malformed", "a load has a shipment and a pallet"));
        }
        if let Some(known) = self.loads.values().find(|known| known.wish.shipment == wish.shipment) {
            return if known.wish == wish { Ok(shown(&known.view())) } else { Err(refusal(409, "shipment_known", known.number.clone())) };
        }
        let number = format!("L-{:06}", self.loads.len() + 1);
        let reasons = if wish.customs { BTreeSet::from([CUSTOMS.to_owned()]) } else { BTreeSet::new() };
        let load = Load {
            number: number.clone(),
            wish,
            stage: Stage::Tendered,
            declined: Vec::new(),
            carrier: None,
            appointment: None,
            dock: None,
            turn: 0,
            reasons,
            ask: 0,
            loaded: false,
            answered: None,
        };
        let view = load.view();
        self.loads.insert(number.clone(), load);
        self.agenda.note(desk.now.plus_ms(self.pace.book_ms.into()), Task::Book(number));
        Ok(Response::json(201, &view))
    }

    /// Takes the answer to a question for departure.
    pub(super) fn release(&mut self, desk: &mut Desk, number: &str, answer: &Release) -> Answered {
        let load = self.loads.get_mut(number).ok_or_else(|| unknown(number))?;
        let granted = answer.verdict == Verdict::Granted;
        if load.answered == Some((answer.ask, granted)) {
            return Ok(shown(&load.view()));
        }
        if load.stage == Stage::Departed {
            return Err(refusal(409, "departed", number));
        }
        let open = match load.stage {
            Stage::Asking => true,
            // A grant may be taken back until the truck has left.
            Stage::Released => !granted,
            Stage::Tendered | Stage::Booked | Stage::InYard | Stage::AtDock | Stage::Departed | Stage::Unplaced | Stage::Cancelled => false,
        };
        if answer.ask != load.ask || !open {
            return Err(refusal(409, "stale_ask", format!("the last ask is {}", load.ask)));
        }
        load.answered = Some((answer.ask, granted));
        let (after_ms, task) = if granted {
            load.stage = Stage::Released;
            (self.pace.leave_ms, Task::Leave(number.to_owned(), answer.ask))
        } else {
            load.stage = Stage::AtDock;
            (self.pace.ask_again_ms, Task::Ask(number.to_owned()))
        };
        (0..answer.reasons.len()).for_each(|_| desk.habits.count("refused_with_reason"));
        let view = load.view();
        self.agenda.note(desk.now.plus_ms(after_ms.into()), task);
        Ok(shown(&view))
    }

    /// Holds a load; one that was released or asks has to ask again.
    pub(super) fn hold(&mut self, number: &str, reason: Reason) -> Answered {
        let load = self.loads.get_mut(number).ok_or_else(|| unknown(number))?;
        if load.stage == Stage::Departed {
            return Err(refusal(409, "departed", number));
        }
        load.reasons.insert(reason.reason);
        if matches!(load.stage, Stage::Asking | Stage::Released) {
            load.stage = Stage::AtDock;
        }
        Ok(shown(&load.view()))
    }

    /// Takes a reason off; without the last one it asks.
    pub(super) fn unhold(&mut self, desk: &mut Desk, number: &str, reason: &Reason) -> Answered {
        let load = self.loads.get_mut(number).ok_or_else(|| unknown(number))?;
        let gone = load.reasons.remove(&reason.reason);
        if gone && load.reasons.is_empty() && load.stage == Stage::AtDock {
            self.agenda.note(desk.now.plus_ms(self.pace.ask_ms.into()), Task::Ask(number.to_owned()));
        }
        Ok(shown(&load.view()))
    }

    /// Customs have cleared it.
    pub(super) fn customs_clear(&mut self, desk: &mut Desk, number: &str) -> Answered {
        let load = self.load(number)?.clone();
        if !load.reasons.contains(CUSTOMS) {
            return Err(refusal(409, "not_under_customs", number));
        }
        let now = desk.now;
        self.tell(desk, &load, "customs.cleared", now, json!({}));
        self.unhold(desk, number, &Reason { reason: CUSTOMS.to_owned() })
    }

    /// The goods are on the truck: it leaves where it may.
    pub(super) fn loaded(&mut self, desk: &mut Desk, number: &str) -> Answered {
        let load = self.loads.get_mut(number).ok_or_else(|| unknown(number))?;
        load.loaded = true;
        let (view, leave) = (load.view(), Task::Leave(number.to_owned(), load.ask));
        self.agenda.note(desk.now.plus_ms(self.pace.leave_ms.into()), leave);
        Ok(shown(&view))
    }

    /// Gives a load up; its dock is free again.
    pub(super) fn cancel(&mut self, desk: &mut Desk, number: &str) -> Answered {
        let load = self.loads.get_mut(number).ok_or_else(|| unknown(number))?;
        if load.stage == Stage::Departed {
            return Err(refusal(409, "departed", number));
        }
        load.stage = Stage::Cancelled;
        let (view, yard, now) = (load.view(), load.wish.yard.clone(), desk.now);
        self.next_to_dock(desk, &yard, now);
        Ok(shown(&view))
    }
}
