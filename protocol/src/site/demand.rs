//! What a planning system wants. Its own entity keeps each demand with what became of it: it has the ERP of the plant plan for
//! it, once for each version, and tells planning what the ERP says and how far the orders are that were made of it.
//!
//! Apart from orders because who wants something knows no order, and one demand may be several. Never plans anything.

use serde::{Deserialize, Serialize};

use super::decide::Turn;
use super::{Fact, Site};
use crate::answer::Answer;
use crate::book::SiteKind;
use crate::case::{CaseKind, Proposal};
use crate::common::Common;
use crate::demand::{Demand, DemandAnswer, DemandNotice, DemandRef, Firmness, Signal, Supply, Verdict};
use crate::draft::{Draft, NewCase};
use crate::effect::Effect;
use crate::envelope::Envelope;
use crate::fact::Fact as Noted;
use crate::id::EntityId;
use crate::intent::Tier;
use crate::kernel::{Context, not_owner};
use crate::name::SiteId;
use crate::native::NativeId;
use crate::outbox::{OutboxFact, Outcome};
use crate::refusal::Code;
use crate::words::DocNo;

/// What is recorded of demands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DemandFact {
    /// Planning wants this.
    Said(Box<Signal>),
    /// The ERP said what it makes of a version.
    Answered {
        /// Which demand.
        number: NativeId,
        /// Which version.
        version: u32,
        /// What.
        verdict: Verdict,
        /// Its number for what it plans.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requirement: Option<DocNo>,
        /// Why not.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// An order made of it is further.
    Supplied {
        /// Which demand.
        number: NativeId,
        /// Which order.
        order: EntityId,
        /// How far.
        supply: Box<Supply>,
    },
    /// Planning is told how it is.
    Told {
        /// Which demand.
        number: NativeId,
    },
    /// They were due long ago, and nobody asks for them any more.
    Forgotten(Vec<NativeId>),
}

impl Site {
    /// What a fact changes about demands. Total.
    pub(super) fn evolve_demand(&mut self, fact: &DemandFact) {
        match fact {
            DemandFact::Said(signal) => {
                let known = self.demands.entry(signal.number.clone()).or_insert_with(|| Demand::new(signal.as_ref().clone()));
                if known.signal.version != signal.version || signal.firmness == Firmness::Withdrawn {
                    (known.verdict, known.why) = (None, String::new());
                }
                known.signal = signal.as_ref().clone();
            }
            DemandFact::Answered { number, version, verdict, requirement, why } => {
                if let Some(known) = self.demands.get_mut(number).filter(|known| known.signal.version == *version) {
                    (known.verdict, known.why) = (Some(*verdict), why.clone());
                    known.requirement = requirement.clone().or(known.requirement.take());
                }
            }
            DemandFact::Supplied { number, order, supply } => {
                if let Some(known) = self.demands.get_mut(number) {
                    known.orders.insert(*order, supply.as_ref().clone());
                }
            }
            DemandFact::Told { number } => {
                if let Some(known) = self.demands.get_mut(number) {
                    known.words += 1;
                }
            }
            DemandFact::Forgotten(numbers) => self.demands.retain(|number, _| !numbers.contains(number)),
        }
    }

    /// What a step in the life of an intent means: the ERP planned for a demand, or will not.
    pub(crate) fn follow(&self, common: &Common, effect: &Effect, step: &OutboxFact, context: &Context<'_>, draft: &mut Draft) {
        let mut turn = Turn { site: self, common, context, draft };
        match (effect, step) {
            (Effect::PlaceDemand(notice), OutboxFact::Settled(Outcome::Accepted(receipt))) => {
                let dropped = notice.signal.firmness == Firmness::Withdrawn;
                let verdict = if dropped { Verdict::Dropped } else { Verdict::Planned };
                turn.verdict(&notice.signal, verdict, receipt.document.clone(), String::new());
            }
            (Effect::PlaceDemand(notice), OutboxFact::Settled(Outcome::Rejected { code, text })) => {
                turn.refuse(&notice.signal, &format!("{code} {text}"));
            }
            (Effect::AnswerDemand(answer), OutboxFact::Settled(Outcome::Rejected { code, text })) => {
                let what = format!("planning did not take the answer to {}: {code} {text}", answer.number);
                let offers = vec![Proposal::Do("look how the demand stands in the planning system".into()), Proposal::Acknowledge];
                turn.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).offers(offers));
            }
            // The maintenance system says by itself what it makes of a breakdown.
            _ => {}
        }
    }
}

impl Turn<'_, '_> {
    fn note_demand(&mut self, fact: DemandFact) {
        self.note(Fact::Demand(Box::new(fact)));
    }

    /// Planning wants something, as it says now. Only planning itself says so, and what it said before changes nothing.
    pub(super) fn demand(&mut self, signal: &Signal, envelope: &Envelope) -> Answer {
        let (book, source) = (self.context.book, envelope.key.source);
        let me = book.site_of(self.draft.me()).and_then(|site| Some((site, book.sites.get(&site)?.kind)));
        let Some((planning, SiteKind::Planning)) = me else {
            return not_owner(self.draft, source, "a planning system", "what is wanted");
        };
        if source != planning && book.sites.contains_key(&source) {
            return not_owner(self.draft, source, planning, "what is wanted");
        }
        if let Some(known) = self.site.demands.get(&signal.number).map(|known| &known.signal) {
            if signal.stage() < known.stage() || signal == known || known.firmness == Firmness::Withdrawn {
                return Answer::Accepted;
            }
            if signal.stage() == known.stage() {
                return self.unversioned(signal);
            }
        }
        self.forget_demands();
        self.note_demand(DemandFact::Said(Box::new(signal.clone())));
        self.close_refusals(&signal.number);
        match self.erp_for(planning, signal) {
            Ok(erp) => {
                let demand = DemandRef { system: planning, number: signal.number.clone() };
                let notice = DemandNotice { demand, signal: signal.clone() };
                self.draft.ask_site(erp, Tier::Business, Effect::PlaceDemand(Box::new(notice)));
            }
            Err(why) => self.refuse(signal, &why),
        }
        Answer::Accepted
    }

    /// The ERP that plans for it, or why nobody can.
    fn erp_for(&self, planning: SiteId, signal: &Signal) -> Result<SiteId, String> {
        let (book, plant) = (self.context.book, signal.plant);
        let site = book.sites.get(&plant).filter(|site| site.kind == SiteKind::Plant);
        let erp = site.ok_or_else(|| format!("there is no plant {plant}"))?.erp;
        let plans = |erp: &SiteId| book.sites.get(erp).is_some_and(|erp| erp.around.planning == Some(planning));
        let erp = erp.filter(plans).ok_or_else(|| format!("the ERP of {plant} does not plan for {planning}"))?;
        if signal.firmness == Firmness::Withdrawn {
            return Ok(erp);
        }
        let material = book.material(plant, &signal.material, self.context.now);
        let material = material.ok_or_else(|| format!("the material {} is not known at {plant}", signal.material))?;
        if !signal.total.is_positive() {
            return Err("nothing is wanted".to_owned());
        }
        let uom = signal.total.uom();
        if !material.conversions.knows(uom, material.base) {
            return Err(format!("{} is kept in {}, and nobody said how many {uom} that is", signal.material, material.base));
        }
        Ok(erp)
    }

    /// The same version says something else: nobody could tell which of the two was planned for.
    fn unversioned(&mut self, signal: &Signal) -> Answer {
        let Signal { number, version, total, due, .. } = signal;
        let what = format!("demand {number} says {total} until {due} in version {version}, which said something else before");
        if let Some(open) = self.common.cases.values().find(|case| case.what == what) {
            return Answer::Discrepant { case: open.number };
        }
        let offers = vec![Proposal::Do("have planning revise it, which is a new version".into()), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::Discrepancy, "planning", what).stake(total).offers(offers);
        Answer::Discrepant { case: self.draft.open_case(case) }
    }

    fn refuse(&mut self, signal: &Signal, why: &str) {
        let runs = self.site.demands.get(&signal.number).is_some_and(|known| !known.orders.is_empty());
        let what = match signal.firmness {
            Firmness::Withdrawn => format!("{}was withdrawn, and its ERP plans for it still: {why}", called(&signal.number)),
            Firmness::Open | Firmness::Firm => format!("{}cannot be supplied: {why}", called(&signal.number)),
        };
        let remedy = if runs { "cancel or change its orders, or agree with planning" } else { "have planning revise or withdraw it" };
        let offers = vec![Proposal::Do(remedy.into()), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::Rejected(Code::Other), "planning", what).stake(signal.total);
        self.draft.open_case(case.offers(offers));
        self.verdict(signal, Verdict::Refused, None, why.to_owned());
    }

    fn verdict(&mut self, signal: &Signal, verdict: Verdict, requirement: Option<DocNo>, why: String) {
        let (number, version) = (signal.number.clone(), signal.version);
        self.note_demand(DemandFact::Answered { number, version, verdict, requirement, why });
        self.tell_planning(&signal.number);
    }

    /// An order that was made of a demand says how far it is.
    pub(super) fn supplied(&mut self, order: EntityId, number: &NativeId, supply: &Supply) {
        let Some(known) = self.site.demands.get(number) else {
            let what = format!("{}is not known, and {} of {} was made of it", called(number), supply.order, supply.erp);
            let offers = vec![Proposal::Do("have planning send it again".into()), Proposal::Acknowledge];
            self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "planning", what).offers(offers));
            return;
        };
        if known.orders.get(&order).is_some_and(|before| before.word >= supply.word) {
            return;
        }
        self.note_demand(DemandFact::Supplied { number: number.clone(), order, supply: Box::new(supply.clone()) });
        self.tell_planning(number);
    }

    /// Planning is told how its demand is, with everything that was written so far.
    fn tell_planning(&mut self, number: &NativeId) {
        let mut after = self.site.clone();
        for fact in self.draft.facts() {
            if let Noted::Site(fact) = fact {
                after.evolve(fact);
            }
        }
        let (Some(planning), Some(known)) = (self.context.book.site_of(self.draft.me()), after.demands.remove(number)) else { return };
        let answer = DemandAnswer {
            number: number.clone(),
            version: known.signal.version,
            verdict: known.verdict,
            requirement: known.requirement,
            why: known.why,
            orders: known.orders.into_values().collect(),
            word: known.words + 1,
        };
        self.note_demand(DemandFact::Told { number: number.clone() });
        self.draft.ask_site(planning, Tier::Business, Effect::AnswerDemand(Box::new(answer)));
    }

    /// A new word about a demand ends what was wrong with the one before.
    fn close_refusals(&mut self, number: &NativeId) {
        let about = called(number);
        let open = self.common.cases.values();
        let open = open.filter(|case| matches!(case.kind, CaseKind::Rejected(_)) && case.what.starts_with(&about)).map(|case| case.number);
        for case in open {
            self.draft.close_case(case, "planning said otherwise");
        }
    }

    /// What was due long ago is kept no longer than the names of what is over.
    fn forget_demands(&mut self) {
        let kept = std::time::Duration::from_millis(self.context.book.policy.names_kept_ms);
        let Some(planning) = self.context.book.site_of(self.draft.me()).and_then(|site| self.context.book.sites.get(&site)) else { return };
        let since = planning.calendar.date(self.context.now.minus(kept));
        let old = self.site.demands.iter().filter(|(_, demand)| demand.signal.due < since).map(|(number, _)| number.clone());
        let old: Vec<NativeId> = old.collect();
        if !old.is_empty() {
            self.note_demand(DemandFact::Forgotten(old));
        }
    }
}

/// A demand, at the beginning of a sentence.
fn called(number: &NativeId) -> String {
    format!("demand {number} ")
}
