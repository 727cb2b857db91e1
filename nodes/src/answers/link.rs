//! The roads to regions that run in other processes, as people who keep them open ask for them.

use serde::{Deserialize, Serialize};
use takt_actors::abroad::{Direction, Fill, LinkStanding, Waiting};
use takt_protocol::name::Region;
use utoipa::ToSchema;

/// One direction of a road between two regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkRow {
    /// Where mail comes from.
    pub from: String,
    /// Where it is brought.
    pub to: String,
    /// The region that dials; both directions run over its connection.
    pub dialled_by: String,
    /// The node at the other end that was heard last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Whether signs of life go over it; they do every second.
    pub up: bool,
    /// Since when that is so; absent where no node looks after it just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When the other end was heard last; absent where it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    /// How long the last sign of life took there and back, in µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_us: Option<u64>,
    /// What keeps it closed although the other end is heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Holds and blocks that wait; absent where the end at which they wait did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgent: Option<u64>,
    /// Other mail that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<u64>,
    /// When the oldest of what waits was taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<String>,
    /// Mail that was refused and lies in the dead-letter box of the region where it waited, at most 400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<u64>,
    /// How much of the other mail may wait before no more is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// How full that room is, in hundredths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_percent: Option<u64>,
    /// For how long there is room yet if it goes on as in the last day, in seconds; absent where it does not fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_s: Option<u64>,
    /// `half`, `most` or `full` where the room gets short: from 50, 80 and 100 % on. A full one takes nothing more but holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
    /// The last number of the queue that was brought since whoever brings it runs; 0 for none.
    pub sequence: u64,
    /// How much was brought since then.
    pub brought: u64,
    /// When last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_at: Option<String>,
    /// What went wrong last, where nothing was brought since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_at: Option<String>,
}

/// Both directions of a road, as a region sees it: from there, and to there.
pub fn rows(here: Region, link: &LinkStanding) -> [LinkRow; 2] {
    [row(here, link, (here, link.far), &link.out), row(here, link, (link.far, here), &link.back)]
}

fn row(here: Region, link: &LinkStanding, (from, to): (Region, Region), direction: &Direction) -> LinkRow {
    let (waiting, carried) = (direction.waiting.as_ref(), &direction.carried);
    let error = carried.error.as_ref();
    LinkRow {
        from: from.to_string(),
        to: to.to_string(),
        dialled_by: if link.dials { here } else { link.far }.to_string(),
        node: link.node.clone(),
        up: link.is_up,
        since: link.since.map(|at| at.to_string()),
        heard: link.heard.map(|at| at.to_string()),
        round_trip_us: link.round_trip_us,
        trouble: link.trouble.clone(),
        urgent: waiting.map(|waiting| waiting.urgent),
        other: waiting.map(|waiting| waiting.other),
        oldest: waiting.and_then(|waiting| waiting.oldest).map(|at| at.to_string()),
        dead: waiting.map(|waiting| waiting.dead),
        most: waiting.and_then(|waiting| waiting.most),
        full_percent: waiting.and_then(Waiting::percent),
        lasts_s: waiting.and_then(|waiting| waiting.lasts_s),
        alarm: waiting.and_then(|waiting| alarm(waiting.fill())).map(str::to_owned),
        sequence: carried.sequence,
        brought: carried.count,
        brought_at: carried.at.map(|at| at.to_string()),
        error: error.map(|(_, what)| what.clone()),
        error_at: error.map(|(at, _)| at.to_string()),
    }
}

fn alarm(fill: Fill) -> Option<&'static str> {
    match fill {
        Fill::Room => None,
        Fill::Half => Some("half"),
        Fill::Most => Some("most"),
        Fill::Full => Some("full"),
    }
}
