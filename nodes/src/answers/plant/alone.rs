//! What a plant can do without the other regions: where its orders are decided, which of its systems are at home elsewhere, and how
//! the roads there stand. Says only what is known; how long a spool lasts at tomorrow's rate nobody knows.

use serde::{Deserialize, Serialize};
use takt_protocol::book::Book;
use takt_protocol::name::SiteId;
use utoipa::ToSchema;

use crate::answers::link::LinkRow;

/// What a plant can do without the other regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Autonomy {
    /// The region in which its orders are at home: that of its ERP.
    pub orders_at: String,
    /// Whether that is its own.
    pub decides: bool,
    /// Its systems that are at home in other regions, each as `site (region)`.
    pub elsewhere: Vec<String>,
    /// What goes on while no other region is reached.
    pub works: String,
    /// What waits until they are reached again; empty where nothing does.
    pub stops: String,
    /// The roads between its region and those, each direction for itself; none where all of them run in the process that answers.
    pub roads: Vec<LinkRow>,
}

/// What a plant can do alone; nothing of what is no plant with an ERP.
pub(crate) fn autonomy(book: &Book, plant: SiteId, serving: &[SiteId], roads: &[LinkRow]) -> Option<Autonomy> {
    let site = book.sites.get(&plant)?;
    let (own, orders_at) = (site.region, book.sites.get(&site.erp?)?.region);
    let homes = serving.iter().filter_map(|system| Some((*system, book.sites.get(system)?.region)));
    let elsewhere: Vec<_> = homes.filter(|(_, region)| *region != own).collect();
    let names: Vec<String> = elsewhere.iter().map(|(system, region)| format!("{system} ({region})")).collect();
    let leads = |row: &&LinkRow| {
        let ends = [row.from.as_str(), row.to.as_str()];
        ends.contains(&own.as_str()) && elsewhere.iter().any(|(_, region)| ends.contains(&region.as_str()))
    };
    let decides = orders_at == own;
    let works = if decides {
        "orders, lots, handling units and holds of this plant are decided here"
    } else {
        "what the plant reports is taken here and kept; lots, handling units and holds are decided here"
    };
    let stops = match (decides, names.is_empty()) {
        (false, _) => format!("new orders, releases and postings: orders are decided in {orders_at}"),
        (true, false) => format!("what is meant for {}", names.join(", ")),
        (true, true) => String::new(),
    };
    let roads = roads.iter().filter(leads).cloned().collect();
    Some(Autonomy { orders_at: orders_at.to_string(), decides, elsewhere: names, works: works.to_owned(), stops, roads })
}

/// Samples of a plant's lots that nobody judged yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Samples {
    /// Lots that wait for a verdict or for a sample.
    pub lots: usize,
    /// The samples that wait for a verdict, the oldest first, of the 20 newest of these lots.
    pub open: Vec<SampleRow>,
    /// Lots that must be inspected and of which no sample was taken, of the 20 newest.
    pub untaken: Vec<String>,
}

/// A sample that waits for its verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct SampleRow {
    /// When it was taken.
    pub taken_at: String,
    /// Its number.
    pub sample: String,
    /// Of which lot, as `material/lot`.
    pub lot: String,
    /// When its laboratory said that it would have judged it; absent where it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
}
