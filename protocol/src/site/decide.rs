//! Who decides about which input of a site. Whatever may let a waiting order go on looks at all that wait.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fact, Input, Mail, Report, Request, Site, Window, WindowState};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::common::Common;
use crate::draft::{Draft, NewCase};
use crate::envelope::{Envelope, RawRef};
use crate::fact::Fact as Noted;
use crate::id::EntityId;
use crate::intent::IntentId;
use crate::kernel::Context;
use crate::words::{MaterialId, Version};

/// Everything a transition looks at, and the draft it writes into.
pub(super) struct Turn<'a, 'd> {
    pub(super) site: &'a Site,
    pub(super) common: &'a Common,
    pub(super) context: &'a Context<'a>,
    pub(super) draft: &'d mut Draft,
}

impl Site {
    pub(crate) fn decide(&self, common: &Common, input: &Input, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        let mut turn = Turn { site: self, common, context, draft };
        match input {
            Input::Report(report) => turn.report(report, envelope),
            Input::Mail(mail) => turn.mail(mail, envelope),
            Input::Request(Request::Reconcile { cut_off, every }) => turn.wish_run(*cut_off, *every, envelope),
        }
    }
}

impl Turn<'_, '_> {
    pub(super) fn note(&mut self, fact: Fact) {
        self.draft.note(Noted::Site(Box::new(fact)));
    }

    fn report(&mut self, report: &Report, envelope: &Envelope) -> Answer {
        if let Some(answer) = self.of_maintenance(report, envelope) {
            return answer;
        }
        match report {
            Report::EquipmentState { equipment, available, state } => {
                let at = self.maintenance().map(|_| envelope.occurred_at.min(self.context.now));
                self.equipment_changed(Fact::Equipment { equipment: equipment.clone(), available: *available, state: state.clone(), at });
            }
            Report::Calibrated { equipment, until } => {
                self.changed(Fact::Calibrated { equipment: equipment.clone(), until: *until });
            }
            Report::MaintenanceWindow { window, equipment, from, to, state } => {
                let known = Window { equipment: equipment.clone(), from: *from, to: *to, running: *state == WindowState::Running };
                self.window(window, &known, *state);
            }
            Report::PlantRecipes { material, versions } => {
                self.changed(Fact::Recipes { material: material.clone(), versions: versions.clone() });
            }
            Report::PlantRecipeList { recipes } => self.recipes_listed(recipes),
            Report::Demand(signal) => return self.demand(signal, envelope),
        }
        Answer::Accepted
    }

    /// Something is otherwise here: what waits is looked at again.
    pub(super) fn changed(&mut self, fact: Fact) {
        let mut after = self.site.clone();
        after.evolve(&fact);
        self.note(fact);
        self.look_again(&after);
    }

    /// All that the plant's own system has: what is otherwise than it was known is recorded, and what it has no more, too.
    fn recipes_listed(&mut self, recipes: &BTreeMap<MaterialId, BTreeSet<Version>>) {
        let known = &self.site.recipes;
        let gone = known.iter().filter(|(material, has)| !has.is_empty() && !recipes.contains_key(*material));
        let mut facts: Vec<Fact> = gone.map(|(material, _)| Fact::Recipes { material: material.clone(), versions: Vec::new() }).collect();
        let told = recipes.iter().filter(|(material, has)| known.get(*material) != Some(*has));
        facts.extend(told.map(|(material, has)| Fact::Recipes { material: material.clone(), versions: has.iter().cloned().collect() }));
        facts.extend((!self.site.listed).then_some(Fact::RecipesListed));
        if facts.is_empty() {
            return;
        }
        let mut after = self.site.clone();
        for fact in facts {
            after.evolve(&fact);
            self.note(fact);
        }
        self.look_again(&after);
    }

    /// It is over, and this is its last word: nothing is waited for on its behalf, and what it told is not kept.
    fn forget(&mut self, entity: EntityId, envelope: &Envelope) {
        self.note(Fact::Forgot(entity));
        self.waits_no_more(entity);
        if let Some(last) = IntentId::of_mail(&envelope.key).filter(|last| last.entity == entity) {
            self.note(Fact::LastWord(last));
        }
    }

    /// An order that will not run needs nothing.
    pub(super) fn waits_no_more(&mut self, order: EntityId) {
        if self.site.waiting.contains_key(&order) {
            self.note(Fact::WaitsNoMore(order));
        }
    }

    fn mail(&mut self, mail: &Mail, envelope: &Envelope) -> Answer {
        match mail {
            Mail::BookActivated { .. } => {
                self.look_again(&self.site.clone());
                self.schedule_anew();
            }
            Mail::RecordsStated { .. } => self.look_again(&self.site.clone()),
            Mail::Read(progress) => self.note(Fact::Read(progress.clone())),
            Mail::Tallied { rule, tally } => self.note(Fact::Tallied { rule: rule.clone(), tally: tally.clone() }),
            Mail::Unmatched(input) => return self.unmatched(input),
            Mail::Unreadable { topic, raw, why } => return self.unreadable(topic, raw, why),
            Mail::Told { topic, raw, .. } => {
                let why = "it was brought to the site and not to its door: nobody took it apart";
                return self.unreadable(topic, &RawRef::of(raw.bytes()), why);
            }
            Mail::Expect { entity, names, load } => self.expect(*entity, names, load.as_deref()),
            Mail::Forget { entity } => self.forget(*entity, envelope),
            Mail::Locate { shipment, sscc } => self.locate(*shipment, sscc),
            Mail::Moved { order, start, end } => self.moved(*order, *start, *end),
            Mail::Finished { order } => self.finished(*order),
            Mail::Resolve { order, attempt, need } => self.resolve(*order, *attempt, need),
            Mail::Supplies { order, demand, supply } => self.supplied(*order, demand, supply),
            Mail::BooksMoved { entity } => self.books_moved(*entity),
            Mail::BooksRead { entity, run, found } => self.books_read(*entity, *run, found),
            Mail::Understood { topic } => self.understood(topic),
            Mail::LogBroken { entity, commit, why } => self.log_broken(*entity, *commit, why),
        }
        Answer::Accepted
    }

    /// Something stands still until a person has looked: nothing else would say so, for it cannot say it itself.
    fn log_broken(&mut self, entity: EntityId, commit: u64, why: &str) {
        let what = format!("{entity} stands still, nothing is decided about it or sent for it: {why}, at commit {commit} of its log");
        if self.common.cases.values().any(|case| case.kind == CaseKind::LogBroken && case.what == what) {
            return;
        }
        let offers = vec![
            Proposal::Do(
                "keep the store as it is, and bring its region back from the last backup (takt restore): it compares before it sends"
                    .into(),
            ),
            Proposal::DoNot("mend or remove messages of a log by hand: what was acknowledged would be lost without a trace".into()),
            Proposal::Acknowledge,
        ];
        self.draft.open_case(NewCase::new(CaseKind::LogBroken, "it", what).because_of("logs have a hole or a fork").offers(offers));
    }
}
