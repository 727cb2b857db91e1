//! `<mapping>.test.yaml` beside a mapping, and `rules/<any>.test.yaml`: what a person expects of their text, for `takt check`
//! to hold it to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use takt_protocol::calendar::Calendar;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::order::Report;
use takt_protocol::posting::{Movement, Use};
use takt_protocol::qty::Qty;
use takt_protocol::words::{LotNo, MaterialId, OpNo, Sscc};

use super::FormatText;

/// Beside a mapping: what it makes of messages, errands and answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingTestsText {
    /// Whose name, calendar and code tables the mapping sees.
    pub site: Spanned<SiteId>,
    /// Code tables in place of the site's, for a mapping that is nobody's yet, or whose tests hold whatever codes the site has.
    pub tables: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// A calendar in place of the site's: whose clock a time without an offset is read from.
    pub calendar: Option<Calendar>,
    /// How messages are written; left out, as the site's link says.
    pub format: Option<FormatText>,
    /// What is given, and what is wanted.
    pub cases: Vec<Spanned<MappingCaseText>>,
}

/// One thing that a mapping is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingCaseText {
    /// What a person calls it.
    pub name: String,
    /// Which function is called; left out, `inputs` where the mapping has it, else `request`, else `file`.
    pub call: Option<String>,
    /// For what is received: under which topic; left out, none.
    #[serde(default)]
    pub topic: String,
    /// That it was posted, whatever the link of its site is: then it has no name of its own.
    #[serde(default)]
    pub posted: bool,
    /// For what is received as a file: its name.
    pub file: Option<String>,
    /// For what is received: the payload, behind a `|` letter for letter as the system sends it, or as YAML what a mapping
    /// sees of it. For `ask` and `items`: all they see, such as `since`, `page` and `body`.
    pub given: Option<Value>,
    /// For what is received: the answers to what the mapping reads first.
    #[serde(default)]
    pub read: Vec<Value>,
    /// For what is sent: the effect, such as `post: {…}`.
    pub effect: Option<Value>,
    /// For what is sent: the answers so far, each with `status` and `body`.
    #[serde(default)]
    pub answers: Vec<Value>,
    /// What comes out, whole.
    pub then: Option<Vec<Value>>,
    /// What comes out, in part: a JSON pointer into the list of outputs, and what stands there.
    #[serde(default)]
    pub has: BTreeMap<String, Value>,
    /// It is refused, with these words.
    pub fails: Option<String>,
}

/// `rules/<any>.test.yaml`: which postings come of which reports of an order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTestsText {
    /// The plant of the order.
    pub plant: Spanned<SiteId>,
    /// Its material.
    pub material: Spanned<MaterialId>,
    /// Its total.
    pub total: Qty,
    /// When it starts; the first report comes then.
    pub start: Option<Instant>,
    /// What is reported, and what is wanted.
    pub cases: Vec<Spanned<RuleCaseText>>,
}

/// One order's reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleCaseText {
    /// What a person calls it.
    pub name: String,
    /// What happens, in order.
    pub given: Vec<HappensText>,
    /// The postings that come of it, all of them, in order.
    pub postings: Vec<PostingText>,
    /// What was reported and stands in no posting yet: all of it, zero left out.
    #[serde(default)]
    pub left: Vec<QuantityText>,
}

/// A report, or a pause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HappensText {
    /// The report.
    pub report: Option<Report>,
    /// How often.
    #[serde(default = "once")]
    pub times: u32,
    /// Minutes that pass before each.
    #[serde(default)]
    pub after_minutes: u32,
}

fn once() -> u32 {
    1
}

/// A posting that is wanted; what is left out is not looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostingText {
    /// What kind of document.
    pub movement: Movement,
    /// The rule it was made by.
    pub rule: Option<String>,
    /// Whether it completes its operation or order.
    pub last: Option<bool>,
    /// Its lines, in any order.
    pub lines: Vec<QuantityText>,
}

/// A quantity and what it is; what is left out is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantityText {
    /// What for.
    #[serde(rename = "use")]
    pub purpose: Use,
    /// Of which material.
    pub material: Option<MaterialId>,
    /// At which operation.
    pub op: Option<OpNo>,
    /// Of which lot.
    pub lot: Option<LotNo>,
    /// On which handling unit.
    pub unit: Option<Sscc>,
    /// How much.
    pub qty: Qty,
}
