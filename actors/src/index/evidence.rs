//! Numbers that name no thing of their own, and by which people look for the thing they are about: documents, holds, demands, ship
//! notices, carriers, bins, docks and our own references. Pure.

use serde::{Deserialize, Serialize};
use takt_protocol::commit::Commit;
use takt_protocol::effect::Effect;
use takt_protocol::envelope::Who;
use takt_protocol::fact::Fact;
use takt_protocol::intent::{Intent, IntentId};
use takt_protocol::native::NativeId;
use takt_protocol::outbox::OutboxFact;
use takt_protocol::site::DemandFact;
use takt_protocol::{lot, order, shipment, site, unit};

/// What a number names that is no thing of its own. Rows are written with these: a new one comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Evidence {
    /// A document of an ERP, ours, adopted or made by hand.
    Document,
    /// A hold.
    Hold,
    /// A demand of a planning system, or what its ERP calls it.
    Demand,
    /// A supplier's ship notice.
    Notice,
    /// Who drives a shipment.
    Carrier,
    /// Where a handling unit stands.
    Bin,
    /// Where a truck stands.
    Dock,
    /// Our own reference in a document of an ERP: one posting.
    Posting,
    /// The transport system's number for a shipment.
    Load,
    /// Somebody who acted here and said why, or who posted by hand in an ERP.
    Person,
    /// A purchase order that a supplier answers, or its line.
    Purchase,
}

impl Evidence {
    /// Its word, as it stands on every wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Hold => "hold",
            Self::Demand => "demand",
            Self::Notice => "notice",
            Self::Carrier => "carrier",
            Self::Bin => "bin",
            Self::Dock => "dock",
            Self::Posting => "posting",
            Self::Load => "load",
            Self::Person => "person",
            Self::Purchase => "purchase",
        }
    }

    /// Whether a thing has one at a time: the next one takes the place of the last.
    pub(super) fn is_present(self) -> bool {
        match self {
            Self::Carrier | Self::Bin | Self::Dock => true,
            Self::Document | Self::Hold | Self::Demand | Self::Notice | Self::Posting | Self::Load | Self::Person | Self::Purchase => false,
        }
    }
}

/// What a fact of a commit speaks of, also by the part of a number before a stroke: a year or an item may stand behind it.
pub(super) fn of(commit: &Commit, fact: &Fact) -> Vec<(NativeId, Evidence)> {
    let mut found = Vec::new();
    for (number, what) in said(commit, fact) {
        // A thing has one bin at a time, and that is not the part before a stroke of its name.
        let stem = number.split_once('/').filter(|_| !what.is_present()).map(|(stem, _)| stem.to_owned());
        found.extend([Some(number), stem].into_iter().flatten().filter_map(|number| Some((NativeId::parse(&number).ok()?, what))));
    }
    found
}

/// Who was behind a step and said why: people who decide do, and machines that report do not, so that not everything is found by the
/// name of its MES.
pub(super) fn person(who: &Who) -> Vec<NativeId> {
    let names = std::iter::once(&who.user).chain(who.on_behalf_of.as_ref());
    let named = names.filter(|_| who.reason.as_ref().is_some_and(|reason| !reason.is_empty()));
    named.filter_map(|name| NativeId::parse(name).ok()).collect()
}

fn said(commit: &Commit, fact: &Fact) -> Vec<(String, Evidence)> {
    match fact {
        Fact::Outbox { step: OutboxFact::Settled(outcome), .. } => {
            outcome.document().map(|document| (document.to_string(), Evidence::Document)).into_iter().collect()
        }
        Fact::Intended { number, intent } => posting(commit, *number, intent).into_iter().collect(),
        Fact::Order(fact) => of_order(fact),
        Fact::Lot(fact) => of_lot(fact),
        Fact::Unit(fact) => of_unit(fact).into_iter().collect(),
        Fact::Shipment(fact) => of_shipment(fact).into_iter().collect(),
        Fact::Site(fact) => {
            let site::Fact::Demand(fact) = fact.as_ref() else { return Vec::new() };
            of_demand(fact)
        }
        Fact::Named(_)
        | Fact::Outbox { .. }
        | Fact::CaseOpened(_)
        | Fact::CaseHandedOver { .. }
        | Fact::CaseSnoozed { .. }
        | Fact::CaseGivingUp { .. }
        | Fact::CaseClosed { .. }
        | Fact::Record(_) => Vec::new(),
    }
}

/// Our reference, as the document of a posting carries it.
fn posting(commit: &Commit, number: u32, intent: &Intent) -> Option<(String, Evidence)> {
    let Intent::Site { effect, .. } = intent else { return None };
    let Effect::Post(_) = effect.as_ref() else { return None };
    let id = IntentId { entity: commit.entity, incarnation: commit.incarnation, number };
    Some((id.reference().as_str().to_owned(), Evidence::Posting))
}

fn of_lot(fact: &lot::Fact) -> Vec<(String, Evidence)> {
    if let lot::Fact::Held { hold, .. } = fact {
        return vec![(hold.to_string(), Evidence::Hold)];
    }
    let lot::Fact::Announced { expected, .. } = fact else { return Vec::new() };
    let purchase = expected.purchase.as_ref().map(|purchase| (purchase.to_string(), Evidence::Purchase));
    [(expected.notice.to_string(), Evidence::Notice)].into_iter().chain(purchase).collect()
}

fn of_unit(fact: &unit::Fact) -> Option<(String, Evidence)> {
    let unit::Fact::Moved { place: Some(place), .. } = fact else { return None };
    Some((place.to_string(), Evidence::Bin))
}

fn of_shipment(fact: &shipment::Fact) -> Option<(String, Evidence)> {
    if let shipment::Fact::Booked { carrier, .. } = fact {
        return Some((carrier.to_string(), Evidence::Carrier));
    }
    if let shipment::Fact::Docked(dock) = fact {
        return Some((dock.to_string(), Evidence::Dock));
    }
    let shipment::Fact::Load(number) = fact else { return None };
    Some((number.to_string(), Evidence::Load))
}

fn of_order(fact: &order::Fact) -> Vec<(String, Evidence)> {
    if let order::Fact::ForeignPosting { document, by, .. } = fact {
        return vec![(document.to_string(), Evidence::Document), (by.clone(), Evidence::Person)];
    }
    if let order::Fact::Created(header) | order::Fact::Released(header) = fact
        && let Some(demand) = &header.demand
    {
        return vec![(demand.number.to_string(), Evidence::Demand)];
    }
    Vec::new()
}

fn of_demand(fact: &DemandFact) -> Vec<(String, Evidence)> {
    match fact {
        DemandFact::Said(signal) => vec![(signal.number.to_string(), Evidence::Demand)],
        DemandFact::Answered { requirement: Some(requirement), .. } => vec![(requirement.to_string(), Evidence::Demand)],
        DemandFact::Answered { .. } | DemandFact::Supplied { .. } | DemandFact::Told { .. } | DemandFact::Forgotten(_) => Vec::new(),
    }
}
