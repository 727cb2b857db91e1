//! The edge of a site: a region on the disk of its own node, from which a road leads home, for a system that tells over HTTP.

use super::Checks;
use crate::nearest::listed;
use crate::text::{EngineText, SiteText, TransportText};

impl Checks<'_> {
    /// That what a system tells at its edge can be kept there, and is brought home.
    pub(super) fn edge(&mut self, file: &str, site: &SiteText) {
        let Some(edge) = &site.edge else { return };
        let (pages, known, home) = (self.pages, self.regions(), site.region.value);
        let engine = pages.regions.as_ref().and_then(|page| page.value.get(&edge.value));
        let mut roads = pages.roads.iter().flat_map(|page| &page.value).map(|road| (road.value.from.value, road.value.to.value));
        let told = if !known.contains(&edge.value) && pages.mesh.is_some() {
            let remedy = format!("add it to `regions` in mesh.yaml, or use one of {}", listed(&known));
            Some((format!("there is no region {}", edge.value), remedy))
        } else if edge.value == home {
            Some((format!("{home} is where it is at home"), "leave `edge` out: nothing has to be kept for itself".to_owned()))
        } else if engine.is_some_and(|engine| matches!(engine.value, EngineText::Jetstream(_))) {
            let remedy = "name a region on the disk of a node of its own, beside the system";
            Some((format!("region {} is on servers, and keeps nothing for others", edge.value), remedy.to_owned()))
        } else if !roads.any(|road| road == (edge.value, home)) && !pages.broken.contains("roads.yaml") {
            let remedy = format!("write `- {{from: {}, to: {home}}}` in roads.yaml: the edge dials", edge.value);
            Some((format!("no road leads from the edge {} to {home}: what is told there would stay there", edge.value), remedy))
        } else if !matches!(&site.link, Some(TransportText::Http(http)) if http.inbound.is_some()) {
            let remedy = "leave `edge` out, or write `link.http.inbound`: folders and lists are read where it is at home";
            Some(("it tells nothing over HTTP that an edge could keep".to_owned(), remedy.to_owned()))
        } else {
            None
        };
        if let Some((what, remedy)) = told {
            self.say(file, edge.referenced, what, remedy);
        }
    }
}
