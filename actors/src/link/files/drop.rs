//! What a system lays down for us. A file is taken when it is whole; its content is kept, then everything in it is durable,
//! and only then it is moved away. A crash in between leaves it lying, and it is taken again under the same keys, so that
//! nothing happens twice. On its way out it has a name of its own (`.NAME.takt-leaving`): what a system lays over it in that
//! moment is seen to be another file, and read, too. What cannot be understood goes aside with the reason beside it, and is a case of its site.
//!
//! An interchange is acknowledged, where that is wanted, when what is in it is durable or set aside, and before it is moved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use takt_protocol::envelope::RawRef;
use takt_protocol::instant::Instant;

use super::disk::{self, Standing};
use super::names::{Pattern, is_unfinished, leaving};
use super::numbers::{self, moment};
use crate::link::format::{Format, edi};
use crate::link::inbound::{Called, FileMark, Inbound, Refused, Taken, Told};
use crate::link::mapping;

/// A folder that a system lays its files down in.
#[derive(Clone, Debug)]
pub struct DropSpec {
    /// The folder.
    pub folder: PathBuf,
    /// Where files go that were taken.
    pub done: PathBuf,
    /// Where files go that nobody understands, each with its reason beside it.
    pub errors: PathBuf,
    /// Where an acknowledgement of each interchange is laid down, if anywhere.
    pub acknowledge: Option<PathBuf>,
    /// How often it is looked at, in ms.
    pub every_ms: u64,
    /// How long a file must have stood unchanged, in ms.
    pub settle_ms: u64,
    /// The topics, and what the names of their files look like.
    pub topics: Vec<(String, Pattern)>,
}

/// How a file stood when it was looked at, and since when it stands so.
struct Sighting {
    standing: Standing,
    since: Duration,
}

/// Looks at one folder.
pub struct Watcher {
    inbound: Inbound,
    spec: DropSpec,
    seen: BTreeMap<PathBuf, Sighting>,
    /// The files that went aside and have not come again mended; nothing until the site was asked.
    aside: Option<BTreeSet<String>>,
    /// Those of them whose name came again and was taken while they still lay in the error folder.
    again: BTreeSet<String>,
}

/// Why a file still lies where it lay.
struct Left {
    why: String,
    /// The rest would fare no better just now.
    others_too: bool,
}

impl Left {
    fn alone(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string(), others_too: false }
    }
}

impl From<Refused> for Left {
    fn from(refused: Refused) -> Self {
        Self { why: refused.to_string(), others_too: true }
    }
}

/// The largest file taken, in bytes.
const FILE_BYTES_MAX: u64 = mapping::INPUT_BYTES_MAX as u64;

/// How much is kept of a file that is larger, in bytes.
const BEGINNING_BYTES: u64 = 1 << 16;

/// What stands behind the name of a file for the reason beside it.
const REASON: &str = ".reason.txt";

/// The most files taken of one look: others want to be read, too.
const FILES_MAX: usize = 200;

impl Watcher {
    /// A watcher of a folder; what it finds goes in by this door.
    pub fn new(inbound: Inbound, spec: DropSpec) -> Self {
        Self { inbound, spec, seen: BTreeMap::new(), aside: None, again: BTreeSet::new() }
    }

    /// Looks regularly, for ever.
    pub async fn run(mut self) {
        let (mut troubled, channel) = (false, self.spec.folder.display().to_string());
        let _channel = self.inbound.region().channel(self.inbound.site(), &channel);
        loop {
            match self.look().await {
                Err(why) => {
                    tracing::warn!(%why, site = %self.inbound.site(), "a drop folder cannot be worked on");
                    self.inbound.region().missed(self.inbound.site(), &channel, &why);
                    troubled = true;
                }
                Ok(_) if troubled => {
                    self.inbound.region().heard(self.inbound.site(), Some(&channel));
                    troubled = false;
                }
                Ok(_) => {}
            }
            self.inbound.region().node().seams.clock.sleep(Duration::from_millis(self.spec.every_ms.max(10))).await;
        }
    }

    /// Looks once: how many files are done with. The rest is looked at the next time; one that cannot be worked on keeps
    /// nobody else waiting.
    pub async fn look(&mut self) -> Result<usize, String> {
        let folder = &self.spec.folder;
        let found = disk::list(folder).await.map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
        let ready = self.ready(found);
        let (mut done, mut trouble) = (0, None);
        for standing in ready.into_iter().take(FILES_MAX) {
            match self.settle(&standing).await {
                Ok(true) => {
                    self.seen.remove(&standing.path);
                    done += 1;
                }
                Ok(false) => {}
                Err(left) => {
                    trouble.get_or_insert(format!("{}: {}", standing.name, left.why));
                    if left.others_too {
                        break;
                    }
                }
            }
        }
        if let Err(left) = self.over().await {
            trouble.get_or_insert(left.why);
        }
        trouble.map_or(Ok(done), Err)
    }

    /// The files that have stood unchanged for long enough.
    fn ready(&mut self, found: Vec<Standing>) -> Vec<Standing> {
        let now = self.inbound.region().node().seams.clock.elapsed();
        let settle = Duration::from_millis(self.spec.settle_ms);
        let mut before = std::mem::take(&mut self.seen);
        let mut ready = Vec::new();
        for standing in found.into_iter().filter(|standing| !is_unfinished(&standing.name)) {
            let known = before.remove(&standing.path).filter(|seen| seen.standing == standing);
            let since = known.map_or(now, |seen| seen.since);
            if now.saturating_sub(since) >= settle {
                ready.push(standing.clone());
            }
            self.seen.insert(standing.path.clone(), Sighting { standing, since });
        }
        ready
    }

    /// Takes one file; whether it is done with. One that is being written after all waits.
    async fn settle(&mut self, standing: &Standing) -> Result<bool, Left> {
        let path = &standing.path;
        let leaving = self.leaving(standing);
        if *path != leaving && tokio::fs::try_exists(&leaving).await.map_err(Left::alone)? {
            // An elder one of this name goes first.
            return Ok(false);
        }
        let too_long = standing.bytes > FILE_BYTES_MAX;
        let most = if too_long { BEGINNING_BYTES } else { FILE_BYTES_MAX };
        let content = disk::read(path, most).await.map_err(|error| Left::alone(format!("cannot be read: {error}")))?;
        let after = disk::standing(path, standing.name.clone()).await.map_err(Left::alone)?;
        if after.as_ref() != Some(standing) {
            return Ok(false);
        }
        let content = Bytes::from(content);
        let taken = self.take(standing, content.clone(), too_long).await?;
        if !too_long {
            self.acknowledge(standing, &content, taken.raw).await?;
        }
        self.mark(&standing.name, taken.set_aside.is_some()).await?;
        let moved = self.clear_away(standing, &taken).await;
        moved.map_err(|error| Left::alone(format!("was taken, and cannot be moved away: {error}")))
    }

    /// Remembers what went aside; what was there under that name and was taken now is a case no longer. As long as the one that
    /// went aside still lies there, this is another one: many systems give all their files one name.
    async fn mark(&mut self, name: &str, set_aside: bool) -> Result<(), Left> {
        let mut aside = match self.aside.take() {
            Some(known) => known,
            None => self.inbound.not_understood().await?,
        };
        if set_aside {
            aside.insert(name.to_owned());
            self.again.remove(name);
        } else if aside.contains(name) {
            self.again.insert(name.to_owned());
        }
        self.aside = Some(aside);
        self.over().await
    }

    /// Closes what is over: a file of its name was taken, and the one that went aside was taken out of the error folder, whichever of
    /// the two was first.
    async fn over(&mut self) -> Result<(), Left> {
        for name in self.again.clone() {
            if !disk::keeps(&self.spec.errors, &name).await.map_err(Left::alone)? {
                self.inbound.understood(&name).await?;
                self.again.remove(&name);
                if let Some(aside) = &mut self.aside {
                    aside.remove(&name);
                }
            }
        }
        Ok(())
    }

    async fn take(&self, standing: &Standing, raw: Bytes, too_long: bool) -> Result<Taken, Refused> {
        let name = &standing.name;
        if too_long {
            let why = format!("the file has {} bytes, and {FILE_BYTES_MAX} are taken; only its beginning is kept", standing.bytes);
            return self.inbound.take_as_case(name, raw, why).await;
        }
        let Some(topic) = self.topic(name) else {
            let why = "no topic takes files of this name: add one to `inbound.topics`".to_owned();
            return self.inbound.take_as_case(name, raw, why).await;
        };
        let file = FileMark { name: name.clone(), modified_at: standing.modified_at };
        let called = Some(Called::file(name, &RawRef::of(&raw)));
        self.inbound.take(&Told { topic, raw, called, file: Some(&file), brought: false }).await
    }

    /// Tells who sent an interchange that it is here, or what is wrong with it. A file that comes again after a crash is told of once, as
    /// long as what was told lies there.
    async fn acknowledge(&self, standing: &Standing, content: &[u8], raw: RawRef) -> Result<(), Left> {
        let format = self.topic(&standing.name).and_then(|topic| self.inbound.topic(topic)).map(|topic| &topic.format);
        let (Some(folder), Some(Format::Edi(standard))) = (&self.spec.acknowledge, format) else { return Ok(()) };
        let mark: String = raw.to_string().chars().take(16).collect();
        let name = format!("ack-{mark}.{}", standard.ending());
        let now = self.inbound.region().node().seams.clock.now();
        // How much there is to say is looked at before numbers are used for it.
        let said = edi::acknowledgement(*standard, content, 0, &moment(now));
        let Some(count) = said.as_ref().and_then(serde_json::Value::as_array).map(Vec::len) else { return Ok(()) };
        if tokio::fs::try_exists(folder.join(&name)).await.is_ok_and(|there| there) {
            return Ok(());
        }
        let told = |error: std::io::Error| Left::alone(format!("was taken, and cannot be acknowledged in {}: {error}", folder.display()));
        let number = numbers::next(folder, now, count).await.map_err(told)?;
        let Some(said) = edi::acknowledgement(*standard, content, number, &moment(now)) else { return Ok(()) };
        // Whoever gave a name that cannot be written gets no answer; the interchange is taken all the same.
        let Ok((bytes, _)) = Format::Edi(*standard).write(&said) else {
            tracing::warn!(site = %self.inbound.site(), file = standing.name, "an interchange cannot be acknowledged: its head has letters that cannot be written");
            return Ok(());
        };
        disk::put(folder, &name, &bytes).await.map_err(told)
    }

    /// The topic of a file: of those whose pattern takes its name, the one that says most.
    fn topic(&self, name: &str) -> Option<&str> {
        let takes = self.spec.topics.iter().filter(|(_, pattern)| pattern.takes(name));
        takes.max_by_key(|(_, pattern)| pattern.letters()).map(|(topic, _)| topic.as_str())
    }

    /// Where a file stands while it is on its way out.
    fn leaving(&self, standing: &Standing) -> PathBuf {
        self.spec.folder.join(leaving(&standing.name))
    }

    /// Everything in it is durable: it need not lie here any more. The reason is there before the file it is about. A file
    /// that was laid over it since is another one, and read: whether that did not happen.
    async fn clear_away(&self, standing: &Standing, taken: &Taken) -> std::io::Result<bool> {
        let mark: String = taken.raw.to_string().chars().take(disk::MARK_LEN).collect();
        let folder = if taken.set_aside.is_some() { &self.spec.errors } else { &self.spec.done };
        let name = disk::free_name(folder, &standing.name, &mark).await?;
        let leaving = self.leaving(standing);
        if standing.path != leaving {
            disk::rename(&standing.path, &leaving).await?;
            let moved = disk::standing(&leaving, standing.name.clone()).await?;
            if !moved.is_some_and(|moved| moved.is(standing)) {
                return Ok(false);
            }
        }
        if let Some(why) = &taken.set_aside {
            let now = self.inbound.region().node().seams.clock.now();
            let text = reason(&name, why, taken.raw, now, &self.spec.folder.display().to_string());
            disk::put(folder, &format!("{name}{REASON}"), text.as_bytes()).await?;
        }
        disk::rename(&leaving, &folder.join(&name)).await?;
        Ok(true)
    }
}

/// What a person needs who finds the file.
fn reason(name: &str, why: &str, raw: RawRef, now: Instant, folder: &str) -> String {
    format!(
        "{name} was not understood, at {now}.\n\n{why}\n\nNothing of it was done. It is an open exception of its site (takt exceptions list), and its \
         content is kept as\n{raw}.\nMend the file, or the mapping that reads it, and move the file back into\n{folder}\nunder the name it had; when it is taken, and \
         does not lie here any more, the exception closes by itself.\n"
    )
}

#[cfg(test)]
mod tests;
