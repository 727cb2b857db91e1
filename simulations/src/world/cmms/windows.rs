//! Planned stops of assets, from the plan to their end.
//!
//! Apart from breakdowns because these are known before. A window never ends a breakdown, nor the other way round.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exchange::Response;
use super::super::front::{Answered, refusal, unknown};
use super::super::moment::Moment;
use super::super::system::Desk;
use super::{Cmms, Task};

/// A planned stop.
#[derive(Clone, Debug)]
pub(super) struct Window {
    number: String,
    asset: String,
    from: Moment,
    to: Moment,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Planned,
    Running,
    Over,
    Cancelled,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWindow {
    asset: String,
    from: Moment,
    to: Moment,
}

impl Window {
    pub(super) fn view(&self) -> Value {
        let state = match self.stage {
            Stage::Planned => "planned",
            Stage::Running => "running",
            Stage::Over => "over",
            Stage::Cancelled => "cancelled",
        };
        json!({ "window": self.number, "asset": self.asset, "from": self.from, "to": self.to, "state": state })
    }

    fn told(&self) -> Value {
        json!({ "window": self.number, "from": self.from, "to": self.to })
    }

    fn stands(&self) -> bool {
        matches!(self.stage, Stage::Planned | Stage::Running)
    }
}

impl Cmms {
    pub(super) fn plan_window(&mut self, desk: &mut Desk, new: NewWindow) -> Answered {
        self.asset(&new.asset)?;
        if new.to <= new.from || new.to <= desk.now {
            return Err(refusal(400, "bad_window", "it has to end after it begins, and after now"));
        }
        let overlaps = |known: &&Window| known.asset == new.asset && known.stands() && known.from < new.to && new.from < known.to;
        if let Some(other) = self.windows.values().find(overlaps) {
            return Err(refusal(409, "overlaps", other.number.clone()));
        }
        let number = format!("MW-{:06}", self.windows.len() + 1);
        let window = Window { number: number.clone(), asset: new.asset, from: new.from, to: new.to, stage: Stage::Planned };
        let now = desk.now;
        self.tell(desk, &window.asset, "window.planned", now, window.told());
        self.agenda.note(window.from, Task::StartWindow(number.clone()));
        self.agenda.note(window.to, Task::EndWindow(number.clone()));
        let view = window.view();
        self.windows.insert(number, window);
        Ok(Response::json(201, &view))
    }

    pub(super) fn cancel_window(&mut self, desk: &mut Desk, number: &str) -> Answered {
        let window = self.windows.get_mut(number).ok_or_else(|| unknown(number))?;
        match window.stage {
            Stage::Planned => window.stage = Stage::Cancelled,
            Stage::Cancelled => return Ok(Response::empty(204)),
            Stage::Running | Stage::Over => return Err(refusal(409, "begun", number)),
        }
        let (asset, told, now) = (window.asset.clone(), window.told(), desk.now);
        self.tell(desk, &asset, "window.cancelled", now, told);
        Ok(Response::empty(204))
    }

    pub(super) fn start_window(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(window) = self.windows.get_mut(number).filter(|window| window.stage == Stage::Planned) else { return };
        window.stage = Stage::Running;
        let (tag, told) = (window.asset.clone(), window.told());
        if let Some(asset) = self.assets.get_mut(&tag) {
            asset.stopped = Some(number.to_owned());
            asset.since = if asset.down.is_none() { at } else { asset.since };
        }
        self.tell(desk, &tag, "window.started", at, told);
    }

    pub(super) fn end_window(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(window) = self.windows.get_mut(number).filter(|window| window.stage == Stage::Running) else { return };
        window.stage = Stage::Over;
        let (tag, told) = (window.asset.clone(), window.told());
        if let Some(asset) = self.assets.get_mut(&tag) {
            asset.stopped = None;
            asset.since = if asset.down.is_none() { at } else { asset.since };
        }
        self.tell(desk, &tag, "window.ended", at, told);
    }
}
