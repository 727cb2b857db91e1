//! What went to a system and what came from it lately, by every process that speaks with it. Apart from the site itself because each
//! process knows its own part, of no log, and only since it runs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_actors::link::deliveries::{Delivered, Outcome};
use takt_actors::region::Region;
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region as RegionName, SiteId};

use super::neighbours::{DELIVERIES, OWN_DELIVERIES};
use super::sights::{REGION_PATIENCE, unreached};
use super::{Denied, Reception, Sort, part, v1};
use crate::answers::Page;
use crate::answers::delivery::{self, Deliveries, DeliveryRow, NodePart, OUTCOMES};

/// For whatever did not become what it was tried for.
const FAILED: &str = "failed";

/// Which.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wanted {
    site: SiteId,
    most: usize,
    /// Only what has this somewhere in its words.
    #[serde(default)]
    find: Option<String>,
    /// Only what became of it.
    #[serde(default)]
    outcome: Option<String>,
    /// Only what began by then, in ns.
    #[serde(default)]
    until: Option<i64>,
}

/// A place in the list, which begins with the newest: behind so many of the rows that began then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at_ns: i64,
    rows: usize,
}

impl Place {
    /// Reads what it printed: `1764050000000000000.1`.
    fn parse(text: &str) -> Option<Self> {
        let (at_ns, rows) = text.split_once('.')?;
        Some(Self { at_ns: at_ns.parse().ok()?, rows: rows.parse().ok()? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at_ns, self.rows)
    }
}

impl Wanted {
    fn takes(&self, row: &Delivered) -> bool {
        let becomes = |outcome: Outcome| self.outcome.as_ref().is_none_or(|wanted| word_is(wanted, outcome));
        let says = |part: &str| {
            let words = [&row.what, &row.reference, &row.detail];
            words.into_iter().any(|word| word.to_lowercase().contains(part))
        };
        becomes(row.outcome)
            && self.find.as_ref().is_none_or(|find| says(&find.to_lowercase()))
            && self.until.is_none_or(|until| row.at.utc_ns() <= until)
    }
}

fn word_is(wanted: &str, outcome: Outcome) -> bool {
    wanted == outcome.word() || (wanted == FAILED && outcome.is_failure())
}

/// A page of rows, the newest first, behind a place; and the place behind it, where there is more.
fn paged(mut rows: Vec<DeliveryRow>, after: Option<Place>, most: usize) -> (Vec<DeliveryRow>, Option<String>) {
    let at_ns = |row: &DeliveryRow| Instant::parse(&row.at).map_or(0, |at| at.utc_ns());
    // The same order whoever is asked, also of what began at once.
    rows.sort_by_cached_key(|row| (Reverse(at_ns(row)), serde_json::to_string(row).unwrap_or_default()));
    let mut behind: Vec<DeliveryRow> = rows.into_iter().skip(after.map_or(0, |after| after.rows)).collect();
    let is_more = behind.len() > most;
    behind.truncate(most);
    let next = behind.last().filter(|_| is_more).map(|last| {
        let then = at_ns(last);
        let before = after.filter(|after| after.at_ns == then).map_or(0, |after| after.rows);
        Place { at_ns: then, rows: before + behind.iter().filter(|row| at_ns(row) == then).count() }.to_string()
    });
    (behind, next)
}

/// What some processes know. One that runs several regions is asked once for each, and says the same each time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Known {
    by: BTreeMap<String, (Vec<DeliveryRow>, NodePart)>,
    missing: Vec<NodePart>,
}

impl Known {
    fn and(&mut self, other: Self) {
        self.by.extend(other.by);
        self.missing.extend(other.missing);
    }

    fn missing(who: String, why: String) -> Self {
        Self { by: BTreeMap::new(), missing: vec![NodePart { who, since: None, missing: Some(why), kept_since: None }] }
    }
}

impl Reception {
    /// The newest rows of a site behind a place, at most `most`, and whose knowledge that is.
    pub async fn deliveries(&self, asked: &v1::DeliveriesWanted) -> Result<Deliveries, Denied> {
        let (most, after) = (part::most(asked.most)?, part::behind(asked.after.as_deref(), Place::parse)?);
        let site = self.delivered_at(&asked.id)?;
        let until = after.map(|after| after.at_ns);
        let wanted = Wanted {
            site,
            // One more says that there is more.
            most: most + 1 + after.map_or(0, |after| after.rows),
            find: asked.find.clone().filter(|find| !find.is_empty()),
            outcome: outcome(asked.outcome.as_deref())?,
            until,
        };
        let question = serde_json::to_vec(&wanted).unwrap_or_default();
        let far = self.gathered_within::<Known>(REGION_PATIENCE, DELIVERIES, |_| question.clone());
        let regions: Vec<&Region> = self.mesh().regions().values().collect();
        let (far, mut all) = tokio::join!(far, self.deliveries_near(&regions, &wanted));
        far.parts.into_values().for_each(|part| all.and(part));
        for part in far.fresh.iter().filter(|part| part.as_of.is_none()) {
            all.and(Known::missing(unreached(part), part.missing.clone().unwrap_or_default()));
        }
        let (rows, mut nodes): (Vec<Vec<DeliveryRow>>, Vec<NodePart>) = all.by.into_values().unzip();
        nodes.extend(all.missing);
        let (rows, next) = paged(rows.concat(), after, most);
        nodes.sort_by(|one, other| one.who.cmp(&other.who));
        // A region says of a node that is gone what another one says of it.
        nodes.dedup();
        let page = Page { rows, next, as_of: Some(self.mesh().clock().now().to_string()) };
        Ok(Deliveries { page, nodes })
    }

    /// The same by one region that runs here, with all its nodes.
    pub(super) async fn deliveries_of(&self, region: RegionName, wanted: &Wanted) -> Known {
        let regions: Vec<&Region> = self.mesh().regions().get(&region).into_iter().collect();
        self.deliveries_near(&regions, wanted).await
    }

    async fn deliveries_near(&self, regions: &[&Region], wanted: &Wanted) -> Known {
        let question = serde_json::to_vec(wanted).unwrap_or_default();
        let told = self.others::<Known>(regions, OWN_DELIVERIES, &question).await;
        let mut all = self.deliveries_here(wanted);
        for (who, told) in told {
            all.and(told.unwrap_or_else(|why| Known::missing(who, why)));
        }
        for region in regions {
            for (node, last) in self.mesh().gone(region).await {
                let why = format!("silent since {last}, what it knew of is not here");
                all.and(Known::missing(format!("node {node}"), why));
            }
        }
        all
    }

    /// By this process alone. All its regions share what they know of a link.
    pub(super) fn deliveries_here(&self, wanted: &Wanted) -> Known {
        let regions = || self.mesh().regions().values();
        let deliveries = regions().find_map(|region| region.deliveries(wanted.site));
        let all = deliveries.map(|deliveries| deliveries.latest(usize::MAX)).unwrap_or_default();
        let since = regions().map(Region::since).min();
        // What is older was kept over a restart.
        let kept_since = all.iter().map(|row| row.at).min().filter(|at| since.is_some_and(|since| *at < since));
        let rows = all.into_iter().filter(|row| wanted.takes(row)).take(wanted.most);
        let who = regions().map(|region| format!("node {}", region.node().settings.node)).next().unwrap_or_default();
        let since = since.map(|since| since.to_string());
        let part = NodePart { who, since, missing: None, kept_since: kept_since.map(|at| at.to_string()) };
        let own = (rows.map(delivery::row).collect(), part);
        Known { by: [(self.process(), own)].into(), missing: Vec::new() }
    }

    fn delivered_at(&self, site: &str) -> Result<SiteId, Denied> {
        let book = self.mesh().book();
        SiteId::parse(site).ok().filter(|site| book.sites.contains_key(site)).ok_or_else(|| {
            let message = format!("there is no site {}", site.escape_debug());
            Denied::new(Sort::NotFound, "UNKNOWN", message, "use the name of a site")
                .at("id")
                .choose(book.sites.keys().map(ToString::to_string))
        })
    }
}

/// What is to have become of it.
fn outcome(asked: Option<&str>) -> Result<Option<String>, Denied> {
    let Some(word) = asked.filter(|word| !word.is_empty()) else { return Ok(None) };
    if OUTCOMES.into_iter().any(|outcome| word_is(word, outcome)) {
        return Ok(Some(word.to_owned()));
    }
    let choices = OUTCOMES.into_iter().map(|outcome| outcome.word().to_owned()).chain([FAILED.to_owned()]);
    let message = format!("nothing that is tried becomes `{}`", word.escape_debug());
    Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, "send one of the choices").at("outcome").choose(choices))
}

#[cfg(test)]
mod tests {
    use takt_actors::link::deliveries::Way;

    use super::*;

    fn tried(ms: i64, what: &str, outcome: Outcome) -> Delivered {
        let (reference, detail) = ("TKT0001".to_owned(), "PRESS-4 is down".to_owned());
        Delivered { at: Instant::from_utc_ms(ms), way: Way::Out, what: what.to_owned(), reference, attempt: 1, outcome, detail, took_ms: 1 }
    }

    #[test]
    fn every_row_is_on_one_page_also_of_those_that_began_at_once() {
        let all: Vec<DeliveryRow> =
            [1, 2, 2, 2, 2, 2, 3].into_iter().zip(0..).map(|(ms, at)| delivery::row(tried(ms, &format!("{at}"), Outcome::Taken))).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        for pages in 1.. {
            let upto = |row: &&DeliveryRow| after.is_none_or(|after: Place| Instant::parse(&row.at).unwrap().utc_ns() <= after.at_ns);
            let (rows, next) = paged(all.iter().filter(upto).cloned().collect(), after, 2);
            seen.extend(rows.into_iter().map(|row| row.what));
            let Some(next) = next else {
                assert_eq!(pages, 4);
                break;
            };
            after = Some(Place::parse(&next).unwrap());
        }
        assert_eq!(seen, ["6", "1", "2", "3", "4", "5", "0"]);
    }

    #[test]
    fn one_message_is_found_among_all_by_its_words_and_by_what_became_of_it() {
        let wanted = |find: Option<&str>, outcome: Option<&str>| Wanted {
            site: SiteId::parse("nord").unwrap(),
            most: 9,
            find: find.map(str::to_owned),
            outcome: outcome.map(str::to_owned),
            until: Some(Instant::from_utc_ms(5).utc_ns()),
        };
        let (came, lost) = (tried(5, "station.changed", Outcome::Taken), tried(4, "dispatch_job", Outcome::Lost));
        for (find, outcome, found) in [
            (None, None, [true, true]),
            (Some("Station"), None, [true, false]),
            (Some("press-4"), None, [true, true]),
            (Some("tkt0001"), Some("lost"), [false, true]),
            (None, Some("failed"), [false, true]),
            (None, Some("taken"), [true, false]),
            (Some("nothing"), None, [false, false]),
        ] {
            let wanted = wanted(find, outcome);
            assert_eq!([&came, &lost].map(|row| wanted.takes(row)), found, "{find:?} {outcome:?}");
        }
        assert!(!wanted(None, None).takes(&tried(6, "x", Outcome::Taken)), "it began after the place");
        assert_eq!(outcome(Some("eaten")).unwrap_err().complaint.field, "outcome");
    }
}
