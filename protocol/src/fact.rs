//! What is recorded. Facts common to every entity, and one variant a kind for its own.

use serde::{Deserialize, Serialize};

use std::collections::BTreeSet;

use crate::case::{Case, CaseKind};
use crate::envelope::RawRef;
use crate::instant::Instant;
use crate::intent::Intent;
use crate::native::Ref;
use crate::outbox::OutboxFact;
use crate::words::Role;
use crate::{lot, order, record, shipment, site, unit};

/// A fact of an entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A name somebody has for this entity.
    Named(Ref),
    /// Something must happen elsewhere.
    Intended {
        /// Its number within the entity, from 1, without a gap.
        number: u32,
        /// What.
        intent: Box<Intent>,
    },
    /// A step in the life of an intent for a site.
    Outbox {
        /// Which intent.
        number: u32,
        /// What became of it.
        step: OutboxFact,
    },
    /// A person must look at something.
    CaseOpened(Box<Case>),
    /// A case has another owner.
    CaseHandedOver {
        /// Which.
        case: u32,
        /// To whom.
        to: Role,
    },
    /// A case is over.
    CaseClosed {
        /// Which.
        case: u32,
        /// How, for a person.
        how: String,
    },
    /// Of an order.
    Order(Box<order::Fact>),
    /// Of a lot.
    Lot(Box<lot::Fact>),
    /// Of a handling unit.
    Unit(Box<unit::Fact>),
    /// Of a shipment.
    Shipment(Box<shipment::Fact>),
    /// Of a site.
    Site(Box<site::Fact>),
    /// Of a record of master data.
    Record(Box<record::Fact>),
    /// Nobody wants to see a case for a while.
    CaseSnoozed {
        /// Which.
        case: u32,
        /// Until when.
        until: Instant,
    },
    /// Somebody asked to give up what a case is about; it waits for a second person.
    CaseGivingUp {
        /// Which.
        case: u32,
        /// Who, as marks of their names.
        asked_by: BTreeSet<RawRef>,
    },
}

impl Fact {
    /// What a person did about a case that stays open: which case, and what, in words.
    pub fn deed(&self) -> Option<(u32, String)> {
        match self {
            Self::CaseHandedOver { case, to } => Some((*case, format!("handed to {to}"))),
            Self::CaseSnoozed { case, until } => Some((*case, format!("put away until {until}"))),
            Self::CaseGivingUp { case, .. } => Some((*case, "asked to write it off; a second person has to ask for the same".to_owned())),
            Self::Named(_)
            | Self::Intended { .. }
            | Self::Outbox { .. }
            | Self::CaseOpened(_)
            | Self::CaseClosed { .. }
            | Self::Order(_)
            | Self::Lot(_)
            | Self::Unit(_)
            | Self::Shipment(_)
            | Self::Site(_)
            | Self::Record(_) => None,
        }
    }

    /// The kind of a case that this fact opens.
    pub fn opens(&self) -> Option<&CaseKind> {
        match self {
            Self::CaseOpened(case) => Some(&case.kind),
            Self::Named(_)
            | Self::Intended { .. }
            | Self::Outbox { .. }
            | Self::CaseHandedOver { .. }
            | Self::CaseSnoozed { .. }
            | Self::CaseGivingUp { .. }
            | Self::CaseClosed { .. }
            | Self::Order(_)
            | Self::Lot(_)
            | Self::Unit(_)
            | Self::Shipment(_)
            | Self::Site(_)
            | Self::Record(_) => None,
        }
    }
}
