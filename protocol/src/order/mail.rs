//! What other entities write to an order: its plant's site, its lots and handling units, orders it is split into or from.

use serde::{Deserialize, Serialize};

use super::{Release, Stage, Stop};
use crate::books::Called;
use crate::id::EntityId;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::qty::Qty;
use crate::site::Resolution;
use crate::words::{HoldNo, LotKey, Sscc};

/// Word from other entities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// The plant's site looked for what the order needs.
    Resolution {
        /// Which validation.
        attempt: u32,
        /// What it found.
        found: Resolution,
    },
    /// An order wants a part of it to be an order of its own.
    SplitOff {
        /// Which order.
        parent: EntityId,
        /// What is to be released.
        release: Box<Release>,
    },
    /// The order split off has a number in the ERP.
    SplitBorn {
        /// Its entity.
        child: EntityId,
        /// Its number.
        number: NativeId,
    },
    /// The order split off will not be.
    SplitRefused {
        /// Its entity.
        child: EntityId,
        /// Why.
        why: String,
    },
    /// A lot of this order changed.
    Quality {
        /// The lot's entity.
        lot: EntityId,
        /// Its name.
        key: LotKey,
        /// Open holds.
        holds: Vec<HoldNo>,
        /// Holds that were released without the quality system, which has not countersigned yet.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        provisional: Vec<HoldNo>,
        /// Waiting for inspection.
        in_inspection: bool,
        /// Free.
        free: Qty,
        /// Blocked.
        blocked: Qty,
        /// Grows with each word of that lot.
        word: u64,
    },
    /// A handling unit of this order moved.
    UnitMoved {
        /// Which.
        sscc: Sscc,
        /// How far it is.
        stage: Stage,
    },
    /// Some of a handling unit left, and the rest stayed.
    UnitTaken {
        /// Which.
        sscc: Sscc,
        /// How much of this order.
        qty: crate::qty::Qty,
    },
    /// Equipment that it is to run on stops, or will; or that is over.
    Equipment {
        /// What stops it.
        stop: Box<Stop>,
        /// Whether that is over.
        over: bool,
    },
    /// The books of its ERP are to be read.
    ReadBooks {
        /// Which ERP's site asks for it.
        site: SiteId,
        /// In which run, and up to when.
        called: Called,
    },
}
