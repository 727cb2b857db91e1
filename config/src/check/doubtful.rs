//! What may be written, and can hardly be meant: limits that no system has, files that two topics take, a plant that nothing can be
//! made at, a plant that its ERP has no word for. Told as notes; a folder is right with them.

use serde_saphyr::{Location, Spanned};
use takt_actors::link::files::names::Pattern;
use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;

use super::Checks;
use super::link::meet;
use crate::govern::plants;
use crate::text::{FilesText, LimitsText, SiteText, TransportText};

/// What a limit is hardly less and hardly more than, and why.
struct Range {
    key: &'static str,
    least: u64,
    most: u64,
    less: &'static str,
    more: &'static str,
}

const RANGES: [Range; 6] = [
    Range { key: "at_once", least: 1, most: 256, less: "", more: "few systems stand so many calls at once" },
    Range { key: "per_minute", least: 1, most: 60_000, less: "", more: "more than one call a millisecond is no limit" },
    Range {
        key: "window_ms",
        least: 100,
        most: 3_600_000,
        less: "nearly every answer would come too late, and be in doubt",
        more: "an errand whose reply was lost would be noticed that late",
    },
    Range { key: "failures", least: 1, most: 1_000, less: "", more: "a system that does not answer would hardly ever be left alone" },
    Range {
        key: "rest_ms",
        least: 100,
        most: 3_600_000,
        less: "that is no rest",
        more: "a system that is back would be left alone that long",
    },
    Range {
        key: "rest_max_ms",
        least: 100,
        most: 24 * 3_600_000,
        less: "that is no rest",
        more: "a system that is back would be left alone that long",
    },
];

/// A limit as it is written, and where.
fn written(limits: &LimitsText, key: &str) -> Option<(u64, Location)> {
    fn of<T: Copy + Into<u64>>(limit: Option<&Spanned<T>>) -> Option<(u64, Location)> {
        limit.map(|limit| (limit.value.into(), limit.referenced))
    }
    match key {
        "at_once" => limits.at_once.as_ref().map(|most| (u64::try_from(most.value.get()).unwrap_or(u64::MAX), most.referenced)),
        "per_minute" => of(limits.per_minute.as_ref()),
        "window_ms" => limits.window_ms.as_ref().map(|window| (u64::from(window.value.get()), window.referenced)),
        "failures" => limits.failures.as_ref().map(|most| (u64::from(most.value.get()), most.referenced)),
        "rest_ms" => of(limits.rest_ms.as_ref()),
        "rest_max_ms" => of(limits.rest_max_ms.as_ref()),
        _ => None,
    }
}

impl Checks<'_> {
    pub(super) fn doubtful(&mut self) {
        let pages = self.pages;
        for (name, page) in &pages.sites {
            self.limits(*name, &page.file, &page.value);
            if let Some(TransportText::Files(files)) = &page.value.link {
                self.taken_twice(&page.file, files);
            }
        }
        for (plant, text) in plants(pages) {
            self.makes_nothing(plant);
            self.unnamed(plant, text);
        }
    }

    fn limits(&mut self, name: SiteId, file: &str, site: &SiteText) {
        let own = self.pages.plants.get(&name).and_then(|overlay| overlay.limits.as_ref());
        for range in &RANGES {
            let Some((value, place)) = written(&site.limits, range.key) else { continue };
            let own = own.filter(|page| written(&page.value, range.key).is_some());
            let file = own.map_or(file, |page| page.file.as_str());
            if value < range.least {
                let what = format!("`{}` is {value}: {}", range.key, range.less);
                self.note(file, place, what, format!("write {} or more", range.least));
            } else if value > range.most {
                let what = format!("`{}` is {value}: {}", range.key, range.more);
                self.note(file, place, what, format!("write {} or less", range.most));
            }
        }
    }

    /// Of two topics that a file fits, the one whose names have more letters takes it.
    fn taken_twice(&mut self, file: &str, files: &FilesText) {
        let topics: Vec<_> = files.inbound.iter().flat_map(|inbound| &inbound.topics).collect();
        let letters = |names: &str| Pattern::new(names).letters();
        for (at, (name, topic)) in topics.iter().enumerate() {
            let names = topic.value.names.as_str();
            for (other, before) in topics.iter().take(at) {
                let theirs = before.value.names.as_str();
                if names.is_empty() || theirs.is_empty() || !meet(names, theirs) || letters(names) == letters(theirs) {
                    continue;
                }
                let (takes, loses) = if letters(names) > letters(theirs) { (name, other) } else { (other, name) };
                let what = format!("a file that is one of {other} ({theirs}) and of {name} ({names}) is taken as one of {takes}");
                self.note(
                    file,
                    topic.referenced,
                    what,
                    format!("leave it so where that is meant, or name the files of {loses} more exactly"),
                );
            }
        }
    }

    /// A plant of which no recipe stands here, where no product data system states any.
    fn makes_nothing(&mut self, plant: SiteId) {
        let pages = self.pages;
        let stated = pages.sites.values().any(|page| page.value.kind == SiteKind::ProductData && page.value.link.is_some());
        let here = pages.recipes.iter().any(|page| page.value.plant.value == plant);
        if !here && !stated && pages.whole("recipes") && pages.whole("sites") {
            let what = format!("no recipe is for {plant}, so no order of it could be made");
            self.note_at(&format!("sites/{plant}.yaml"), &["kind"], what, format!("write one in recipes/ with `plant: {plant}`"));
        }
    }

    /// A plant for which its ERP has words of its own for others, and none for it.
    fn unnamed(&mut self, plant: SiteId, text: &SiteText) {
        let pages = self.pages;
        let Some(page) = text.erp.as_ref().and_then(|erp| pages.sites.get(&erp.value)) else { return };
        let Some(link) = &page.value.link else { return };
        let over = link.key();
        if link.tables().get("plant").is_some_and(|words| !words.contains_key(plant.as_str())) {
            let what = format!("the table plant has no word for {plant}, whose orders are this ERP's");
            self.note_at(&page.file, &["link", over, "tables", "plant"], what, format!("add `{plant}:` with the ERP's own word for it"));
        }
    }
}
