//! Whether the link of one site keeps its contract: it can do what its kind is asked for, its mappings pass their tests, and none of them
//! takes for a success, or for "nothing there", what is neither: a gateway's error, a login page, an empty 200.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use takt_actors::link::Errand;
use takt_actors::link::mapping::Mapping;
use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;
use takt_protocol::outbox::Class;

use super::mapping::{self, Given, What};
use super::{ENDING, filled};
use crate::finding::Finding;
use crate::folder::Folder;
use crate::load::{Mesh, load};
use crate::text::{MappingTestsText, SiteText, TransportText};

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Looked {
    /// What.
    pub what: String,
    /// What is wrong with it, and what to do; nothing where it is right.
    pub wrong: Option<String>,
}

/// Answers that are no success, whatever stands in them, each with what a person calls it. No mapping may take one for "accepted" or
/// "absent".
const UNWELL: [(&str, u64); 4] = [
    ("a gateway that gave up (504)", 504),
    ("a system that is unwell (500)", 500),
    ("a system that is away (503)", 503),
    ("a timeout (408)", 408),
];

/// Holds a site to its contract.
pub fn site(dir: &Path, variables: &BTreeMap<String, String>, site: SiteId) -> Result<Vec<Looked>, Vec<Finding>> {
    let folder = Folder::read(dir)?;
    let (variables, _) = filled(&folder, variables);
    let mesh = load(dir, &variables)?;
    let file = format!("sites/{site}.yaml");
    let text: SiteText = folder.read_as(&file)?;
    let Some(link) = &text.link else {
        return Err(vec![Finding::about(&file, "it has no `link`, so nobody speaks with it", "write one, or begin with `takt site new`")]);
    };
    let mut looked = vec![verbs(text.kind, link)];
    let mut files = BTreeSet::new();
    for (slot, named) in link.slots() {
        let Some(compiled) = mesh.mappings.get(&named.value) else { continue };
        if files.insert(named.value.clone()) {
            looked.push(tested(&folder, &mesh, &named.value));
        }
        if let Some(verb) = slot.strip_prefix("send.").filter(|_| !matches!(link, TransportText::Files(_))) {
            let class = text.classes.get(verb).map(|class| class.value);
            let errands = effects(&folder, &named.value, verb);
            if errands.is_empty() {
                let why = format!("no test of {} has a {verb}: write a case with `effect`", named.value);
                looked.push(Looked { what: format!("{verb} can be tried"), wrong: Some(why) });
                continue;
            }
            looked.extend(sends(&mesh, site, link, (verb, class), compiled, &errands));
        }
    }
    Ok(looked)
}

/// That what every system of the kind is asked for can be sent to it.
fn verbs(kind: SiteKind, link: &TransportText) -> Looked {
    let asked: &[&str] = match kind {
        SiteKind::Erp => &["post"],
        SiteKind::Plant => &["dispatch_job"],
        SiteKind::Warehouse => &["announce_unit", "block_stock", "unblock_stock"],
        SiteKind::Quality => &["tell_hold"],
        SiteKind::Transport => &["answer_departure"],
        SiteKind::Planning => &["answer_demand"],
        SiteKind::Analytics => &["tell_events"],
        SiteKind::Maintenance | SiteKind::Supplier | SiteKind::ProductData => &[],
    };
    let sent: BTreeSet<String> = link.slots().into_iter().filter_map(|(slot, _)| Some(slot.strip_prefix("send.")?.to_owned())).collect();
    let missing: Vec<&str> = asked.iter().copied().filter(|verb| !sent.contains(*verb)).collect();
    let wrong = (!missing.is_empty()).then(|| format!("its link has no mapping for {}: add it to `send`", missing.join(", ")));
    Looked { what: "what its kind is asked for can be sent to it".to_owned(), wrong }
}

/// That a mapping has tests, and passes them.
fn tested(folder: &Folder, mesh: &Mesh, file: &str) -> Looked {
    let tests = file.replace(".jq", ENDING);
    let what = format!("{file} passes its tests");
    let wrong = if folder.file(&tests).is_none() {
        Some(format!("there is no {tests}: write what you want of it"))
    } else {
        match folder.read_as::<MappingTestsText>(&tests) {
            Ok(read) => mapping::failed(&tests, &read, folder, mesh).first().map(ToString::to_string),
            Err(findings) => findings.first().map(ToString::to_string),
        }
    };
    Looked { what, wrong }
}

/// The errands of a verb that the tests of its mapping have, one of each effect.
fn effects(folder: &Folder, file: &str, verb: &str) -> Vec<Errand> {
    let tests = folder.read_as::<MappingTestsText>(&file.replace(".jq", ENDING));
    let cases = tests.map(|tests| tests.cases).unwrap_or_default();
    let effects = cases.iter().filter_map(|case| case.value.effect.as_ref()).filter_map(|effect| mapping::errand(effect).ok());
    let mut found: Vec<Errand> = Vec::new();
    for errand in effects.filter(|errand| errand.effect.verb() == verb) {
        if found.iter().all(|known| known.effect != errand.effect) {
            found.push(errand);
        }
    }
    found
}

/// That a verb is sent as a request, and that its mapping believes nothing that is no answer.
fn sends(
    mesh: &Mesh,
    site: SiteId,
    link: &TransportText,
    (verb, class): (&str, Option<Class>),
    compiled: &Mapping,
    errands: &[Errand],
) -> Vec<Looked> {
    let run = |call: &'static str, errand: &Errand, answers: Vec<Value>| {
        let what = What::Errand { errand: Box::new(errand.clone()), answers };
        let tables = mapping::tables(mesh, site).unwrap_or_default();
        Given { site, tables, calendar: mapping::calendar(mesh, site), call, named: false, what }.run(compiled)
    };
    let each = |look: &dyn Fn(&Errand) -> Option<String>| errands.iter().find_map(look);
    let asks = each(&|errand| match run("request", errand, Vec::new()) {
        Ok(said) if said.is_empty() => Some("it asks for nothing".to_owned()),
        Ok(_) => None,
        Err(why) => Some(why),
    });
    let mut looked = vec![Looked { what: format!("{verb} is a request"), wrong: asks }];
    let answers: Vec<(&str, Value)> = match link {
        TransportText::Http(_) => UNWELL
            .iter()
            .map(|(called, status)| (*called, json!({ "status": status, "headers": {}, "body": null, "text": "gateway" })))
            .chain([("an empty 200", json!({ "status": 200, "headers": {}, "body": null, "text": "" }))])
            .collect(),
        TransportText::Sql(_) => {
            vec![("a statement that failed", json!({ "error": { "code": "XX000", "number": 0, "text": "internal error" } }))]
        }
        // Nothing answers there.
        TransportText::Files(_) | TransportText::Mqtt(_) => Vec::new(),
    };
    for (called, answer) in answers {
        // Of an empty 200 only systems that answer with something can be told apart: what is looked at is that nothing breaks there.
        let may_believe = called == "an empty 200" && class == Some(Class::DedupByKey);
        let wrong = each(&|errand| {
            let said = run("outcome", errand, vec![answer.clone()]).ok()?;
            let believed = said.first().is_some_and(|said| said.get("accepted").is_some());
            (believed && !may_believe)
                .then(|| format!("`outcome` takes it for accepted ({}): look at the status and the body first", json!(said)))
        });
        looked.push(Looked { what: format!("{verb} does not believe {called}"), wrong });
        if !compiled.has("probed") {
            continue;
        }
        let wrong = each(&|errand| {
            let said = run("probed", errand, vec![answer.clone()]).ok()?;
            let absent = said.first() == Some(&json!("absent")) || said.first().is_some_and(|said| said.get("found").is_some());
            absent.then(|| "`probed` takes it for an answer, and it would be posted again".to_owned())
        });
        looked.push(Looked { what: format!("a question after {verb} does not believe {called}"), wrong });
    }
    looked
}

#[cfg(test)]
mod tests;
