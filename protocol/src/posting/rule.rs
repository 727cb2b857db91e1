//! Posting rules: which reports become which postings, when, how rounded. Written by people, versioned, found by the most
//! specific match; a group keeps the version it was opened under.

use serde::{Deserialize, Serialize};

use super::{Actual, Use};
use crate::name::SiteId;
use crate::qty::{Qty, Rounding};
use crate::words::{MaterialId, OpNo};

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, such as `nord/milestone`.
    pub id: String,
    /// Its version, growing.
    pub version: u32,
    /// What it is for.
    #[serde(rename = "match", default)]
    pub matches: Match,
    /// When a group is flushed; the first that comes true.
    pub trigger: Vec<Trigger>,
    /// What a group is finer than a series by.
    #[serde(default)]
    pub group_by: Vec<Axis>,
    /// What kind of document.
    pub movement: Movement,
    /// The ERP's own code for it, such as `101`.
    #[serde(default)]
    pub code: String,
    /// Who computes the quantity.
    #[serde(default)]
    pub method: Method,
    /// Decimals the ERP keeps (SAP: 3).
    #[serde(default = "three")]
    pub scale: u32,
    /// How the cumulative sum is rounded to them.
    #[serde(default)]
    pub rounding: Rounding,
    /// Which date a posting gets.
    #[serde(default)]
    pub date: DatePolicy,
    /// What happens when its period is closed.
    #[serde(default)]
    pub late: LatePolicy,
    /// What happens when more was made than the order's tolerance allows.
    #[serde(default, skip_serializing_if = "OverPolicy::is_post")]
    pub over: OverPolicy,
}

fn three() -> u32 {
    3
}

/// What a rule is for; what is absent matches all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The plant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// The material.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material: Option<MaterialId>,
    /// The operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<OpNo>,
    /// What the quantity was used for.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Use>,
}

/// What flushes a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Every report at once.
    EachReport,
    /// So many reports.
    Count(u32),
    /// So many minutes after the group was opened.
    EveryMinutes(u32),
    /// The end of the plant's shift.
    ShiftEnd,
    /// The operation or the order is complete. Every group that is not held goes out then, whatever else its rule says: written alone,
    /// it says that nothing goes out earlier.
    Completion,
    /// The handling unit is closed.
    UnitClosed,
    /// Nothing: a person or a program says when.
    Hold,
}

/// What a group may be finer by. Lot, stock status, item and output are always apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The operation.
    Op,
    /// The production day and shift.
    PlantDay,
    /// The handling unit.
    Unit,
}

/// What kind of document a posting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// Stock comes out of an order.
    GoodsReceipt,
    /// Stock goes into an order.
    GoodsIssue,
    /// Work on an operation: yield, scrap, rework, times.
    Confirmation,
}

impl Movement {
    /// The documents that can say that. A plant that only counts yield may have it received; scrap may be issued.
    const fn taking(purpose: Use) -> &'static [Self] {
        match purpose {
            Use::Yield => &[Self::Confirmation, Self::GoodsReceipt],
            Use::Scrap => &[Self::Confirmation, Self::GoodsIssue],
            Use::Rework | Use::Labour | Use::Machine => &[Self::Confirmation],
            Use::Consumed => &[Self::GoodsIssue],
            Use::Produced => &[Self::GoodsReceipt],
        }
    }

    /// As it is written in a rule.
    const fn word(self) -> &'static str {
        match self {
            Self::GoodsReceipt => "goods_receipt",
            Self::GoodsIssue => "goods_issue",
            Self::Confirmation => "confirmation",
        }
    }
}

/// Who computes the quantity in the ERP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// We say how much.
    #[default]
    Explicit,
    /// The ERP takes it from its bill of material: reported here, never posted by us.
    Backflush,
    /// Nobody posts it.
    Skip,
}

/// Which date a posting gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePolicy {
    /// The plant's calendar date on which it happened.
    #[default]
    Occurred,
    /// The plant's calendar date on which it is flushed.
    Flushed,
}

/// What happens to a posting whose period is closed. Never shifted silently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatePolicy {
    /// Parked for finance, with a proposed date.
    #[default]
    Park,
    /// Posted on the first open date, with the original date in its text.
    NextOpenDate,
}

/// What happens to a posting when more was made than the order's tolerance allows. That it was made stands in either case, and
/// is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverPolicy {
    /// Posted: the ERP has the last word.
    #[default]
    Post,
    /// Parked, for ERPs that take it and cannot give it back: goes out when a person says so.
    Park,
}

impl OverPolicy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_post(&self) -> bool {
        *self == Self::Post
    }
}

/// Two rules that cannot both hold, or one that cannot hold at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("posting rule {rule}: {what}")]
pub struct Contradiction {
    /// Which rule.
    pub rule: String,
    /// What is wrong, and what to do.
    pub what: String,
}

/// All rules in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleBook {
    rules: Vec<Rule>,
}

impl RuleBook {
    /// The rules, checked against each other.
    pub fn new(rules: Vec<Rule>) -> Result<Self, Vec<Contradiction>> {
        let mut found: Vec<Contradiction> = rules.iter().filter_map(Rule::contradiction).collect();
        for (at, rule) in rules.iter().enumerate() {
            if rules.iter().take(at).any(|other| other.id == rule.id && other.version == rule.version) {
                let what = format!("version {} stands there twice: give each rule an id of its own", rule.version);
                found.push(Contradiction { rule: rule.id.clone(), what });
            }
            for other in rules.iter().skip(at + 1).filter(|other| rule.matches.collides(&other.matches)) {
                let what = format!("matches the same reports as {} and is no more specific: narrow one of them", other.id);
                found.push(Contradiction { rule: rule.id.clone(), what });
            }
        }
        if found.is_empty() { Ok(Self { rules }) } else { Err(found) }
    }

    /// The most specific rule for a quantity reported at a plant.
    pub fn find(&self, site: SiteId, actual: &Actual) -> Option<&Rule> {
        self.rules.iter().filter(|rule| rule.matches.takes(site, actual)).max_by_key(|rule| rule.matches.weight())
    }

    /// All rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl Rule {
    /// A rule for what nobody wrote one for: collected, and flushed only when somebody says so.
    pub fn collecting(purpose: Use, trigger: Vec<Trigger>) -> Self {
        let movement = match purpose {
            Use::Produced => Movement::GoodsReceipt,
            Use::Consumed => Movement::GoodsIssue,
            Use::Yield | Use::Scrap | Use::Rework | Use::Labour | Use::Machine => Movement::Confirmation,
        };
        Self {
            id: "takt/unruled".to_owned(),
            version: 1,
            matches: Match::default(),
            trigger,
            group_by: Vec::new(),
            movement,
            code: String::new(),
            method: Method::Explicit,
            scale: three(),
            rounding: Rounding::HalfUp,
            date: DatePolicy::Occurred,
            late: LatePolicy::Park,
            over: OverPolicy::Post,
        }
    }

    fn contradiction(&self) -> Option<Contradiction> {
        let wrong = |what: &str| Some(Contradiction { rule: self.id.clone(), what: what.to_owned() });
        if self.trigger.is_empty() {
            return wrong("has no trigger, so nothing would ever be posted: add `completion`, or `hold` if that is meant");
        }
        if self.trigger.iter().any(|trigger| matches!(trigger, Trigger::Count(0) | Trigger::EveryMinutes(0))) {
            return wrong("has a trigger of zero: use `each_report`");
        }
        if self.trigger.contains(&Trigger::Hold) && self.trigger.len() > 1 {
            return wrong("waits for a person and has other triggers too: drop `hold`, or the others");
        }
        if self.scale > Qty::SCALE_MAX {
            return wrong("keeps more decimals than a quantity has: use at most 6");
        }
        match (self.method, self.matches.purpose) {
            (Method::Explicit, None) => wrong("would post every use as one kind of document: say under `match` which `use` it is for"),
            (Method::Explicit, Some(purpose)) if !Movement::taking(purpose).contains(&self.movement) => {
                let fit: Vec<&str> = Movement::taking(purpose).iter().map(|movement| movement.word()).collect();
                let now = self.movement.word();
                wrong(&format!("posts a use as a {now} that such a document does not take: write {} as its `movement`", fit.join(" or ")))
            }
            (_, Some(Use::Produced)) if self.matches.op.is_some() => {
                wrong("never matches, as what is produced has no operation: drop `op`, or write `use: yield`")
            }
            (Method::Explicit | Method::Backflush | Method::Skip, _) => None,
        }
    }
}

impl Match {
    fn takes(&self, site: SiteId, actual: &Actual) -> bool {
        self.site.is_none_or(|wanted| wanted == site)
            && self.material.as_ref().is_none_or(|wanted| *wanted == actual.material)
            && self.op.as_ref().is_none_or(|wanted| Some(wanted) == actual.op.as_ref())
            && self.purpose.is_none_or(|wanted| wanted == actual.purpose)
    }

    /// More for what is rarer: an operation of a material at a plant beats each of them alone.
    fn weight(&self) -> u8 {
        let bit = |set: bool, weight: u8| if set { weight } else { 0 };
        bit(self.op.is_some(), 8) + bit(self.material.is_some(), 4) + bit(self.site.is_some(), 2) + bit(self.purpose.is_some(), 1)
    }

    fn collides(&self, other: &Self) -> bool {
        fn meet<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.zip(b).is_none_or(|(a, b)| a == b)
        }
        self.weight() == other.weight()
            && meet(self.site.as_ref(), other.site.as_ref())
            && meet(self.material.as_ref(), other.material.as_ref())
            && meet(self.op.as_ref(), other.op.as_ref())
            && meet(self.purpose.as_ref(), other.purpose.as_ref())
    }
}
