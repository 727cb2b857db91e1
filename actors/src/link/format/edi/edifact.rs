//! EDIFACT: what separates things may be said before the interchange; where it is not, it is as usual.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::envelope::{Grammar, Group, Interchange, Message};
use super::said::{Party, Said, SaidGroup, SaidMessage, Word, moment, segment};
use super::{Segment, Separators, Wrong, scan};
use crate::link::format::{encoded, text as decoded};

pub(super) const GRAMMAR: Grammar =
    Grammar { interchange: ["UNB", "UNZ"], group: ["UNG", "UNE"], message: ["UNH", "UNT"], number: [5, 5, 1], is_loose: true, aside: "" };

const USUAL: Separators = Separators { element: '+', component: ':', repetition: None, release: Some('?'), segment: '\'', decimal: '.' };

/// The charsets of syntax identifiers; of what is not here letters of ASCII are taken.
const CHARSETS: [(&str, &str); 9] = [
    ("UNOC", "iso-8859-1"),
    ("UNOD", "iso-8859-2"),
    ("UNOE", "iso-8859-5"),
    ("UNOF", "iso-8859-7"),
    ("UNOG", "iso-8859-3"),
    ("UNOH", "iso-8859-4"),
    ("UNOI", "iso-8859-6"),
    ("UNOJ", "iso-8859-8"),
    ("UNOY", "utf-8"),
];

/// Within how many bytes the head of an interchange has to name its charset.
const HEAD_MAX: usize = 256;

fn charset(syntax: &str) -> Option<&'static str> {
    CHARSETS.iter().find(|(name, _)| *name == syntax).map(|(_, charset)| *charset)
}

/// The text of a payload: its charset stands in its own head.
pub(super) fn text(payload: &[u8]) -> Result<Cow<'_, str>, String> {
    let head = payload.get(..HEAD_MAX.min(payload.len())).unwrap_or_default();
    let syntax = head.windows(3).position(|word| word == b"UNB").and_then(|at| head.get(at.saturating_add(4)..at.saturating_add(8)));
    let syntax = syntax.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
    match charset(syntax) {
        Some(charset) => decoded(payload, Some(charset)),
        None => decoded(payload, None).or_else(|_| decoded(payload, Some("iso-8859-1"))),
    }
}

/// The separators that a text names, and what stands behind.
fn named(text: &str) -> Result<(Separators, &str), String> {
    let Some(rest) = text.strip_prefix("UNA") else { return Ok((USUAL, text)) };
    let signs: Vec<char> = rest.chars().take(6).collect();
    let &[component, element, decimal, release, repetition, segment] = signs.as_slice() else {
        return Err("it names six signs, and breaks off before".to_owned());
    };
    let sign = |sign: char| Some(sign).filter(|sign| *sign != ' ');
    let separators = Separators { element, component, repetition: sign(repetition), release: sign(release), segment, decimal };
    let all = [Some(element), Some(component), separators.release, separators.repetition, Some(segment)];
    let all: Vec<char> = all.into_iter().flatten().collect();
    for (at, sign) in all.iter().enumerate() {
        if sign.is_alphanumeric() || all.iter().skip(at.saturating_add(1)).any(|other| other == sign) {
            return Err(format!("`{}` cannot be what separates things: it is a letter, or separates two of them", sign.escape_debug()));
        }
    }
    let behind: usize = signs.iter().copied().map(char::len_utf8).sum();
    Ok((separators, rest.get(behind..).unwrap_or_default().trim_start()))
}

/// The first interchange of a text: its separators, its segments, and what stands behind it.
pub(super) fn cut(text: &str, before: usize) -> Result<(Separators, Vec<Segment>, &str), Wrong> {
    let at = before.saturating_add(1);
    let wrong = |name: &str, what: String| Wrong { segment: at, name: name.to_owned(), element: None, what };
    let (separators, body) = named(text).map_err(|what| wrong("UNA", what))?;
    if body.strip_prefix("UNB").is_none_or(|rest| !rest.starts_with(separators.element)) {
        let begins: String = body.chars().take(3).collect();
        return Err(wrong("", format!("an interchange begins with UNA or UNB, and here stands `{}`", begins.escape_debug())));
    }
    // From syntax version 4 on repetitions are separated where no UNA says otherwise.
    let repeats = !text.starts_with("UNA") && syntax_version(body, &separators) == Some('4');
    let separators = Separators { repetition: if repeats { Some('*') } else { separators.repetition }, ..separators };
    let (own, behind) = end(body, &separators);
    Ok((separators, scan(own, &separators, at)?, behind))
}

fn syntax_version(body: &str, separators: &Separators) -> Option<char> {
    let head = body.split(separators.segment).next()?;
    head.split(separators.element).nth(1)?.split(separators.component).nth(1)?.chars().next()
}

/// Where the interchange ends: behind its UNZ, or where another one begins that nobody expected.
fn end<'a>(body: &'a str, separators: &Separators) -> (&'a str, &'a str) {
    let (mut from, mut released, mut is_first) = (0, false, true);
    for (at, letter) in body.char_indices() {
        if released {
            released = false;
        } else if Some(letter) == separators.release {
            released = true;
        } else if letter == separators.segment {
            let to = at.saturating_add(letter.len_utf8());
            let part = body.get(from..to).unwrap_or_default().trim_start();
            let named = |wanted: &str| part.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(separators.element));
            if named("UNZ") {
                return body.split_at_checked(to).unwrap_or((body, ""));
            }
            if !is_first && (named("UNB") || part.starts_with("UNA")) {
                return body.split_at_checked(from).unwrap_or((body, ""));
            }
            (from, is_first) = (to, false);
        }
    }
    (body, "")
}

fn party(head: &Segment, at: usize) -> Value {
    json!({ "id": head.part(at, 1), "qualifier": head.part(at, 2) })
}

fn moment_of(head: &Segment, at: usize) -> String {
    let (day, time) = (head.part(at, 1), head.part(at, 2));
    let day = if day.len() == 6 { format!("20{day}") } else { day.to_owned() };
    match (day.get(..4), day.get(4..6), day.get(6..8), time.get(..2), time.get(2..4)) {
        (Some(year), Some(month), Some(day), Some(hour), Some(minute)) => format!("{year}-{month}-{day}T{hour}:{minute}"),
        _ => format!("{day} {time}"),
    }
}

fn message(message: &Message) -> Value {
    let head = &message.head;
    let segments: Vec<Value> = message.segments.iter().map(Segment::shown).collect();
    json!({ "type": head.part(2, 1), "version": head.part(2, 2), "release": head.part(2, 3), "agency": head.part(2, 4),
        "association": head.part(2, 5), "control": head.text(1), "segments": segments })
}

/// As a mapping sees it.
pub(super) fn shown(interchange: &Interchange, separators: &Separators) -> Value {
    let head = &interchange.head;
    let group = |group: &Group| {
        let messages: Vec<Value> = group.messages.iter().map(message).collect();
        let Some(ung) = &group.head else { return json!({ "messages": messages }) };
        json!({ "code": ung.text(1), "sender": ung.part(2, 1), "receiver": ung.part(3, 1), "at": moment_of(ung, 4), "control": ung.text(5),
            "version": ung.part(7, 1), "messages": messages })
    };
    json!({ "standard": "edifact", "syntax": head.part(1, 1), "version": head.part(1, 2), "sender": party(head, 2), "receiver": party(head, 3),
        "at": moment_of(head, 4), "control": head.text(5), "acknowledge": head.text(9) == "1", "test": head.text(11) == "1",
        "separators": { "element": separators.element, "component": separators.component, "repetition": separators.repetition,
            "release": separators.release, "segment": separators.segment, "decimal": separators.decimal },
        "groups": interchange.groups.iter().map(group).collect::<Vec<_>>() })
}

/// A control number: letters and digits.
fn number(word: Option<&Word>, what: &str) -> Result<String, String> {
    let text = word.map(Word::text).ok_or_else(|| format!("{what} has no `control`: a number that the partner has not seen from us"))?;
    if text.is_empty() || text.len() > 14 || !text.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(format!("the `control` of {what} is `{}`: it has 14 letters and digits at most", text.escape_debug()));
    }
    Ok(text)
}

/// The bytes of an interchange.
pub(super) fn write(said: &Said) -> Result<Vec<u8>, String> {
    let version = said.version.as_ref().map_or_else(|| "3".to_owned(), Word::text);
    let usual = Separators { repetition: version.starts_with('4').then_some('*'), ..USUAL };
    let separators = said.separators.over(usual)?;
    let syntax = said.syntax.as_deref().unwrap_or("UNOC");
    let control = number(said.control.as_ref(), "the interchange")?;
    let (day, time) = moment(said.at.as_ref())?;
    // Eight digits are a day from syntax version 4 on.
    let day = if version.starts_with('4') { day } else { day.get(2..).unwrap_or_default().to_owned() };
    let party = |party: &Party| json!([party.id, party.qualifier]);
    let mark = |yes: bool| if yes { json!("1") } else { Value::Null };
    let head = json!([
        "UNB",
        [syntax, version],
        party(&said.sender),
        party(&said.receiver),
        [day, time],
        control,
        null,
        null,
        null,
        mark(said.acknowledge),
        null,
        mark(said.test)
    ]);
    let mut text = String::new();
    if separators != usual {
        let sign = |sign: Option<char>| sign.unwrap_or(' ');
        let Separators { element, component, repetition, release, segment, decimal } = separators;
        text = format!("UNA{component}{element}{decimal}{}{}{segment}", sign(release), sign(repetition));
    }
    text.push_str(&segment(&head, &separators, "the head")?);
    let mut count = 0_usize;
    for (place, group) in said.groups.iter().enumerate() {
        count = count.saturating_add(if group.code.is_some() { 1 } else { group.messages.len() });
        text.push_str(&self::group(group, place, said, &separators)?);
    }
    text.push_str(&segment(&json!(["UNZ", count, control]), &separators, "the end")?);
    let what = |why: String| format!("{why}; `syntax` says which letters there are, and is {syntax}");
    match charset(syntax) {
        Some("utf-8") => Ok(text.into_bytes()),
        Some(charset) => encoded(text.into_bytes(), charset).map_err(what),
        None if text.is_ascii() => Ok(text.into_bytes()),
        None => Err(what("there are letters in it that are not of ASCII".to_owned())),
    }
}

fn group(said: &SaidGroup, place: usize, whole: &Said, separators: &Separators) -> Result<String, String> {
    let mut text = String::new();
    let control = said.control.as_ref().map_or_else(|| place.saturating_add(1).to_string(), Word::text);
    if let Some(code) = &said.code {
        let (day, time) = moment(said.at.as_ref().or(whole.at.as_ref()))?;
        let sender = said.sender.as_ref().unwrap_or(&whole.sender.id);
        let receiver = said.receiver.as_ref().unwrap_or(&whole.receiver.id);
        let first = said.messages.first();
        let version = first.and_then(|message| message.version.as_ref()).map_or_else(|| "D".to_owned(), Word::text);
        let release = first.and_then(|message| message.release.as_ref()).map_or_else(|| "96A".to_owned(), Word::text);
        let day = day.get(2..).unwrap_or_default().to_owned();
        text.push_str(&segment(
            &json!(["UNG", code, [sender], [receiver], [day, time], control, "UN", [version, release]]),
            separators,
            "the head of a group",
        )?);
    }
    for (at, message) in said.messages.iter().enumerate() {
        text.push_str(&written(message, (place, at), separators)?);
    }
    if said.code.is_some() {
        text.push_str(&segment(&json!(["UNE", said.messages.len(), control]), separators, "the end of a group")?);
    }
    Ok(text)
}

fn written(message: &SaidMessage, (place, at): (usize, usize), separators: &Separators) -> Result<String, String> {
    let word = |word: Option<&Word>, usual: &str| word.map_or_else(|| usual.to_owned(), Word::text);
    let control = word(message.control.as_ref(), &at.saturating_add(1).to_string());
    let agency = message.agency.as_deref().unwrap_or("UN");
    let kind = json!([
        message.kind.text(),
        word(message.version.as_ref(), "D"),
        word(message.release.as_ref(), "96A"),
        agency,
        message.association.as_deref().unwrap_or_default()
    ]);
    let mut text = segment(&json!(["UNH", control, kind]), separators, "the head of a message")?;
    for (line, one) in message.segments.iter().enumerate() {
        text.push_str(&segment(one, separators, &format!("groups[{place}].messages[{at}].segments[{line}]"))?);
    }
    text.push_str(&segment(&json!(["UNT", message.segments.len().saturating_add(2), control]), separators, "the end of a message")?);
    Ok(text)
}
