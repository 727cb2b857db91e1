//! How a road to a region in another process stands, by the signs of life that go over it. A road that was silent for some seconds is
//! down; what waits for it waits, and whoever asks over it hears so at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use takt_cluster::Error;
use takt_protocol::instant::Instant;
use takt_protocol::name::Region;
use tokio::sync::watch;

use super::filling::Filling;
use super::words::{Beat, Beaten, Carried, Fill, Waiting};

/// Without a sign of life for so long, a road is down.
pub(super) const SILENT: Duration = Duration::from_secs(4);

/// For how long a count of what waits counts.
const COUNTED: Duration = Duration::from_secs(2);

/// Which direction of a road, as seen from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toward {
    Them,
    Us,
}

/// A road that is known to be down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Down {
    /// When the other end was heard last; nothing where it never was.
    pub heard: Option<Instant>,
}

/// A road to a region in another process.
pub(crate) struct Link {
    far: Region,
    /// Whether this side dials.
    dials: bool,
    shards: u16,
    state: Mutex<State>,
    open: watch::Sender<bool>,
    /// What the node says that runs it, where that is another one of this region.
    hearsay: Mutex<Option<Hearsay>>,
}

/// How a road stands by the word of another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hearsay {
    /// Whether it is down, and since when nothing was heard over it.
    pub(crate) down: Option<Down>,
}

#[derive(Default)]
struct State {
    /// Since when it is as it is; nothing before the first look.
    since: Option<Instant>,
    heard: Option<Instant>,
    /// The same by our own clock.
    heard_at: Option<Duration>,
    round_trip: Option<Duration>,
    node: Option<String>,
    trouble: Option<String>,
    /// What went to them, and what came to us.
    out: Carried,
    back: Carried,
    /// What waits there for us, by their word.
    theirs: Option<Waiting>,
    /// What waits here for them, and when that was counted.
    ours: Option<(Duration, Waiting)>,
    filling: Filling,
    /// Whether they were restored, and have not been compared with the world outside, by their word.
    reconciling: bool,
}

/// One direction of a road.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Direction {
    /// What waits, where that is known.
    pub waiting: Option<Waiting>,
    /// What was brought.
    pub carried: Carried,
}

/// How a road stands, as one of its ends sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStanding {
    /// The region at the other end.
    pub far: Region,
    /// Whether this end dials.
    pub dials: bool,
    /// The node at the other end that was heard last.
    pub node: Option<String>,
    /// Whether signs of life go over it.
    pub is_up: bool,
    /// Since when that is so; nothing where nobody looked yet.
    pub since: Option<Instant>,
    /// When the other end was heard last.
    pub heard: Option<Instant>,
    /// How long the last sign of life took there and back, in µs.
    pub round_trip_us: Option<u64>,
    /// What keeps it closed although it may be heard.
    pub trouble: Option<String>,
    /// To the other end.
    pub out: Direction,
    /// From the other end.
    pub back: Direction,
}

impl Link {
    pub(crate) fn new(far: Region, dials: bool, shards: u16) -> Self {
        Self { far, dials, shards, state: Mutex::default(), open: watch::Sender::new(false), hearsay: Mutex::default() }
    }

    /// The region at the other end.
    pub(crate) fn far(&self) -> Region {
        self.far
    }

    /// Whether this side dials.
    pub(crate) fn dials(&self) -> bool {
        self.dials
    }

    /// Returns when signs of life go over it.
    pub(crate) async fn open(&self) {
        // The sender is ours, so there is no end of it to meet.
        drop(self.open.subscribe().wait_for(|open| *open).await);
    }

    /// Whether the other end was restored and keeps its ordinary mail, by its last word.
    pub(crate) fn keeps_mail(&self) -> bool {
        self.state().reconciling
    }

    /// Another node runs it, and says this of it; nothing where this one runs it itself.
    pub(crate) fn hear(&self, said: Option<Hearsay>) {
        *self.hearsay.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }

    /// Whether it is known to be down, by whoever runs it.
    pub(crate) fn down(&self) -> Option<Down> {
        if let Some(said) = *self.hearsay.lock().unwrap_or_else(PoisonError::into_inner) {
            return said.down;
        }
        let state = self.state();
        (state.since.is_some() && !*self.open.borrow()).then_some(Down { heard: state.heard })
    }

    /// Mail was brought.
    pub(crate) fn brought(&self, toward: Toward, at: Instant, last: u64, count: usize) {
        let mut state = self.state();
        let carried = state.toward(toward);
        carried.sequence = carried.sequence.max(last);
        carried.count += count as u64;
        (carried.at, carried.error) = (Some(at), None);
    }

    /// Mail could not be brought.
    pub(crate) fn failed(&self, toward: Toward, at: Instant, error: &Error) {
        self.state().toward(toward).error = Some((at, error.to_string()));
    }

    /// What waits here, if it was counted just now.
    pub(super) fn counted(&self, now: Duration) -> Option<Waiting> {
        self.state().ours.clone().filter(|(at, _)| now < *at + COUNTED).map(|(_, waiting)| waiting)
    }

    /// The same, however long ago that was.
    pub(super) fn last_counted(&self) -> Option<Waiting> {
        self.state().ours.clone().map(|(_, waiting)| waiting)
    }

    /// Takes a count in, and says what follows from it: for how long there is room, and an alarm where that gets short.
    pub(super) fn count(&self, now: Duration, mut waiting: Waiting) -> Waiting {
        let mut state = self.state();
        let before = state.ours.as_ref().map_or(Fill::Room, |(_, before)| before.fill());
        waiting.lasts_s = state.filling.lasts(now, &waiting);
        state.ours = Some((now, waiting.clone()));
        drop(state);
        if waiting.fill() > before {
            self.alarm(&waiting);
        }
        waiting
    }

    fn alarm(&self, waiting: &Waiting) {
        let (region, waits, percent, lasts_s) = (self.far, waiting.other, waiting.percent(), waiting.lasts_s);
        match waiting.fill() {
            Fill::Room => {}
            Fill::Half => tracing::warn!(%region, waits, percent, lasts_s, "the room for mail is half full"),
            Fill::Most => tracing::error!(%region, waits, percent, lasts_s, "the room for mail is nearly full"),
            Fill::Full => tracing::error!(%region, waits, "the room for mail is full: nothing more is taken but holds"),
        }
    }

    /// What whoever dials tells of itself.
    pub(super) fn beat(&self, from: Region, node: String, shards: u16, waiting: Option<Waiting>) -> Beat {
        let state = self.state();
        let round_trip_us = state.round_trip.map(micros);
        Beat { from, node, shards, round_trip_us, waiting, brought: state.out.clone(), fetched: state.back.clone() }
    }

    /// A sign of life was answered.
    pub(super) fn answered(&self, now: (Instant, Duration), told: Beaten, took: Duration) {
        let trouble = self.otherwise(told.shards);
        let mut state = self.state();
        (state.round_trip, state.reconciling) = (Some(took), told.reconciling);
        (state.node, state.theirs, state.trouble) = (Some(told.node), told.waiting, trouble);
        drop(state);
        self.heard(now);
    }

    /// Whoever dials gave a sign of life: what it brought came to us, what it fetched went to them.
    pub(super) fn beaten(&self, now: (Instant, Duration), beat: Beat) {
        let trouble = self.otherwise(beat.shards);
        let mut state = self.state();
        state.round_trip = beat.round_trip_us.map(Duration::from_micros);
        (state.back, state.out) = (beat.brought, beat.fetched);
        (state.node, state.theirs, state.trouble) = (Some(beat.node), beat.waiting, trouble);
        drop(state);
        self.heard(now);
    }

    /// Mail for shards that are not there would wait for nobody.
    fn otherwise(&self, shards: u16) -> Option<String> {
        let (far, told) = (self.far, self.shards);
        (shards != told)
            .then(|| format!("region {far} has {shards} shards and the text here says {told}: set `shards` of {far} in regions.yaml alike"))
    }

    fn heard(&self, (now, elapsed): (Instant, Duration)) {
        let mut state = self.state();
        (state.heard, state.heard_at) = (Some(now), Some(elapsed));
        let is_open = state.trouble.is_none();
        self.turn(&mut state, now, is_open);
    }

    /// Looks whether it is silent.
    pub(super) fn look(&self, now: Instant, elapsed: Duration) {
        let mut state = self.state();
        if state.heard_at.is_none_or(|heard| elapsed >= heard + SILENT) {
            self.turn(&mut state, now, false);
        }
    }

    /// Nobody looks any more: another node runs the road.
    pub(super) fn leave(&self) {
        self.state().since = None;
        self.open.send_replace(false);
    }

    fn turn(&self, state: &mut State, now: Instant, is_open: bool) {
        let was = self.open.send_replace(is_open);
        if was == is_open && state.since.is_some() {
            return;
        }
        state.since = Some(now);
        let (region, heard) = (self.far, state.heard.map_or_else(|| "never".to_owned(), |heard| heard.to_string()));
        match (is_open, &state.trouble) {
            (true, _) => tracing::info!(%region, "the road is open"),
            (false, Some(trouble)) => tracing::error!(%region, trouble, "the road is closed; mail waits"),
            (false, None) => tracing::warn!(%region, heard, "the road is down; mail waits"),
        }
    }

    /// How it stands.
    pub(crate) fn standing(&self) -> LinkStanding {
        let state = self.state();
        LinkStanding {
            far: self.far,
            dials: self.dials,
            node: state.node.clone(),
            is_up: *self.open.borrow(),
            since: state.since,
            heard: state.heard,
            round_trip_us: state.round_trip.map(micros),
            trouble: state.trouble.clone(),
            out: Direction { waiting: state.ours.as_ref().map(|(_, waiting)| waiting.clone()), carried: state.out.clone() },
            back: Direction { waiting: state.theirs.clone(), carried: state.back.clone() },
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn toward(&mut self, toward: Toward) -> &mut Carried {
        match toward {
            Toward::Them => &mut self.out,
            Toward::Us => &mut self.back,
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> (Instant, Duration) {
        (Instant::from_utc_ms(i64::try_from(seconds).unwrap() * 1_000), Duration::from_secs(seconds))
    }

    fn told(shards: u16) -> Beaten {
        Beaten { node: "a".to_owned(), shards, waiting: None, reconciling: false }
    }

    #[test]
    fn a_road_is_down_after_some_silence_and_says_since_when_nobody_was_heard() {
        let link = Link::new(Region::parse("eu").unwrap(), true, 16);
        assert_eq!(link.down(), None, "nobody looked yet");
        link.look(at(1).0, at(1).1);
        assert_eq!(link.down(), Some(Down { heard: None }), "nobody was ever heard");
        link.answered(at(2), told(16), Duration::from_millis(3));
        link.look(at(5).0, at(5).1);
        assert_eq!((link.down(), link.standing().since, link.standing().round_trip_us), (None, Some(at(2).0), Some(3_000)));
        link.look(at(6).0, at(6).1);
        assert_eq!((link.down(), link.standing().since), (Some(Down { heard: Some(at(2).0) }), Some(at(6).0)));
    }

    #[test]
    fn a_road_that_another_node_runs_is_down_by_its_word() {
        let link = Link::new(Region::parse("eu").unwrap(), true, 16);
        link.answered(at(2), told(16), Duration::from_millis(3));
        let down = Down { heard: Some(at(2).0) };
        link.hear(Some(Hearsay { down: Some(down) }));
        assert_eq!(link.down(), Some(down), "what this node heard while it ran it is of before");
        link.hear(Some(Hearsay { down: None }));
        link.look(at(9).0, at(9).1);
        assert_eq!(link.down(), None);
        link.hear(None);
        assert!(link.down().is_some(), "it runs it itself now");
    }

    #[test]
    fn a_region_with_other_shards_than_the_text_says_is_heard_and_gets_no_mail() {
        let link = Link::new(Region::parse("eu").unwrap(), true, 8);
        link.answered(at(1), told(16), Duration::ZERO);
        let standing = link.standing();
        assert!(!standing.is_up && standing.trouble.as_ref().unwrap().contains("has 16 shards and the text here says 8"), "{standing:?}");
        assert_eq!(link.down(), Some(Down { heard: Some(at(1).0) }));
    }
}
