//! The list of orders: first what needs a look, then what is late, then what runs, what comes, and what is over. Put in order by
//! the rows of the indexes, so that only the orders of one page are looked at whole.

use std::collections::BTreeSet;

use takt_actors::index::{Brief, Handover, Index};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;

use super::{Denied, ROWS_MAX, Reception, Sort, field, v1};
use crate::answers::Page;
use crate::answers::order::{OrderRow, listed};

/// Where an order stands in the list: its group, then when it is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    group: Group,
    due_ns: i64,
    order: EntityId,
}

/// What matters first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Not over, and it has an exception.
    Look,
    Late,
    Running,
    Coming,
    /// The plant is done with it.
    Completed,
    Over,
}

const GROUPS: [Group; 6] = [Group::Look, Group::Late, Group::Running, Group::Coming, Group::Completed, Group::Over];

impl Place {
    fn of(order: EntityId, brief: &Brief, has_case: bool, now: Instant) -> Self {
        let group = match brief {
            _ if brief.is_over() => Group::Over,
            _ if has_case => Group::Look,
            _ if brief.is_late(now) => Group::Late,
            _ if brief.completed => Group::Completed,
            _ if brief.started => Group::Running,
            _ => Group::Coming,
        };
        let due = if brief.started { brief.end } else { brief.start };
        Self { group, due_ns: due.map_or(i64::MAX, |due| due.utc_ns()), order }
    }

    /// Reads what [`Place`] printed: `2.1764050000000000000.order.eu.1.…`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let group = GROUPS.get(parts.next()?.parse::<usize>().ok()?)?;
        Some(Self { group: *group, due_ns: parts.next()?.parse().ok()?, order: EntityId::parse(parts.next()?).ok()? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.group as u8, self.due_ns, self.order)
    }
}

impl Reception {
    /// Orders behind the place `after`, at most `most`, those that matter first.
    pub async fn orders(&self, wanted: &v1::OrdersWanted) -> Result<Page<OrderRow>, Denied> {
        let after = wanted.after.as_deref().map(place).transpose()?;
        let plant = field::maybe("plant", wanted.plant.as_ref(), SiteId::parse)?;
        if let Some(plant) = plant {
            self.configured(plant, "plant")?;
        }
        let most = wanted.most.and_then(|most| usize::try_from(most).ok()).unwrap_or(ROWS_MAX).clamp(1, ROWS_MAX);
        let as_of = self.indexed().await;
        let now = self.mesh().clock().now();
        let found = self.placed(now, |brief, has_case| {
            plant.is_none_or(|plant| brief.plant == Some(plant))
                && (!wanted.open.unwrap_or(false) || (!brief.is_over() && (!brief.completed || has_case)))
                && (!wanted.late.unwrap_or(false) || brief.is_late(now))
                && (!wanted.unacknowledged.unwrap_or(false) || !(brief.is_over() || brief.completed || brief.handover == Handover::Taken))
        });
        let page: Vec<&Place> = found.iter().filter(|place| after.as_ref().is_none_or(|after| *place > after)).take(most + 1).collect();
        let next = page.get(most).and_then(|_| page.get(most - 1)).map(ToString::to_string);
        let mut rows = Vec::with_capacity(page.len());
        for place in page.iter().take(most) {
            let state = self.mesh().show(place.order).await.map_err(|error| Denied::asking(&error))?;
            if let Own::Order(order) = &state.own {
                rows.push(listed(&state, order, now));
            }
        }
        Ok(Page { rows, next, as_of: Some(as_of.to_string()) })
    }

    /// The orders of a plant that are not over, those that matter first, at most `most`.
    pub(super) fn open_orders(&self, plant: SiteId, now: Instant, most: usize) -> Vec<EntityId> {
        let found = self.placed(now, |brief, has_case| brief.plant == Some(plant) && !brief.is_over() && (!brief.completed || has_case));
        found.into_iter().take(most).map(|place| place.order).collect()
    }

    /// Every order that is wanted, in its place.
    fn placed(&self, now: Instant, wanted: impl Fn(&Brief, bool) -> bool) -> Vec<Place> {
        let indexes = || self.mesh().regions().values().map(takt_actors::region::Region::index);
        let cases: BTreeSet<EntityId> = indexes().flat_map(Index::cases).map(|open| open.entity).collect();
        let briefs: std::collections::BTreeMap<EntityId, Brief> = indexes().flat_map(Index::briefs).collect();
        // An order of which only a report or a refusal was heard is in no brief, and is listed all the same.
        let all = indexes().flat_map(|index| index.entities(Kind::Order, None, usize::MAX));
        let mut found: Vec<Place> = all
            .filter_map(|order| {
                let brief = briefs.get(&order).cloned().unwrap_or_default();
                let has_case = cases.contains(&order);
                wanted(&brief, has_case).then(|| Place::of(order, &brief, has_case, now))
            })
            .collect();
        found.sort();
        found
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

fn place(text: &str) -> Result<Place, Denied> {
    Place::parse(text).ok_or_else(|| {
        let message = format!("`{}` is no place in the list", text.escape_debug());
        Denied::new(Sort::Unprocessable, "SCHEMA", message, "send what the last part said under `next`").at("after")
    })
}
