//! Every subject of the mesh, built and parsed here and nowhere else. A name becomes one token: what NATS gives a meaning
//! (`.`, `*`, `>`, blanks) and everything outside ASCII is written as `=` and two hexadecimal digits a byte.

use crate::envelope::RawRef;
use crate::id::EntityId;
use crate::name::{Region, SiteId};

/// The first token of every subject.
pub const ROOT: &str = "takt";

/// The log of one entity: `takt.<region>.log.<gen>.<shard>.<kind>.<id>`.
pub fn log(entity: &EntityId, shard: u16) -> String {
    let text = entity.to_string();
    let id = text.rsplit('.').next().unwrap_or_default();
    format!("{ROOT}.{}.log.{}.{shard}.{}.{id}", entity.region(), entity.generation(), entity.kind())
}

/// The entity whose log a subject is.
pub fn parse_log(subject: &str) -> Option<EntityId> {
    let tokens: Vec<&str> = subject.split('.').collect();
    let [ROOT, region, "log", generation, shard, kind, id] = tokens.as_slice() else { return None };
    let shard: u16 = shard.parse().ok()?;
    let entity = EntityId::parse(&format!("{kind}.{region}.{generation}.{id}")).ok()?;
    // Read back as it is written, or it is not one of ours: `01` and `+1` are spellings of a number, not of a subject.
    (log(&entity, shard) == subject).then_some(entity)
}

/// The logs of all entities of a shard, of every generation.
pub fn shard_logs(region: Region, shard: u16) -> String {
    format!("{ROOT}.{region}.log.*.{shard}.>")
}

/// Everything of one class of a region: of `log`, `in`, `due`, `out`, `fwd`, `dead`, `timer`, `raw`, `shelf`, `lease`, `evt`.
pub fn class(region: Region, class: &str) -> String {
    format!("{ROOT}.{region}.{}.>", token(class))
}

/// What the subject of a queue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Inputs of a shard.
    Inbox(u16),
    /// Timers of a shard that came due.
    Due(u16),
    /// Intents for a site, of a tier.
    Out(SiteId, u8),
    /// Mail for a region; whether it is urgent.
    Forward(Region, bool),
}

/// The subject of a queue.
pub fn waiting(region: Region, waiting: Waiting) -> String {
    match waiting {
        Waiting::Inbox(shard) => inbox(region, shard),
        Waiting::Due(shard) => due(region, shard),
        Waiting::Out(site, tier) => out(region, site, tier),
        Waiting::Forward(to, urgent) => forward(region, to, urgent),
    }
}

/// The queue whose subject it is, in that region.
pub fn parse_waiting(region: Region, subject: &str) -> Option<Waiting> {
    let tokens: Vec<&str> = subject.split('.').collect();
    let found = match tokens.as_slice() {
        [ROOT, _, "in", shard] => Waiting::Inbox(shard.parse().ok()?),
        [ROOT, _, "due", shard] => Waiting::Due(shard.parse().ok()?),
        [ROOT, _, "out", site, tier] => Waiting::Out(SiteId::parse(site).ok()?, tier.parse().ok()?),
        [ROOT, _, "fwd", to, urgency] => Waiting::Forward(Region::parse(to).ok()?, *urgency == "urgent"),
        _ => return None,
    };
    (self::waiting(region, found) == subject).then_some(found)
}

/// The dead-letter box of a queue.
pub fn dead(region: Region, queue: Waiting) -> String {
    let subject = waiting(region, queue);
    subject.replacen(&format!("{ROOT}.{region}."), &format!("{ROOT}.{region}.dead."), 1)
}

/// The queue whose dead-letter box it is, in that region.
pub fn parse_dead(region: Region, subject: &str) -> Option<Waiting> {
    let prefix = format!("{ROOT}.{region}.");
    let rest = subject.strip_prefix(&prefix)?.strip_prefix("dead.")?;
    parse_waiting(region, &format!("{prefix}{rest}"))
}

/// A timer of a shard that has not come due: one subject a timer, so that a second one of its id takes its place.
pub fn timer(region: Region, shard: u16, id: &str) -> String {
    format!("{ROOT}.{region}.timer.{shard}.{}", token(id))
}

/// Where raw payloads stand whose hashes begin alike, in 20 bits: a subject costs a server memory for as long as it holds
/// anything, so a payload has none of its own.
pub fn raw(region: Region, payload: &RawRef) -> String {
    format!("{ROOT}.{region}.raw.{}", payload.to_string().get(..5).unwrap_or_default())
}

/// A value of the shelf, by its name.
pub fn shelf(region: Region, name: &str) -> String {
    format!("{ROOT}.{region}.shelf.{}", token(name))
}

/// A lease, by its name: its class is what stands before the first `/`, where there is one.
pub fn lease(region: Region, name: &str) -> String {
    match name.split_once('/') {
        Some((class, rest)) => format!("{ROOT}.{region}.lease.{}.{}", token(class), token(rest)),
        None => format!("{ROOT}.{region}.lease.{}", token(name)),
    }
}

/// All leases of a class.
pub fn leases(region: Region, class: &str) -> String {
    format!("{ROOT}.{region}.lease.{}.*", token(class))
}

/// The name of the lease whose subject it is, in that region.
pub fn parse_lease(region: Region, subject: &str) -> Option<String> {
    let rest = subject.strip_prefix(&format!("{ROOT}.{region}.lease."))?;
    let name = match rest.split_once('.') {
        Some((class, rest)) => format!("{}/{}", untoken(class)?, untoken(rest)?),
        None => untoken(rest)?,
    };
    (lease(region, &name) == subject).then_some(name)
}

/// Inputs waiting for the entities of a shard.
pub fn inbox(region: Region, shard: u16) -> String {
    format!("{ROOT}.{region}.in.{shard}")
}

/// Timers of a shard that came due.
pub fn due(region: Region, shard: u16) -> String {
    format!("{ROOT}.{region}.due.{shard}")
}

/// Intents waiting for a site.
pub fn out(region: Region, site: SiteId, tier: u8) -> String {
    format!("{ROOT}.{region}.out.{site}.{tier}")
}

/// Mail for another region.
pub fn forward(region: Region, to: Region, urgent: bool) -> String {
    format!("{ROOT}.{region}.fwd.{to}.{}", if urgent { "urgent" } else { "normal" })
}

/// A public event of a family (a kind of entity, or `exception`), at a site or where nobody knows; the id of its entity is in
/// the event, not in the subject.
pub fn event(region: Region, site: Option<SiteId>, family: &str, event: &str) -> String {
    let site = token(site.as_ref().map_or("", SiteId::as_str));
    format!("{ROOT}.{region}.evt.{site}.{}.{}", token(family), token(event))
}

/// All public events of a family, of a site.
pub fn family(region: Region, site: SiteId, family: &str) -> String {
    format!("{ROOT}.{region}.evt.{}.{}.*", token(site.as_str()), token(family))
}

/// All public events of a region.
pub fn events(region: Region) -> String {
    format!("{ROOT}.{region}.evt.>")
}

/// Commands for the owner of a shard.
pub fn command(region: Region, shard: u16) -> String {
    format!("{ROOT}.{region}.cmd.{shard}")
}

/// Queries to a region.
pub fn ask(region: Region, question: &str) -> String {
    format!("{ROOT}.{region}.ask.{}", token(question))
}

/// Any text as one token; no text at all is `=`, because an empty token is no token.
pub fn token(text: &str) -> String {
    if text.is_empty() {
        return "=".to_owned();
    }
    let mut token = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            token.push(char::from(byte));
        } else {
            token.push('=');
            token.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()));
        }
    }
    token
}

/// The text of a token; `None` when it is not one that [`token`] writes.
pub fn untoken(text: &str) -> Option<String> {
    if text == "=" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'=' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    let found = String::from_utf8(bytes).ok()?;
    (token(&found) == text).then_some(found)
}

#[cfg(test)]
mod tests;
