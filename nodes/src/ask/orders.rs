//! The list of orders: first what needs a look, then what is late, then what runs, what comes, and what is over. Put in order by
//! the rows of the indexes, which are read no further than a page reaches: only its orders are looked at whole.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use takt_actors::index::{Brief, Due, Index, Lane, Progress, Since};
use takt_actors::region::Region;
use takt_protocol::book::SiteKind;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::name::{Region as RegionName, SiteId};

use super::world::{Cursors, ORDERS, Placed, missing};
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
            Self::Look => &[],
            Self::Late => &[Progress::Coming, Progress::Running],
            Self::Running => &[Progress::Running],
            Self::Coming => &[Progress::Coming],
            Self::Completed => &[Progress::Completed],
            Self::Over => &[Progress::Over],
        }
    }
}

impl Place {
    /// Reads what [`Place`] printed: `2.1764050000000000000.order.eu.1.…`.
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
    /// Whether an order with an exception is wanted; it stands in no lane of its own.
    fn look(&self, brief: &Brief, now: Instant) -> bool {
        let lane = brief.lane();
        let here = self.plant.is_none_or(|plant| brief.plant == Some(plant));
        let late = !self.late || brief.is_late(now);
        here && late && lane.progress != Progress::Over && (!self.unacknowledged || waits(lane))
    }

    /// The lanes in which its orders of a group stand.
    fn lanes(&self, group: Group) -> Vec<Lane> {
        let done = matches!(group, Group::Completed | Group::Over);
        if (self.open && done) || (self.late && group != Group::Late) {
            return Vec::new();
        }
        let lanes = group.progress().iter().flat_map(|progress| [true, false].map(|taken| Lane { progress: *progress, taken }));
        lanes.filter(|lane| !self.unacknowledged || waits(*lane)).collect()
    }
}

/// Whether its plant has yet to take an order of this lane.
fn waits(lane: Lane) -> bool {
    !lane.taken && matches!(lane.progress, Progress::Coming | Progress::Running)
}

impl Reception {
    /// Orders of all regions behind the place `after`, at most `most`, those that matter first.
    pub async fn orders(&self, asked: &v1::OrdersWanted) -> Result<World<OrderRow>, Denied> {
        let after = part::behind(asked.after.as_deref(), |text| Cursors::parse(text, Place::parse))?.unwrap_or_default();
        let (wanted, most) = (self.wanted(asked)?, part::most(asked.most)?);
        let text = |place: Option<Place>| place.map(|place| place.to_string());
        let question = |region| v1::OrdersWanted { after: text(after.after(region)), ..asked.clone() }.encode_to_vec();
        let far = self.gathered::<Placed>(ORDERS, question);
        let (far, as_of) = tokio::join!(far, self.indexed());
        let here = self.places(self.mesh().regions().keys().map(|region| (*region, after.after(*region))), &wanted, most + 1);
        let mut rows: Vec<(Place, Option<OrderRow>)> = here.into_iter().map(|place| (place, None)).collect();
        for (place, row) in far.parts.into_values().flatten() {
            let place = Place::parse(&place).ok_or_else(|| Denied::ours("another region told a place that is none"))?;
            rows.push((place, Some(row)));
        }
        rows.sort_by_key(|(place, _)| *place);
        let missing = missing(&far.fresh);
        let all = self.mesh().regions().keys().copied().chain(self.mesh().all_abroad().into_keys());
        let next = rows.get(most).and_then(|_| rows.get(most - 1)).map(|(last, _)| after.moved(all, &missing, last).to_string());
        rows.truncate(most);
        let mut shown = Vec::with_capacity(rows.len());
        for (place, row) in rows {
            match row {
                Some(row) => shown.push(row),
                None => shown.extend(self.row(place).await?),
            }
        }
        let page = Page { rows: shown, next, as_of: Some(as_of.to_string()) };
        Ok(World { page, regions: self.with_ours(far.fresh, as_of) })
    }

    /// The orders of one region that runs here behind a place, one more than a page has, each with its place.
    pub(super) async fn orders_of(&self, region: RegionName, asked: &v1::OrdersWanted) -> Result<Placed, Denied> {
        let after = part::behind(asked.after.as_deref(), Place::parse)?;
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
    pub(super) fn open_orders(&self, plant: SiteId, now: Instant, most: usize) -> Vec<EntityId> {
        let wanted = Wanted { plant: Some(plant), open: true, ..Wanted::default() };
        let indexes: Vec<&Index> = self.indexes().collect();
        placed(&indexes, &wanted, None, now, most).into_iter().map(|place| place.due.order).collect()
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
    // An order that has an exception, or of which something is in doubt, stands with the others like it, unless it is over.
    let doubtful = indexes.iter().flat_map(|index| index.doubts()).map(|(entity, _)| entity).filter(|entity| entity.kind() == Kind::Order);
    let cases: BTreeSet<EntityId> = indexes.iter().flat_map(|index| index.with_case()).chain(doubtful).collect();
    let mut found = Vec::new();
    for group in GROUPS.into_iter().filter(|group| after.is_none_or(|after| *group >= after.group)) {
        let behind = after.filter(|after| after.group == group).map(|after| after.due);
        let left = most - found.len();
        let mut dues: Vec<Due> = if group == Group::Look {
            let known = cases.iter().filter_map(|order| Some((*order, indexes.iter().find_map(|index| index.brief(*order))?)));
            let looked = known.filter(|(_, brief)| wanted.look(brief, now)).map(|(order, brief)| Due { at_ns: brief.due_ns(), order });
            looked.filter(|due| behind.is_none_or(|behind| *due > behind)).collect()
        } else {
            let stretch = Stretch { group, behind, now, most: left, without: if group == Group::Over { None } else { Some(&cases) } };
            let lanes = wanted.lanes(group);
            indexes.iter().flat_map(|index| lanes.iter().flat_map(|lane| stretch.of(index, wanted.plant, *lane))).collect()
        };
        dues.sort();
        found.extend(dues.into_iter().take(left).map(|due| Place { group, due }));
        if found.len() >= most {
            break;
        }
    }
    found
}

/// A part of a lane.
struct Stretch<'a> {
    group: Group,
    behind: Option<Due>,
    now: Instant,
    most: usize,
    /// Orders that stand elsewhere.
    without: Option<&'a BTreeSet<EntityId>>,
}

impl Stretch<'_> {
    /// Its orders in an index.
    fn of(&self, index: &Index, plant: Option<SiteId>, lane: Lane) -> Vec<Due> {
        let now_ns = self.now.utc_ns();
        // What was due before now is late and stands there; no other group is split by the clock.
        let is_late = self.group == Group::Late;
        let begins = if matches!(self.group, Group::Running | Group::Coming) { Since::Due(now_ns) } else { Since::Start };
        let mut since = self.behind.map_or(begins, Since::Behind);
        let mut found = Vec::new();
        loop {
            let read = index.placed(plant, lane, since, self.most);
            let (Some(last), full) = (read.last().copied(), read.len() == self.most) else { break };
            let here = read.iter().filter(|due| !is_late || due.at_ns < now_ns);
            found.extend(here.filter(|due| self.without.is_none_or(|without| !without.contains(&due.order))));
            if !full || found.len() >= self.most || (is_late && last.at_ns >= now_ns) {
                break;
            }
            since = Since::Behind(last);
        }
        found
    }
}
