//! Master data as people ask for it: what is in force, every version with who said so and as of when, and where a plant's
//! own system has something else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use takt_protocol::book::Book;
use takt_protocol::calendar::Date;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::native::NativeKind;
use takt_protocol::record::{Edition, Record, Standing};
use takt_protocol::site::Site;
use takt_protocol::words::{MaterialId, Version};
use utoipa::ToSchema;

use super::word_of;

/// A record, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordRow {
    /// What it is: material, recipe, equipment or calendar.
    pub kind: String,
    /// The site whose data it is.
    pub of: String,
    /// Its name there.
    pub name: String,
    /// The version in force today at that site; absent when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<String>,
    /// Versions known.
    pub versions: usize,
    /// Who spoke of it last.
    pub source: String,
    /// When that was so.
    pub as_of: String,
}

/// A record, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RecordView {
    /// As it is listed.
    pub row: RecordRow,
    /// Every version, by name.
    pub versions: Vec<EditionRow>,
}

/// A version of a record.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EditionRow {
    /// Its name.
    pub version: String,
    /// draft, approved or withdrawn.
    pub standing: String,
    /// The first day on which it counts; absent for from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day on which it counts; absent for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Who said so.
    pub source: String,
    /// When that was so.
    pub as_of: String,
    /// What it says, as its kind says it.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
}

/// Where a plant's own system has other recipes than its master data.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Drift {
    /// The plant.
    pub plant: String,
    /// When this was so.
    pub as_of: String,
    /// Materials that were compared.
    pub compared: usize,
    /// Materials of which the plant has what counts today.
    pub same: usize,
    /// The others, those that orders wait for first.
    pub rows: Vec<DriftRow>,
}

/// A material whose recipe is not the same in both places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriftRow {
    /// The material.
    pub material: String,
    /// The version that counts today; absent when none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Where that comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What the plant has.
    pub has: Vec<String>,
    /// missing (the plant has none), stale (it has others only), unexpected (the plant has one, and none counts) or unknown
    /// (the plant never said what it has).
    pub state: String,
    /// A version that will count, which the plant does not have yet, and from when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coming: Option<String>,
    /// Orders that wait for it: our ids.
    pub orders: Vec<String>,
}

/// A record as it is listed; nothing of one that nobody stated.
pub fn row(record: &Record, today: Date) -> Option<RecordRow> {
    let of = record.of.as_ref()?;
    let latest = record.versions.values().max_by_key(|edition| edition.as_of)?;
    Some(RecordRow {
        kind: word_of(&of.kind),
        of: of.system.to_string(),
        name: of.id.to_string(),
        in_force: record.in_force(today).map(|(version, _)| version.to_string()),
        versions: record.versions.len(),
        source: latest.source.to_string(),
        as_of: latest.as_of.to_string(),
    })
}

/// A record, whole.
pub fn view(record: &Record, today: Date) -> Option<RecordView> {
    Some(RecordView { row: row(record, today)?, versions: record.versions.iter().map(edition).collect() })
}

fn edition((version, edition): (&Version, &Edition)) -> EditionRow {
    let content = serde_json::to_value(&edition.content).unwrap_or_default();
    // Without its kind, which the record has.
    let content = content.as_object().and_then(|parts| parts.values().next().cloned()).unwrap_or(content);
    EditionRow {
        version: version.to_string(),
        standing: word_of(&edition.standing),
        from: edition.from.map(|day| day.to_string()),
        until: edition.until.map(|day| day.to_string()),
        source: edition.source.to_string(),
        as_of: edition.as_of.to_string(),
        content,
    }
}

/// What a plant's own system has, beside what counts there today.
pub fn drift(book: &Book, plant: SiteId, site: &Site, now: Instant) -> Drift {
    let materials: BTreeSet<MaterialId> = made_at(book, plant).into_iter().chain(site.recipes.keys().cloned()).collect();
    let compared = materials.len();
    let mut rows: Vec<DriftRow> = materials.iter().filter_map(|material| apart(book, plant, site, material, now)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.orders.len()));
    let same = compared - rows.len();
    Drift { plant: plant.to_string(), as_of: now.to_string(), compared, same, rows }
}

/// The materials that a plant has a recipe of, by its configuration or its master data.
pub(crate) fn made_at(book: &Book, plant: SiteId) -> BTreeSet<MaterialId> {
    let configured = book.recipes.keys().filter(|(at, _)| *at == plant).map(|(_, material)| material.clone());
    let stated = book.data.all(plant, NativeKind::Recipe).filter_map(|record| MaterialId::parse(record.of.as_ref()?.id.as_str()).ok());
    configured.chain(stated).collect()
}

/// Whether a plant's own system has a version; nothing while it has not said which recipes it has at all.
pub(crate) fn has_version(site: &Site, material: &MaterialId, version: &Version) -> Option<bool> {
    let has = || site.recipes.get(material).is_some_and(|has| has.contains(version));
    site.said_recipes().then(has)
}

fn apart(book: &Book, plant: SiteId, site: &Site, material: &MaterialId, now: Instant) -> Option<DriftRow> {
    let expected = book.recipe(plant, material, None, now).ok();
    let has = site.recipes.get(material);
    let coming = book.data.get(plant, NativeKind::Recipe, material.as_str()).and_then(|record| {
        let today = book.sites.get(&plant)?.calendar.date(now);
        let later = record.versions.iter().filter(|(_, edition)| edition.standing == Standing::Approved && edition.from > Some(today));
        let mut missing = later.filter(|(version, _)| has.is_none_or(|has| !has.contains(*version)));
        missing.next().map(|(version, edition)| format!("{version} from {}", edition.from.map(|day| day.to_string()).unwrap_or_default()))
    });
    let any = has.is_some_and(|has| !has.is_empty());
    let state = match expected.map(|expected| has_version(site, material, &expected.version)) {
        Some(Some(false)) if any => "stale",
        Some(Some(false)) => "missing",
        Some(None) => "unknown",
        None if any => "unexpected",
        Some(Some(true)) | None => "same",
    };
    if state == "same" && coming.is_none() {
        return None;
    }
    let waiting = site.waiting.iter().filter(|(_, (_, need))| need.material == *material);
    Some(DriftRow {
        material: material.to_string(),
        expected: expected.map(|recipe| recipe.version.to_string()),
        source: expected.map(|recipe| recipe.source.clone()),
        has: has.into_iter().flatten().map(ToString::to_string).collect(),
        state: state.to_owned(),
        coming,
        orders: waiting.map(|(order, _)| order.to_string()).collect(),
    })
}
