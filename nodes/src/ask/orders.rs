//! The list of orders: first what needs a look, then what is late, then what runs, what comes, and what is over. Put in order by
//! the rows of the indexes, which are read no further than a page reaches: only its orders are looked at whole.

use std::collections::BTreeMap;

use prost::Message as _;
use takt_actors::index::{Due, Index, Lane, Progress, Since};
use takt_actors::region::Region;
use takt_protocol::book::SiteKind;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::name::{Region as RegionName, SiteId};

use super::neighbours::ORDERS;
use super::world::{self, Cursors, Merged, Placed};
use super::{Denied, Reception, Sort, field, part, v1};
use crate::answers::order::{OrderRow, listed};
use crate::answers::world::World;
use crate::answers::{Page, word_of};

/// Where an order stands in the list: its group, then when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    group: Group,
    due: Due,
}

/// What matters first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Not over, and it has an exception, or something in doubt.
    Look,
    Late,
    Running,
    Coming,
    /// The plant is done with it.
    Completed,
    Over,
}

const GROUPS: [Group; 6] = [Group::Look, Group::Late, Group::Running, Group::Coming, Group::Completed, Group::Over];

impl Group {
    /// How far its orders are; those of the first group may be anywhere but over.
    fn progress(self) -> &'static [Progress] {
        match self {
            Self::Look => &[Progress::Coming, Progress::Running, Progress::Completed],
            Self::Late => &[Progress::Coming, Progress::Running],
            Self::Running => &[Progress::Running],
            Self::Coming => &[Progress::Coming],
            Self::Completed => &[Progress::Completed],
            Self::Over => &[Progress::Over],
        }
    }
}

impl world::Place for Place {
    /// Reads what it printed: `2.1764050000000000000.order.eu.1.…`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let group = GROUPS.get(parts.next()?.parse::<usize>().ok()?)?;
        let due = Due { at_ns: parts.next()?.parse().ok()?, order: EntityId::parse(parts.next()?).ok()? };
        Some(Self { group: *group, due })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.group as u8, self.due.at_ns, self.due.order)
    }
}

/// Which orders are wanted.
#[derive(Clone, Copy, Default)]
struct Wanted {
    plant: Option<SiteId>,
    /// Not those that are over, or completed without an exception.
    open: bool,
    late: bool,
    /// Those that their plant has not taken, and that are not done.
    unacknowledged: bool,
}

impl Wanted {
    /// The lanes in which its orders of a group stand.
    fn lanes(&self, group: Group) -> Vec<Lane> {
        let done = matches!(group, Group::Completed | Group::Over);
        if (self.open && done) || (self.late && !matches!(group, Group::Look | Group::Late)) {
            return Vec::new();
        }
        let look = group == Group::Look;
        let lanes = group.progress().iter().flat_map(|progress| [true, false].map(|taken| Lane { progress: *progress, taken, look }));
        // What is done is not late any more.
        let may_be_late = |lane: &Lane| matches!(lane.progress, Progress::Coming | Progress::Running);
        lanes.filter(|lane| (!self.unacknowledged || waits(*lane)) && (!self.late || may_be_late(lane))).collect()
    }
}

/// Whether its plant has yet to take an order of this lane.
fn waits(lane: Lane) -> bool {
    !lane.taken && matches!(lane.progress, Progress::Coming | Progress::Running)
}

impl Reception {
    /// Orders of all regions behind the place `after`, at most `most`, those that matter first.
    pub async fn orders(&self, asked: &v1::OrdersWanted) -> Result<World<OrderRow>, Denied> {
        let after: Cursors<Place> = Cursors::behind(asked.after.as_deref())?;
        let (wanted, most) = (self.wanted(asked)?, part::most(asked.most)?);
        let question = |region| v1::OrdersWanted { after: after.text(region), ..asked.clone() }.encode_to_vec();
        let far = self.gathered::<Placed<OrderRow>>(ORDERS, question);
        let (far, as_of) = tokio::join!(far, self.indexed());
        let here = self.places(self.mesh().regions().keys().map(|region| (*region, after.after(*region))), &wanted, most + 1);
        let regions = self.with_ours(far.fresh.clone(), as_of);
        let Merged { rows, next } = self.merged(here.into_iter().map(|place| (place, None)), far, &after, most)?;
        let mut shown = Vec::with_capacity(rows.len());
        for (place, row) in rows {
            match row {
                Some(row) => shown.push(row),
                None => shown.extend(self.row(place).await?),
            }
        }
        Ok(World { page: Page { rows: shown, next, as_of: Some(as_of.to_string()) }, regions })
    }

    /// The orders of one region that runs here behind a place, one more than a page has, each with its place.
    pub(super) async fn orders_of(&self, region: RegionName, asked: &v1::OrdersWanted) -> Result<Placed<OrderRow>, Denied> {
        let after = part::behind(asked.after.as_deref(), world::Place::parse)?;
        let (wanted, most) = (self.wanted(asked)?, part::most(asked.most)?);
        let mut rows = Vec::new();
        for place in self.places(std::iter::once((region, after)), &wanted, most + 1) {
            rows.extend(self.row(place).await?.map(|row| (place.to_string(), row)));
        }
        Ok(rows)
    }

    /// The row of an order at home here.
    async fn row(&self, place: Place) -> Result<Option<OrderRow>, Denied> {
        let state = self.mesh().show(place.due.order).await.map_err(|error| Denied::asking(&error))?;
        let Own::Order(order) = &state.own else { return Ok(None) };
        Ok(Some(listed(&state, order, self.mesh().clock().now())))
    }

    /// Where the wanted orders of some regions that run here stand, those of each behind a place of its own.
    fn places(&self, regions: impl Iterator<Item = (RegionName, Option<Place>)>, wanted: &Wanted, most: usize) -> Vec<Place> {
        let now = self.mesh().clock().now();
        let mut by_place: BTreeMap<Option<Place>, Vec<&Index>> = BTreeMap::new();
        for (region, after) in regions {
            by_place.entry(after).or_default().extend(self.mesh().regions().get(&region).map(Region::index));
        }
        let mut found: Vec<Place> = by_place.into_iter().flat_map(|(after, indexes)| placed(&indexes, wanted, after, now, most)).collect();
        found.sort_unstable();
        found.truncate(most);
        found
    }

    fn wanted(&self, asked: &v1::OrdersWanted) -> Result<Wanted, Denied> {
        let plant = field::maybe("plant", asked.plant.as_ref(), SiteId::parse)?;
        if let Some(plant) = plant {
            self.configured_as_a(plant, "plant", SiteKind::Plant)?;
        }
        Ok(Wanted {
            plant,
            open: asked.open.unwrap_or(false),
            late: asked.late.unwrap_or(false),
            unacknowledged: asked.unacknowledged.unwrap_or(false),
        })
    }

    /// The orders of a plant that are not over, those that matter first, at most `most`.
    pub(super) fn open_orders(indexes: &[&Index], plant: SiteId, now: Instant, most: usize) -> Vec<EntityId> {
        let wanted = Wanted { plant: Some(plant), open: true, ..Wanted::default() };
        placed(indexes, &wanted, None, now, most).into_iter().map(|place| place.due.order).collect()
    }

    /// Refuses a site that is not one of this kind, with those that are.
    pub(super) fn configured_as_a(&self, site: SiteId, field: &str, kind: SiteKind) -> Result<(), Denied> {
        self.configured(site, field)?;
        let book = self.mesh().book();
        if book.sites.get(&site).is_some_and(|known| known.kind == kind) {
            return Ok(());
        }
        let choices = book.sites.iter().filter(|(_, known)| known.kind == kind).map(|(name, _)| name.to_string());
        let message = format!("{site} is no {}", word_of(&kind));
        Err(Denied::new(Sort::NotFound, "UNKNOWN", message, "use one of the choices").at(field).choose(choices))
    }

    /// Refuses a site that is not configured, with those that are.
    pub(super) fn configured(&self, site: SiteId, field: &str) -> Result<(), Denied> {
        let book = self.mesh().book();
        if book.sites.contains_key(&site) {
            return Ok(());
        }
        let choices = book.sites.keys().map(ToString::to_string);
        let message = format!("there is no site {site}");
        Err(Denied::new(Sort::NotFound, "UNKNOWN", message, "use the name of a site, such as one of the choices").at(field).choose(choices))
    }
}

/// Where the wanted orders behind `after` stand, at most `most`. Reads the indexes no further than that.
fn placed(indexes: &[&Index], wanted: &Wanted, after: Option<Place>, now: Instant, most: usize) -> Vec<Place> {
    let mut found = Vec::new();
    for group in GROUPS.into_iter().filter(|group| after.is_none_or(|after| *group >= after.group)) {
        let behind = after.filter(|after| after.group == group).map(|after| after.due);
        let left = most - found.len();
        let stretch =
            Stretch { until: (wanted.late || group == Group::Late).then_some(now), since: begins(group, behind, now), most: left };
        let lanes = wanted.lanes(group);
        let mut dues: Vec<Due> =
            indexes.iter().flat_map(|index| lanes.iter().flat_map(|lane| stretch.of(index, wanted.plant, *lane))).collect();
        dues.sort();
        found.extend(dues.into_iter().take(left).map(|due| Place { group, due }));
        if found.len() >= most {
            break;
        }
    }
    found
}

/// Where a group begins: what was due before now is late and stands there; no other group is split by the clock.
fn begins(group: Group, behind: Option<Due>, now: Instant) -> Since {
    let start = if matches!(group, Group::Running | Group::Coming) { Since::Due(now.utc_ns()) } else { Since::Start };
    behind.map_or(start, Since::Behind)
}

/// A part of a lane.
struct Stretch {
    since: Since,
    /// Only what was due before that.
    until: Option<Instant>,
    most: usize,
}

impl Stretch {
    /// Its orders in an index.
    fn of(&self, index: &Index, plant: Option<SiteId>, lane: Lane) -> Vec<Due> {
        let mut read = index.placed(plant, lane, self.since, self.most);
        read.retain(|due| self.until.is_none_or(|until| due.at_ns < until.utc_ns()));
        read
    }
}
