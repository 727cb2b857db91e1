//! What is asked for regularly, because the system does not tell it: a document that is read whole whenever it changed, or a
//! list that is read from a place on, or of what was not marked yet (`marks`). The place is kept in the site's own log, moved only
//! when everything before it is durable, and read again from a while before it: `takt_protocol::site::Cursor` says why.
//!
//! A list's mapping has `ask` (the next request: it sees `.since`, the moment to read from on as text, or nothing the first
//! time; `.page`, from 0; and the answer to the page before, over HTTP as `.status`, `.body` and `.headers`, over SQL as `.rows`;
//! nothing ends the round), `items` (of an answer: `id`, `modified`, `version` and the `item` itself) and `inputs` (of one item).

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use takt_protocol::envelope::{Envelope, RawRef};
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;
use takt_protocol::seen::ContentHash;
use takt_protocol::site::{self, Cursor, Progress};

use super::asks::{Asks, Unanswered};
use super::carrier::shown;
use super::inbound::{Called, Inbound, Told};
use super::local;
use super::mapping::Mapping;

mod marks;

/// Something that is asked for regularly.
#[derive(Clone, Debug)]
pub struct Poll {
    /// The topic its answer is taken as.
    pub topic: String,
    /// How often, in ms.
    pub every_ms: u64,
    /// What.
    pub reads: Reads,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Reads {
    /// The whole of this path, or what this statement finds; an answer that is the same as the one before changes nothing.
    Whole(String),
    /// What was changed since the last round, as the mapping asks for it.
    Changed {
        /// From how long before the latest change on it is read again, in ms: longer than any transaction there takes.
        overlap_ms: u64,
    },
    /// What was not marked yet; it is marked in the system itself when it was taken.
    Marked,
}

/// The most pages of a round.
const PAGES_MAX: u32 = 1_000;

/// An item of a list, as a mapping says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    id: String,
    /// When it was changed; a list that is read from a place on needs it.
    #[serde(default)]
    modified: Option<Instant>,
    #[serde(default)]
    version: Option<String>,
    #[serde(rename = "item")]
    content: Value,
}

impl Item {
    /// What tells it from others of its id: its version, or when it was changed, or what it says.
    fn version(&self) -> String {
        let changed = || self.modified.map(|modified| modified.utc_ns().to_string());
        let said = || RawRef::of(self.content.to_string().as_bytes()).to_string();
        self.version.clone().or_else(changed).unwrap_or_else(said)
    }
}

/// Why a round ended early. The next one begins where this one did.
enum Ended {
    /// The system did not answer, or we could not take what it said.
    Silent(String),
    /// The system answers, and not to this question.
    Refused(String),
    /// The mapping or the system has to be looked at by a person; with the answer nobody understands.
    Wrong(Vec<u8>, String),
}

impl Ended {
    fn silent(why: impl std::fmt::Display) -> Self {
        Self::Silent(why.to_string())
    }
}

/// Whether an output is an item; if not, where and why.
pub(super) fn fits(output: &Value) -> Result<(), String> {
    serde_path_to_error::deserialize::<_, Item>(output).map(drop).map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

/// For how long a system may answer, and not to a question, before a person has to look: what else it says goes on, so that nobody
/// would miss what it does not say.
const REFUSED_MAX: Duration = Duration::from_mins(5);

/// Asks for something regularly, for ever.
pub async fn run(inbound: &Inbound, link: &dyn Asks, poll: &Poll) {
    let (mut before, mut told, mut passed, mut asked) = (None, None, None, Asking::default());
    let clock = &inbound.region().node().seams.clock;
    let _channel = inbound.region().channel(inbound.site(), &poll.topic);
    loop {
        let ended = match &poll.reads {
            Reads::Whole(path) => whole(inbound, link, &poll.topic, path, &mut before).await,
            Reads::Changed { overlap_ms } => round(inbound, link, &poll.topic, *overlap_ms, &mut passed).await.map(drop),
            Reads::Marked => marks::round(inbound, link, &poll.topic).await.map(drop),
        };
        match ended {
            Ok(()) => {
                inbound.region().heard(inbound.site(), Some(&poll.topic));
                told = None;
                asked.answered(inbound, &poll.topic).await;
            }
            Err(Ended::Silent(why)) => {
                tracing::debug!(%why, site = %inbound.site(), topic = poll.topic, "a regular question was not answered");
                inbound.region().missed(inbound.site(), &poll.topic, &why);
            }
            Err(Ended::Refused(why)) => {
                inbound.region().missed(inbound.site(), &poll.topic, &why);
                asked.refused(inbound, &poll.topic, &why, clock.elapsed()).await;
            }
            // The same trouble is told once, however often it is met.
            Err(Ended::Wrong(answer, why))
                if told.as_ref() != Some(&why) && aside(inbound, (&poll.topic, &poll.topic), &answer, &why).await =>
            {
                told = Some(why);
            }
            Err(Ended::Wrong(..)) => {}
        }
        inbound.region().node().seams.clock.sleep(Duration::from_millis(poll.every_ms.max(10))).await;
    }
}

/// Since when a system does not answer a question although it answers, and whether that is somebody's case.
#[derive(Default)]
struct Asking {
    refused_at: Option<Duration>,
    /// Nothing is known of a case before the first answer: one may be open from before a restart.
    case: Option<bool>,
}

impl Asking {
    async fn refused(&mut self, inbound: &Inbound, topic: &str, why: &str, now: Duration) {
        let since = *self.refused_at.get_or_insert(now);
        if self.case != Some(true) && now.saturating_sub(since) >= REFUSED_MAX {
            let why = format!("it is asked for regularly and not answered any more: {why}");
            self.case = aside(inbound, (&question(topic), topic), &[], &why).await.then_some(true);
        }
    }

    async fn answered(&mut self, inbound: &Inbound, topic: &str) {
        self.refused_at = None;
        let open = match self.case {
            Some(open) => open,
            None => inbound.not_understood().await.is_ok_and(|known| known.contains(&question(topic))),
        };
        if !open || inbound.understood(&question(topic)).await.is_ok() {
            self.case = Some(false);
        }
    }
}

/// What a question is called that is not answered: its case is apart from those of answers that nobody understands.
fn question(topic: &str) -> String {
    format!("{topic} (regular question)")
}

/// Makes what nobody understands a case of its site; whether that is durable.
async fn aside(inbound: &Inbound, (called, topic): (&str, &str), answer: &[u8], why: &str) -> bool {
    let kept = inbound.region().node().seams.blobs.keep(vec![Bytes::copy_from_slice(answer)]).await;
    match kept.ok().and_then(|kept| kept.first().copied()) {
        Some(raw) => inbound.set_aside_as(called, topic, raw, why).await.is_ok(),
        None => false,
    }
}

/// Reads a document, and takes it when it is another one than before.
async fn whole(inbound: &Inbound, link: &dyn Asks, topic: &str, path: &str, before: &mut Option<String>) -> Result<(), Ended> {
    let body = match link.whole(path).await {
        Ok(body) => body.to_string(),
        Err(Unanswered::Silent(why)) => return Err(Ended::Silent(why)),
        Err(Unanswered::Refused(why) | Unanswered::NotKnown(why)) => return Err(Ended::Refused(format!("{} {why}", shown(path)))),
        Err(Unanswered::Wrong(why)) => return Err(Ended::Wrong(path.as_bytes().to_vec(), why)),
    };
    if before.as_ref() != Some(&body) {
        inbound.receive(topic, Bytes::from(body.clone())).await.map_err(Ended::silent)?;
        *before = Some(body);
    }
    Ok(())
}

/// One round over what was changed: how many items were new. What it took is durable, and known, page by page; the place
/// moves when the round is whole. `passed` is up to where a round of several pages came: pages move while they are read, and an item
/// may then have stood on none; so the place goes there only when the next round from the same place finds nothing before it.
async fn round(inbound: &Inbound, link: &dyn Asks, topic: &str, overlap_ms: u64, passed: &mut Option<Instant>) -> Result<usize, Ended> {
    let Some(mapping) = inbound.topic(topic).map(|known| known.mapping.clone()) else {
        return Err(Ended::Silent(format!("no mapping takes {topic}")));
    };
    let desk = Desk::of(inbound, topic)?;
    let mut cursor = desk.cursor().await?;
    let overlap = Duration::from_millis(overlap_ms);
    let since = cursor.until.map(|until| until.minus(overlap));
    let (mut newest, mut pages, mut taken, mut answer) = (None, 0, Vec::new(), Value::Null);
    for page in 0..PAGES_MAX {
        let Some(asked) = ask(inbound, &mapping, topic, since, page, &answer).await? else {
            desk.finish(safe(newest, pages, &taken, passed), overlap).await?;
            return Ok(taken.len());
        };
        answer = answered(link, asked, &mapping, (&format!("{topic}, page {page}"), &answer)).await?;
        let items = items(inbound, &mapping, topic, &answer).await?;
        let items = dated(items).map_err(|why| Ended::Wrong(answer.to_string().into_bytes(), format!("{}: {why}", mapping.name())))?;
        newest = items.iter().map(|(modified, _)| *modified).max().max(newest);
        pages += u32::from(!items.is_empty());
        taken.extend(desk.take(&mut cursor, items).await?);
    }
    let why =
        format!("{topic} has more than {PAGES_MAX} pages of changes: have `ask` read larger ones, or end with an answer that has none");
    Err(Ended::Wrong(answer.to_string().into_bytes(), why))
}

/// Up to where everything was read: the newest of a round of one page, or of one that found nothing new; else what the round before
/// came to, when this one found nothing before it.
fn safe(newest: Option<Instant>, pages: u32, taken: &[Instant], passed: &mut Option<Instant>) -> Option<Instant> {
    if pages <= 1 || taken.is_empty() {
        *passed = None;
        return newest;
    }
    let before = std::mem::replace(passed, newest);
    before.filter(|before| taken.iter().all(|modified| modified > before))
}

/// The request for the next page, or nothing after the last.
async fn ask(
    inbound: &Inbound,
    mapping: &Mapping,
    topic: &str,
    since: Option<Instant>,
    page: u32,
    before: &Value,
) -> Result<Option<Value>, Ended> {
    let mut view = view(inbound.site(), topic, inbound.tables(), before);
    if let Some(fields) = view.as_object_mut() {
        fields.insert("page".to_owned(), json!(page));
        fields.insert("since".to_owned(), json!(since.map(|at| Instant::new(at.utc_ns(), 0).to_string())));
    }
    let wrong = |why: String| Ended::Wrong(view.to_string().into_bytes(), why);
    let said = mapping.run_bounded("ask", view.to_string().into_bytes()).await.map_err(|error| wrong(error.to_string()))?;
    Ok(said.into_iter().next())
}

/// The answer to what a mapping asked for; `saw` is what it was asked with.
async fn answered(link: &dyn Asks, asked: Value, mapping: &Mapping, (place, saw): (&str, &Value)) -> Result<Value, Ended> {
    link.ask(asked).await.map_err(|unanswered| match unanswered {
        Unanswered::Silent(why) => Ended::Silent(why),
        Unanswered::Refused(why) | Unanswered::NotKnown(why) => Ended::Refused(format!("{place}: {why}")),
        Unanswered::Wrong(why) => Ended::Wrong(saw.to_string().into_bytes(), format!("{}: {why}", mapping.name())),
    })
}

/// The items of an answer, in its order.
async fn items(inbound: &Inbound, mapping: &Mapping, topic: &str, answer: &Value) -> Result<Vec<Item>, Ended> {
    let view = view(inbound.site(), topic, inbound.tables(), answer);
    let wrong = |why: String| Ended::Wrong(answer.to_string().into_bytes(), why);
    let said = mapping.run_bounded("items", view.to_string().into_bytes()).await.map_err(|error| wrong(error.to_string()))?;
    let (mut items, calendar): (Vec<Item>, _) = (Vec::with_capacity(said.len()), inbound.calendar());
    for (at, one) in said.into_iter().enumerate() {
        let item = local::settle(one, &calendar)
            .and_then(|one| serde_path_to_error::deserialize(one).map_err(|error| format!("{}: {}", error.path(), error.inner())));
        items.push(item.map_err(|why| wrong(format!("{} gives no item: [{at}].{why}", mapping.name())))?);
    }
    Ok(items)
}

/// Items in the order in which they were changed, each with its time.
fn dated(items: Vec<Item>) -> Result<Vec<(Instant, Item)>, String> {
    let dated = |item: Item| match item.modified {
        Some(modified) => Ok((modified, item)),
        None => Err(format!("the item {} has no `modified`, and a list with a cursor is read by it", item.id)),
    };
    let mut items = items.into_iter().map(dated).collect::<Result<Vec<_>, _>>()?;
    items.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
    Ok(items)
}

/// What `ask` and `items` see of an answer, and around it.
pub fn view(site: SiteId, topic: &str, tables: &Value, answer: &Value) -> Value {
    let mut view = json!({ "site": site.as_str(), "topic": topic, "tables": tables });
    if let (Some(fields), Value::Object(answer)) = (view.as_object_mut(), answer) {
        fields.extend(answer.clone());
    }
    view
}

/// Where the place of a topic is kept.
struct Desk<'a> {
    inbound: &'a Inbound,
    topic: &'a str,
    entity: EntityId,
}

impl<'a> Desk<'a> {
    fn of(inbound: &'a Inbound, topic: &'a str) -> Result<Self, Ended> {
        let book = inbound.region().node().book();
        let entity = book.site_entity(inbound.site()).ok_or_else(|| Ended::Silent(format!("{} is no site of ours", inbound.site())))?;
        Ok(Self { inbound, topic, entity })
    }

    async fn cursor(&self) -> Result<Cursor, Ended> {
        let state = self.inbound.region().show(self.entity).await.map_err(Ended::silent)?;
        match state.own {
            Own::Site(site) => Ok(site.cursors.get(self.topic).cloned().unwrap_or_default()),
            Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => Ok(Cursor::default()),
        }
    }

    /// Takes what is new of a page, each item by itself, and then remembers that it did: when each of these was changed.
    async fn take(&self, cursor: &mut Cursor, items: Vec<(Instant, Item)>) -> Result<Vec<Instant>, Ended> {
        let mut fresh = BTreeMap::new();
        let mut failed = None;
        for (modified, item) in items {
            let version = item.version();
            let called = Called::item(self.topic, &item.id, &version);
            let known = ContentHash::of(format!("{}\0{version}", item.id).as_bytes());
            if cursor.knows(&known) || fresh.contains_key(&known) {
                continue;
            }
            let raw = Bytes::from(item.content.to_string());
            let told = Told { topic: self.topic, raw, called: Some(called), file: None, brought: false };
            if let Err(refused) = self.inbound.take(&told).await {
                failed = Some(Ended::silent(refused));
                break;
            }
            fresh.insert(known, modified);
        }
        let taken: Vec<Instant> = fresh.values().copied().collect();
        if !taken.is_empty() {
            let progress = Progress { topic: self.topic.to_owned(), read: fresh.into_iter().collect(), ..Progress::default() };
            cursor.advance(&progress);
            self.remember(progress).await?;
        }
        failed.map_or(Ok(taken), Err)
    }

    /// The round is whole. A change that is said to come from the future does not move the place beyond now: what is made
    /// before it would never be read.
    async fn finish(&self, newest: Option<Instant>, overlap: Duration) -> Result<(), Ended> {
        let now = self.inbound.region().node().seams.clock.now();
        let Some(until) = newest.map(|newest| newest.min(now)) else { return Ok(()) };
        if self.cursor().await?.until.is_some_and(|known| known >= until) {
            return Ok(());
        }
        let keep_from = Some(until.minus(overlap));
        self.remember(Progress { topic: self.topic.to_owned(), read: Vec::new(), until: Some(until), keep_from }).await
    }

    async fn remember(&self, progress: Progress) -> Result<(), Ended> {
        let content = serde_json::to_vec(&progress).map_err(Ended::silent)?;
        let key = format!("cursor/{}/{}", self.inbound.site(), RawRef::of(&content));
        let envelope = Envelope::ours(key, self.inbound.region().node().seams.clock.now());
        let body = Body::Site(site::Input::Mail(site::Mail::Read(progress)));
        self.inbound.region().ask(Input { to: Address::Entity(self.entity), envelope, body }).await.map(drop).map_err(Ended::silent)
    }
}

#[cfg(test)]
mod tests;
