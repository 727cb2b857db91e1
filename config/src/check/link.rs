//! Links: verbs that exist, mapping files that can do what the link promises, promises that the transport can keep.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;
use takt_protocol::name::SiteId;
use takt_protocol::outbox::Class;
use takt_protocol::uom::Uom;

use super::Checks;
use crate::nearest::nearest;
use crate::text::{DropText, FilesText, FormatText, HttpText, PollText, SignatureText};

/// The code tables that are read in both directions: two words of ours with one of theirs cannot be told apart on the way in.
const BOTH_WAYS: [&str; 2] = ["plant", "unit"];

type Classes = BTreeMap<String, Spanned<Class>>;

impl Checks<'_> {
    pub(super) fn http(&mut self, file: &str, http: &HttpText, classes: &Classes) {
        for (verb, mapping) in &http.send {
            self.verb(file, verb, mapping.referenced);
            self.has(file, mapping, &["request", "outcome"], "what is sent");
            match classes.get(verb).map(|class| class.value) {
                Some(Class::ProbeWithSettle { .. }) => self.has(file, mapping, &["probe", "probed"], "the class probe_with_settle"),
                Some(Class::DedupByKey | Class::AtMostOnce) | None => {}
            }
        }
        for mapping in http.told() {
            self.has(file, mapping, &["inputs"], "what is received");
        }
        for poll in http.polls.values() {
            self.poll(file, poll);
        }
        self.are_there(file, http.mapping_files());
        if let Some(inbound) = &http.inbound {
            self.format(file, &inbound.format);
            self.shown(file, inbound.token.as_deref());
            if inbound.token.is_none() && inbound.signature.is_none() {
                let what = "anybody could speak for this system".to_owned();
                self.say_of(file, what, "write `token` or `signature` under `link.http.inbound`, or both");
            }
        }
        let signatures = http.inbound.iter().filter_map(|inbound| inbound.signature.as_ref()).chain(&http.signature);
        for signature in signatures {
            self.signature(file, signature);
        }
        self.reached(file, &http.base);
        self.tables(file, &http.tables);
    }

    /// That a token is something that must be shown.
    fn shown(&mut self, file: &str, token: Option<&str>) {
        let told = self.findings.iter().any(|found| found.file == file && found.what.contains("variable"));
        if token.is_some_and(|token| token.trim().is_empty()) && !told {
            let what = "the token under `link.http.inbound` is empty, so that anybody could speak for this system".to_owned();
            self.say_of(file, what, "write `token: ${NAME}` and set NAME outside");
        }
    }

    /// That the address of a system says how it is spoken to.
    fn reached(&mut self, file: &str, base: &str) {
        // A variable that is not set was told.
        let is_address = ["http://", "https://"].iter().any(|scheme| base.len() > scheme.len() && base.starts_with(scheme));
        if !base.is_empty() && !is_address {
            let what = format!("`{}` under `link.http.base` is no address", base.escape_debug());
            self.say_of(file, what, "begin it with http:// or https://, such as https://erp.example.com");
        }
    }

    pub(super) fn files(&mut self, file: &str, files: &FilesText, classes: &Classes) {
        let archived = files.outbound.as_ref().is_some_and(|outbound| !outbound.archive.is_empty());
        for (verb, mapping) in files.sent() {
            self.verb(file, verb, mapping.referenced);
            self.has(file, mapping, &["file"], "what is laid down");
            let Some(class) = classes.get(verb) else { continue };
            match class.value {
                Class::AtMostOnce => {}
                Class::ProbeWithSettle { .. } if archived => {}
                Class::ProbeWithSettle { .. } => {
                    let what = format!("nobody can ask what became of {verb}: a file that was taken looks like one that never came");
                    let remedy = "name the folder the system moves files to that it took, as `archive`; or write at_most_once";
                    self.say(file, class.referenced, what, remedy);
                }
                Class::DedupByKey => {
                    let what = format!("a folder does not know our key, so {verb} might be laid down twice while the system works on it");
                    self.say(file, class.referenced, what, "write probe_with_settle with an `archive`, or at_most_once");
                }
            }
        }
        for mapping in files.told() {
            self.has(file, mapping, &["inputs"], "what is received");
        }
        self.are_there(file, files.mapping_files());
        let topics = files.inbound.iter().flat_map(|inbound| inbound.topics.values());
        for format in topics.map(|topic| &topic.value.format).chain(files.outbound.iter().map(|outbound| &outbound.format)) {
            self.format(file, format);
        }
        self.folders(file, files);
        self.tables(file, &files.tables);
    }

    /// That every folder can be found, and that nothing is done in one that is another one's: what we lay down is not to be
    /// taken for what the system tells.
    fn folders(&mut self, file: &str, files: &FilesText) {
        // Where nothing else is said, what was taken and what nobody understands goes below the folder itself.
        let usual = |inbound: &DropText| {
            let below = |name: &str| format!("{}/{name}", inbound.folder.value.trim_end_matches('/'));
            let done = inbound.done.is_none().then(|| below("done"));
            done.into_iter().chain(inbound.errors.is_none().then(|| below("error"))).collect::<Vec<_>>()
        };
        let mut seen: BTreeSet<String> = files.inbound.iter().flat_map(usual).collect();
        for folder in files.folders() {
            // A variable that is not set was told.
            let path = folder.value.trim_end_matches('/');
            if path.is_empty() {
                continue;
            }
            if !path.starts_with('/') {
                let what = format!("`{path}` is not the whole path of a folder");
                self.say(
                    file,
                    folder.referenced,
                    what,
                    "begin it with a slash; the part that differs from host to host may be a `${NAME}`",
                );
            }
            if !seen.insert(path.to_owned()) {
                let what = format!("the folder {path} stands twice, so what lies there means two things");
                self.say(file, folder.referenced, what, "give each its own folder");
            }
        }
        let mut patterns: BTreeSet<&str> = BTreeSet::new();
        for topic in files.inbound.iter().flat_map(|inbound| inbound.topics.values()) {
            let names = topic.value.names.as_str();
            if names.is_empty() {
                self.say(file, topic.referenced, "no file is called nothing".to_owned(), "write `names`, such as \"*.xml\"");
            } else if !patterns.insert(names) {
                self.say(file, topic.referenced, format!("two topics take the files {names}"), "give each its own names, or leave out one");
            }
        }
    }

    fn poll(&mut self, file: &str, poll: &PollText) {
        match (&poll.path, &poll.cursor) {
            (_, Some(_)) => self.has(file, &poll.mapping, &["ask", "items", "inputs"], "a poll with a cursor"),
            (_, None) => self.has(file, &poll.mapping, &["inputs"], "what is received"),
        }
        let place = poll.mapping.referenced;
        match (&poll.path, &poll.cursor) {
            (Some(_), Some(_)) => {
                let what = "a poll with a cursor has a path, which nobody would ask for".to_owned();
                self.say(file, place, what, "leave out `path`: `ask` of the mapping says what to ask for");
            }
            (None, None) => {
                self.say(file, place, "a poll asks for nothing".to_owned(), "write a `path`, or a `cursor` where its mapping has `ask`");
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
    }

    fn signature(&mut self, file: &str, signature: &SignatureText) {
        let is_header = |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        let headers = std::iter::once(&signature.header).chain(signature.stamp.as_ref().map(|stamp| &stamp.header));
        for header in headers.filter(|header| !is_header(header)) {
            let what = format!("`{}` is no header", header.escape_debug());
            self.say(file, signature.secret.referenced, what, "write letters, digits and `-`, such as X-Signature");
        }
        let told = self.findings.iter().any(|found| found.file == file && found.what.contains("variable"));
        if signature.secret.value.trim().is_empty() && !told {
            self.say(
                file,
                signature.secret.referenced,
                "a signature has no secret".to_owned(),
                "write `secret: ${NAME}` and set NAME outside",
            );
        }
    }

    fn are_there<'b>(&mut self, file: &str, mappings: impl Iterator<Item = &'b Spanned<String>>) {
        for mapping in mappings {
            if self.folder.file(&mapping.value).is_none() {
                let what = format!("there is no mapping file {}", mapping.value);
                self.say(file, mapping.referenced, what, "name a .jq file by its path from this configuration's folder");
            }
        }
    }

    fn format(&mut self, file: &str, format: &FormatText) {
        if let FormatText::Csv(csv) = format
            && !csv.delimiter.is_ascii()
        {
            let what = format!("`{}` cannot stand between fields", csv.delimiter.escape_debug());
            self.say_of(file, what, "write a comma, a semicolon or another letter of ASCII as `delimiter`");
        }
    }

    /// That a mapping defines what it will be called for.
    fn has(&mut self, file: &str, mapping: &Spanned<String>, entries: &[&str], purpose: &str) {
        let Some(compiled) = self.pages.mappings.get(&mapping.value) else { return };
        let missing: Vec<&str> = entries.iter().copied().filter(|entry| !compiled.has(entry)).collect();
        if !missing.is_empty() {
            let what = format!("{} has no `{}`, which {purpose} needs", mapping.value, missing.join("` and no `"));
            self.say(file, mapping.referenced, what, "define it there, or name another mapping");
        }
    }

    fn tables(&mut self, file: &str, tables: &BTreeMap<String, BTreeMap<String, String>>) {
        for table in BOTH_WAYS {
            self.told_apart(file, table, tables.get(table));
        }
        // `default` is the unit of what says none.
        for unit in tables.get("unit").into_iter().flatten().map(|(ours, _)| ours).filter(|ours| *ours != "default") {
            if let Err(wrong) = Uom::parse(unit) {
                let what = format!("the table unit has a word for `{}`, which is not a valid {}", unit.escape_debug(), wrong.what);
                self.say_of(file, what, wrong.remedy);
            }
        }
        let pages = self.pages;
        // An ERP may keep a warehouse of ours as a plant of its own.
        let sites: Vec<&str> = pages.sites.keys().map(SiteId::as_str).collect();
        for plant in tables.get("plant").into_iter().flatten().map(|(ours, _)| ours.as_str()) {
            if !sites.contains(&plant) && pages.whole("sites") {
                let what = format!("the table plant has a word for {}, and there is no such site", plant.escape_debug());
                self.say_of(file, what, nearest(plant, &sites));
            }
        }
    }

    fn told_apart(&mut self, file: &str, table: &str, words: Option<&BTreeMap<String, String>>) {
        let mut ours: BTreeMap<&str, &str> = BTreeMap::new();
        for (our, their) in words.into_iter().flatten() {
            if let Some(other) = ours.insert(their, our) {
                let what = format!("the table {table} has {their} for {other} and for {our}, so neither is known when it comes in");
                self.say_of(file, what, format!("give {other} and {our} two words, or leave out one of them"));
            }
        }
    }
}
