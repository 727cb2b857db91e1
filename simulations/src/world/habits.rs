//! The bad habits of real systems, as switches that can be turned at run time, and a count of how often each took effect.
//!
//! Apart because they are the same for every system. Read and set by `GET` and `PUT /_sim/habits`, counted at
//! `GET /_sim/effects`. Setting replaces the whole list; a habit that a system does not have is refused, and so is a
//! misspelt one:
//!
//! ```json
//! { "lost_reply":  { "next": 1, "matching": "POST /sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV" },
//!   "slow":        { "per_mille": 50, "amount": 800 },
//!   "reject_job":  { "next": 1, "code": "CAPACITY" },
//!   "wrong_clock": { "per_mille": 1000, "amount": -90000 } }
//! ```
//!
//! `next` is for the next so many occasions and counts down; `per_mille` is by chance, 1000 is always. Chance comes from
//! one seeded generator that only moves when it is asked, so the same requests meet the same misfortune again.
//! Never decides what a habit means: that is the system's business.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// One bad habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Habit {
    /// Any: the request vanishes before it has an effect, and the connection breaks.
    LostRequest,
    /// Any: it is done, then the connection breaks without a reply.
    LostReply,
    /// Any: it is done, then a gateway answers 504.
    GatewayTimeout,
    /// Any: 503, nothing done.
    Unavailable,
    /// Any: 429 with `Retry-After: amount` seconds (default 1), nothing done.
    TooManyRequests,
    /// Any: somebody else has the record open; refused in the system's own words, `amount` is the status instead.
    Locked,
    /// Any: answers after `amount` milliseconds.
    Slow,
    /// Any: an answer of success that changed nothing.
    HollowSuccess,
    /// Any: a message goes out twice.
    DuplicateMessage,
    /// Any: a message is held back `amount` milliseconds (default 500) while later ones go ahead.
    LateMessage,
    /// Any: its clock is wrong by `amount` milliseconds.
    WrongClock,
    /// ERP: a confirmation is saved, but `amount` (default 1) of its goods movements fail.
    PartialGoods,
    /// ERP: a request is known again by its `RequestID` for `amount` milliseconds (default six hours).
    RequestIdDedup,
    /// MES: a dispatched job is rejected with `code` (default `CAPACITY`).
    RejectJob,
    /// MES: a PLC starts again at zero, in a new epoch, after a counter report.
    CounterRestart,
    /// WMS: the received quantity differs from the announced one by `amount` (default -1).
    ReceivedDiffers,
    /// WMS, TMS: a truck leaves without clearance.
    DepartsUncleared,
    /// CMMS: a breakdown is told as down, up and down again.
    Flaps,
    /// CMMS: the end of a breakdown is told to nobody.
    ForgetsUp,
    /// TMS: the truck does not come; its appointment is moved by `amount` ms (default an hour).
    NoShow,
    /// TMS: the truck stands at another dock than was told.
    DockChanges,
    /// Planning: a signal changes under its old version, and nobody is told.
    SilentRevision,
    /// Planning: a run moves an open signal by `amount` per mille (default 20).
    Nervous,
    /// Portal: a notice says `amount` (default 2) more than is on the truck.
    ShortShip,
    /// Portal: the packs of a notice come without batch and date.
    BatchMissing,
    /// PLM: a release does not end the revision before it.
    Overlaps,
    /// PLM: a released revision is edited, keeps its name, and nobody is told.
    ChangedInPlace,
    /// File MES: the numbers of its rows begin again with the next file.
    LfdRestart,
    /// File MES: a report file comes again under a number of its own.
    FileAgain,
    /// Analytics: forgets what it knew, and counts what it is told again.
    LosesPlace,
    /// Analytics: counts the first `amount` (default one) of a list, and answers 200.
    HalfBatch,
}

impl Habit {
    /// The habits every system has.
    pub const COMMON: [Self; 11] = [
        Self::LostRequest,
        Self::LostReply,
        Self::GatewayTimeout,
        Self::Unavailable,
        Self::TooManyRequests,
        Self::Locked,
        Self::Slow,
        Self::HollowSuccess,
        Self::DuplicateMessage,
        Self::LateMessage,
        Self::WrongClock,
    ];

    /// The name it has in `/_sim/habits` and `/_sim/effects`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LostRequest => "lost_request",
            Self::LostReply => "lost_reply",
            Self::GatewayTimeout => "gateway_timeout",
            Self::Unavailable => "unavailable",
            Self::TooManyRequests => "too_many_requests",
            Self::Locked => "locked",
            Self::Slow => "slow",
            Self::HollowSuccess => "hollow_success",
            Self::DuplicateMessage => "duplicate_message",
            Self::LateMessage => "late_message",
            Self::WrongClock => "wrong_clock",
            Self::PartialGoods => "partial_goods",
            Self::RequestIdDedup => "request_id_dedup",
            Self::RejectJob => "reject_job",
            Self::CounterRestart => "counter_restart",
            Self::ReceivedDiffers => "received_differs",
            Self::DepartsUncleared => "departs_uncleared",
            Self::Flaps => "flaps",
            Self::ForgetsUp => "forgets_up",
            Self::NoShow => "no_show",
            Self::DockChanges => "dock_changes",
            Self::SilentRevision => "silent_revision",
            Self::Nervous => "nervous",
            Self::ShortShip => "short_ship",
            Self::BatchMissing => "batch_missing",
            Self::Overlaps => "overlaps",
            Self::ChangedInPlace => "changed_in_place",
            Self::LfdRestart => "lfd_restart",
            Self::FileAgain => "file_again",
            Self::LosesPlace => "loses_place",
            Self::HalfBatch => "half_batch",
        }
    }
}

/// How often a habit shows, where, and how strongly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dose {
    /// By chance: 0 is never, 1000 is always.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub per_mille: u32,
    /// On the next so many occasions, counting down.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub next: u32,
    /// Only where this text occurs: in `POST /path` for requests, in the topic for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
    /// How much; the unit is the habit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Which code is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Dose {
    /// On the next so many occasions.
    pub fn next(times: u32) -> Self {
        Self { next: times, ..Self::default() }
    }

    /// Every time.
    pub fn always() -> Self {
        Self { per_mille: 1000, ..Self::default() }
    }

    /// The same with this amount.
    #[must_use]
    pub fn of(mut self, amount: i64) -> Self {
        self.amount = Some(amount);
        self
    }

    /// The same, only where this text occurs.
    #[must_use]
    pub fn at(mut self, matching: &str) -> Self {
        self.matching = Some(matching.to_owned());
        self
    }

    /// The same with this code.
    #[must_use]
    pub fn coded(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    fn reaches(&self, place: &str) -> bool {
        self.matching.as_ref().is_none_or(|text| place.contains(text.as_str()))
    }
}

/// The habits in force, the generator they draw from, and what they did so far.
#[derive(Clone, Debug)]
pub struct Habits {
    doses: BTreeMap<Habit, Dose>,
    effects: BTreeMap<String, u64>,
    chance: ChaCha8Rng,
    moves: u64,
}

impl Habits {
    /// No habit yet; chance from this seed.
    pub fn seeded(seed: u64) -> Self {
        let chance = ChaCha8Rng::seed_from_u64(seed);
        Self { doses: BTreeMap::new(), effects: BTreeMap::new(), chance, moves: 0 }
    }

    /// The doses in force.
    pub fn doses(&self) -> &BTreeMap<Habit, Dose> {
        &self.doses
    }

    /// Puts these doses in force instead of all others.
    pub fn set(&mut self, doses: BTreeMap<Habit, Dose>) {
        self.moves += 1;
        self.doses = doses;
    }

    /// How often each habit, and each rule worth watching, took effect.
    pub fn effects(&self) -> &BTreeMap<String, u64> {
        &self.effects
    }

    /// Rises with every change in here, so that the books know whether a mere reading changed them.
    pub fn moves(&self) -> u64 {
        self.moves
    }

    /// Notes that something took effect.
    pub fn count(&mut self, what: &str) {
        self.moves += 1;
        *self.effects.entry(what.to_owned()).or_default() += 1;
    }

    /// The dose, if the habit shows at this place now. The caller counts it once it has taken effect.
    pub fn shows(&mut self, habit: Habit, place: &str) -> Option<Dose> {
        let dose = self.doses.get_mut(&habit).filter(|dose| dose.reaches(place))?;
        if dose.next > 0 {
            dose.next -= 1;
            self.moves += 1;
            return Some(dose.clone());
        }
        let dose = dose.clone();
        self.draw(dose.per_mille).then_some(dose)
    }

    /// The dose, if the habit shows at this place now, counted at once.
    pub fn takes(&mut self, habit: Habit, place: &str) -> Option<Dose> {
        let dose = self.shows(habit, place)?;
        self.count(habit.name());
        Some(dose)
    }

    fn draw(&mut self, per_mille: u32) -> bool {
        match per_mille {
            0 => false,
            1000.. => true,
            some => {
                self.moves += 1;
                self.chance.next_u32() % 1000 < some
            }
        }
    }
}

#[cfg(test)]
mod tests;
