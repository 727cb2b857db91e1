//! What a system is asked by what it is. A link over which anything is asked of it must be able to ask what nobody can do without,
//! and both ways of what is switched on and off; never what is asked of other systems only. A link over which nothing is asked is
//! one of a system that only tells: that is right, and is told as a note, as everything is that a person would have to do instead.

use std::collections::BTreeSet;

use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;
use takt_protocol::posting::{Method, Rule};
use takt_protocol::workflow::{Flow, Step};

use super::speaks::sent;
use super::{Checks, word};
use crate::govern::{plants, workflows};
use crate::nearest::listed;
use crate::text::{SiteText, TransportText};

/// Who is asked for what. Readers of public events are looked at beside this.
const ASKED: [(SiteKind, &[&str]); 8] = [
    (SiteKind::Erp, &["change_order", "change_stock_status", "convert_planned_order", "place_demand", "post", "read_books"]),
    (SiteKind::Plant, &["change_job", "dispatch_job", "hold_job", "resume_job", "revoke_job"]),
    (
        SiteKind::Warehouse,
        &["announce_unit", "answer_departure", "block_shipment", "block_stock", "read_books", "unblock_shipment", "unblock_stock"],
    ),
    (SiteKind::Quality, &["open_inspection", "tell_hold"]),
    (SiteKind::Maintenance, &["report_breakdown"]),
    (SiteKind::Transport, &["answer_departure", "block_shipment", "tender_load", "unblock_shipment"]),
    (SiteKind::Planning, &["answer_demand"]),
    (SiteKind::Analytics, &["tell_events"]),
];

/// What is switched on, and how it is switched off.
const SWITCHES: [(&str, &str); 3] = [("hold_job", "resume_job"), ("block_stock", "unblock_stock"), ("block_shipment", "unblock_shipment")];

/// What is asked about shipments: a warehouse of which any of it is asked has some.
const OF_SHIPMENTS: [&str; 3] = ["answer_departure", "block_shipment", "unblock_shipment"];

/// What a question is: nothing is done by it, so a system of which nothing else is asked only tells.
const QUESTION: &str = "read_books";

/// A site as it is looked at here.
#[derive(Clone, Copy)]
struct Asked<'a> {
    name: SiteId,
    file: &'a str,
    site: &'a SiteText,
    sent: &'a BTreeSet<&'a str>,
}

impl Asked<'_> {
    fn is_sent(&self, verb: &str) -> bool {
        self.sent.contains(verb)
    }

    fn verbs(&self) -> &'static [&'static str] {
        ASKED.iter().find(|(kind, _)| *kind == self.site.kind).map_or(&[], |(_, verbs)| verbs)
    }

    /// Whether goods leave it on trucks, as far as its text says.
    fn ships(&self) -> bool {
        self.site.kind == SiteKind::Transport || self.site.transport.is_some() || OF_SHIPMENTS.iter().any(|verb| self.is_sent(verb))
    }
}

impl Checks<'_> {
    pub(super) fn asks(&mut self, name: SiteId, file: &str, site: &SiteText) {
        let Some(link) = &site.link else { return };
        let sent = sent(link);
        let asked = Asked { name, file, site, sent: &sent };
        // A reader of public events that is asked for more was told.
        let strange = |verb: &&str| !asked.verbs().contains(verb) && *verb != "tell_events" && site.kind != SiteKind::Analytics;
        for verb in sent.iter().copied().filter(strange).filter(|verb| takt_protocol::effect::Effect::VERBS.contains(verb)) {
            let others: Vec<String> = ASKED.iter().filter(|(_, verbs)| verbs.contains(&verb)).map(|(kind, _)| word(kind)).collect();
            let what = format!("a site of kind {} is never asked to {verb}, so nothing is ever sent to {name} by this", word(&site.kind));
            self.say_in_link(asked, verb, what, format!("leave it out, or write it in the file of a site of kind {}", others.join(" or ")));
        }
        let mut told: BTreeSet<&str> = BTreeSet::new();
        if sent.iter().any(|verb| *verb != QUESTION && asked.verbs().contains(verb)) {
            self.both_ways(asked, &mut told);
            self.promised(asked, &mut told);
            self.done_with(asked, &mut told);
        }
        for (verb, class) in site.classes.iter().filter(|(verb, _)| !sent.contains(verb.as_str()) && !told.contains(verb.as_str())) {
            if takt_protocol::effect::Effect::VERBS.contains(&verb.as_str()) {
                let what = format!("nothing is sent to {name} by {verb}, so nothing can be promised of it");
                self.say(file, class.referenced, what, "take it out of `classes`, or add it to `send` of the link");
            }
        }
        told.extend(site.classes.keys().map(String::as_str));
        self.by_hand(asked, &told);
    }

    fn say_in_link(&mut self, asked: Asked<'_>, verb: &str, what: String, remedy: String) {
        let under = asked.site.link.as_ref().map_or(&["link"][..], TransportText::sends_under);
        self.say_at(asked.file, &[under, &[verb]].concat(), what, remedy);
    }

    /// What can be switched on can be switched off again.
    fn both_ways(&mut self, asked: Asked<'_>, told: &mut BTreeSet<&str>) {
        let here = SWITCHES.into_iter().filter(|(on, _)| asked.verbs().contains(on));
        for (has, lacks) in
            here.flat_map(|(on, off)| [(on, off), (off, on)]).filter(|(has, lacks)| asked.is_sent(has) && !asked.is_sent(lacks))
        {
            told.insert(lacks);
            let what = format!("{} can be asked to {has} and never to {lacks}", asked.name);
            self.say_in_link(asked, has, what, format!("add `{lacks}` to `send` of its link"));
        }
    }

    /// What nobody can do without can be asked of the system that it is asked of.
    fn promised<'b>(&mut self, asked: Asked<'_>, told: &mut BTreeSet<&'b str>) {
        let pages = self.pages;
        // By a rule that counts at one of the plants whose orders it has: one of the plant's own for the same use comes before one for all.
        let rules = || pages.rules.iter().flat_map(|page| &page.value).map(|rule| &rule.value);
        let whole = |rule: &Rule, plant, purpose| {
            let matches = &rule.matches;
            matches.site == Some(plant) && matches.purpose == purpose && matches.material.is_none() && matches.op.is_none()
        };
        let counts = |rule: &Rule, plant: SiteId| match rule.matches.site {
            Some(only) => only == plant,
            None => !rules().any(|own| whole(own, plant, rule.matches.purpose)),
        };
        let plants = pages.sites.iter().filter(|(_, page)| page.value.erp.as_ref().is_some_and(|erp| erp.value == asked.name));
        let plants: Vec<SiteId> = plants.map(|(plant, _)| *plant).collect();
        let posted = || rules().any(|rule| rule.method == Method::Explicit && plants.iter().any(|plant| counts(rule, *plant)));
        let mut wanted: Vec<&'b str> = match asked.site.kind {
            SiteKind::Erp if posted() => vec!["post"],
            SiteKind::Plant => vec!["dispatch_job"],
            SiteKind::Warehouse => vec!["block_stock"],
            SiteKind::Transport => vec!["tender_load"],
            SiteKind::Erp
            | SiteKind::Quality
            | SiteKind::ProductData
            | SiteKind::Maintenance
            | SiteKind::Planning
            | SiteKind::Supplier
            | SiteKind::Analytics => Vec::new(),
        };
        if asked.ships() {
            wanted.extend(["answer_departure", "block_shipment"]);
        }
        for verb in wanted.into_iter().filter(|verb| !asked.is_sent(verb)).filter(|verb| !told.contains(verb)).collect::<Vec<_>>() {
            told.insert(verb);
            let kept = Step::KEPT.iter().find(|(kept, _)| *kept == verb);
            let promise = kept.map_or("no truck would ever be asked for", |(_, promise)| promise);
            let what = format!("{} cannot be asked to {verb}, and nobody can do without: {promise}", asked.name);
            let only = if asked.site.kind == SiteKind::Plant { "; a plant that only tells is sent nothing at all" } else { "" };
            self.say_in_link(asked, verb, what, format!("add `{verb}` to `send` of its link{only}"));
        }
    }

    /// What can be done without is asked wherever nobody says that it is.
    fn done_with(&mut self, asked: Asked<'_>, told: &mut BTreeSet<&str>) {
        let steps =
            [(SiteKind::Warehouse, Step::AnnounceUnit), (SiteKind::Quality, Step::TellHold), (SiteKind::Quality, Step::OpenInspection)];
        let workflows = workflows(self.pages);
        for (_, step) in steps.into_iter().filter(|(kind, step)| *kind == asked.site.kind && !asked.is_sent(step.word())) {
            let served = |text: &SiteText| [&text.warehouse, &text.quality].into_iter().flatten().any(|named| named.value == asked.name);
            let here = plants(self.pages).filter(|(_, text)| served(text)).map(|(plant, _)| plant);
            let with: Vec<SiteId> =
                here.filter(|plant| workflows.has(*plant, step) && (step != Step::OpenInspection || self.inspects(*plant))).collect();
            let flow = Step::ALL.iter().find(|(one, _)| *one == step).map_or(Flow::Inspect, |(_, flow)| *flow);
            if !with.is_empty() {
                told.insert(step.word());
                let what = format!("{} cannot be asked to {}, and {} does not do without it", asked.name, step.word(), listed(&with));
                let remedy = format!(
                    "add `{0}` to `send` of its link, or write `{1}: {{without: [{0}]}}` in plants/{2}/workflows.yaml, or for all in workflows/",
                    step.word(),
                    flow.word(),
                    with.first().map(ToString::to_string).unwrap_or_default(),
                );
                self.say_in_link(asked, step.word(), what, remedy);
            }
        }
    }

    /// Whether a plant makes or uses, by its recipes here, what has to be free of inspection.
    fn inspects(&self, plant: SiteId) -> bool {
        let recipes = self.pages.recipes.iter().map(|page| &page.value).filter(|recipe| recipe.plant.value == plant);
        let mut named = recipes.flat_map(|recipe| {
            let used = recipe.components.iter().map(|component| &component.material.value);
            used.chain(recipe.outputs.value.iter().map(|output| &output.material.value))
        });
        named.any(|material| self.materials.get(material).is_some_and(|text| text.inspected))
    }

    /// What would be asked and cannot be sent is a case for a person, each time.
    fn by_hand(&mut self, asked: Asked<'_>, told: &BTreeSet<&str>) {
        let needed = |verb: &&&str| match **verb {
            "place_demand" => asked.site.planning.is_some(),
            QUESTION => asked.site.reconcile.is_some(),
            _ => true,
        };
        let open = asked.verbs().iter().filter(|verb| !asked.is_sent(verb) && !told.contains(**verb)).filter(needed);
        let open: Vec<&str> = open.copied().collect();
        if !open.is_empty() {
            let what = format!("{} cannot be asked to {}: a person does it, told by a case each time", asked.name, open.join(", "));
            self.note_at(
                asked.file,
                &["link"],
                what,
                "add what its system can do to `send` of its link; leave it, where a person is meant to",
            );
        }
    }
}
