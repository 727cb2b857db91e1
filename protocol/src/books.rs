//! The books of others: what a system says it has of one thing of ours, beside what we say. Apart from the ledger because a
//! ledger is ours, and from orders and handling units because both are compared in the same way. Never moves a quantity: a
//! difference is shown, and a person decides.
//!
//! A thing is read on its own lane ([`crate::outbox`]), so nothing of it is under way at that system meanwhile. What we know to
//! be elsewhere is netted out by name ([`Place`]); what is left has to be the same in two readings before it is a case.

use serde::{Deserialize, Serialize};

use crate::envelope::RawRef;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::posting::Use;
use crate::qty::Qty;
use crate::words::{DocNo, LotNo, MaterialId, OpNo, Sscc};

mod compare;
mod kept;
mod pace;
mod run;
#[cfg(test)]
mod tests;
mod turn;

pub use compare::{Ours, Side, compare};
pub use kept::{Asked, Fact, Kept, Next, READS_MAX};
pub use pace::Pace;
pub use run::{Books, Called, Found, Run, SiteFact, Verdict};
pub(crate) use turn::{Turn, about, system_of};

/// What a system is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Of what.
    pub about: About,
    /// The plant it belongs to.
    pub plant: SiteId,
    /// What was entered after that does not count.
    pub cut_off: Instant,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An order, by its number in the ERP: everything that was posted to it.
    Order(NativeId),
    /// A handling unit: what is on it, or was taken off it for a delivery.
    Unit(Sscc),
}

/// What a system has, as its mapping says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Line by line; what was undone is left out, or stands there with its counter-entry.
    pub entries: Vec<Stated>,
}

/// A line in the books of a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stated {
    /// The document it stands in, in the words in which postings are answered; absent where a system has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocNo>,
    /// The reference that the document carries: ours, when one of ours made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What for.
    #[serde(rename = "use")]
    pub purpose: Use,
    /// At which operation; of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<OpNo>,
    /// Of which material.
    pub material: MaterialId,
    /// Of which lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
    /// How much; negative takes back.
    pub qty: Qty,
    /// When it was entered there; absent where the system does not say, and then it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_at: Option<Instant>,
}

/// What a quantity is summed by, in any system's books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// What for.
    #[serde(rename = "use")]
    pub purpose: Use,
    /// At which operation, without leading zeros; of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<OpNo>,
    /// Of which material.
    pub material: MaterialId,
    /// Of which lot; of goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
}

impl Item {
    /// Work is known by its operation, goods by their lot.
    pub fn new(purpose: Use, op: Option<&OpNo>, material: &MaterialId, lot: Option<&LotNo>) -> Self {
        let goods = matches!(purpose, Use::Consumed | Use::Produced);
        let op = op.filter(|_| !goods).and_then(|op| OpNo::parse(op.as_str().trim_start_matches('0')).ok().or_else(|| Some(op.clone())));
        Self { purpose, op, material: material.clone(), lot: lot.filter(|_| goods).cloned() }
    }
}

/// Where a quantity is that is not compared, or that is there for a reason we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Collected here, and not posted yet.
    Pending,
    /// Under way.
    InFlight,
    /// Sent, and nobody knows whether it was done.
    InDoubt,
    /// Waits here for a person.
    Parked,
    /// Given up.
    WrittenOff,
    /// Posted by nobody, by rule: the system books it by itself.
    Skipped,
    /// Less than the smallest step of the system.
    Carried,
    /// In its books by hand, and known here.
    ByHand,
    /// Counted there otherwise than announced, and known here.
    Counted,
}

impl Place {
    /// Its word, as it stands on every wire and screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InFlight => "in_flight",
            Self::InDoubt => "in_doubt",
            Self::Parked => "parked",
            Self::WrittenOff => "written_off",
            Self::Skipped => "skipped",
            Self::Carried => "carried",
            Self::ByHand => "by_hand",
            Self::Counted => "counted",
        }
    }
}

/// Both sides of one thing, compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Whose books.
    pub site: SiteId,
    /// When they were read.
    pub read_at: Instant,
    /// What was entered after that does not count.
    pub cut_off: Instant,
    /// What the system answered, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<RawRef>,
    /// Item by item.
    pub rows: Vec<Row>,
}

/// Both sides of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Which.
    pub item: Item,
    /// What we say is there: posted and adopted.
    pub ours: Qty,
    /// What its books say.
    pub theirs: Qty,
    /// What is elsewhere, or there for a reason that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub netted: Vec<(Place, Qty)>,
    /// Theirs without ours and without what is known: nothing, when the books agree.
    pub unexplained: Qty,
    /// Documents of ours that are not there, or say something else there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<DocNo>,
    /// Those of them that are not there at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<DocNo>,
    /// Documents that are there and not known here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strange: Vec<DocNo>,
}

impl Row {
    /// Whether the books differ here.
    pub fn differs(&self) -> bool {
        !self.unexplained.is_zero() || !self.missing.is_empty()
    }
}

/// What differs of an item; the same in two readings when nothing of it changed.
pub type Difference = (Item, Qty, Vec<DocNo>, Vec<DocNo>);

impl Comparison {
    /// What differs, item by item; nothing when the books agree.
    pub fn differences(&self) -> Vec<Difference> {
        let apart = self.rows.iter().filter(|row| row.differs());
        apart.map(|row| (row.item.clone(), row.unexplained, row.missing.clone(), row.strange.clone())).collect()
    }

    /// What is netted out, by place and unit.
    pub fn netted(&self) -> Vec<(Place, Qty)> {
        let mut sums: Vec<(Place, Qty)> = Vec::new();
        for (place, qty) in self.rows.iter().flat_map(|row| &row.netted) {
            match sums.iter_mut().find(|(known, sum)| known == place && sum.uom() == qty.uom()) {
                Some((_, sum)) => *sum = sum.plus(*qty).unwrap_or(*sum),
                None => sums.push((*place, *qty)),
            }
        }
        sums.sort_by_key(|(place, qty)| (*place, qty.uom()));
        sums
    }

    /// What nobody can explain, item by item.
    pub fn unexplained(&self) -> Vec<Qty> {
        self.rows.iter().map(|row| row.unexplained).filter(|qty| !qty.is_zero()).collect()
    }
}
