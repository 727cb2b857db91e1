//! Questions about master data: answered from what the region of the site decides by.

use std::sync::Arc;

use takt_protocol::book::{Book, SiteKind};
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;
use takt_protocol::native::NativeKind;

use super::{Denied, Reception, Sort, field, part};
use crate::answers::Page;
use crate::answers::record::{self, Drift, RecordRow, RecordView};

/// The kinds of master data, as people write them.
const KINDS: [(&str, NativeKind); 4] = [
    ("material", NativeKind::Material),
    ("recipe", NativeKind::Recipe),
    ("equipment", NativeKind::Equipment),
    ("calendar", NativeKind::Calendar),
];

impl Reception {
    /// Records of a kind, after `after`, at most `most`; of one site, if it is named.
    pub async fn records(&self, kind: &str, of: Option<&str>, after: Option<&str>, most: Option<u64>) -> Result<Page<RecordRow>, Denied> {
        let kind = native(kind)?;
        let of = field::maybe("of", of.map(ToOwned::to_owned).as_ref(), SiteId::parse)?;
        if let Some(of) = of {
            self.configured(of, "of")?;
        }
        let most = part::most(most)?;
        let split = |after: &str| after.split_once('/').map(|(of, name)| (of.to_owned(), name.to_owned()));
        let behind = part::behind(after, |after| split(after).filter(|(of, _)| SiteId::parse(of).is_ok()))?;
        let behind = behind.as_ref().map(|(of, name)| (of.as_str(), name.as_str()));
        let (as_of, now) = (self.indexed().await, self.mesh().clock().now());
        // A record is listed where it is at home; copies of it elsewhere are no records of their own.
        let books: Vec<_> = self.mesh().regions().values().map(|region| (region.node().region, region.node().book())).collect();
        let mut homes: Vec<(SiteId, &Book)> = Vec::new();
        for (region, book) in &books {
            let here = book.sites.iter().filter(|(site, it)| it.region == *region && of.is_none_or(|of| of == **site));
            homes.extend(here.map(|(site, _)| (*site, book.as_ref())));
        }
        homes.sort_by_key(|(site, _)| *site);
        let mut rows: Vec<RecordRow> = Vec::new();
        for (site, book) in homes.into_iter().filter(|(site, _)| behind.is_none_or(|(of, _)| site.as_str() >= of)) {
            let name = behind.filter(|(of, _)| site.as_str() == *of).map_or("", |(_, name)| name);
            let today = book.sites.get(&site).map(|it| it.calendar.date(now));
            let found = book.data.after(site, kind, name).filter_map(|(_, found)| record::row(found, today?));
            rows.extend(found.take(most + 1 - rows.len()));
        }
        let next = rows.get(most).and_then(|_| rows.get(most - 1)).map(place);
        rows.truncate(most);
        Ok(Page { rows, next, as_of: Some(as_of.to_string()) })
    }

    /// A record, by its kind and its name, as `name@site` or alone where only one site has it.
    pub async fn record(&self, kind: &str, id: &str) -> Result<RecordView, Denied> {
        let native = native(kind)?;
        self.indexed().await;
        let (name, site) = match id.rsplit_once('@') {
            Some((name, site)) => (name, Some(field::word("id", site, SiteId::parse)?)),
            None => (id, None),
        };
        let mut found: Vec<(SiteId, Arc<Book>)> = Vec::new();
        for region in self.mesh().regions().values() {
            let (home, book) = (region.node().region, region.node().book());
            let here = book.sites.iter().filter(|(of, it)| it.region == home && site.is_none_or(|site| site == **of));
            let known = here.map(|(of, _)| *of).filter(|of| book.data.get(*of, native, name).is_some());
            found.extend(known.map(|of| (of, Arc::clone(&book))).collect::<Vec<_>>());
        }
        match found.as_slice() {
            [(of, book)] => {
                let today = book.sites.get(of).map(|site| site.calendar.date(self.mesh().clock().now()));
                let shown = today.and_then(|today| record::view(book.data.get(*of, native, name)?, today));
                shown.ok_or_else(|| Denied::nobody_knows(kind, "id"))
            }
            [] => Err(self.unstated((kind, native), name, site)),
            several => {
                let choices = several.iter().map(|(of, _)| format!("{name}@{of}"));
                let message = format!("{} sites have a {kind} `{}`", several.len(), name.escape_debug());
                Err(Denied::new(Sort::Conflict, "AMBIGUOUS", message, "send one of the choices").at("id").choose(choices))
            }
        }
    }

    /// Where a plant's own system has other recipes than its master data.
    pub async fn drift(&self, plant: &str) -> Result<Drift, Denied> {
        let plant = field::site(&self.mesh().book(), "id", plant, SiteKind::Plant)?;
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

/// Where a record stands in a list.
fn place(row: &RecordRow) -> String {
    format!("{}/{}", row.of, row.name)
}

fn native(kind: &str) -> Result<NativeKind, Denied> {
    KINDS.iter().find(|(word, _)| *word == kind).map(|(_, native)| *native).ok_or_else(|| {
        let message = format!("`{}` is no kind of master data", kind.escape_debug());
        let choices = KINDS.iter().map(|(word, _)| (*word).to_owned());
        Denied::new(Sort::Unprocessable, "SCHEMA", message, "send one of the choices").at("kind").choose(choices)
    })
}
