//! A change of an order that is under way: what is wished, what it was, and who has agreed. Apart from the tracks because it
//! belongs to none of them: until plant and ERP have both said yes, nothing of the order has changed.

use serde::{Deserialize, Serialize};

use super::{Header, Release};
use crate::id::EntityId;
use crate::instant::Instant;
use crate::qty::Qty;
use crate::words::{ItemNo, MaterialId, Version};

/// What is to become of an order in its ERP, which owns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Another total.
    Quantity {
        /// The new one, planned scrap included.
        total: Qty,
    },
    /// Other dates.
    Dates {
        /// When it should start.
        start: Instant,
        /// When it should end.
        end: Instant,
    },
    /// Another material on a component line.
    Component {
        /// The line.
        item: ItemNo,
        /// What goes in instead.
        material: MaterialId,
    },
    /// Another version of its recipe.
    Recipe {
        /// The version.
        version: Version,
    },
    /// Given up.
    Cancel,
    /// No more work.
    TechnicallyComplete,
    /// Work again.
    Reopen,
    /// Settled.
    Close,
}

impl Change {
    /// What plant and ERP agree on once it is made so.
    pub fn on(&self, now: Agreed) -> Agreed {
        match self {
            Self::Quantity { total } => Agreed { total: *total, ..now },
            Self::Dates { start, end } => Agreed { start: *start, end: *end, ..now },
            Self::Component { .. } | Self::Recipe { .. } | Self::Cancel | Self::TechnicallyComplete | Self::Reopen | Self::Close => now,
        }
    }

    /// Whether no work is to begin after it.
    pub fn ends(&self) -> bool {
        match self {
            Self::Cancel | Self::TechnicallyComplete | Self::Close => true,
            Self::Quantity { .. } | Self::Dates { .. } | Self::Component { .. } | Self::Recipe { .. } | Self::Reopen => false,
        }
    }

    /// As a person calls it, after "cannot".
    pub fn words(&self) -> String {
        match self {
            Self::Quantity { total } => format!("change the total to {total}"),
            Self::Dates { start, end } => format!("move it to {start} to {end}"),
            Self::Component { item, material } => format!("use {material} on component line {item}"),
            Self::Recipe { version } => format!("use recipe {version}"),
            Self::Cancel => "cancel it".to_owned(),
            Self::TechnicallyComplete => "complete it technically".to_owned(),
            Self::Reopen => "reopen it".to_owned(),
            Self::Close => "close it".to_owned(),
        }
    }
}

/// What plant and ERP agree on now, and go back to when a change fails.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreed {
    /// The total.
    pub total: Qty,
    /// The planned start.
    pub start: Instant,
    /// The planned end.
    pub end: Instant,
}

impl From<&Header> for Agreed {
    fn from(header: &Header) -> Self {
        Self { total: header.total, start: header.start, end: header.end }
    }
}

/// Who is asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The plant, where it has the job.
    Plant,
    /// The ERP.
    Erp,
    /// The order that is split off.
    Child,
    /// The ERP again: the child did not come to be, so the total goes back.
    Back,
}

/// An order that is to be made of a part of this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Its entity.
    pub child: EntityId,
    /// What is to be released for it.
    pub release: Release,
}

/// A change under way; an order has one at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What is wished.
    pub change: Change,
    /// What it was before.
    pub before: Agreed,
    /// Who is asked now.
    pub phase: Phase,
    /// The intent that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<u32>,
    /// Whether the plant agreed, and must be told when it comes to nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plant_agreed: bool,
    /// The part that is split off, when that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

/// What a plant is asked about a job that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobWish {
    /// To give it back.
    Revoke,
    /// To make another quantity of it, or at another time.
    Change,
    /// To stop it for a while.
    Hold,
    /// To go on with it.
    Resume,
}
