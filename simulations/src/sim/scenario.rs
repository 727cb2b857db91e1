//! Scenarios as data: how much work there is, what is a little wrong all the time, and what goes wrong at which minute.

use takt_protocol::book::SiteKind;

use crate::world::habits::Habit;

/// A scenario.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called at the command line.
    pub name: &'static str,
    /// What it is about, in a line.
    pub about: &'static str,
    /// When it begins.
    pub begins: &'static str,
    /// For how many hours people work and things go wrong; then all is healed.
    pub hours: u64,
    /// Minutes between two orders of a plant.
    pub order_every_min: u64,
    /// Pieces of an order, at most.
    pub pieces_max: u64,
    /// Minutes between two questions of quality about a lot that is on its way; 0 for none.
    pub hold_every_min: u64,
    /// What is a little wrong all the time.
    pub odds: Odds,
    /// What happens when.
    pub blows: &'static [Blow],
    /// What must have taken effect at the end, or the run proves nothing: names as they stand in the account.
    pub must: &'static [&'static str],
}

/// What is a little wrong all the time. Each number is one in so many; 0 is never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Odds {
    /// Requests to a system that are not heard.
    pub request_lost: u64,
    /// Answers of a system that are lost after the effect.
    pub answer_lost: u64,
    /// Requests that are heard after everybody gave up on them.
    pub heard_late: u64,
    /// Messages of a system that are not heard.
    pub message_lost: u64,
    /// Messages whose acknowledgement is lost.
    pub acknowledgement_lost: u64,
    /// Messages that come a second time, up to ten minutes later.
    pub told_twice: u64,
    /// Operations of an engine that are lost, late, or lose their answer.
    pub engine_trouble: u64,
    /// Operations of an engine at which the node dies.
    pub crash: u64,
    /// Chance in a thousand that a message of a system overtakes others, or that an answer is slow.
    pub habits_per_mille: u32,
}

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub struct Blow {
    /// So many minutes after the begin.
    pub at_min: u64,
    /// For so long.
    pub lasts_min: u64,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// A region is cut off from the others, and from all systems that are not its own.
    WanCut,
    /// The systems of a kind do not answer and say nothing.
    Down(SiteKind),
    /// The systems of a kind have bad habits: which, and in how many of a thousand cases.
    Habits(SiteKind, &'static [(Habit, u32)]),
    /// A region has no node.
    NodeLost,
    /// A region is cut off, and its node is started again and again meanwhile.
    RebootedOffline,
    /// The region of the first plant is cut off, and it is counted how it comes through.
    PlantCut,
    /// The clock of a region is wrong: so far ahead, and so much too fast from then on, in parts of a million.
    WrongClock {
        /// How far ahead, in ms.
        ahead_ms: i64,
        /// How much too fast.
        drift_ppm: i64,
    },
    /// The disk under a region's engine.
    Disk(Disk),
    /// Counts are corrected at every plant.
    Corrections,
    /// The ERPs close the month.
    PeriodClosed,
    /// The ERPs take no goods postings, and somebody posts by hand what waits.
    PostedByHand,
}

/// What can be wrong with the disk under an engine, or with the servers that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// Nothing can be written.
    Full,
    /// Everything takes long.
    Slow,
    /// Nothing can be written nor read.
    Gone,
}

/// A little of everything.
const ROUGH: Odds = Odds {
    request_lost: 60,
    answer_lost: 60,
    heard_late: 90,
    message_lost: 80,
    acknowledgement_lost: 60,
    told_twice: 60,
    engine_trouble: 2_500,
    crash: 40_000,
    habits_per_mille: 10,
};

/// Duplicate and reordered everything.
pub(super) const WILD: Odds = Odds {
    request_lost: 20,
    answer_lost: 15,
    heard_late: 30,
    message_lost: 20,
    acknowledgement_lost: 8,
    told_twice: 4,
    engine_trouble: 600,
    crash: 9_000,
    habits_per_mille: 120,
};

const MONDAY: &str = "2026-11-23T06:00:00+01:00";

/// What all have in common, but for what they say.
pub(super) const ORDINARY: Scenario = Scenario {
    name: "ordinary-day",
    about: "a day on which a little of everything goes wrong",
    begins: MONDAY,
    hours: 10,
    order_every_min: 150,
    pieces_max: 30,
    hold_every_min: 240,
    odds: ROUGH,
    blows: &[blow(200, 1, What::NodeLost)],
    must: &["node died", "answer lost", "acknowledgement lost", "told twice", "held"],
};

const fn blow(at_min: u64, lasts_min: u64, what: What) -> Blow {
    Blow { at_min, lasts_min, what }
}

/// All scenarios.
pub const ALL: [Scenario; 19] = [
    ORDINARY,
    Scenario {
        name: "wan-cut",
        about: "a region is cut off from the others for hours, twice",
        blows: &[blow(60, 180, What::WanCut), blow(360, 120, What::WanCut)],
        must: &["no way", "road closed"],
        ..ORDINARY
    },
    Scenario {
        name: "erp-weekend",
        about: "the ERPs are down from Saturday to Monday while plants work on",
        begins: "2026-11-27T18:00:00+01:00",
        hours: 62,
        order_every_min: 600,
        hold_every_min: 900,
        blows: &[blow(240, 2_880, What::Down(SiteKind::Erp))],
        must: &["no way"],
        ..ORDINARY
    },
    Scenario {
        name: "retry-storm",
        about: "systems answer 429 and 503 and lock records, for hours",
        blows: &[
            blow(
                60,
                150,
                What::Habits(
                    SiteKind::Erp,
                    &[(Habit::TooManyRequests, 400), (Habit::Unavailable, 300), (Habit::Locked, 150), (Habit::GatewayTimeout, 60)],
                ),
            ),
            blow(120, 150, What::Habits(SiteKind::Plant, &[(Habit::Unavailable, 500), (Habit::TooManyRequests, 200)])),
            blow(180, 150, What::Habits(SiteKind::Warehouse, &[(Habit::TooManyRequests, 500), (Habit::LostReply, 100)])),
        ],
        must: &["too_many_requests", "unavailable"],
        ..ORDINARY
    },
    Scenario {
        name: "hold-race",
        about: "quality asks about lots while their trucks are packed",
        hours: 6,
        order_every_min: 100,
        hold_every_min: 25,
        // A warehouse that is slow to take the block shows whether the hold waits for it.
        blows: &[
            blow(90, 60, What::Habits(SiteKind::Warehouse, &[(Habit::Unavailable, 850)])),
            blow(240, 60, What::Habits(SiteKind::Warehouse, &[(Habit::Unavailable, 850)])),
            blow(330, 25, What::Habits(SiteKind::Warehouse, &[(Habit::TooManyRequests, 850)])),
        ],
        must: &["held", "unavailable"],
        ..ORDINARY
    },
    Scenario {
        name: "posted-by-hand",
        about: "the ERPs take no postings for a while, and somebody posts by hand what may be under way",
        blows: &[blow(60, 60, What::PostedByHand), blow(240, 60, What::PostedByHand)],
        must: &["posted_by_hand"],
        ..ORDINARY
    },
    Scenario {
        name: "node-lost",
        about: "regions lose their node, for minutes and for hours",
        blows: &[blow(45, 20, What::NodeLost), blow(150, 120, What::NodeLost), blow(200, 30, What::NodeLost), blow(400, 5, What::NodeLost)],
        must: &["node lost", "door shut"],
        ..ORDINARY
    },
    Scenario {
        name: "everything-twice",
        about: "every message may come twice, late, or in another order, and every answer may be lost",
        hours: 6,
        order_every_min: 120,
        odds: WILD,
        must: &["told twice", "acknowledgement lost", "late_message", "heard late"],
        ..ORDINARY
    },
    Scenario {
        name: "month-end",
        about: "the month ends in the night, and the ERPs close it before all is posted",
        begins: "2026-11-30T16:00:00+01:00",
        hours: 14,
        order_every_min: 120,
        blows: &[
            blow(0, 600, What::Habits(SiteKind::Erp, &[(Habit::Slow, 300), (Habit::Unavailable, 100)])),
            blow(300, 600, What::PeriodClosed),
        ],
        must: &["period closed"],
        ..ORDINARY
    },
    Scenario {
        name: "hold-unanswered",
        about: "quality asks about lots again and again while their warehouse takes no block for hours",
        hours: 8,
        order_every_min: 60,
        hold_every_min: 12,
        blows: &[
            blow(80, 130, What::Habits(SiteKind::Warehouse, &[(Habit::Unavailable, 1_000)])),
            blow(270, 130, What::Habits(SiteKind::Warehouse, &[(Habit::Unavailable, 1_000)])),
        ],
        must: &["held", "unavailable"],
        ..ORDINARY
    },
    Scenario {
        name: "correction-storm",
        about: "plants count again and correct what they reported",
        hours: 6,
        order_every_min: 60,
        blows: &[blow(30, 300, What::Corrections)],
        must: &["count_corrected", "told twice"],
        ..ORDINARY
    },
    Scenario {
        name: "wrong-clock",
        about: "the clock of a region is ahead, then one is behind, then one runs too fast",
        blows: &[
            blow(60, 120, What::WrongClock { ahead_ms: 420_000, drift_ppm: 0 }),
            blow(200, 120, What::WrongClock { ahead_ms: -300_000, drift_ppm: 0 }),
            blow(340, 200, What::WrongClock { ahead_ms: 2_000, drift_ppm: 2_000 }),
        ],
        must: &["a clock was wrong"],
        ..ORDINARY
    },
    Scenario {
        name: "full-disk",
        about: "the disk of a region is full, for minutes and for an hour",
        blows: &[blow(90, 10, What::Disk(Disk::Full)), blow(180, 60, What::Disk(Disk::Full)), blow(400, 20, What::Disk(Disk::Full))],
        must: &["refused by a full disk", "engine: refused"],
        ..ORDINARY
    },
    Scenario {
        name: "slow-disk",
        about: "the disk of a region takes a second for each write",
        blows: &[blow(60, 90, What::Disk(Disk::Slow)), blow(200, 120, What::Disk(Disk::Slow))],
        must: &["waited for a slow disk"],
        ..ORDINARY
    },
    Scenario {
        name: "servers-lost",
        about: "the servers that have a region's log are gone for a while, and the node stands",
        blows: &[blow(70, 5, What::Disk(Disk::Gone)), blow(160, 90, What::Disk(Disk::Gone)), blow(380, 20, What::Disk(Disk::Gone))],
        must: &["refused by servers that are gone", "engine: refused"],
        ..ORDINARY
    },
    Scenario {
        name: "rebooted-offline",
        about: "a region is cut off for hours, and its node is started again three times meanwhile",
        blows: &[blow(60, 200, What::RebootedOffline), blow(330, 120, What::RebootedOffline)],
        must: &["rebooted while offline", "node lost", "no way"],
        ..ORDINARY
    },
    Scenario {
        name: "rate-limits",
        about: "every system lets only some of our requests through, all day",
        blows: &[
            blow(0, 540, What::Habits(SiteKind::Erp, &[(Habit::TooManyRequests, 500)])),
            blow(0, 540, What::Habits(SiteKind::Plant, &[(Habit::TooManyRequests, 500)])),
            blow(0, 540, What::Habits(SiteKind::Warehouse, &[(Habit::TooManyRequests, 500)])),
            blow(0, 540, What::Habits(SiteKind::Quality, &[(Habit::TooManyRequests, 500)])),
        ],
        must: &["too_many_requests"],
        ..ORDINARY
    },
    Scenario {
        name: "clocks-change",
        about: "the night in which an hour comes twice in Europe",
        begins: "2026-10-24T20:00:00+02:00",
        must: &["node died", "told twice"],
        ..ORDINARY
    },
    Scenario {
        name: "shift-change",
        about: "shifts end and begin while systems are slow and nodes die",
        begins: "2026-11-23T12:00:00+01:00",
        order_every_min: 90,
        blows: &[
            blow(100, 40, What::Habits(SiteKind::Erp, &[(Habit::Slow, 500), (Habit::Locked, 200)])),
            blow(118, 4, What::NodeLost),
            blow(580, 40, What::Habits(SiteKind::Erp, &[(Habit::Slow, 500), (Habit::Locked, 200)])),
            blow(598, 4, What::NodeLost),
        ],
        hours: 11,
        must: &["node lost", "locked"],
        ..ORDINARY
    },
];

/// The scenario of a name.
pub fn named(name: &str) -> Option<&'static Scenario> {
    const { &ALL }.iter().find(|scenario| scenario.name == name)
}
