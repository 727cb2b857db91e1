//! What the link of a system must be able to say, and must not, by what kind of system it is: demand that nobody answers, ship
//! notices that nobody reads, a reader that wants to write. Whether a mapping can do it is looked at with the link.

use std::collections::BTreeSet;

use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;

use super::Checks;
use crate::text::{SiteText, TransportText};

impl Checks<'_> {
    pub(super) fn speaks(&mut self, name: SiteId, file: &str, site: &SiteText) {
        let Some(link) = &site.link else { return };
        let (sent, told) = (sent(link), hears(link));
        match site.kind {
            SiteKind::Erp => {
                self.heard_of(file, told, format!("{name} could never say that it has an order"));
                if let Some(planning) = site.planning.as_ref().filter(|_| !sent.contains("place_demand")) {
                    let what = format!("{name} plans for {}, and its link cannot place a demand", planning.value);
                    self.say(file, planning.referenced, what, "add `place_demand` to `send`, or leave out `planning:`");
                }
            }
            SiteKind::Planning => {
                self.named_by_somebody(name, file, "planning", SiteKind::Erp, |other| other.planning.as_ref().map(|named| named.value));
                if !sent.contains("answer_demand") {
                    let what = format!("the planning system {name} would never hear what becomes of its demand");
                    self.say_of(file, what, "add `answer_demand` to `send` of its link");
                }
                self.listens(name, file, told, "what is wanted");
            }
            SiteKind::Supplier => {
                self.named_by_somebody(name, file, "supplier", SiteKind::Plant, |other| other.supplier.as_ref().map(|named| named.value));
                self.listens(name, file, told, "what suppliers send");
            }
            SiteKind::Analytics => self.only_reads(name, file, &sent, told),
            SiteKind::ProductData => self.listens(name, file, told, "what it releases"),
            SiteKind::Plant => self.heard_of(file, told, format!("{name} could never say what it makes")),
            SiteKind::Warehouse => self.heard_of(file, told, format!("{name} could never say what came, and what left")),
            SiteKind::Quality => self.heard_of(file, told, format!("{name} could never say what it decides")),
            SiteKind::Maintenance => self.heard_of(file, told, format!("{name} could never say what is down")),
            SiteKind::Transport => self.heard_of(file, told, format!("{name} could never ask whether a truck may leave")),
        }
        if site.kind != SiteKind::Analytics && sent.contains("tell_events") {
            let what = format!("{name} is sent public events, and is no reader of them");
            self.say_of(file, what, "write a site of kind analytics for who reads them, or leave out `tell_events`");
        }
    }

    /// A system that nobody names has nobody to speak for: whatever it says would be refused.
    fn named_by_somebody(&mut self, name: SiteId, file: &str, key: &str, by: SiteKind, names: impl Fn(&SiteText) -> Option<SiteId>) {
        let named = self.pages.sites.values().any(|page| names(&page.value) == Some(name));
        if !named && self.pages.whole("sites") {
            let what = format!("no site of kind {} has {name} as its `{key}`, so whatever it says is refused", super::word(&by));
            self.say_of(file, what, format!("write `{key}: {name}` in the file of each {} that it speaks to", super::word(&by)));
        }
    }

    fn listens(&mut self, name: SiteId, file: &str, told: bool, what: &str) {
        if !told {
            let what = format!("{name} could never say {what}");
            self.say_of(file, what, "give its link `inbound` topics, or a poll");
        }
    }

    /// That a system can say what only it knows. Where a person says it instead, that is right.
    fn heard_of(&mut self, file: &str, told: bool, what: String) {
        if !told {
            self.note_at(file, &["link"], what, "give its link `inbound` topics, or a poll; leave it, where a person says it instead");
        }
    }

    /// A reader is told, and never says anything.
    fn only_reads(&mut self, name: SiteId, file: &str, sent: &BTreeSet<&str>, told: bool) {
        if told {
            let what = format!("the reader {name} says something, and nothing it says could count");
            self.say_of(file, what, "leave out `inbound` and `polls`, or say with `kind` what it is the owner of");
        }
        if !sent.contains("tell_events") {
            self.say_of(file, format!("the reader {name} would never be told anything"), "add `tell_events` to `send` of its link");
        }
        for verb in sent.iter().filter(|verb| **verb != "tell_events") {
            let what = format!("the reader {name} is asked to {verb}, and does nothing but read");
            self.say_of(file, what, format!("leave out `{verb}`"));
        }
    }
}

/// The verbs that a link can send.
pub(super) fn sent(link: &TransportText) -> BTreeSet<&str> {
    match link {
        TransportText::Http(http) => http.send.keys().map(String::as_str).collect(),
        TransportText::Sql(sql) => sql.send.keys().map(String::as_str).collect(),
        TransportText::Mqtt(mqtt) => mqtt.send.keys().map(String::as_str).collect(),
        TransportText::Files(files) => files.sent().map(|(verb, _)| verb.as_str()).collect(),
    }
}

/// Whether a system can say anything over its link.
fn hears(link: &TransportText) -> bool {
    match link {
        TransportText::Http(http) => http.told().next().is_some() || !http.polls.is_empty(),
        TransportText::Files(files) => files.told().next().is_some(),
        TransportText::Sql(sql) => !sql.polls.is_empty(),
        TransportText::Mqtt(mqtt) => !mqtt.topics.is_empty() || mqtt.rules().next().is_some(),
    }
}
