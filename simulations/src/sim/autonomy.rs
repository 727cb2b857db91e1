//! What becomes of a plant that is cut off, from an hour to two weeks, as one page for a person: what it completed meanwhile, what waited,
//! how long it took to catch up, and whether anything was lost or done twice. The page stands alone: table and plot are in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::people::{People, list, text};
use super::scenario::{self, Blow, Scenario, What};
use super::{Trial, Verdict, run};
use serde_json::Value;
use takt_protocol::book::SiteKind;
use takt_protocol::kernel::Own;
use takt_protocol::name::{Region, SiteId};

use crate::world::system::Kind;

/// The hours that a plant is cut off for.
pub const HOURS: [u64; 6] = [1, 8, 24, 72, 168, 336];

/// Hours of work before the cut, after it, and at most until something is at work when it is to begin.
const AROUND: u64 = 2;

/// How long is waited for a region to catch up, in looks.
const LOOKS_MAX: u32 = 2_880;
const LOOK: Duration = Duration::from_secs(15);

/// Who is cut off, and from what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The plant, and the region that is cut off with it.
    pub plant: String,
    /// That region.
    pub region: String,
    /// What it goes on with: plants and systems of its region.
    pub inside: Vec<String>,
    /// What it cannot reach meanwhile.
    pub outside: Vec<String>,
    /// Where its orders are at home, when that is not there: then it goes on reporting, and begins nothing.
    pub elsewhere: Option<String>,
}

impl Cut {
    /// What a person has to know of it.
    pub fn note(&self) -> Option<String> {
        self.elsewhere.as_ref().map(|home| {
            let (plant, region) = (&self.plant, &self.region);
            format!(
                "The orders of {plant} are at home in region {home}, because their ERP is: while {region} is cut off, {plant} finishes what it \
                 has and reports it later, but is given nothing new. For orders that begin and end there, write `region: {region}` into the \
                 file of the ERP, too."
            )
        })
    }
}

/// Whom a configuration's first plant is cut off from; an error where that is nobody.
pub fn whom(config: Option<&Path>) -> anyhow::Result<Cut> {
    let text = super::text::load(config, 1)?;
    let sites = &text.mesh.book.sites;
    let links = || sites.iter().filter(|(site, _)| text.mesh.links.contains_key(site));
    let plays = |site: Option<SiteId>| site.is_some_and(|site| text.mesh.links.contains_key(&site));
    let plant = links().find(|(name, site)| {
        let makes = text.mesh.book.recipes.keys().any(|(plant, _)| plant == *name);
        site.kind == SiteKind::Plant && makes && plays(site.erp) && plays(site.warehouse) && plays(site.quality)
    });
    let (name, plant) = plant.ok_or_else(|| {
        anyhow::anyhow!("no plant of it can be given orders: one needs a recipe, an ERP, a warehouse and a quality system")
    })?;
    let named = |inside: bool| {
        let there = links().filter(|(_, site)| (site.region == plant.region) == inside);
        there.map(|(name, site)| format!("{name} ({})", kind(site.kind))).collect()
    };
    let erp = plant.erp.and_then(|erp| sites.get(&erp)).map(|erp| erp.region);
    let elsewhere = erp.filter(|home| *home != plant.region).map(|home| home.to_string());
    let cut = Cut { plant: name.to_string(), region: plant.region.to_string(), inside: named(true), outside: named(false), elsewhere };
    anyhow::ensure!(
        !cut.outside.is_empty(),
        "the mesh has nothing outside of region {}, so nothing is there that {name} could be cut off from: write a second region into \
         `regions` of mesh.yaml, and give the plant that is to stand alone, or the systems that it is to do without, `region:` of their own \
         in their files in sites/",
        plant.region
    );
    Ok(cut)
}

/// What a site is, for a person.
fn kind(kind: SiteKind) -> &'static str {
    match kind {
        SiteKind::Erp => "ERP",
        SiteKind::Plant => "plant",
        SiteKind::Warehouse => "warehouse",
        SiteKind::Quality => "quality",
        SiteKind::ProductData => "product data",
        SiteKind::Maintenance => "maintenance",
        SiteKind::Transport => "transport",
        SiteKind::Planning => "planning",
        SiteKind::Supplier => "supplier",
        SiteKind::Analytics => "analytics",
    }
}

/// How a plant came through a cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// How long it was cut off.
    pub hours: u64,
    /// Jobs that its lines finished meanwhile.
    pub finished: u64,
    /// Orders that are at home in its region and were complete at the end of the cut, and not at its begin.
    pub completed: u64,
    /// The most messages that ever waited to get out.
    pub spool: u64,
    /// How long it took until no more waited than before, in seconds; none when it never came to that.
    pub catch_up_s: Option<u64>,
    /// Orders that were asked for in the whole run, and those that were not complete at its end.
    pub asked: u64,
    /// Things that were acknowledged and lost.
    pub lost: u64,
    /// Things that were done twice.
    pub doubled: u64,
    /// All promises that broke.
    pub broken: Vec<String>,
    /// What a person has to know.
    pub notes: Vec<String>,
}

/// Cuts a plant off for so many hours.
pub fn cut_off(config: Option<PathBuf>, seed: u64, hours: u64) -> anyhow::Result<Row> {
    let blow = Blow { at_min: AROUND * 60, lasts_min: hours * 60, what: What::PlantCut };
    let scenario = Scenario {
        name: "autonomy",
        about: "a plant is cut off",
        hours: hours + 3 * AROUND,
        // So often that also an hour has something that waits.
        order_every_min: 60,
        hold_every_min: 720,
        // A scenario lives as long as the program does; a report has six.
        blows: Box::leak(Box::new([blow])),
        must: &[],
        ..scenario::ORDINARY
    };
    let verdict = run(&Trial { config, ..Trial::of(seed, Box::leak(Box::new(scenario))) })?;
    Ok(Row::of(hours, &verdict))
}

impl Row {
    fn of(hours: u64, verdict: &Verdict) -> Self {
        let told = |name: &str| verdict.account.get(name).copied();
        let broken = |id: &str| verdict.broken.iter().filter(|sentence| sentence.starts_with(id)).count() as u64;
        Self {
            hours,
            finished: told(FINISHED).unwrap_or_default(),
            completed: told(COMPLETED).unwrap_or_default(),
            spool: told(SPOOL).unwrap_or_default(),
            catch_up_s: told(CATCH_UP),
            asked: told("orders asked for").unwrap_or_default(),
            lost: broken("T1:"),
            doubled: broken("T2:"),
            broken: verdict.broken.clone(),
            notes: verdict.notes.clone(),
        }
    }
}

const FINISHED: &str = "autonomy: jobs finished while cut off";
const COMPLETED: &str = "autonomy: orders completed while cut off";
const SPOOL: &str = "autonomy: most that waited";
const CATCH_UP: &str = "autonomy: seconds to catch up";

/// Cuts the region of the first plant off, and counts.
pub(super) async fn cut(people: &People, lasts: Duration) {
    let (town, yard) = (&people.town, &people.yard);
    let Some(region) = people.plants.first().and_then(|plant| town.house(plant.site)).map(|house| house.region) else { return };
    // A cut in an idle hour would say nothing.
    for _ in 0..AROUND * 3_600 / LOOK.as_secs() {
        if jobs(people, region, "running") > 0 {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let waited_before = yard.spooled(region).await.unwrap_or_default();
    let before = (complete(people, region).await, jobs(people, region, "finished"));
    town.with_reach(|reach| _ = reach.cut.insert(region));
    let (until, mut most) = (town.elapsed() + lasts, 0);
    while town.elapsed() < until {
        tokio::time::sleep(Duration::from_mins(1)).await;
        most = most.max(yard.spooled(region).await.unwrap_or_default());
    }
    town.with_reach(|reach| _ = reach.cut.remove(&region));
    town.add(SPOOL, most);
    town.add(COMPLETED, complete(people, region).await.saturating_sub(before.0));
    town.add(FINISHED, jobs(people, region, "finished").saturating_sub(before.1));
    let since = town.elapsed();
    for _ in 0..LOOKS_MAX {
        if yard.spooled(region).await.is_some_and(|waits| waits <= waited_before) {
            return town.add(CATCH_UP, town.elapsed().saturating_sub(since).as_secs());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How many jobs of the plants of a region are in that state.
fn jobs(people: &People, region: Region, state: &str) -> u64 {
    let plants = people.town.houses().filter(|house| house.region == region && house.kind == Kind::Mes);
    let count = |books: &Value| list(books, "jobs").iter().filter(|job| text(job, "state") == state).count() as u64;
    plants.map(|house| count(&house.with(|system| system.books()))).sum()
}

/// Complete orders of a region.
async fn complete(people: &People, region: Region) -> u64 {
    let orders = people.orders().await;
    let done = orders.iter().filter(|(entity, state)| {
        entity.region() == region && state.as_ref().is_some_and(|state| matches!(&state.own, Own::Order(order) if order.completed))
    });
    done.count() as u64
}

/// What the figures mean.
const MEANING: &str = "<h2>What the figures mean</h2><ul>\
    <li>Jobs finished: what the lines of the region made to the end while it was cut off, by the books of their own systems.</li>\
    <li>Orders completed: orders that are at home in the region and came to their end meanwhile. An order is at home where its ERP is: where \
    that is out of reach this is 0, and the orders are completed when the way is open again.</li>\
    <li>Messages waiting: the most that ever waited for the way to other regions, or to systems behind it. Nothing of them is lost when a \
    node is started again.</li>\
    <li>Caught up after: from the moment at which the way was open again until no more waited than before the cut.</li>\
    <li>Lost: acknowledged, and in no log afterwards. Doubled: done a second time. Both have to be 0.</li></ul>\n\
    <h2>What to know</h2><ul>";

/// The whole page.
pub fn page(of: &str, cut: &Cut, seed: u64, rows: &[Row]) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Takt: a plant cut off</title>\n");
    out.push_str("<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}");
    out.push_str("table{border-collapse:collapse}th,td{padding:.3rem .8rem;border-bottom:1px solid #ccc;text-align:right}");
    out.push_str("th:first-child,td:first-child{text-align:left}.bad{color:#a00;font-weight:600}</style></head><body>\n");
    line(
        &mut out,
        format_args!(
            "<h1>{} cut off</h1><p>Configuration: {}. Seed: {seed}. Simulated by <code>cargo sim --autonomy</code>: region {} has no way to other regions and to their systems for so long; then the way is open again. An order is asked for about every hour at each plant.</p><p>It goes on with: {}.<br>It cannot reach: {}.</p>",
            escaped(&cut.plant),
            escaped(of),
            escaped(&cut.region),
            escaped(&cut.inside.join(", ")),
            escaped(&cut.outside.join(", "))
        ),
    );
    out.push_str("<table><tr><th>Cut off for</th><th>Jobs finished meanwhile</th><th>Orders completed meanwhile</th><th>Most messages waiting</th><th>Caught up after</th><th>Lost</th><th>Doubled</th></tr>\n");
    for row in rows {
        let caught = row.catch_up_s.map_or_else(|| "not in 12 h".to_owned(), spoken);
        let class = |count: u64| if count > 0 { " class=\"bad\"" } else { "" };
        line(
            &mut out,
            format_args!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{caught}</td><td{}>{}</td><td{}>{}</td></tr>",
                spoken(row.hours * 3_600),
                row.finished,
                row.completed,
                row.spool,
                class(row.lost),
                row.lost,
                class(row.doubled),
                row.doubled
            ),
        );
    }
    out.push_str("</table>\n");
    plot(&mut out, rows);
    let broken: Vec<&String> = rows.iter().flat_map(|row| &row.broken).collect();
    out.push_str(if broken.is_empty() { "<p>Every promise held.</p>\n" } else { "<h2>Promises that broke</h2><ul>\n" });
    for sentence in &broken {
        line(&mut out, format_args!("<li class=\"bad\">{}</li>", escaped(sentence)));
    }
    out.push_str(if broken.is_empty() { "" } else { "</ul>\n" });
    out.push_str(MEANING);
    for note in cut.note().iter().chain(rows.first().into_iter().flat_map(|row| &row.notes)) {
        line(&mut out, format_args!("<li>{}</li>", escaped(note)));
    }
    out.push_str("</ul></body></html>\n");
    out
}

/// Bars: how many orders were completed, and how many messages waited.
fn plot(out: &mut String, rows: &[Row]) {
    const HIGH: u64 = 180;
    let most = |of: fn(&Row) -> u64| rows.iter().map(of).max().unwrap_or_default().max(1);
    let tops = [most(|row| row.finished), most(|row| row.spool)];
    let wide = 60 + rows.len() * 110;
    line(
        out,
        format_args!(
            "<svg viewBox=\"0 0 {wide} 250\" role=\"img\" aria-label=\"Jobs finished and messages waiting, by length of the cut\" font-size=\"12\" font-family=\"system-ui,sans-serif\">"
        ),
    );
    line(out, format_args!("<line x1=\"20\" y1=\"205\" x2=\"{wide}\" y2=\"205\" stroke=\"#888\"/>"));
    for (at, row) in rows.iter().enumerate() {
        let left = 40 + at * 110;
        for (bar, (count, colour)) in [(row.finished, "#2a6f97"), (row.spool, "#c77b30")].into_iter().enumerate() {
            let top = tops.get(bar).copied().unwrap_or(1);
            let (x, high) = (left + bar * 40, count * HIGH / top);
            line(out, format_args!("<rect x=\"{x}\" y=\"{}\" width=\"34\" height=\"{high}\" fill=\"{colour}\"/>", 205 - high));
            line(out, format_args!("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{count}</text>", x + 17, 200 - high));
        }
        line(out, format_args!("<text x=\"{}\" y=\"222\" text-anchor=\"middle\">{}</text>", left + 37, spoken(row.hours * 3_600)));
    }
    out.push_str(
        "<rect x=\"40\" y=\"234\" width=\"10\" height=\"10\" fill=\"#2a6f97\"/><text x=\"55\" y=\"243\">jobs finished meanwhile</text>",
    );
    out.push_str("<rect x=\"250\" y=\"234\" width=\"10\" height=\"10\" fill=\"#c77b30\"/><text x=\"265\" y=\"243\">most messages waiting</text></svg>\n");
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.push_str(&text.to_string());
    out.push('\n');
}

/// A length of time for a person: two of a unit at least, or just one, so that little is rounded away.
fn spoken(seconds: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let fits = UNITS.iter().find(|(unit, _)| seconds == *unit || seconds >= 2 * unit);
    fits.map_or_else(|| format!("{seconds} s"), |(unit, name)| format!("{} {name}", seconds / unit))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plant_that_is_cut_off_works_on_and_catches_up() {
        let row = cut_off(None, 3, 6).unwrap();
        assert_eq!((row.lost, row.doubled, row.broken.as_slice()), (0, 0, &[][..]));
        assert!(row.asked > 0 && row.spool > 0, "nothing waited: the cut had no effect: {row:?}");
        assert!(row.catch_up_s.is_some(), "{row:?}");
    }

    #[test]
    fn it_is_said_what_a_plant_cannot_reach_and_that_one_region_is_cut_off_from_nothing() {
        let cut = whom(None).unwrap();
        assert_eq!((cut.plant.as_str(), cut.region.as_str()), ("nord", "eu"));
        assert!(cut.inside.contains(&"erp-eu (ERP)".to_owned()) && cut.outside.contains(&"wms-na (warehouse)".to_owned()), "{cut:?}");
        let dir = tempfile::tempdir().unwrap();
        takt_config::start::write_to(dir.path()).unwrap();
        let alone = whom(Some(dir.path())).unwrap_err().to_string();
        assert!(alone.contains("plant-1") && alone.contains("mesh.yaml"), "{alone}");
        assert_eq!(cut.note(), None);
        let away = Cut { elsewhere: Some("centre".to_owned()), ..cut };
        assert!(away.note().is_some_and(|note| note.contains("`region: eu` into the file of the ERP")), "{:?}", away.note());
    }

    #[test]
    fn a_length_of_time_loses_little_to_rounding() {
        let said = [45, 90, 150, 3_600, 5_400, 28_800, 86_400, 129_600, 1_209_600].map(spoken);
        assert_eq!(said, ["45 s", "90 s", "2 min", "1 h", "90 min", "8 h", "1 d", "36 h", "14 d"]);
    }

    #[test]
    fn a_page_says_what_was_counted_and_escapes_what_it_is_told() {
        let row =
            Row { hours: 336, finished: 23, completed: 17, spool: 42, lost: 1, broken: vec!["T1: <gone>".to_owned()], ..Row::default() };
        let cut = Cut { plant: "works".to_owned(), outside: vec!["erp (ERP)".to_owned()], ..Cut::default() };
        let page = page("my <folder>", &cut, 7, &[row]);
        for part in [
            "works cut off",
            "cannot reach: erp (ERP)",
            "14 d",
            ">17<",
            ">23<",
            "What the figures mean",
            ">42<",
            "not in 12 h",
            "T1: &lt;gone&gt;",
            "my &lt;folder&gt;",
            "</svg>",
            "class=\"bad\">1<",
        ] {
            assert!(page.contains(part), "{part} is not on it: {page}");
        }
        assert!(!page.contains("Every promise held"));
    }
}
