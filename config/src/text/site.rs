//! `sites/<name>.yaml`: what a site is, to whom it belongs, and how it may be spoken to.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_actors::site::SiteLimits;
use takt_protocol::book::SiteKind;
use takt_protocol::books::Pace;
use takt_protocol::calendar::{Calendar, PeriodState};
use takt_protocol::name::{Region, SiteId};
use takt_protocol::outbox::Class;

use super::calendar;
use super::link::TransportText;

/// `sites/<name>.yaml`: an ERP, a plant with its MES, a warehouse, a quality system, or one of the systems around them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteText {
    /// What it is.
    pub kind: SiteKind,
    /// Where it is at home.
    pub region: Spanned<Region>,
    /// A region in which nothing of it is decided, and which keeps what it tells until that is brought home: on a node beside it.
    pub edge: Option<Spanned<Region>>,
    /// Zone, shifts, closed days.
    #[serde(deserialize_with = "calendar::read")]
    pub calendar: Calendar,
    /// Of a plant: the ERP that owns its orders.
    pub erp: Option<Spanned<SiteId>>,
    /// Of a plant: the warehouse that takes its pallets.
    pub warehouse: Option<Spanned<SiteId>>,
    /// Of a plant: the quality system that decides about its lots.
    pub quality: Option<Spanned<SiteId>>,
    /// Of a plant: the maintenance system that says which equipment may run.
    pub maintenance: Option<Spanned<SiteId>>,
    /// Of a warehouse: the transport system that sends its trucks.
    pub transport: Option<Spanned<SiteId>>,
    /// Of an ERP: the planning system whose demand it plans for.
    pub planning: Option<Spanned<SiteId>>,
    /// Of a plant: the portal whose suppliers say what is on its way.
    pub supplier: Option<Spanned<SiteId>>,
    /// Of an ERP: posting periods that are not open, by month such as `2026-10`.
    #[serde(default)]
    pub periods: BTreeMap<String, Spanned<PeriodState>>,
    /// What its link promises about repeated sends, by verb.
    #[serde(default)]
    pub classes: BTreeMap<String, Spanned<Class>>,
    /// How fast it may be spoken to.
    #[serde(default)]
    pub limits: LimitsText,
    /// Of an ERP or a warehouse: when its books are compared with ours, and how gently; left out, never.
    pub reconcile: Option<Spanned<Pace>>,
    /// How it is spoken to.
    pub link: Option<TransportText>,
    /// That it is only observed: everything is decided, nothing is sent, and what would be goes into `<site>.jsonl` in this folder.
    pub observe: Option<Spanned<String>>,
    /// That the demo plays it.
    pub simulated: Option<SimulatedText>,
}

/// The limits of a site, each in force where it is written; the plant's own folder comes after the site's file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsText {
    /// Errands under way at once.
    pub at_once: Option<Spanned<NonZeroUsize>>,
    /// Sends a minute; left out, no limit.
    pub per_minute: Option<Spanned<NonZeroU64>>,
    /// How long one attempt may take, in ms: a quarter for claiming it, a half in which its requests begin, and a quarter for the last of
    /// them to be answered.
    pub window_ms: Option<Spanned<NonZeroU32>>,
    /// Failures in a row after which it is left alone.
    pub failures: Option<Spanned<NonZeroU32>>,
    /// For how long at first, in ms; twice as long after each try in vain.
    pub rest_ms: Option<Spanned<NonZeroU64>>,
    /// For how long at most, in ms.
    pub rest_max_ms: Option<Spanned<NonZeroU64>>,
}

impl LimitsText {
    /// The limits, with the usual value for what is left out.
    pub fn limits(&self) -> SiteLimits {
        let usual = SiteLimits::default();
        SiteLimits {
            at_once_max: self.at_once.as_ref().map_or(usual.at_once_max, |most| most.value.get()),
            spacing_ms: self.per_minute.as_ref().map_or(usual.spacing_ms, |rate| 60_000 / rate.value),
            window_ms: self.window_ms.as_ref().map_or(usual.window_ms, |window| window.value.get()),
            failures_max: self.failures.as_ref().map_or(usual.failures_max, |most| most.value.get()),
            open_ms: self.rest_ms.as_ref().map_or(usual.open_ms, |rest| rest.value.get()),
            open_max_ms: self.rest_max_ms.as_ref().map_or(usual.open_max_ms, |rest| rest.value.get()),
        }
    }

    /// These where they say something, and what others say where they do not.
    pub(crate) fn over(&self, others: &Self) -> Self {
        Self {
            at_once: self.at_once.clone().or_else(|| others.at_once.clone()),
            per_minute: self.per_minute.clone().or_else(|| others.per_minute.clone()),
            window_ms: self.window_ms.clone().or_else(|| others.window_ms.clone()),
            failures: self.failures.clone().or_else(|| others.failures.clone()),
            rest_ms: self.rest_ms.clone().or_else(|| others.rest_ms.clone()),
            rest_max_ms: self.rest_max_ms.clone().or_else(|| others.rest_max_ms.clone()),
        }
    }
}

/// That the demo plays a system, and with which seed of misfortune.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedText {
    /// What its misfortunes are drawn from.
    #[serde(default)]
    pub seed: u64,
    /// In whose manner, where there are several sorts of that kind of system.
    #[serde(default, rename = "as")]
    pub manner: Manner,
}

/// In whose manner a system is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// What is usual for its kind; of an ERP, SAP.
    #[default]
    Usual,
    /// Of an ERP: Odoo.
    Odoo,
}

impl Manner {
    /// As it is written in text.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Odoo => "odoo",
        }
    }
}
