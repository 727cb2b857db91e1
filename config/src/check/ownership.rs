//! Ownership: every domain of every plant has one owner, which is there, which the kernel can take the word of, and which the
//! plant's own file does not contradict.

use serde_saphyr::Spanned;
use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;
use takt_protocol::ownership::{Domain, Holder};

use super::{Checks, word};
use crate::govern::{holder, owner_line, plants, system};
use crate::nearest::listed;
use crate::text::{OwnerText, SiteText};

const FILE: &str = "ownership.yaml";

impl Checks<'_> {
    pub(super) fn ownership(&mut self) {
        let pages = self.pages;
        let Some(lines) = pages.ownership.as_ref().map(|page| &page.value) else { return };
        for line in lines {
            self.owner(line);
        }
        for (at, line) in lines.iter().enumerate() {
            let same =
                |other: &&Spanned<OwnerText>| other.value.domain == line.value.domain && plant_of(&other.value) == plant_of(&line.value);
            if lines.iter().take(at).any(|other| same(&other)) {
                let whose = plant_of(&line.value).map_or_else(|| "every plant".to_owned(), |plant| plant.to_string());
                let what = format!("{} of {whose} has two owners", line.value.domain.word());
                self.say(FILE, line.referenced, what, "delete one of the lines: what is owned twice is owned by nobody");
            }
        }
        let mut nobody = Vec::new();
        for (plant, text) in plants(pages) {
            for domain in Domain::ALL {
                match owner_line(lines, plant, domain) {
                    Some(line) => self.owned(plant, text, line),
                    None if nobody.contains(&domain) => {}
                    None => nobody.push(domain),
                }
            }
        }
        for domain in nobody {
            let kinds = words(domain.possible());
            let remedy = format!("add `- {{domain: {}, kind: {}}}`", domain.word(), kinds.first().copied().unwrap_or_default());
            self.say_of(FILE, format!("nobody owns {}", domain.word()), remedy);
        }
    }

    /// A line by itself.
    fn owner(&mut self, line: &Spanned<OwnerText>) {
        let OwnerText { domain, plant, kind, site } = &line.value;
        if let Some(plant) = plant {
            self.is_a(FILE, plant, SiteKind::Plant);
        }
        let possible = words(domain.possible());
        match (kind, site) {
            (None, None) => {
                let what = format!("the line about {} names no owner", domain.word());
                self.say(FILE, line.referenced, what, format!("add `kind:` with {}, or `site:` with its name", possible.join(" or ")));
            }
            (Some(_), Some(_)) => {
                let what = format!("the line about {} names its owner twice", domain.word());
                self.say(FILE, line.referenced, what, "keep `kind` or `site`, not both");
            }
            (_, Some(site)) if !self.pages.sites.contains_key(&site.value) => {
                if !self.pages.broken.contains(&format!("sites/{}.yaml", site.value)) {
                    let known: Vec<&SiteId> = self.pages.sites.keys().collect();
                    self.say(FILE, site.referenced, format!("there is no site {}", site.value), format!("use one of {}", listed(&known)));
                }
            }
            (Some(_), None) | (None, Some(_)) => {
                let owner = holder(&line.value, self.pages);
                if owner.is_none_or(|owner| !domain.possible().contains(&owner)) {
                    let whose = site.as_ref().map_or_else(|| owner.map_or("", Holder::word).to_owned(), |site| site.value.to_string());
                    let what = format!("{} cannot be the owner of {}: the mesh cannot take its word for it", whose, domain.word());
                    self.say(FILE, line.referenced, what, format!("name the {}", possible.join(" or the ")));
                }
            }
        }
    }

    /// A line as it holds for a plant: the plant has such a system, and it is the one that is named.
    fn owned(&mut self, plant: SiteId, text: &SiteText, line: &Spanned<OwnerText>) {
        let Some(owner) = holder(&line.value, self.pages).filter(|owner| *owner != Holder::Mesh) else { return };
        let (domain, own) = (line.value.domain.word(), system(plant, text, owner));
        match (own, &line.value.site) {
            (None, _) => {
                let what = format!("{plant} has no {}, so nobody owns its {domain}", owner.word());
                let other = line.value.domain.possible().iter().find(|other| system(plant, text, **other).is_some());
                let instead = other.map(|other| format!(", or add `- {{domain: {domain}, plant: {plant}, kind: {}}}`", other.word()));
                let remedy = format!("add `{}:` to sites/{plant}.yaml{}", owner.word(), instead.unwrap_or_default());
                self.say(FILE, line.referenced, what, remedy);
            }
            (Some(own), Some(site)) if own != site.value => {
                let what = format!("{} owns {domain} of {plant} here, and sites/{plant}.yaml says `{}: {own}`", site.value, owner.word());
                let remedy = format!("a plant has one {}: name it alike in both, or write `kind: {}` here", owner.word(), word(&owner));
                self.say(FILE, site.referenced, what, remedy);
            }
            (Some(_), _) => {}
        }
    }
}

fn plant_of(line: &OwnerText) -> Option<SiteId> {
    line.plant.as_ref().map(|plant| plant.value)
}

fn words(holders: &[Holder]) -> Vec<&'static str> {
    holders.iter().map(|holder| holder.word()).collect()
}
