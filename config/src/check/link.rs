//! Links: verbs that exist, mapping files that can do what the link promises, promises that the transport can keep.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;
use takt_actors::link::files::names::Pattern;
use takt_protocol::effect::Effect;
use takt_protocol::outbox::Class;

use super::Checks;
use crate::text::{DropText, FilesText, HttpText, InboundText, PollText, SignatureText};

pub(super) type Classes = BTreeMap<String, Spanned<Class>>;

impl Checks<'_> {
    pub(super) fn http(&mut self, file: &str, http: &HttpText, classes: &Classes) {
        self.asked(file, &http.send, classes);
        for mapping in http.told() {
            self.has(file, mapping, &["inputs"], "what is received");
        }
        self.polls(file, &http.polls);
        self.are_there(file, http.mapping_files());
        if let Some(inbound) = &http.inbound {
            self.inbound(file, inbound);
        }
        self.rooted(file, http);
        let signatures = http.inbound.iter().filter_map(|inbound| inbound.signature.as_ref()).chain(&http.signature);
        for signature in signatures {
            self.signature(file, signature);
        }
        self.reached(file, &http.base);
        self.credential(file, http);
        self.tables(file, &["link", "http", "tables"], &http.tables);
    }

    /// That a mapping which is called after a verb is used for that one.
    fn of_its_verb(&mut self, file: &str, verb: &str, mapping: &Spanned<String>) {
        let name = mapping.value.rsplit('/').next().and_then(|name| name.strip_suffix(".jq")).unwrap_or_default();
        if name != verb && Effect::VERBS.contains(&name) {
            let what = format!("{verb} is sent by a mapping that is called {name}");
            self.note(file, mapping.referenced, what, "look whether two mappings were exchanged");
        }
    }

    fn inbound(&mut self, file: &str, inbound: &InboundText) {
        let path = ["link", "http", "inbound"];
        self.format(file, &[path[0], path[1], path[2], "format"], &inbound.format);
        self.shown(file, inbound.token.as_deref());
        if inbound.token.is_none() && inbound.signature.is_none() {
            let what = "anybody could speak for this system".to_owned();
            self.say_at(file, &path, what, "write `token` or `signature` under `link.http.inbound`, or both");
        }
        for (topic, mapping) in inbound.topics.iter().filter(|(topic, _)| topic.is_empty() || topic.contains(['/', '?', '#', ' '])) {
            let what = format!("nobody can post under the topic `{}`", topic.escape_debug());
            self.say(file, mapping.referenced, what, "write one word without a slash, as it stands behind `/in/<site>/`, or \"*\" for all");
        }
        if inbound.topics.is_empty() {
            let what = "nothing of what this system says is taken: `topics` names none".to_owned();
            self.say_at(
                file,
                &[path[0], path[1], path[2], "topics"],
                what,
                "write a mapping for each topic, or for all: `\"*\": mappings/…`",
            );
        }
    }

    /// That what is asked for begins where the address ends.
    fn rooted(&mut self, file: &str, http: &HttpText) {
        let polls = http.polls.iter().filter_map(|(topic, poll)| Some((vec!["link", "http", "polls", topic, "path"], poll.path.as_ref()?)));
        let paths: Vec<(Vec<&str>, &String)> = polls.chain(http.csrf.as_ref().map(|csrf| (vec!["link", "http", "csrf"], csrf))).collect();
        for (keys, path) in paths.into_iter().filter(|(_, path)| !path.is_empty() && !path.starts_with('/') && !path.contains("${")) {
            let what = format!("`{}` stands behind the address without a slash, and would change whom is asked", path.escape_debug());
            self.say_at(file, &keys, what, "begin it with a slash");
        }
    }

    /// That a token is something that must be shown.
    fn shown(&mut self, file: &str, token: Option<&str>) {
        let told = self.findings.iter().any(|found| found.file == file && found.what.contains("variable"));
        if token.is_some_and(|token| token.trim().is_empty()) && !told {
            let what = "the token under `link.http.inbound` is empty, so that anybody could speak for this system".to_owned();
            self.say_at(file, &["link", "http", "inbound", "token"], what, "write `token: ${NAME}` and set NAME outside");
        }
    }

    /// That the address of a system says how it is spoken to.
    fn reached(&mut self, file: &str, base: &str) {
        // A variable that is not set was told.
        if base.is_empty() {
            return;
        }
        let url = reqwest::Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let (what, remedy) = match url {
            None => ("is no address", "begin it with http:// or https://, such as https://erp.example.com"),
            Some(url) if url.password().is_some() || !url.username().is_empty() => {
                let what = "an address has credentials in it, and addresses stand in logs".to_owned();
                return self.say_at(file, &["link", "http", "base"], what, "write `bearer: ${NAME}` beside it, and set NAME outside");
            }
            Some(url) if url.query().is_some() || url.fragment().is_some() => {
                ("goes on behind its path, where what is asked for is added", "end it with the host or a path; the rest is the mapping's")
            }
            Some(_) => return,
        };
        self.say_at(file, &["link", "http", "base"], format!("`{}` under `link.http.base` {what}", base.escape_debug()), remedy);
    }

    /// Verbs that a system is asked for and answers.
    pub(super) fn asked(&mut self, file: &str, send: &BTreeMap<String, Spanned<String>>, classes: &Classes) {
        for (verb, mapping) in send {
            self.verb(file, verb, mapping.referenced);
            self.has(file, mapping, &["request", "outcome"], "what is sent");
            self.of_its_verb(file, verb, mapping);
            match classes.get(verb).map(|class| class.value) {
                Some(Class::ProbeWithSettle { .. }) => self.has(file, mapping, &["probe", "probed"], "the class probe_with_settle"),
                Some(Class::DedupByKey | Class::AtMostOnce) | None => {}
            }
        }
    }

    pub(super) fn files(&mut self, file: &str, files: &FilesText, classes: &Classes) {
        let archived = files.outbound.as_ref().is_some_and(|outbound| !outbound.archive.is_empty());
        for (verb, mapping) in files.sent() {
            self.verb(file, verb, mapping.referenced);
            self.has(file, mapping, &["file"], "what is laid down");
            self.of_its_verb(file, verb, mapping);
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
        if let Some(inbound) = &files.inbound {
            for (topic, text) in &inbound.topics {
                self.format(file, &["link", "files", "inbound", "topics", topic, "format"], &text.value.format);
            }
            if inbound.topics.is_empty() {
                let what = "no file of this system is taken: `topics` names none".to_owned();
                self.say_at(file, &["link", "files", "inbound", "topics"], what, "write `names` and a mapping for each topic");
            }
        }
        if let Some(outbound) = &files.outbound {
            self.format(file, &["link", "files", "outbound", "format"], &outbound.format);
        }
        self.folders(file, files);
        self.names(file, files);
        self.acknowledged(file, files);
        self.tables(file, &["link", "files", "tables"], &files.tables);
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
    }

    /// That every file belongs to one topic: of two that fit, the one with more letters of its own counts.
    fn names(&mut self, file: &str, files: &FilesText) {
        let mut before: Vec<(&str, &str)> = Vec::new();
        for (name, topic) in files.inbound.iter().flat_map(|inbound| &inbound.topics) {
            let names = topic.value.names.as_str();
            let same = |(_, other): &&(&str, &str)| Pattern::new(other).letters() == Pattern::new(names).letters() && meet(other, names);
            if names.is_empty() {
                self.say(file, topic.referenced, "no file is called nothing".to_owned(), "write `names`, such as \"*.xml\"");
            } else if names.contains('/') || names.starts_with('.') {
                let what = format!("no file that is taken is called {names}: what lies in folders below, or is hidden, is left alone");
                self.say(file, topic.referenced, what, "write the name of a file of this folder, such as \"*.xml\"");
            } else if before.iter().any(|(_, other)| *other == names) {
                self.say(file, topic.referenced, format!("two topics take the files {names}"), "give each its own names, or leave out one");
            } else if let Some((other, taken)) = before.iter().find(same) {
                let what = format!("a file may be one of {name} ({names}) and of {other} ({taken}), and neither says more");
                self.say(file, topic.referenced, what, "write more letters in one of them: of two that fit, the one with more counts");
            }
            before.push((name, names));
        }
    }

    pub(super) fn polls(&mut self, file: &str, polls: &BTreeMap<String, PollText>) {
        for (topic, poll) in polls {
            self.poll(file, poll);
            if topic.is_empty() {
                self.say(file, poll.mapping.referenced, "a poll has no name".to_owned(), "write what is asked for, such as `recipes:`");
            }
        }
    }

    fn poll(&mut self, file: &str, poll: &PollText) {
        match (&poll.cursor, poll.marked) {
            (Some(_), _) => self.has(file, &poll.mapping, &["ask", "items", "inputs"], "a poll with a cursor"),
            (None, true) => self.has(file, &poll.mapping, &["ask", "items", "mark", "inputs"], "a poll of what is not marked"),
            (None, false) => self.has(file, &poll.mapping, &["inputs"], "what is received"),
        }
        let place = poll.mapping.referenced;
        if poll.cursor.is_some() && poll.marked {
            let what = "a poll has a cursor and marks, and needs only one of them".to_owned();
            self.say(file, place, what, "leave out `cursor` where the system lets us mark what was taken, and `marked` where it does not");
        }
        match (&poll.path, poll.is_of_items()) {
            (Some(_), true) => {
                let by = if poll.cursor.is_some() { "a cursor" } else { "marks" };
                let what = format!("a poll with {by} has a path, which nobody would ask for");
                self.say(file, place, what, "leave out `path`: `ask` of the mapping says what to ask for");
            }
            (None, false) => {
                let remedy = "write a `path`, or a `cursor` or `marked: true` where its mapping has `ask`";
                self.say(file, place, "a poll asks for nothing".to_owned(), remedy);
            }
            (Some(_), false) | (None, true) => {}
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

    pub(super) fn are_there<'b>(&mut self, file: &str, mappings: impl Iterator<Item = &'b Spanned<String>>) {
        for mapping in mappings {
            if self.folder.file(&mapping.value).is_none() {
                let what = format!("there is no mapping file {}", mapping.value);
                self.say(file, mapping.referenced, what, "name a .jq file by its path from this configuration's folder");
            }
        }
    }

    /// That a mapping defines what it will be called for.
    pub(super) fn has(&mut self, file: &str, mapping: &Spanned<String>, entries: &[&str], purpose: &str) {
        let Some(compiled) = self.pages.mappings.get(&mapping.value) else { return };
        let missing: Vec<&str> = entries.iter().copied().filter(|entry| !compiled.has(entry)).collect();
        if !missing.is_empty() {
            let what = format!("{} has no `{}`, which {purpose} needs", mapping.value, missing.join("` and no `"));
            self.say(file, mapping.referenced, what, "define it there, or name another mapping");
        }
    }
}

/// Whether some name fits both patterns.
pub(super) fn meet(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // For each place in the other pattern: whether names may have been read up to there by both.
    let mut row: Vec<bool> = std::iter::once(true)
        .chain(other.iter().scan(true, |all, letter| {
            *all &= *letter == '*';
            Some(*all)
        }))
        .collect();
    for letter in &one {
        let mut next = vec![*letter == '*' && row.first() == Some(&true)];
        for (theirs, pair) in other.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let left = next.last() == Some(&true);
            next.push(match (*letter, *theirs) {
                ('*', '*') => *diagonal || *above || left,
                ('*', _) | (_, '*') => *above || left,
                (ours, theirs) => *diagonal && ours == theirs,
            });
        }
        row = next;
    }
    row.last() == Some(&true)
}
