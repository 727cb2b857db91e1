//! How fresh a system is, as every screen says it first: when it was last heard, since when it does not answer, when it is
//! tried again. Which systems serve a plant is said here and nowhere else.

use serde::{Deserialize, Serialize};
use takt_actors::link::deliveries::Traffic;
use takt_actors::site::SiteStatus;
use takt_protocol::book::Book;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use utoipa::ToSchema;

use super::word_of;

/// How a system stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Heard {
    /// Its name.
    pub system: String,
    /// erp, plant, warehouse or quality.
    pub role: String,
    /// ok, resting (it did not answer, and is left alone for a while), silent (it did not answer the last time), unheard
    /// (nothing of it stands in the logs, and no node heard it since it started), unknown (the same, but somebody who may have heard it
    /// did not say so) or `no_link`.
    pub link: String,
    /// When it last answered or told something, by the logs and by every node that speaks with it; absent when nobody knows that it
    /// ever did, which does not mean that it is down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<String>,
    /// Since when it does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<String>,
    /// What was seen then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// When it is tried again, while it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<String>,
    /// By how much its clock is ahead of this node's at least, in ms, by the date of its last answer; below zero where it is behind,
    /// zero where they agree to the second; absent where no answer of it carries a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead_ms: Option<i64>,
    /// Who was asked and did not say what it heard, such as `node b` or `region na`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// A system, and what waits for it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SystemRow {
    /// How it stands.
    #[serde(flatten)]
    pub heard: Heard,
    /// Messages that came from it in the last minute.
    pub in_per_minute: u64,
    /// Tries that went to it in the last minute, questions after lost replies included.
    pub out_per_minute: u64,
    /// Errands that wait for it or are under way, in all regions that were reached: plant-critical, business, analytical. Of what is
    /// sent one after the other, as the postings of an order are, the next one alone.
    pub waiting: [u64; 3],
    /// Errands of which nobody knows whether they were done.
    pub in_doubt: u64,
    /// Of these, those of the plant that is shown.
    pub in_doubt_here: u64,
    /// How many errands a minute it is sent at most; absent where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute_max: Option<u64>,
    /// How long these take at that limit, in ms, once it answers; what comes behind them takes longer. Absent without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drains_ms: Option<u64>,
}

/// The systems that serve a plant, itself first: its MES, its ERP, its warehouse, its quality system, its maintenance, the
/// transport of its warehouse, the planning of its ERP and the portal of its suppliers. Of any other site, it alone.
pub(crate) fn serving(book: &Book, plant: SiteId) -> Vec<SiteId> {
    let Some(site) = book.sites.get(&plant) else { return vec![plant] };
    let transport = site.warehouse.and_then(|warehouse| book.sites.get(&warehouse)).and_then(|warehouse| warehouse.around.transport);
    let planning = site.erp.and_then(|erp| book.sites.get(&erp)).and_then(|erp| erp.around.planning);
    let around = [site.erp, site.warehouse, site.quality, site.around.maintenance, transport, planning, site.around.supplier];
    std::iter::once(plant).chain(around.into_iter().flatten()).collect()
}

/// How a system stands now; `status` is absent where no link leads there, `missing` is who did not say what it heard.
pub(crate) fn heard(book: &Book, system: SiteId, status: Option<&SiteStatus>, missing: Vec<String>, now: Instant) -> Heard {
    let text = |at: Instant| at.to_string();
    Heard {
        system: system.to_string(),
        role: book.sites.get(&system).map(|site| word_of(&site.kind)).unwrap_or_default(),
        link: link(status, &missing).to_owned(),
        heard_at: status.and_then(|status| status.heard_at).map(text),
        silent_since: status.and_then(|status| status.trouble_since).map(text),
        trouble: status.and_then(|status| status.trouble.clone()),
        next_try_at: status.filter(|status| status.rests_ms > 0).map(|status| now.plus_ms(status.rests_ms)).map(text),
        clock_ahead_ms: status.and_then(|status| status.clock_ahead_ms),
        missing,
    }
}

/// How a link stands, in a word.
pub(crate) fn link(status: Option<&SiteStatus>, missing: &[String]) -> &'static str {
    let Some(status) = status else { return if missing.is_empty() { "no_link" } else { "unknown" } };
    match (&status.trouble, status.heard_at) {
        (Some(_), _) if status.rests_ms > 0 => "resting",
        (Some(_), _) => "silent",
        (None, Some(_)) => "ok",
        (None, None) if missing.is_empty() => "unheard",
        (None, None) => "unknown",
    }
}

/// The same, with what waits for it.
pub(crate) fn loaded(heard: Heard, traffic: Traffic, waiting: [u64; 3], doubts: (u64, u64), per_minute_max: Option<u64>) -> SystemRow {
    let all: u64 = waiting.iter().sum();
    SystemRow {
        heard,
        in_per_minute: traffic.came,
        out_per_minute: traffic.went,
        waiting,
        in_doubt: doubts.0,
        in_doubt_here: doubts.1,
        per_minute_max,
        drains_ms: per_minute_max.filter(|_| all > 0).map(|most| all.saturating_mul(60_000) / most.max(1)),
    }
}
