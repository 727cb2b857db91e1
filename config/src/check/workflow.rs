//! Workflows: each says the four things that are wanted of it and does not contradict itself; what is switched can be switched,
//! and no promise is.

use std::collections::BTreeMap;

use serde_saphyr::Spanned;
use takt_protocol::intent::Tier;
use takt_protocol::workflow::{Criticality, Flow, LatencyClass, Reconciliation, Step};

use super::{Checks, word};
use crate::govern::step;
use crate::nearest::nearest;
use crate::text::WorkflowText;

impl<'a> Checks<'a> {
    pub(super) fn workflows(&mut self) {
        let pages = self.pages;
        let mut files: BTreeMap<Flow, &'a str> = BTreeMap::new();
        for page in &pages.workflows {
            for (flow, text) in &page.value {
                if let Some(other) = files.insert(*flow, &page.file) {
                    let what = format!("the workflow {} stands in {other} too", flow.word());
                    self.say(&page.file, text.referenced, what, "delete one of them");
                }
                self.workflow(&page.file, *flow, text);
            }
        }
        if !files.is_empty() && pages.whole("workflows") {
            for flow in Flow::ALL.into_iter().filter(|flow| !files.contains_key(flow)) {
                let what = format!("nothing is said of the workflow {}", flow.word());
                self.say_of("workflows", what, format!("add `{}:` with criticality, latency, sla and reconciliation", flow.word()));
            }
        }
    }

    fn workflow(&mut self, file: &str, flow: Flow, text: &Spanned<WorkflowText>) {
        let WorkflowText { criticality, latency, sla, reconciliation, without } = &text.value;
        let there = [
            ("criticality", criticality.is_some(), "stops_plant, stops_shipment, delays_books or informs"),
            ("latency", latency.is_some(), "{class: real_time, within_ms: 1000}, or near_time or batch"),
            ("sla", sla.is_some(), "plant_critical, business or analytical"),
            ("reconciliation", reconciliation.is_some(), "books, stock, presence or none"),
        ];
        for (key, _, words) in there.into_iter().filter(|(_, there, _)| !there) {
            self.say(
                file,
                text.referenced,
                format!("the workflow {} does not say its {key}", flow.word()),
                format!("add `{key}:` {words}"),
            );
        }
        if let Some(latency) = latency {
            let (class, ms) = (latency.value.class, latency.value.within_ms.get());
            if ms > class.most_ms() {
                let what = format!("{} is {} and may take {ms} ms", flow.word(), word(&class));
                let remedy = format!("write at most {} ms, or the class that it is", class.most_ms());
                self.say(file, latency.referenced, what, remedy);
            }
            if flow == Flow::HoldResolution && class == LatencyClass::Batch {
                let what = "hold_resolution cannot wait for its time to come: bad stock is held everywhere at once".to_owned();
                self.say(file, latency.referenced, what, "write `class: real_time` or `class: near_time`");
            }
        }
        if let Some(sla) = sla {
            let quick = latency.as_ref().is_some_and(|latency| latency.value.class == LatencyClass::RealTime);
            let critical = criticality.as_ref().map(|criticality| criticality.value);
            self.tier(file, flow, sla, (critical, quick));
        }
        let posts = matches!(flow, Flow::BatchCompletion | Flow::Confirm);
        if let Some(compared) = reconciliation.as_ref().filter(|compared| posts && compared.value == Reconciliation::None) {
            let what = format!("{} posts to an ERP and is said to need no reconciliation", flow.word());
            self.say(file, compared.referenced, what, "write `reconciliation: books`");
        }
        self.once(file, "step", without.iter());
        for name in without {
            self.switch(file, flow, name);
        }
    }

    /// What is analytical is shed first when there is too much, so nothing that stops anybody may be.
    fn tier(&mut self, file: &str, flow: Flow, sla: &Spanned<Tier>, declared: (Option<Criticality>, bool)) {
        let (criticality, quick) = declared;
        let (what, remedy) = match (sla.value, criticality) {
            (Tier::Business | Tier::Analytical, Some(Criticality::StopsPlant)) => {
                (format!("{} stops the plant and is not served first", flow.word()), "write `sla: plant_critical`")
            }
            (Tier::Analytical, _) if matches!(flow, Flow::HoldResolution | Flow::Ship) => (
                format!("{} cannot be shed: bad stock is held everywhere at once, whatever the load", flow.word()),
                "write `sla: plant_critical` or `sla: business`",
            ),
            (Tier::Analytical, Some(Criticality::StopsShipment)) => {
                (format!("{} stops a truck and is shed first", flow.word()), "write `sla: business` or `sla: plant_critical`")
            }
            (Tier::Analytical, _) if quick => {
                (format!("{} is real_time and is shed first", flow.word()), "write another class under `latency`, or `sla: business`")
            }
            (Tier::PlantCritical | Tier::Business | Tier::Analytical, _) => return,
        };
        self.say(file, sla.referenced, what, remedy);
    }

    /// A check or an errand that somebody does without.
    pub(super) fn switch(&mut self, file: &str, flow: Flow, name: &Spanned<String>) {
        if let Some((_, promise)) = Step::KEPT.iter().find(|(kept, _)| *kept == name.value) {
            let what = format!("nobody can do without {}: {promise}", name.value);
            return self.say(file, name.referenced, what, "take it out of the list");
        }
        let here: Vec<&str> = Step::ALL.iter().filter(|(_, of)| *of == flow).map(|(step, _)| step.word()).collect();
        match step(&name.value) {
            Some((_, of)) if of == flow => {}
            Some((_, of)) => {
                let what = format!("{} is a step of {}, not of {}", name.value, of.word(), flow.word());
                self.say(file, name.referenced, what, format!("write it under `{}:`", of.word()));
            }
            None if here.is_empty() => {
                let what = format!("{} has no step that can be left out", flow.word());
                self.say(file, name.referenced, what, "take it out of the list");
            }
            None => {
                let what = format!("{} has no step {} that can be left out", flow.word(), name.value);
                self.say(file, name.referenced, what, nearest(&name.value, &here));
            }
        }
    }
}
