//! Questions about master data: answered from what the region of the site decides by.

use std::fmt::{self, Display};
use std::sync::Arc;

use futures::future::OptionFuture;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use takt_actors::region::Region;
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::kernel::Own;
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::native::NativeKind;

use super::names::not_heard;
use super::neighbours::{DRIFT, RECORD, RECORDS};
use super::world::{self, Cursors, Merged, Placed, missing};
use super::{Denied, Reception, Sort, field, part, v1};
use crate::answers::Page;
use crate::answers::record::{self, Drift, RecordRow, RecordView};
use crate::answers::world::World;

/// Where a record stands in a list: its site, and its name as it is matched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    of: String,
    name: String,
}

/// Marks that lists of several regions put between places, and how they are written in a name.
const MARKS: [(char, &str); 3] = [('%', "%25"), (';', "%3B"), ('=', "%3D")];

impl world::Place for Place {
    fn parse(text: &str) -> Option<Self> {
        let (of, name) = text.split_once('/')?;
        SiteId::parse(of).ok()?;
        let name = MARKS.iter().rev().fold(name.to_owned(), |name, (mark, written)| name.replace(written, &mark.to_string()));
        Some(Self { of: of.to_owned(), name })
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = MARKS.iter().fold(self.name.clone(), |name, (mark, written)| name.replace(*mark, written));
        write!(f, "{}/{name}", self.of)
    }
}

/// A record that another region is asked for.
#[derive(Serialize, Deserialize)]
pub(super) struct RecordAsked {
    kind: String,
    name: String,
    site: Option<SiteId>,
}

/// The kinds of master data, as people write them.
const KINDS: [(&str, NativeKind); 4] = [
    ("material", NativeKind::Material),
    ("recipe", NativeKind::Recipe),
    ("equipment", NativeKind::Equipment),
    ("calendar", NativeKind::Calendar),
];

impl Reception {
    /// Records of a kind in all regions, after `after`, at most `most`; of one site, if it is named.
    pub async fn records(&self, asked: &v1::RecordsQuestion) -> Result<World<RecordRow>, Denied> {
        let (after, most): (Cursors<Place>, usize) = (Cursors::behind(asked.after.as_deref())?, part::most(asked.most)?);
        let (kind, of) = self.shelf(asked)?;
        let question = |region| v1::RecordsQuestion { after: after.text(region), ..asked.clone() }.encode_to_vec();
        let far = self.gathered::<Placed<RecordRow>>(RECORDS, question);
        let (far, as_of) = tokio::join!(far, self.indexed());
        let regions = self.mesh().regions().values();
        let here = regions.flat_map(|here| self.stated(here, (kind, of), after.after(here.node().region).as_ref(), most + 1));
        let here: Vec<_> = here.map(|(place, row)| (place, Some(row))).collect();
        let regions = self.with_ours(far.fresh.clone(), as_of);
        let Merged { rows, next } = self.merged(here, far, &after, most)?;
        let rows = rows.into_iter().filter_map(|(_, row)| row).collect();
        Ok(World { page: Page { rows, next, as_of: Some(as_of.to_string()) }, regions })
    }

    /// The records of one region that runs here, one more than a page has, each with its place.
    pub(super) fn records_of(&self, region: RegionName, asked: &v1::RecordsQuestion) -> Result<Placed<RecordRow>, Denied> {
        let (after, most): (Cursors<Place>, usize) = (Cursors::behind(asked.after.as_deref())?, part::most(asked.most)?);
        let shelf = self.shelf(asked)?;
        let here = self.mesh().regions().get(&region).into_iter();
        let rows = here.flat_map(|here| self.stated(here, shelf, after.after(region).as_ref(), most + 1));
        Ok(rows.map(|(place, row)| (place.to_string(), row)).collect())
    }

    fn shelf(&self, asked: &v1::RecordsQuestion) -> Result<(NativeKind, Option<SiteId>), Denied> {
        let kind = native(&asked.kind)?;
        let of = field::maybe("of", asked.of.as_ref(), SiteId::parse)?;
        if let Some(of) = of {
            self.configured(of, "of")?;
        }
        Ok((kind, of))
    }

    /// Records of the sites of a region. A record is listed where it is at home; copies of it elsewhere are no records of their own.
    fn stated(
        &self,
        here: &Region,
        (kind, of): (NativeKind, Option<SiteId>),
        after: Option<&Place>,
        most: usize,
    ) -> Vec<(Place, RecordRow)> {
        let (region, book, now) = (here.node().region, here.node().book(), self.mesh().clock().now());
        let mut rows: Vec<(Place, RecordRow)> = Vec::new();
        let wanted = |site: &SiteId| of.is_none_or(|of| of == *site) && after.is_none_or(|after| site.as_str() >= after.of.as_str());
        for (site, it) in book.sites.iter().filter(|(site, it)| it.region == region && wanted(site)) {
            let name = after.filter(|after| after.of == site.as_str()).map_or("", |after| after.name.as_str());
            let today = it.calendar.date(now);
            let found = book
                .data
                .after(*site, kind, name)
                .filter_map(|(name, found)| Some((Place { of: site.to_string(), name: name.to_owned() }, record::row(found, today)?)));
            rows.extend(found.take(most - rows.len()));
        }
        rows
    }

    /// A record, by its kind and its name, as `name@site` or alone where only one site has it.
    pub async fn record(&self, kind: &str, id: &str) -> Result<RecordView, Denied> {
        let native = native(kind)?;
        self.indexed().await;
        let (name, site) = match id.rsplit_once('@') {
            Some((name, site)) => (name, Some(field::word("id", site, SiteId::parse)?)),
            None => (id, None),
        };
        let asked = RecordAsked { kind: kind.to_owned(), name: name.to_owned(), site };
        let question = serde_json::to_vec(&asked).map_err(|_| Denied::ours("a question cannot be written down"))?;
        let far = self.gathered::<Vec<RecordView>>(RECORD, |_| question.clone()).await;
        let here = self.mesh().regions().keys().flat_map(|region| self.record_of(*region, &asked));
        let mut found: Vec<RecordView> = here.chain(far.parts.into_values().flatten()).collect();
        match (found.len(), found.pop()) {
            (1, Some(view)) => Ok(view),
            (_, None) => match missing(&far.fresh).into_iter().map(|region| region.to_string()).collect::<Vec<_>>() {
                silent if silent.is_empty() => Err(self.unstated((kind, native), name, site)),
                silent => Err(not_heard(&format!("no {kind} `{}` is known here", name.escape_debug()), &silent).at("id")),
            },
            (many, Some(last)) => {
                found.push(last);
                let choices = found.iter().map(|view| format!("{name}@{}", view.row.of));
                let message = format!("{many} sites have a {kind} `{}`", name.escape_debug());
                Err(Denied::new(Sort::Conflict, "AMBIGUOUS", message, "send one of the choices").at("id").choose(choices))
            }
        }
    }

    /// What the sites at home in one region that runs here have under a name.
    pub(super) fn record_of(&self, region: RegionName, asked: &RecordAsked) -> Vec<RecordView> {
        let Some(here) = self.mesh().regions().get(&region) else { return Vec::new() };
        let (Ok(native), book, now) = (native(&asked.kind), here.node().book(), self.mesh().clock().now()) else { return Vec::new() };
        let homes = book.sites.iter().filter(|(of, it)| it.region == region && asked.site.is_none_or(|site| site == **of));
        homes.filter_map(|(of, it)| record::view(book.data.get(*of, native, &asked.name)?, it.calendar.date(now))).collect()
    }

    /// Where a plant's own system has other recipes than its master data.
    pub async fn drift(&self, plant: &str) -> Result<Drift, Denied> {
        let plant = field::site(&self.mesh().book(), "id", plant, SiteKind::Plant)?;
        let home = self.mesh().book().sites.get(&plant).map(|site| site.region);
        // What is expected of it stands in the master data of its own region.
        if let Some(drift) = OptionFuture::from(home.map(|home| self.told_there(home, DRIFT, plant.as_str()))).await.flatten() {
            return Ok(drift);
        }
        self.indexed().await;
        let book = self.mesh().book_of(plant);
        let entity = book.site_entity(plant).ok_or_else(|| Denied::ours("a configured plant has no entity"))?;
        let state = self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?;
        let Own::Site(site) = &state.own else { return Err(Denied::ours("a plant's entity is no site")) };
        Ok(record::drift(&book, plant, site, self.mesh().clock().now()))
    }
}

impl Reception {
    /// The book by which things at a site are decided; of a site that nobody knows, the mesh's own.
    pub(super) fn book_at(&self, site: &str) -> Arc<Book> {
        SiteId::parse(site).map_or_else(|_| self.mesh().book(), |site| self.mesh().book_of(site))
    }
}

fn native(kind: &str) -> Result<NativeKind, Denied> {
    KINDS.iter().find(|(word, _)| *word == kind).map(|(_, native)| *native).ok_or_else(|| {
        let message = format!("`{}` is no kind of master data", kind.escape_debug());
        let choices = KINDS.iter().map(|(word, _)| (*word).to_owned());
        Denied::new(Sort::Unprocessable, "SCHEMA", message, "send one of the choices").at("kind").choose(choices)
    })
}
