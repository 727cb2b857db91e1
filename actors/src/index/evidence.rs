//! Numbers that name no thing of their own, and by which people look for the thing they are about: documents and holds. Pure.

use serde::{Deserialize, Serialize};
use takt_protocol::fact::Fact;
use takt_protocol::native::NativeId;
use takt_protocol::outbox::OutboxFact;
use takt_protocol::{lot, order};

/// What a number names that is no thing of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Evidence {
    /// A document of an ERP, ours, adopted or made by hand.
    Document,
    /// A hold.
    Hold,
}

/// The documents and holds that a fact speaks of, also by the part of a number before a stroke: a year or an item may stand behind it.
pub(super) fn of(fact: &Fact) -> Vec<(NativeId, Evidence)> {
    let Some((number, what)) = said(fact) else { return Vec::new() };
    let stem = number.split_once('/').map(|(stem, _)| stem);
    let numbers = [Some(number), stem].into_iter().flatten().filter_map(|number| NativeId::parse(number).ok());
    numbers.map(|number| (number, what)).collect()
}

fn said(fact: &Fact) -> Option<(&str, Evidence)> {
    match fact {
        Fact::Outbox { step: OutboxFact::Settled(outcome), .. } => Some((outcome.document()?.as_str(), Evidence::Document)),
        Fact::Order(fact) => {
            let order::Fact::ForeignPosting { document, .. } = fact.as_ref() else { return None };
            Some((document.as_str(), Evidence::Document))
        }
        Fact::Lot(fact) => {
            let lot::Fact::Held { hold, .. } = fact.as_ref() else { return None };
            Some((hold.as_str(), Evidence::Hold))
        }
        Fact::Named(_)
        | Fact::Intended { .. }
        | Fact::Outbox { .. }
        | Fact::CaseOpened(_)
        | Fact::CaseHandedOver { .. }
        | Fact::CaseSnoozed { .. }
        | Fact::CaseGivingUp { .. }
        | Fact::CaseClosed { .. }
        | Fact::Unit(_)
        | Fact::Shipment(_)
        | Fact::Site(_)
        | Fact::Record(_) => None,
    }
}
