//! Who decides about which input of a site. Whatever may let a waiting order go on looks at all that wait.

use super::{Fact, Input, Mail, Report, Site};
use crate::answer::Answer;
use crate::common::Common;
use crate::draft::Draft;
use crate::envelope::Envelope;
use crate::fact::Fact as Noted;
use crate::kernel::Context;

/// Everything a transition looks at, and the draft it writes into.
pub(super) struct Turn<'a, 'd> {
    pub(super) site: &'a Site,
    pub(super) context: &'a Context<'a>,
    pub(super) draft: &'d mut Draft,
}

impl Site {
    pub(crate) fn decide(&self, _common: &Common, input: &Input, _envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        let mut turn = Turn { site: self, context, draft };
        match input {
            Input::Report(report) => {
                turn.report(report);
                Answer::Accepted
            }
            Input::Mail(mail) => turn.mail(mail),
        }
    }
}

impl Turn<'_, '_> {
    pub(super) fn note(&mut self, fact: Fact) {
        self.draft.note(Noted::Site(Box::new(fact)));
    }

    fn report(&mut self, report: &Report) {
        let fact = match report {
            Report::EquipmentState { equipment, available, state } => {
                Fact::Equipment { equipment: equipment.clone(), available: *available, state: state.clone() }
            }
            Report::Calibrated { equipment, until } => Fact::Calibrated { equipment: equipment.clone(), until: *until },
            Report::PlantRecipes { material, versions } => Fact::Recipes { material: material.clone(), versions: versions.clone() },
        };
        let mut after = self.site.clone();
        after.evolve(&fact);
        self.note(fact);
        self.look_again(&after);
    }

    fn mail(&mut self, mail: &Mail) -> Answer {
        match mail {
            Mail::BookActivated { .. } | Mail::RecordsStated { .. } => self.look_again(&self.site.clone()),
            Mail::Read(progress) => self.note(Fact::Read(progress.clone())),
            Mail::Unmatched(input) => return self.unmatched(input),
            Mail::Unreadable { topic, raw, why } => return self.unreadable(topic, raw, why),
            Mail::Expect { entity, names, load } => self.expect(*entity, names, load.as_deref()),
            Mail::Forget { entity } => self.note(Fact::Forgot(*entity)),
            Mail::Locate { shipment, sscc } => self.locate(*shipment, sscc),
            Mail::Resolve { order, attempt, need } => self.resolve(*order, *attempt, need),
        }
        Answer::Accepted
    }
}
