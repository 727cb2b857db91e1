//! What we lay down for a system. A file carries our reference in its name, so that it is found again wherever the system
//! moves it: in its inbox it was not looked at yet, in an archive it was taken, among its errors it was refused.
//!
//! Accepted means that it lies there whole; what the system makes of it, it tells by a file of its own. A system that
//! deletes what it takes cannot be asked later, so a lost send waits for a person.
//!
//! An interchange that has no control number is given the next one of its folder when it is laid down (`numbers`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock;
use takt_protocol::name::SiteId;
use takt_protocol::outbox::Receipt;

use super::names::is_plain;
use super::numbers;
use super::{Written, disk};
use crate::link::format::Format;
use crate::link::mapping::Mapping;
use crate::link::meaning::view;
use crate::link::{Errand, LateRefusal, Link, Probed, Sent};

/// Where a system takes files from.
#[derive(Clone, Debug)]
pub struct FilesSpec {
    /// Where files are laid down for it.
    pub inbox: PathBuf,
    /// Where it moves what it took.
    pub archive: Vec<PathBuf>,
    /// Where it moves what it refused.
    pub errors: Vec<PathBuf>,
    /// How the files are written.
    pub format: Format,
    /// Code tables, given to every mapping as `.tables`.
    pub tables: Value,
}

/// A way to a system that takes files; one without `spec` takes none.
pub struct FilesLink {
    site: SiteId,
    spec: Option<FilesSpec>,
    verbs: BTreeMap<String, Mapping>,
    clock: Arc<dyn Clock>,
}

/// A file of ours.
struct Page {
    name: String,
    body: Value,
    /// What is known of it once it lies there.
    receipt: Receipt,
}

/// Where a file of ours was found.
enum Found {
    /// It waits, or was taken.
    There,
    /// It was refused.
    Refused(PathBuf),
    /// Nowhere.
    Nowhere,
}

impl FilesLink {
    /// A link to `site`, with a mapping for each verb it can carry out.
    pub fn new(site: SiteId, spec: Option<FilesSpec>, verbs: BTreeMap<String, Mapping>) -> Self {
        Self { site, spec, verbs, clock: Arc::new(SystemClock::start()) }
    }

    /// The file that says what is to be done.
    async fn page(&self, spec: &FilesSpec, mapping: &Mapping, errand: &Errand) -> Result<Page, String> {
        let input = view(self.site, &spec.tables, errand, &[]).to_string().into_bytes();
        let said = mapping.run_bounded("file", input).await.map_err(|error| error.to_string())?;
        let first = said.into_iter().next().ok_or_else(|| format!("{} gives no file", mapping.name()))?;
        let written: Written =
            serde_path_to_error::deserialize(first).map_err(|error| format!("{} gives no file: {error}", mapping.name()))?;
        let begin = written.name.unwrap_or_else(|| errand.effect.verb().to_owned());
        let ending = match spec.format {
            Format::Json => "json",
            Format::Xml => "xml",
            Format::Csv(_) => "csv",
            Format::Fixed(_) => "txt",
            Format::Edi(standard) => standard.ending(),
        };
        if !is_plain(&begin) {
            return Err(format!(
                "{} calls its file `{}`: letters, digits, `-`, `_` and `.` may stand there",
                mapping.name(),
                begin.escape_debug()
            ));
        }
        let name = format!("{begin}-{}.{ending}", errand.reference.as_str());
        Ok(Page { name, body: written.body, receipt: Receipt { document: written.document, ..Receipt::default() } })
    }

    /// What stands in a file; an interchange is numbered now.
    async fn numbered(&self, spec: &FilesSpec, mut body: Value) -> Result<Value, String> {
        if let Format::Edi(_) = spec.format {
            let done = numbers::give(&spec.inbox, &mut body, self.clock.now()).await;
            done.map_err(|error| format!("{} gives no control number: {error}", spec.inbox.display()))?;
        }
        Ok(body)
    }
}

/// Looks for our reference: in the inbox first, because a file goes from there into the others and not back. A folder that is
/// not there is no empty one: its disk may not be mounted.
async fn find(spec: &FilesSpec, reference: &str) -> Result<Found, String> {
    let wrong = |folder: &Path, error: &std::io::Error| format!("{} cannot be read: {error}", folder.display());
    for folder in std::iter::once(&spec.inbox).chain(&spec.archive) {
        if disk::named_with(folder, reference).await.map_err(|error| wrong(folder, &error))?.is_some() {
            return Ok(Found::There);
        }
    }
    for folder in &spec.errors {
        if let Some(path) = disk::named_with(folder, reference).await.map_err(|error| wrong(folder, &error))? {
            return Ok(Found::Refused(path));
        }
    }
    Ok(Found::Nowhere)
}

/// What may be our reference in the name of a file, wherever the system put it: 16 characters, as of [`takt_protocol::intent::Reference`].
/// A stamp of the system's own may look like one.
fn references_in(name: &str) -> impl Iterator<Item = &str> {
    let is_reference = |part: &&str| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(is_reference)
}

#[async_trait]
impl Link for FilesLink {
    fn sees_late_refusals(&self) -> bool {
        self.spec.as_ref().is_some_and(|spec| !spec.errors.is_empty())
    }

    async fn late_refusals(&self) -> Result<Vec<LateRefusal>, String> {
        let mut found = Vec::new();
        for folder in self.spec.iter().flat_map(|spec| &spec.errors) {
            for file in disk::list(folder).await.map_err(|error| format!("{} cannot be read: {error}", folder.display()))? {
                let place = folder.join(&file.name).display().to_string();
                found.extend(
                    references_in(&file.name).map(|reference| LateRefusal { reference: reference.to_owned(), place: place.clone() }),
                );
            }
        }
        Ok(found)
    }

    fn takes(&self, verb: &str) -> bool {
        self.verbs.contains_key(verb)
    }

    async fn send(&self, errand: &Errand) -> Sent {
        let verb = errand.effect.verb();
        let (Some(spec), Some(mapping)) = (&self.spec, self.verbs.get(verb)) else {
            return Sent::Misconfigured { why: format!("the link of {} has no mapping for {verb}: add one to `outbound.send`", self.site) };
        };
        let Page { name, body, receipt } = match self.page(spec, mapping, errand).await {
            Ok(page) => page,
            Err(why) => return Sent::Misconfigured { why },
        };
        match find(spec, errand.reference.as_str()).await {
            Ok(Found::There) => return Sent::Accepted(receipt),
            Ok(Found::Refused(path)) => {
                let text = format!("the system moved the file to {}: take it away there before it is sent again", path.display());
                return Sent::Rejected { code: "FILE".to_owned(), text };
            }
            Ok(Found::Nowhere) => {}
            Err(why) => return Sent::NotDone { why },
        }
        let body = match self.numbered(spec, body).await {
            Ok(body) => body,
            Err(why) => return Sent::NotDone { why },
        };
        let bytes = match spec.format.write(&body) {
            Ok((bytes, _)) => bytes,
            Err(why) => return Sent::Misconfigured { why: format!("{} cannot be written: {why}", mapping.name()) },
        };
        match disk::put(&spec.inbox, &name, &bytes).await {
            Ok(()) => Sent::Accepted(receipt),
            // It may have its name already, and be taken.
            Err(error) => Sent::Lost { why: format!("{name} may not have been laid down whole: {error}") },
        }
    }

    async fn probe(&self, errand: &Errand) -> Probed {
        let (Some(spec), Some(mapping)) = (&self.spec, self.verbs.get(errand.effect.verb())) else {
            return Probed::NoAnswer { why: format!("the link of {} lays down no files for this", self.site) };
        };
        match find(spec, errand.reference.as_str()).await {
            Ok(Found::There) => match self.page(spec, mapping, errand).await {
                Ok(page) => Probed::Found(page.receipt),
                Err(why) => Probed::NoAnswer { why },
            },
            // It was not done: who sends it again finds the file there, and says so.
            Ok(Found::Refused(_) | Found::Nowhere) => Probed::Absent,
            Err(why) => Probed::NoAnswer { why },
        }
    }
}

#[cfg(test)]
mod tests;
