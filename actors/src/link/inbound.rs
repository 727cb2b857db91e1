//! The other direction: what a system tells us. The raw bytes are kept before anybody tries to understand them; then a mapping
//! turns them into canonical inputs, and only when all of those are durable the sender may forget. Who the source is, is said
//! by the credential it showed: no mapping can set it.
//!
//! A topic's mapping has `inputs`, and `read` where the system tells only keys: requests whose answers come back as `.read`.
//! Of what has a name of its own where it came from, a file or an item of a list, an input may leave out its key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use takt_protocol::calendar::Calendar;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, Origin, RawRef, Who};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::planted::{self, Bug};
use takt_protocol::site;

use super::asks::{Asks, Unanswered};
use super::deliveries::{Delivered, Outcome, Way, ms};
use super::format::Format;
use super::http::HttpLink;
use super::local;
use super::mapping::Mapping;
use super::mqtt::filter;
use crate::region::Region;

mod edge;
mod said;

pub use said::Called;
use said::Said;

/// How the messages of a topic are understood.
#[derive(Clone, Debug)]
pub struct Topic {
    /// How their bytes are read.
    pub format: Format,
    /// What they mean.
    pub mapping: Mapping,
}

/// A door for one system.
pub struct Inbound {
    site: SiteId,
    tables: Value,
    topics: BTreeMap<String, Topic>,
    region: Region,
    /// Where more can be asked for than a message says; not every transport can.
    asks: Option<Arc<dyn Asks>>,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its bytes.
    pub raw: Bytes,
    /// What it is called where it came from, if anything.
    pub called: Option<Called>,
    /// The file it stood in, if any.
    pub file: Option<&'a FileMark>,
    /// Whether it was kept at an edge and brought here: then it has room here already.
    pub brought: bool,
}

impl Told<'_> {
    /// What a person calls it: the file, or the topic.
    fn what(&self) -> &str {
        self.file.map_or(self.topic, |file| file.name.as_str())
    }

    /// What is said where no mapping can make anything of nothing.
    fn empty(&self) -> String {
        format!("{} is empty: nothing stands in it", self.what())
    }
}

/// What is known of a file besides its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMark {
    /// Its name, without the folder.
    pub name: String,
    /// When it was last written.
    pub modified_at: Instant,
}

/// What became of a message. It is ours now, whatever is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The raw payload, as it is kept.
    pub raw: RawRef,
    /// How many inputs it became.
    pub inputs: usize,
    /// Why it could not be understood, and is a case of its site now.
    pub set_aside: Option<String>,
}

/// It could not be taken: the sender must keep it, and come again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not taken, send it again: {why}")]
pub struct Refused {
    /// Why.
    pub why: String,
}

/// The topic whose mapping takes every other one.
const ANY: &str = "*";

impl Inbound {
    /// A door for the system of `link`; its inputs go into `region`, the one its site is at home in.
    pub fn new(link: Arc<HttpLink>, topics: BTreeMap<String, Topic>, region: Region) -> Self {
        Self { site: link.site(), tables: link.tables().clone(), topics, region, asks: Some(link) }
    }

    /// A door for a system of which nothing more can be asked than it tells.
    pub fn deaf(site: SiteId, tables: Value, topics: BTreeMap<String, Topic>, region: Region) -> Self {
        Self { site, tables, topics, region, asks: None }
    }

    /// The same for one that can be asked.
    #[must_use]
    pub fn asking(self, asks: Arc<dyn Asks>) -> Self {
        Self { asks: Some(asks), ..self }
    }

    /// Which system.
    pub fn site(&self) -> SiteId {
        self.site
    }

    /// Where its inputs go.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Its code tables.
    pub(super) fn tables(&self) -> &Value {
        &self.tables
    }

    /// How the messages of a topic are understood.
    pub(super) fn topic(&self, topic: &str) -> Option<&Topic> {
        let by_filter = || self.topics.iter().find(|(named, _)| filter::takes(named, topic)).map(|(_, topic)| topic);
        self.topics.get(topic).or_else(by_filter).or_else(|| self.topics.get(ANY))
    }

    /// Takes a message that was posted. `Ok` means that everything in it is durable here.
    pub async fn receive(&self, topic: &str, raw: Bytes) -> Result<Taken, Refused> {
        self.take(&Told { topic, raw, called: None, file: None, brought: false }).await
    }

    /// Takes a message, however it came, and writes down how that went.
    pub async fn take(&self, told: &Told<'_>) -> Result<Taken, Refused> {
        let clock = &self.region.node().seams.clock;
        let (at, began) = (clock.now(), clock.elapsed());
        let taken = self.durably(told).await;
        let (reference, outcome, detail) = match &taken {
            Ok(Taken { raw, set_aside: Some(why), .. }) => (raw.to_string(), Outcome::SetAside, why.clone()),
            Ok(Taken { raw, inputs, set_aside: None }) => (raw.to_string(), Outcome::Taken, format!("{inputs} inputs")),
            Err(refused) => (String::new(), Outcome::NotTaken, refused.why.clone()),
        };
        let took_ms = ms(clock.elapsed().saturating_sub(began));
        let what = told.what().to_owned();
        self.region.note(self.site, Delivered { at, way: Way::In, what, reference, attempt: 0, outcome, detail, took_ms });
        taken
    }

    /// Takes what no mapping needs to be asked about: it is a case of its site.
    pub(super) async fn take_as_case(&self, topic: &str, raw: Bytes, why: String) -> Result<Taken, Refused> {
        let kept = self.region.node().seams.blobs.keep(vec![raw]).await.map_err(refused)?;
        let raw = *kept.first().ok_or_else(|| Refused { why: "the payload was not kept".to_owned() })?;
        self.set_aside(topic, raw, &why).await?;
        let (at, reference) = (self.now(), raw.to_string());
        let row = Delivered {
            at,
            way: Way::In,
            what: topic.to_owned(),
            reference,
            attempt: 0,
            outcome: Outcome::SetAside,
            detail: why.clone(),
            took_ms: 0,
        };
        self.region.note(self.site, row);
        Ok(Taken { raw, inputs: 0, set_aside: Some(why) })
    }

    /// What a payload of a topic would become, by the mapping as it is now; nothing is kept and nobody is told. The error says
    /// why nobody understands it.
    pub async fn foresee(&self, topic: &str, raw: Bytes) -> Result<Result<Vec<Input>, String>, Refused> {
        let kept = RawRef::of(&raw);
        // One name for all that it says: what has no key of its own is known again all the same.
        let called = Some(Called::file("mended", &kept));
        let understood = self.understand(&Told { topic, raw, called, file: None, brought: false }).await?;
        Ok(understood
            .map(|(mapping, said)| said.into_iter().enumerate().map(|(at, said)| self.stamped(said, called, at, &mapping, kept)).collect()))
    }

    async fn durably(&self, told: &Told<'_>) -> Result<Taken, Refused> {
        self.region.heard(self.site, None);
        if let Some(keeper) = self.at_home_elsewhere() {
            return self.pass_on(told, keeper).await;
        }
        let kept = if planted::is(Bug::RawNotKept) {
            vec![RawRef::of(&told.raw)]
        } else {
            self.region.node().seams.blobs.keep(vec![told.raw.clone()]).await.map_err(refused)?
        };
        let raw = *kept.first().ok_or_else(|| Refused { why: "the payload was not kept".to_owned() })?;
        match self.understand(told).await? {
            Ok((mapping, said)) => {
                let (inputs, id) = (said.len(), self.id_of(told, &raw));
                let stamped = |(at, said)| (self.stamped(said, told.called, at, &mapping, raw), format!("{id}/{at}"));
                if inputs > 0 {
                    self.store(told.brought, said.into_iter().enumerate().map(stamped).collect()).await?;
                }
                Ok(Taken { raw, inputs, set_aside: None })
            }
            Err(why) => {
                self.store(told.brought, vec![self.as_case(told.what(), told.topic, raw, &why)?]).await?;
                Ok(Taken { raw, inputs: 0, set_aside: Some(why) })
            }
        }
    }

    /// The id of its inputs in the queue: never the same for two messages that only look the same.
    fn id_of(&self, told: &Told<'_>, raw: &RawRef) -> String {
        match told.called {
            Some(called) => format!("{}/{}", self.site, called.text()),
            None => RawRef::of(format!("{}\0{}\0{raw}", self.site, told.topic).as_bytes()).to_string(),
        }
    }

    /// What a message says, or why nobody can tell. Only what may be otherwise next time is `Err` outside.
    async fn understand(&self, told: &Told<'_>) -> Result<Result<(Mapping, Vec<Said>), String>, Refused> {
        let Some(Topic { format, mapping }) = self.topic(told.topic) else {
            return Ok(Err(format!("no mapping takes the topic {}: add one to `inbound.topics`", told.topic)));
        };
        let json = match format.read(&told.raw) {
            Ok(json) => json,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let read = match self.read(mapping, told, &json).await? {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
        let outputs = match mapping.run_bounded("inputs", self.view(told, &json, &read)).await {
            Ok(outputs) => outputs,
            Err(_) if told.raw.is_empty() => return Ok(Err(told.empty())),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let (mut said, calendar) = (Vec::new(), self.calendar());
        for (at, output) in outputs.into_iter().enumerate() {
            let one = local::settle(output, &calendar).and_then(|output| {
                serde_path_to_error::deserialize(output).map_err(|error| format!("{}: {}", error.path(), error.inner()))
            });
            match one.and_then(|one: Said| one.keyed(told.called).map(|()| one)) {
                Ok(one) => said.push(one),
                Err(_) if told.raw.is_empty() => return Ok(Err(told.empty())),
                Err(why) => return Ok(Err(format!("{} gives no input: [{at}].{why}", mapping.name()))),
            }
        }
        Ok(Ok((mapping.clone(), said)))
    }

    /// What has to be read from the system before its message can be understood.
    async fn read(&self, mapping: &Mapping, told: &Told<'_>, json: &[u8]) -> Result<Result<Vec<Value>, String>, Refused> {
        let Some(link) = &self.asks else { return Ok(Ok(Vec::new())) };
        let asked = match self.wanted(mapping, told, json).await {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(why)),
        };
        let mut answers = Vec::new();
        for one in asked {
            match link.ask(one).await {
                Ok(answer) => answers.push(answer),
                Err(Unanswered::NotKnown(_)) => return Ok(Err(format!("{} does not know what its message is about", self.site))),
                Err(Unanswered::Silent(why) | Unanswered::Refused(why)) => {
                    return Err(Refused { why: format!("reading from {}: {why}", self.site) });
                }
                Err(Unanswered::Wrong(why)) => return Ok(Err(format!("{}: {why}", mapping.name()))),
            }
        }
        Ok(Ok(answers))
    }

    fn view(&self, told: &Told<'_>, json: &[u8], read: &[Value]) -> Vec<u8> {
        view(self.site, told.topic, self.now(), &self.tables, told.file, json, read)
    }

    /// The calendar of its site.
    pub(super) fn calendar(&self) -> Calendar {
        self.region.node().book().calendar(self.site)
    }

    fn now(&self) -> Instant {
        self.region.node().seams.clock.now()
    }

    fn stamped(&self, said: Said, called: Option<Called>, at: usize, mapping: &Mapping, raw: RawRef) -> Input {
        let envelope = Envelope {
            key: said.key(self.site, called, at),
            occurred_at: said.occurred_at,
            received_at: self.now(),
            not_after: None,
            who: said.who.map(|who| Who { user: who.user, ..Who::default() }),
            origin: Some(Origin { raw, mapping: mapping.name().to_owned() }),
            correlation: said.correlation,
            causation: None,
            floor: None,
            matched_by: None,
        };
        Input { to: said.to, envelope, body: said.body }
    }

    /// A message that nobody understands is a case of its site, with the payload and the reason.
    pub(super) async fn set_aside(&self, topic: &str, raw: RawRef, why: &str) -> Result<(), Refused> {
        self.set_aside_as(topic, topic, raw, why).await
    }

    /// What is a case of its site because nobody understands it, by what people call it.
    pub(super) async fn not_understood(&self) -> Result<BTreeSet<String>, Refused> {
        let Some(entity) = self.region.node().book().site_entity(self.site) else { return Ok(BTreeSet::new()) };
        let state = self.region.show(entity).await.map_err(refused)?;
        Ok(state.common.cases.values().filter_map(site::unreadable_topic).map(str::to_owned).collect())
    }

    /// What was such a case came again under its name, and was taken: the case is over.
    pub(super) async fn understood(&self, called: &str) -> Result<(), Refused> {
        let Some(entity) = self.region.node().book().site_entity(self.site) else { return Ok(()) };
        // It may be broken and mended any number of times, with the same bytes.
        let name = RawRef::of(format!("{called}\0{}", self.now()).as_bytes());
        let key = Key { source: self.site, epoch: 0, mark: Mark::Text(KeyText::ours(format_args!("understood/{name}"))) };
        let body = Body::Site(site::Input::Mail(site::Mail::Understood { topic: called.to_owned() }));
        let input = Input { to: Address::Entity(entity), envelope: Envelope::of(key, self.now()), body };
        self.region.take(input, format!("understood/{}/{name}", self.site)).await.map_err(refused)
    }

    /// The same for a message that people call otherwise than by its topic: a file.
    pub(super) async fn set_aside_as(&self, called: &str, mapped: &str, raw: RawRef, why: &str) -> Result<(), Refused> {
        self.store(false, vec![self.as_case(called, mapped, raw, why)?]).await
    }

    /// What makes a case of a message, with its id in the queue.
    fn as_case(&self, called: &str, mapped: &str, raw: RawRef, why: &str) -> Result<(Input, String), Refused> {
        let topic = called;
        tracing::warn!(site = %self.site, topic, %why, %raw, "a message cannot be understood and is set aside");
        let book = self.region.node().book();
        let Some(entity) = book.site_entity(self.site) else {
            return Err(Refused { why: format!("{} is no site of ours", self.site) });
        };
        // The same bytes under another name are another message; and they may come again when the case about them is over. While it
        // is open, its site takes them for the same.
        let name = RawRef::of(format!("{topic}\0{raw}\0{}", self.now()).as_bytes());
        let key = Key { source: self.site, epoch: 0, mark: Mark::Text(KeyText::ours(format_args!("unreadable/{name}"))) };
        let origin = Some(Origin { raw, mapping: mapped.to_owned() });
        let envelope = Envelope { origin, ..Envelope::of(key, self.now()) };
        let body = Body::Site(site::Input::Mail(site::Mail::Unreadable { topic: topic.to_owned(), raw, why: why.to_owned() }));
        let id = format!("unreadable/{}/{name}", self.site);
        Ok((Input { to: Address::Entity(entity), envelope, body }, id))
    }
}

/// Everything a mapping sees of a message. The payload goes in as it is, so that decimals keep their digits.
pub fn view(
    site: SiteId,
    topic: &str,
    received_at: Instant,
    tables: &Value,
    file: Option<&FileMark>,
    raw: &[u8],
    read: &[Value],
) -> Vec<u8> {
    let mut around =
        json!({ "site": site.as_str(), "topic": topic, "received_at": received_at.to_string(), "tables": tables, "read": read });
    if let (Some(file), Some(fields)) = (file, around.as_object_mut()) {
        fields.insert("file".to_owned(), json!({ "name": file.name, "modified_at": file.modified_at.to_string() }));
    }
    let mut text = around.to_string().into_bytes();
    text.pop();
    text.extend(b",\"body\":");
    text.extend(if raw.is_empty() { b"null".as_slice() } else { raw });
    text.push(b'}');
    text
}

/// Whether an output is an input of ours; if not, where and why. What has no name where it comes from needs a key.
pub(super) fn fits(output: &Value, named: bool) -> Result<(), String> {
    let said: Said = serde_path_to_error::deserialize(output).map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
    said.keyed(named.then(|| Called::file("", &RawRef::of(b""))))
}

fn refused(error: impl std::fmt::Display) -> Refused {
    Refused { why: error.to_string() }
}
