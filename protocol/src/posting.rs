//! The ledger: what was reported, what of it went into which posting, and how each posting stands. Detailed reports become
//! few postings by rule; lots, stock status and output items are never summed over; rounding is cumulative, so the sums
//! agree to the last digit. Pure, and without knowledge of orders or transport: quantities in, facts out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::{PlantDay, PostingDate};
use crate::instant::Instant;
use crate::qty::{Native, Qty};
use crate::uom::Uom;
use crate::words::{DocNo, ItemNo, LotNo, MaterialId, OpNo, OutputKind, SerialNo, Sscc, StockStatus};

mod account;
mod evolve;
mod flush;
mod last;
mod place;
mod record;
mod reversible;
mod rule;
mod settle;
mod sums;
mod undo;

pub use account::{Account, above, accounts};
pub use flush::{Due, flush, next_wake};
pub use place::Stuck;
pub use record::{Moment, record};
pub use reversible::stranded;
pub use rule::{Axis, Contradiction, DatePolicy, LatePolicy, Match, Method, Movement, OverPolicy, Rule, RuleBook, Trigger};
pub use settle::{adopt, retry, settle, write_off};
use sums::Sums;
pub use undo::take_back;

/// What a quantity was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Good pieces of an operation.
    Yield,
    /// Scrap of an operation.
    Scrap,
    /// To be worked on again.
    Rework,
    /// A component went in (negative: came back).
    Consumed,
    /// An output came out.
    Produced,
    /// Labour time.
    Labour,
    /// Machine time.
    Machine,
}

impl Use {
    /// Whether it counts what an order makes.
    pub fn is_output(self) -> bool {
        match self {
            Self::Yield | Self::Scrap | Self::Produced => true,
            Self::Rework | Self::Consumed | Self::Labour | Self::Machine => false,
        }
    }
}

/// A reported quantity, in the unit it is booked in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Actual {
    /// What for.
    #[serde(rename = "use")]
    pub purpose: Use,
    /// At which operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<OpNo>,
    /// Which component line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemNo>,
    /// Which output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputKind>,
    /// Of which material.
    pub material: MaterialId,
    /// Of which lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
    /// Into or from which stock.
    #[serde(default)]
    pub status: StockStatus,
    /// On which handling unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Sscc>,
    /// Which pieces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<SerialNo>,
    /// How much, signed, in the unit it is booked in.
    pub qty: Qty,
    /// What the source wrote, when that was something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Native>,
    /// When, by the plant's production day.
    pub day: PlantDay,
    /// When, by the plant's calendar.
    pub date: PostingDate,
    /// The actual it corrects, when it is the difference of a corrected count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<u32>,
}

/// What is never summed over: a cumulative sum and its rounding live here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Series {
    /// What for.
    #[serde(rename = "use")]
    pub purpose: Use,
    /// At which operation; always there for work, and for material only where the rule says so.
    pub op: Option<OpNo>,
    /// Which component line.
    pub item: Option<ItemNo>,
    /// Which output.
    pub output: Option<OutputKind>,
    /// Of which material.
    pub material: MaterialId,
    /// Of which lot.
    pub lot: Option<LotNo>,
    /// Into or from which stock.
    pub status: StockStatus,
    /// In which unit: what has no common unit has no sum.
    pub uom: Uom,
}

/// What stands in one group: a series on one posting date, finer where the rule says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKey {
    /// The series.
    pub series: Series,
    /// The posting date.
    pub date: PostingDate,
    /// The production day and shift, where the rule groups by it.
    pub day: Option<PlantDay>,
    /// The handling unit, where the rule groups by it.
    pub unit: Option<Sscc>,
    /// The rule and its version: a group is flushed under the version it was opened under.
    pub rule: (String, u32),
}

/// A posting, complete: what an ERP is to be told, in canonical words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posting {
    /// Its number in this ledger, from 1.
    pub number: u32,
    /// What kind of document.
    pub movement: Movement,
    /// The ERP's own code for it, carried along from the rule.
    pub code: String,
    /// The posting date.
    pub date: PostingDate,
    /// The (earliest) date it happened on, where a policy or a person moved the posting date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_date: Option<PostingDate>,
    /// What.
    pub lines: Vec<Line>,
    /// The rule version it was made by.
    pub rule: (String, u32),
    /// Whether it completes its operation or order: no more than one document of a flush says so of an operation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
    /// Documents it takes back in part or whole, newest first. A document either posts or takes back; one that takes back
    /// names none only while its originals are on their way and have no number yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reverses: Vec<DocNo>,
    /// The reversal that must stand before this one may be sent: it posts again what that one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
}

/// A line of a posting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it stands for.
    pub series: Series,
    /// On which handling unit, where the rule groups by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Sscc>,
    /// How much, rounded; negative takes back, and zero only says that its operation is final.
    pub qty: Qty,
    /// Which pieces: a list on the line, never in the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<SerialNo>,
    /// The actuals behind it, as ranges from and to.
    pub actuals: Vec<(u32, u32)>,
}

/// How a posting stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Handed over; nobody has claimed it yet.
    Prepared,
    /// Somebody may be sending it.
    InFlight,
    /// The reply was lost.
    InDoubt,
    /// The ERP has it.
    Posted {
        /// Under this number.
        document: DocNo,
    },
    /// Somebody had posted it by hand.
    Adopted {
        /// Under this number.
        document: DocNo,
    },
    /// Waits for a person.
    Parked {
        /// Why.
        why: String,
        /// A date that would be possible.
        proposed: Option<PostingDate>,
    },
    /// Given up, with two approvals.
    WrittenOff,
}

/// What is recorded of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostingFact {
    /// A quantity was reported, and belongs to that group; the first of a group brings its rule.
    Recorded {
        /// Its number, from 1.
        number: u32,
        /// What.
        actual: Box<Actual>,
        /// Its group's number.
        group: u32,
        /// The rule, whole, when this opens the group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opens: Option<Box<Rule>>,
        /// When the group must be flushed at the latest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Instant>,
    },
    /// Groups became a posting; empty lines mean that rounding left nothing to post yet.
    Flushed {
        /// The groups.
        groups: Vec<u32>,
        /// The posting.
        posting: Option<Box<Posting>>,
        /// Why it may not be sent just now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parked: Option<(String, Option<PostingDate>)>,
    },
    /// How a posting stands now.
    Stands {
        /// Which posting.
        posting: u32,
        /// How.
        standing: Standing,
    },
    /// A parked posting goes out again, with a date and references that are possible now.
    Reissued {
        /// The posting, whole.
        posting: Box<Posting>,
    },
    /// A person had a document taken back; its quantity waits to be posted again.
    TakenBack {
        /// The posting that takes it back.
        back: Box<Posting>,
        /// The one that waits, parked.
        again: Box<Posting>,
        /// By whom, and why.
        why: String,
    },
    /// Some lines were not taken although the document was: they are a posting of their own now.
    Split {
        /// Which posting.
        posting: u32,
        /// Which lines, from 0.
        lines: Vec<u16>,
        /// The posting they became, parked.
        into: u32,
        /// The ERP's words.
        why: String,
        /// The reversal that they wait for from now on, when they are to be posted again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u32>,
    },
}

/// The state of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    series: BTreeMap<Series, Sums>,
    groups: BTreeMap<u32, Group>,
    keys: BTreeMap<GroupKey, u32>,
    postings: BTreeMap<u32, Entry>,
    last_actual: u32,
    last_group: u32,
    last_posting: u32,
    last_turn: u32,
}

/// An open group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Group {
    key: GroupKey,
    rule: Box<Rule>,
    sum: Qty,
    count: u32,
    serials: Vec<SerialNo>,
    actuals: Vec<(u32, u32)>,
    due: Option<Instant>,
}

/// A posting and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The posting.
    pub posting: Posting,
    /// How it stands.
    pub standing: Standing,
    /// Its turn among the postings on their way: the order in which they were handed over.
    turn: u32,
}

impl Ledger {
    /// A posting.
    pub fn posting(&self, number: u32) -> Option<&Entry> {
        self.postings.get(&number)
    }

    /// All postings, oldest first.
    pub fn postings(&self) -> impl Iterator<Item = &Entry> {
        self.postings.values()
    }

    /// Whether anything is not yet at its end: prepared, in flight, in doubt or parked.
    pub fn is_unsettled(&self) -> bool {
        self.postings.values().any(|entry| !entry.standing.is_over())
    }

    /// Whether a group is open.
    pub fn has_open_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether any document stands in the ERP.
    pub fn has_documents(&self) -> bool {
        self.postings.values().any(|entry| entry.standing.document().is_some())
    }

    /// How many quantities were reported.
    pub fn actuals(&self) -> u32 {
        self.last_actual
    }
}

impl Standing {
    /// The document, when there is one.
    pub fn document(&self) -> Option<&DocNo> {
        match self {
            Self::Posted { document } | Self::Adopted { document } => Some(document),
            Self::Prepared | Self::InFlight | Self::InDoubt | Self::Parked { .. } | Self::WrittenOff => None,
        }
    }

    /// Whether the ERP has it, or will have it when nothing goes wrong.
    fn counts(&self) -> bool {
        match self {
            Self::Prepared | Self::InFlight | Self::InDoubt | Self::Posted { .. } | Self::Adopted { .. } => true,
            Self::Parked { .. } | Self::WrittenOff => false,
        }
    }

    /// Whether nothing can move it any more.
    fn is_over(&self) -> bool {
        match self {
            Self::Posted { .. } | Self::Adopted { .. } | Self::WrittenOff => true,
            Self::Prepared | Self::InFlight | Self::InDoubt | Self::Parked { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
