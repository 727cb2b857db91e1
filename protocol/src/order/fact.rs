//! What is recorded of an order.

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Business, Counted, Counter, Dispatch, Execution, Header, LotQuality, Pending, Release, Stage, Stop, Supply};
use crate::books;
use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::{SiteId, Source};
use crate::native::NativeId;
use crate::posting::{PostingFact, Use};
use crate::qty::Qty;
use crate::site::Resolved;
use crate::words::{DocNo, ItemNo, LotKey, MaterialId, OpNo, Reason, Sscc, Version};

/// A fact of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Somebody wished for it; the ERP is asked.
    Wished(Box<Release>),
    /// The ERP made it, and has not released it.
    Created(Box<Header>),
    /// The ERP released it, and this is what it ordered.
    Released(Box<Header>),
    /// Track B moved.
    Business(Business),
    /// Somebody has it open in the ERP, or has no longer.
    #[serde(deserialize_with = "locked_since")]
    Locked {
        /// Since when; absent when nobody has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Instant>,
    },
    /// A planner wants it to wait, or to go on.
    OnHold(Option<Reason>),
    /// A change is under way, and this is who is asked now.
    ChangeMoved(Box<Pending>),
    /// No change is under way any more.
    ChangeEnded {
        /// Whether it came about.
        done: bool,
    },
    /// Other dates.
    Rescheduled {
        /// When it should start.
        start: Instant,
        /// When it should end.
        end: Instant,
    },
    /// Another material on a component line.
    Replaced {
        /// The line.
        item: ItemNo,
        /// The material.
        material: MaterialId,
    },
    /// Another version of the recipe.
    RecipeChanged {
        /// Which.
        version: Version,
    },
    /// It was split off from another order.
    SplitFrom {
        /// Which.
        parent: EntityId,
    },
    /// A part of it is an order of its own now.
    SplitInto {
        /// Its entity.
        child: EntityId,
        /// Its number in the ERP.
        number: NativeId,
        /// How much it took over.
        total: Qty,
    },
    /// Another total.
    TotalChanged {
        /// The new one.
        total: Qty,
    },
    /// A validation began.
    Validating {
        /// Which.
        attempt: u32,
    },
    /// Everything it needs, frozen.
    Resolved(Box<Resolved>),
    /// Track D moved.
    Dispatch(Dispatch),
    /// The intent that carries the present attempt.
    DispatchedBy {
        /// Which attempt.
        attempt: u32,
        /// Which intent.
        intent: u32,
    },
    /// The plant's number for it.
    Job(NativeId),
    /// Track X moved.
    Execution {
        /// Which operation.
        op: OpNo,
        /// To where.
        to: Execution,
    },
    /// Work on an operation, in the unit the order is kept in.
    Worked {
        /// Which operation.
        op: OpNo,
        /// What.
        #[serde(rename = "use")]
        purpose: Use,
        /// How much, signed.
        qty: Qty,
        /// Why, for scrap and corrections.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// A counter stands there.
    Counter {
        /// At which operation.
        op: OpNo,
        /// Of what.
        #[serde(rename = "use")]
        purpose: Use,
        /// Whose counter.
        source: Source,
        /// Where it stands.
        counter: Counter,
        /// Of which goods, where it counts goods.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        goods: Option<Counted>,
    },
    /// A final confirmation declared a total that is not reached yet.
    Declared {
        /// Which operation.
        op: OpNo,
        /// The total.
        good: Qty,
    },
    /// The plant says that all is done.
    Completed,
    /// Track M moved.
    Supply(Supply),
    /// Tracks C and P moved.
    Posting(PostingFact),
    /// An intent carries a posting.
    Carries {
        /// The intent.
        intent: u32,
        /// The posting.
        posting: u32,
    },
    /// A lot of this order, as it last said.
    Lot {
        /// Its entity.
        lot: EntityId,
        /// How it is.
        quality: LotQuality,
    },
    /// A lot went in.
    Consumed {
        /// Which.
        key: LotKey,
        /// Its entity.
        lot: EntityId,
    },
    /// A lot came out, for the first time.
    Made {
        /// Which.
        key: LotKey,
        /// Its entity.
        lot: EntityId,
    },
    /// Its ERP would not make what was wished for.
    Unmade,
    /// A correction came before the count it corrects.
    Early(Box<super::Early>),
    /// The count it corrects has come.
    EarlyBooked {
        /// The case that showed it.
        case: u32,
    },
    /// A report cannot be booked yet: its material or its unit is not known.
    Unbooked(Box<super::Unbooked>),
    /// It is booked, or given up.
    UnbookedOver {
        /// The case that showed it.
        case: u32,
        /// Two persons gave it up.
        given_up: bool,
    },
    /// A handling unit was filled.
    Filled {
        /// Which.
        sscc: Sscc,
        /// Its entity.
        unit: EntityId,
        /// With how much of this order.
        qty: Qty,
    },
    /// A handling unit moved.
    UnitMoved {
        /// Which.
        sscc: Sscc,
        /// How far it is.
        stage: Stage,
    },
    /// Somebody posted in the ERP by hand.
    ForeignPosting {
        /// The document.
        document: DocNo,
        /// Who.
        by: String,
        /// How much.
        qty: Qty,
        /// The posting of ours that it may be, while nobody knows whether that one went through.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        twin: Option<u32>,
    },
    /// Equipment that it is to run on stops, or will; or that is over.
    Equipment {
        /// What stops it.
        stop: Box<Stop>,
        /// Whether that is over.
        over: bool,
    },
    /// It was compared with the books of a system, or is to be.
    Books {
        /// Whose.
        site: SiteId,
        /// What about it.
        step: Box<books::Fact>,
    },
    /// Some of a handling unit left, and the rest stayed.
    UnitTaken {
        /// Which.
        sscc: Sscc,
        /// How much of this order.
        qty: Qty,
    },
    /// Its ERP ordered it in another unit than its material is kept in: it is so much of that, exactly.
    Measured {
        /// As its ERP said it.
        said: Qty,
        /// The total from now on.
        total: Qty,
    },
}

/// Older binaries wrote yes or no: who has it open since nobody knows when is not waited for. No untagged enum, because that
/// reads through a form in which instants are text.
fn locked_since<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
    deserializer.deserialize_any(LockedSince)
}

struct LockedSince;

impl<'de> Visitor<'de> for LockedSince {
    type Value = Option<Instant>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("since when, or whether, an order is open in its ERP")
    }

    fn visit_bool<E: Error>(self, locked: bool) -> Result<Option<Instant>, E> {
        Ok(locked.then_some(Instant::EPOCH))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<Instant>, A::Error> {
        let mut since = None;
        while let Some(field) = fields.next_key::<String>()? {
            if field == "since" {
                since = fields.next_value()?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(since)
    }
}
