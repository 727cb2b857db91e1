//! Policies, limits, rules, mappings, recipes and when books are compared, each with everybody who says something of it.

use serde_saphyr::{Location, Spanned};
use takt_actors::site::SiteLimits;
use takt_protocol::book::{Policy, SiteKind};
use takt_protocol::books::Pace;
use takt_protocol::name::SiteId;
use takt_protocol::posting::Rule;

use super::{Book, Layer};
use crate::govern::plants;
use crate::overlay::{Overlay, rule_in_force};
use crate::read::Pages;
use crate::text::{LimitsText, PolicyText, SiteText};

pub(super) fn all(pages: &Pages, book: &mut Book) {
    policy(pages.mesh.as_ref().map(|mesh| &mesh.policy), book);
    for (site, page) in &pages.sites {
        usual_limits(*site, book);
        let overlay = pages.plants.get(site);
        limits(*site, &page.value.limits, Layer::Named, &page.file, book);
        if let Some(own) = overlay.and_then(|overlay| overlay.limits.as_ref()) {
            limits(*site, &own.value, Layer::Plant, &own.file, book);
        }
        reconcile(*site, &page.value, &page.file, book);
        for (slot, file) in page.value.link.iter().flat_map(crate::text::TransportText::slots) {
            mapping(*site, &slot, file, (&page.file, overlay), book);
        }
    }
    for (plant, _) in plants(pages) {
        rules(plant, pages, book);
    }
    recipes(pages, book);
}

fn policy(text: Option<&PolicyText>, book: &mut Book) {
    let usual = Policy::default();
    let Some(text) = text else { return };
    let rows = [
        ("dispatch_patience_ms", usual.dispatch_patience_ms, &text.dispatch_patience_ms),
        ("start_warning_ms", usual.start_warning_ms, &text.start_warning_ms),
        ("final_gap_ms", usual.final_gap_ms, &text.final_gap_ms),
        ("clearance_ms", usual.clearance_ms, &text.clearance_ms),
        ("disposition_ms", usual.disposition_ms, &text.disposition_ms),
        ("lock_patience_ms", usual.lock_patience_ms, &text.lock_patience_ms),
        ("names_kept_ms", usual.names_kept_ms, &text.names_kept_ms),
    ];
    for (name, usual, written) in rows {
        let key = format!("policy.{name}");
        book.built_in(&key, &usual);
        if let Some(written) = written {
            book.say(&key, &written.value, Layer::Central, ("mesh.yaml", written.referenced));
        }
    }
    book.built_in("policy.window_ms", &usual.window_ms);
    if let Some(written) = &text.window_ms {
        book.say("policy.window_ms", &written.value, Layer::Central, ("mesh.yaml", written.referenced));
    }
}

fn usual_limits(site: SiteId, book: &mut Book) {
    let usual = SiteLimits::default();
    book.built_in(&format!("limits.{site}.at_once"), &usual.at_once_max);
    book.built_in(&format!("limits.{site}.per_minute"), &"no limit");
    book.built_in(&format!("limits.{site}.window_ms"), &usual.window_ms);
    book.built_in(&format!("limits.{site}.failures"), &usual.failures_max);
    book.built_in(&format!("limits.{site}.rest_ms"), &usual.open_ms);
    book.built_in(&format!("limits.{site}.rest_max_ms"), &usual.open_max_ms);
}

/// When and how the books of a system are compared with ours.
fn reconcile(site: SiteId, text: &SiteText, file: &str, book: &mut Book) {
    if !matches!(text.kind, SiteKind::Erp | SiteKind::Warehouse) {
        return;
    }
    let Some(written) = &text.reconcile else {
        return book.built_in(&format!("reconcile.{site}"), &"never: its books are not compared with ours");
    };
    for ((name, usual), (_, value)) in spelled_pace(&Pace::default()).into_iter().zip(spelled_pace(&written.value)) {
        let key = format!("reconcile.{site}.{name}");
        book.built_in(&key, &usual);
        if value != usual {
            book.say(&key, &value, Layer::Named, (file, written.referenced));
        }
    }
}

fn spelled_pace(pace: &Pace) -> [(&'static str, String); 6] {
    let at: Vec<String> = pace.at.iter().map(|time| format!("{:02}:{:02}", time.hour(), time.minute())).collect();
    [
        ("at", if at.is_empty() { "at no time of the day".to_owned() } else { at.join(", ") }),
        ("every_ms", pace.every_ms.map_or_else(|| "never".to_owned(), |every| every.to_string())),
        ("settle_ms", pace.settle_ms.to_string()),
        ("at_once", pace.at_once.to_string()),
        ("patience_ms", pace.patience_ms.to_string()),
        ("by_itself_within_percent", pace.by_itself_within_percent.to_string()),
    ]
}

/// What a layer says of the limits of a site.
fn limits(site: SiteId, text: &LimitsText, layer: Layer, file: &str, book: &mut Book) {
    let mut say = |name: &str, said: Option<(String, Location)>| {
        if let Some((value, place)) = said {
            book.say(&format!("limits.{site}.{name}"), &value, layer, (file, place));
        }
    };
    say("at_once", spelled(text.at_once.as_ref()));
    say("per_minute", spelled(text.per_minute.as_ref()));
    say("window_ms", spelled(text.window_ms.as_ref()));
    say("failures", spelled(text.failures.as_ref()));
    say("rest_ms", spelled(text.rest_ms.as_ref()));
    say("rest_max_ms", spelled(text.rest_max_ms.as_ref()));
}

fn spelled<T: ToString>(written: Option<&Spanned<T>>) -> Option<(String, Location)> {
    written.map(|one| (one.value.to_string(), one.referenced))
}

fn mapping(site: SiteId, slot: &str, file: &Spanned<String>, (page, overlay): (&str, Option<&Overlay>), book: &mut Book) {
    let key = format!("mappings.{site}.{slot}");
    book.say(&key, &file.value, Layer::Named, (page, file.referenced));
    if let Some(own) = overlay.and_then(|overlay| overlay.mappings.get(&file.value)) {
        book.say_of_file(&key, &own, Layer::Plant, own);
    }
}

/// The rules that a plant's reports may meet, by the names of the central ones.
fn rules(plant: SiteId, pages: &Pages, book: &mut Book) {
    let central = || pages.rules.iter().flat_map(|page| page.value.iter().map(move |rule| (page.file.as_str(), rule)));
    for (file, rule) in central().filter(|(_, rule)| rule.value.matches.site.is_none_or(|site| site == plant)) {
        let layer = if rule.value.matches.site.is_some() { Layer::Named } else { Layer::Central };
        book.say(&format!("rules.{plant}.{}", rule.value.id), &in_short(&rule.value), layer, (file, rule.referenced));
    }
    let own = pages.plants.get(&plant).and_then(|overlay| overlay.rules.as_ref());
    for (file, rule) in own.into_iter().flat_map(|page| page.value.iter().map(move |rule| (page.file.as_str(), rule))) {
        let before = central().find(|(_, other)| other.value.id == rule.value.id).map(|(_, other)| &other.value);
        let in_force = rule_in_force(&rule.value, plant, before);
        book.say(&format!("rules.{plant}.{}", rule.value.id), &in_short(&in_force), Layer::Plant, (file, rule.referenced));
    }
}

/// A rule on one line, as it may be written.
fn in_short(rule: &Rule) -> String {
    serde_json::to_string(rule).unwrap_or_default()
}

fn recipes(pages: &Pages, book: &mut Book) {
    for page in &pages.recipes {
        let recipe = &page.value;
        let (plant, material, version) = (recipe.plant.value, &recipe.material.value, &recipe.version.value);
        let key = format!("recipes.{plant}.{material}.{version}.source");
        book.say_of_file(&key, &recipe.source, Layer::Named, &page.file);
        let notes = pages.plants.get(&plant).and_then(|overlay| overlay.notes.as_ref());
        for (file, note) in notes.into_iter().flat_map(|page| page.value.iter().map(move |note| (page.file.as_str(), note))) {
            if note.value.material == *material && note.value.version == *version {
                book.say(&key, &note.value.source, Layer::Plant, (file, note.referenced));
            }
        }
    }
}
