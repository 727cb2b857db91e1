//! A site and those it names. Its link is looked at beside this.

use std::collections::BTreeMap;

use serde_saphyr::Location;
use takt_protocol::book::SiteKind;
use takt_protocol::books::Pace;
use takt_protocol::effect::Effect;
use takt_protocol::name::{OURS, SiteId};
use takt_protocol::outbox::Class;

use super::{Checks, word};
use crate::load::month_of;
use crate::nearest::{listed, nearest};
use crate::read::In;
use crate::text::{Manner, SiteText, TransportText};

impl Checks<'_> {
    pub(super) fn site(&mut self, name: SiteId, page: &In<SiteText>) {
        let (file, site) = (&page.file, &page.value);
        if name.as_str() == OURS {
            let what = format!("the site {name} has the name that the mesh's own words carry, and would pass for it");
            self.say_of(file, what, "rename the file: it is the site's name");
        }
        let regions = self.regions();
        if !regions.contains(&site.region.value) && !regions.is_empty() {
            let remedy = format!("add it to `regions` in mesh.yaml, or use one of {}", listed(&regions));
            self.say(file, site.region.referenced, format!("there is no region {}", site.region.value), remedy);
        }
        let wanted = [(&site.erp, SiteKind::Erp), (&site.warehouse, SiteKind::Warehouse), (&site.quality, SiteKind::Quality)];
        for (named, kind) in wanted {
            if let Some(named) = named.as_ref().filter(|_| site.kind == SiteKind::Plant) {
                self.is_a(file, named, kind);
            }
        }
        if site.kind == SiteKind::Plant && site.erp.is_none() {
            self.say_of(file, format!("the plant {name} has no ERP"), "add `erp:` with the ERP that owns its orders");
        }
        self.served(file, site);
        self.edge(file, site);
        self.speaks(name, file, site);
        self.asks(name, file, site);
        self.paced(name, file, site);
        self.observe(file, site);
        self.periods(file, site);
        self.reconcile(file, name, site);
        for (verb, class) in &site.classes {
            self.verb(file, verb, class.referenced);
            if matches!(class.value, Class::ProbeWithSettle { settle_ms: 0 }) {
                let what = format!("{name} would be asked what became of {verb} before it can know");
                self.say(file, class.referenced, what, "write under `settle_ms` how long it takes until what was sent is seen there");
            }
        }
        match &site.link {
            Some(TransportText::Http(http)) => self.http(file, http, &site.classes),
            Some(TransportText::Files(files)) => self.files(file, files, &site.classes),
            Some(TransportText::Sql(sql)) => self.sql(file, sql, &site.classes),
            Some(TransportText::Mqtt(mqtt)) => self.mqtt(file, site, mqtt),
            None => {}
        }
    }

    /// That a system around is named where what it owns happens.
    fn served(&mut self, file: &str, site: &SiteText) {
        for (key, named) in [("erp", &site.erp), ("warehouse", &site.warehouse), ("quality", &site.quality)] {
            if let Some(named) = named.as_ref().filter(|_| site.kind != SiteKind::Plant) {
                let what = format!("a site of kind {} has no {key}", word(&site.kind));
                self.say(file, named.referenced, what, format!("write `{key}:` in the file of each plant that {} serves", named.value));
            }
        }
        let around = [
            ("maintenance", &site.maintenance, SiteKind::Plant, SiteKind::Maintenance),
            ("transport", &site.transport, SiteKind::Warehouse, SiteKind::Transport),
            ("planning", &site.planning, SiteKind::Erp, SiteKind::Planning),
            ("supplier", &site.supplier, SiteKind::Plant, SiteKind::Supplier),
        ];
        for (key, named, at, kind) in around {
            let Some(named) = named else { continue };
            if site.kind == at {
                self.is_a(file, named, kind);
            } else {
                let what = format!("a site of kind {} has no {key}", word(&site.kind));
                let remedy = format!("write `{key}:` in the file of each {} that {} serves", word(&at), named.value);
                self.say(file, named.referenced, what, remedy);
            }
        }
    }

    fn periods(&mut self, file: &str, site: &SiteText) {
        let mut seen = BTreeMap::new();
        for (month, state) in &site.periods {
            if let Some(other) = month_of(month).and_then(|number| seen.insert(number, month)) {
                self.say(file, state.referenced, format!("{other} and {month} are one month"), "delete one of them");
            }
            if month_of(month).is_none() {
                self.say(file, state.referenced, format!("`{month}` is not a valid month"), "write it as 2026-10");
            }
            if site.kind != SiteKind::Erp {
                let what = format!("a site of kind {} has no posting periods", word(&site.kind));
                self.say(file, state.referenced, what, "move `periods:` to the ERP's file");
            }
        }
    }

    /// That a site is left alone for no longer than at most, and played in a manner that its kind has.
    fn paced(&mut self, name: SiteId, file: &str, site: &SiteText) {
        let limits = site.limits.limits();
        if limits.open_ms > limits.open_max_ms {
            let own = self.pages.plants.get(&name).and_then(|overlay| overlay.limits.as_ref());
            let own = own.filter(|page| page.value.rest_ms.is_some() || page.value.rest_max_ms.is_some());
            let (file, path): (&str, &[&str]) = own.map_or((file, &["limits", "rest_ms"]), |page| (&page.file, &["rest_ms"]));
            let what = format!("{name} is left alone for {} ms at first, and for {} ms at most", limits.open_ms, limits.open_max_ms);
            self.say_at(file, path, what, "write a larger `rest_max_ms`, or a smaller `rest_ms`");
        }
        if let Some(played) = site.simulated.as_ref().filter(|played| played.manner != Manner::Usual && site.kind != SiteKind::Erp) {
            let what = format!("a site of kind {} is not played in the manner of {}", word(&site.kind), played.manner.word());
            self.say_at(file, &["simulated", "as"], what, "leave out `as`: only ERPs are of several sorts");
        }
    }

    /// That a system whose books are to be compared has some, and can be asked.
    fn reconcile(&mut self, file: &str, name: SiteId, site: &SiteText) {
        let Some(pace) = &site.reconcile else { return };
        let at = pace.referenced;
        if !matches!(site.kind, SiteKind::Erp | SiteKind::Warehouse) {
            let what = format!("a site of kind {} keeps no books that are compared with ours", word(&site.kind));
            return self.say(file, at, what, "move `reconcile:` to the file of the ERP or of the warehouse");
        }
        let asked = match &site.link {
            Some(TransportText::Http(http)) => http.send.contains_key("read_books"),
            Some(TransportText::Sql(sql)) => sql.send.contains_key("read_books"),
            // Nobody can be asked over MQTT what stands in books.
            Some(TransportText::Files(_) | TransportText::Mqtt(_)) => false,
            // Nothing can be said of a link that could not be read.
            None => true,
        };
        if !asked {
            let what = format!("nobody can ask {name} what is in its books");
            let remedy = "add `read_books:` to `send` of a link over HTTP or SQL, with a mapping that has `request` and `outcome`";
            self.say(file, at, what, remedy);
        }
        let Pace { at: times, every_ms, settle_ms, at_once, patience_ms, .. } = &pace.value;
        if let Some(time) =
            times.iter().enumerate().find(|(at, time)| times.iter().take(*at).any(|other| other == *time)).map(|(_, time)| time)
        {
            self.say(file, at, format!("`reconcile.at` has {time} twice"), "delete one of them: a run at one time is one run");
        }
        if settle_ms >= patience_ms && *patience_ms > 0 {
            let what = format!(
                "a run ends after {patience_ms} ms, and what differs is read again after {settle_ms} ms: nothing would ever differ twice"
            );
            self.say(file, at, what, "write a longer `patience_ms`, or a shorter `settle_ms`");
        }
        let zeros = [
            ("every_ms", *every_ms == Some(0)),
            ("settle_ms", *settle_ms == 0),
            ("at_once", *at_once == 0),
            ("patience_ms", *patience_ms == 0),
        ];
        for (key, _) in zeros.into_iter().filter(|(_, zero)| *zero) {
            self.say(
                file,
                at,
                format!("`reconcile.{key}` is 0, so nothing would ever be read twice or at all"),
                format!("write 1 or more under `{key}`"),
            );
        }
    }

    pub(super) fn verb(&mut self, file: &str, verb: &str, place: Location) {
        if !Effect::VERBS.contains(&verb) {
            self.say(file, place, format!("there is no verb {verb}"), nearest(verb, &Effect::VERBS));
        }
    }
}
