//! The scenarios themselves.

use takt_protocol::book::SiteKind;

use super::{Blow, Disk, Odds, Scenario, What};
use crate::world::habits::Habit;

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
pub(in crate::sim) const WILD: Odds = Odds {
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
pub(in crate::sim) const ORDINARY: Scenario = Scenario {
    name: "ordinary-day",
    about: "a day on which a little of everything goes wrong",
    begins: MONDAY,
    hours: 10,
    order_every_min: 150,
    pieces_max: 30,
    piece_s: 50,
    orders_together: 0,
    sisters: 1,
    hold_every_min: 240,
    lines: false,
    odds: ROUGH,
    blows: &[blow(200, 1, What::NodeLost)],
    must: &["node died", "answer lost", "acknowledgement lost", "told twice", "held"],
};

const fn blow(at_min: u64, lasts_min: u64, what: What) -> Blow {
    Blow { at_min, lasts_min, what }
}

/// All scenarios.
pub const ALL: [Scenario; 30] = [
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
        order_every_min: 60,
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
        name: "servers-unsteady",
        about: "the servers that have a region's log elect a leader again and again, and refuse some of what is read and written",
        order_every_min: 60,
        blows: &[
            blow(50, 60, What::Disk(Disk::Unsteady)),
            blow(180, 60, What::Disk(Disk::Unsteady)),
            blow(330, 60, What::Disk(Disk::Unsteady)),
        ],
        must: &["refused by unsteady servers", "engine: refused"],
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
        name: "synchronised-release",
        about: "every planner asks for twelve orders at the same moment, three times, while systems say that it is too much",
        hours: 8,
        order_every_min: 160,
        orders_together: 12,
        pieces_max: 16,
        blows: &[
            blow(28, 40, What::Habits(SiteKind::Erp, &[(Habit::TooManyRequests, 500), (Habit::Locked, 100)])),
            blow(30, 40, What::Habits(SiteKind::Plant, &[(Habit::TooManyRequests, 500)])),
        ],
        must: &["too_many_requests", "orders released together"],
        ..ORDINARY
    },
    Scenario {
        name: "end-of-batch",
        about: "all orders of every plant end in the same minutes, and their ERPs are slow and lock each other's records then",
        hours: 7,
        order_every_min: 240,
        orders_together: 6,
        pieces_max: 40,
        blows: &[
            blow(50, 60, What::Habits(SiteKind::Erp, &[(Habit::Locked, 400), (Habit::Slow, 300), (Habit::LostReply, 50)])),
            blow(60, 2, What::NodeLost),
            blow(290, 60, What::Habits(SiteKind::Erp, &[(Habit::Locked, 400), (Habit::Slow, 300), (Habit::LostReply, 50)])),
        ],
        must: &["locked", "slow", "orders released together"],
        ..ORDINARY
    },
    Scenario {
        name: "rules-changed",
        about: "posting rules are changed while orders are under way, three times, once with a region cut off",
        order_every_min: 60,
        blows: &[
            blow(90, 0, What::RulesChanged),
            blow(180, 90, What::WanCut),
            blow(200, 0, What::RulesChanged),
            blow(400, 0, What::RulesChanged),
        ],
        must: &["rules changed", "a rule changed in mid-order"],
        ..ORDINARY
    },
    Scenario {
        name: "wan-cut-14-days",
        about: "a region is cut off from the others for two weeks",
        hours: 14 * 24 + 12,
        order_every_min: 1_440,
        hold_every_min: 2_880,
        blows: &[blow(240, 14 * 1_440, What::WanCut)],
        must: &["no way", "road closed"],
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
    Scenario {
        name: "cut-over",
        about: "the orders of every plant go to another ERP from one moment on, with half of what is open confirmed at the old one",
        order_every_min: 120,
        orders_together: 5,
        blows: &[blow(164, 0, What::CutOver), blow(160, 40, What::Habits(SiteKind::Erp, &[(Habit::LostReply, 100), (Habit::Locked, 100)]))],
        must: &["orders half confirmed at the cut-over", "orders at another ERP"],
        ..ORDINARY
    },
    Scenario {
        name: "binary-changed",
        about: "each node in turn is replaced, there and back, by one that can read neither its snapshots nor its views",
        order_every_min: 60,
        blows: &[blow(100, 60, What::OtherBinary), blow(330, 60, What::OtherBinary)],
        must: &["snapshots of another binary", "node lost"],
        ..ORDINARY
    },
    Scenario {
        name: "old-backup",
        about: "a region loses everything and is restored from a backup that is behind; it sends nothing until somebody has compared it",
        hours: 8,
        order_every_min: 60,
        blows: &[blow(120, 0, What::FromBackup { behind_min: 25, reconciling_min: 60 })],
        must: &["restored from a backup", "reconciling, and compared", "forgotten with the region"],
        ..ORDINARY
    },
    Scenario {
        name: "mistakes",
        about: "people ask for what cannot be, ask twice, ask too late; machines break, and plants are closed",
        hours: 8,
        order_every_min: 60,
        blows: &[blow(20, 400, What::Mistakes)],
        must: &["mistakes refused"],
        ..ORDINARY
    },
    Scenario {
        name: "behind-our-back",
        about: "people do at their own systems what they tell nobody, while a region is cut off twice and messages come twice",
        hours: 8,
        order_every_min: 60,
        hold_every_min: 20,
        lines: true,
        odds: Odds { acknowledgement_lost: 12, told_twice: 8, ..ROUGH },
        blows: &[blow(20, 440, What::BehindOurBack), blow(120, 120, What::WanCut), blow(300, 100, What::WanCut)],
        must: &["done behind our back", "deeds refused", "told twice"],
        ..ORDINARY
    },
    Scenario {
        name: "six-plants",
        about: "six plants in three regions with more than a hundred orders each under way for a day, and a little of everything going wrong",
        hours: 24,
        order_every_min: 1_440,
        pieces_max: 6,
        piece_s: 8_000,
        orders_together: 104,
        sisters: 2,
        hold_every_min: 120,
        must: &["node died", "told twice", "orders live at once, six hundred"],
        ..ORDINARY
    },
];
