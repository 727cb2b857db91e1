//! What every entity's state has, whatever it is: what it was told, what it asked for, its names, its open cases.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::case::{Case, CaseKind};
use crate::fact::Fact;
use crate::native::Ref;
use crate::outbox::Outbox;
use crate::seen::Seen;
use crate::site;

/// The part of a state that is the same for all entities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Common {
    /// What it was told.
    pub seen: Seen,
    /// What it asked sites to do.
    pub outbox: Outbox,
    /// The names others have for it.
    pub names: BTreeSet<Ref>,
    /// Open cases.
    pub cases: BTreeMap<u32, Case>,
    /// The number of the last case.
    pub last_case: u32,
}

impl Common {
    /// The open cases of a kind that are about this, by number.
    pub fn cases_about(&self, kind: &CaseKind, about: &str) -> impl Iterator<Item = u32> {
        self.cases.values().filter(move |case| case.kind == *kind && case.about == about).map(|case| case.number)
    }

    /// What a fact means here. Facts of the entity's own kind mean nothing here.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Named(name) => {
                self.names.insert(name.clone());
            }
            Fact::Intended { number, intent } => self.outbox.recorded(*number, intent.as_ref().clone()),
            Fact::Outbox { number, step } => self.outbox.evolve(*number, step),
            Fact::CaseOpened(case) => {
                self.last_case = self.last_case.max(case.number);
                self.cases.insert(case.number, case.as_ref().clone());
            }
            Fact::CaseHandedOver { case, .. } | Fact::CaseSnoozed { case, .. } | Fact::CaseGivingUp { case, .. } => {
                if let Some(case) = self.cases.get_mut(case) {
                    case.follow(fact);
                }
            }
            Fact::CaseClosed { case, .. } => {
                self.cases.remove(case);
            }
            Fact::Site(fact) => {
                if let site::Fact::LastWord(last) = fact.as_ref() {
                    self.seen.last_word(last);
                }
            }
            Fact::Order(_) | Fact::Lot(_) | Fact::Unit(_) | Fact::Shipment(_) | Fact::Record(_) => {}
        }
    }
}
