//! What comes in. A request is a wish and may be refused; an owner's fact and a report happened and may not: they are
//! applied, become a named discrepancy, are quarantined, or are already known. Each entity's own module has its inputs,
//! and says of each which of the three it is.

use serde::{Deserialize, Serialize};

use crate::envelope::Envelope;
use crate::id::{EntityId, Kind};
use crate::instant::Instant;
use crate::intent::{IntentId, Wake};
use crate::native::Ref;
use crate::outbox::Claim;
use crate::{desk, lot, order, record, shipment, site, unit};

/// An input: to whom, from whom and how, what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// To whom.
    pub to: Address,
    /// Who, when, why, under which key.
    pub envelope: Envelope,
    /// What.
    pub body: Body,
}

/// To whom an input goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// To an entity of ours.
    Entity(EntityId),
    /// To whatever these names mean; the first one is the name it would be born under.
    Native {
        /// What kind of thing.
        kind: Kind,
        /// Its names, the best one first.
        names: Vec<Ref>,
    },
}

/// What an input says, by the kind of entity it is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// To an order.
    Order(order::Input),
    /// To a lot.
    Lot(lot::Input),
    /// To a handling unit.
    Unit(unit::Input),
    /// To a shipment.
    Shipment(shipment::Input),
    /// To a site.
    Site(site::Input),
    /// About one of its own intents, from whoever carries it out.
    Claim {
        /// Which intent.
        intent: IntentId,
        /// What about it.
        claim: Claim,
    },
    /// The time it wanted to be woken at has come.
    Woken {
        /// The intent that asked for it.
        intent: IntentId,
        /// Why.
        wake: Wake,
        /// The time it wanted to be woken at; absent in what older binaries wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Instant>,
    },
    /// From a person at the desk, about a case.
    Desk(desk::Wish),
    /// To a record of master data.
    Record(record::Input),
}

impl Body {
    /// May it be refused? Requests and desk wishes may; what happened may not.
    pub fn is_request(&self) -> bool {
        match self {
            Self::Order(input) => matches!(input, order::Input::Request(_)),
            Self::Lot(input) => matches!(input, lot::Input::Request(_)),
            Self::Unit(input) => matches!(input, unit::Input::Request(_)),
            Self::Shipment(input) => matches!(input, shipment::Input::Request(_)),
            Self::Site(input) => matches!(input, site::Input::Request(_)),
            Self::Desk(_) => true,
            Self::Record(_) | Self::Claim { .. } | Self::Woken { .. } => false,
        }
    }

    /// Does it stop bad goods? Those come first, and find room when nothing else does.
    pub fn holds_goods(&self) -> bool {
        match self {
            Self::Lot(input) => {
                matches!(input, lot::Input::Request(lot::Request::PlaceHold(_)) | lot::Input::OwnerFact(lot::OwnerFact::Nonconformance(_)))
            }
            Self::Shipment(input) => matches!(input, shipment::Input::Request(shipment::Request::Block { .. })),
            Self::Site(input) => matches!(input, site::Input::Mail(site::Mail::Told { urgent: true, .. })),
            Self::Order(_) | Self::Unit(_) | Self::Record(_) | Self::Desk(_) | Self::Claim { .. } | Self::Woken { .. } => false,
        }
    }

    /// What kind of entity it is for; nothing where any of them takes it.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Order(_) => Some(Kind::Order),
            Self::Lot(_) => Some(Kind::Lot),
            Self::Unit(_) => Some(Kind::Unit),
            Self::Shipment(_) => Some(Kind::Shipment),
            Self::Site(_) => Some(Kind::Site),
            Self::Record(_) => Some(Kind::Record),
            Self::Claim { .. } | Self::Woken { .. } | Self::Desk(_) => None,
        }
    }

    /// May an entity be born from it? What may not waits in its site's quarantine while there is no such entity.
    pub fn may_be_born_from(&self) -> bool {
        match self {
            Self::Order(input) => input.is_birth(),
            Self::Shipment(input) => input.is_birth(),
            Self::Unit(input) => input.is_birth(),
            Self::Lot(_) | Self::Site(_) | Self::Record(_) => true,
            Self::Claim { .. } | Self::Woken { .. } | Self::Desk(_) => false,
        }
    }
}
