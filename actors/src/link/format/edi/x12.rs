//! X12: the head of an interchange has fixed places, and its own letters say what separates everything else.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::envelope::{Grammar, Group, Interchange, group_code};
use super::said::{Party, Said, SaidGroup, Word, moment, segment};
use super::{Segment, Separators, Wrong, scan};
use crate::link::format::{encoded, text as decoded};

pub(super) const GRAMMAR: Grammar =
    Grammar { interchange: ["ISA", "IEA"], group: ["GS", "GE"], message: ["ST", "SE"], number: [13, 6, 2], is_loose: false, aside: "TA1" };

/// How long each element of an ISA is.
const LENGTHS: [usize; 16] = [2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1];

/// How long an ISA is, with its end.
const ISA_LEN: usize = 106;

/// What is written where nothing else is said.
const USUAL: Separators = Separators { element: '*', component: '>', repetition: None, release: None, segment: '~', decimal: '.' };

/// The version of interchange and groups where nothing else is said.
const VERSION: &str = "004010";

/// From this version on an ISA names what separates repetitions.
const REPEATS_FROM: &str = "00402";

/// What separates repetitions where nothing else is said: the first that separates nothing else.
const REPETITIONS: [char; 4] = ['^', '!', '|', '%'];

pub(super) fn text(payload: &[u8]) -> Result<Cow<'_, str>, String> {
    decoded(payload, None).or_else(|_| decoded(payload, Some("windows-1252")))
}

/// The first interchange of a text: its separators, its segments, and what stands behind it.
pub(super) fn cut(text: &str, before: usize) -> Result<(Separators, Vec<Segment>, &str), Wrong> {
    let at = before.saturating_add(1);
    let wrong = |element: Option<usize>, what: String| Wrong { segment: at, name: "ISA".to_owned(), element, what };
    let is_isa = text.get(..3).is_some_and(|name| name == "ISA");
    if !is_isa {
        let begins: String = text.chars().take(3).collect();
        let what = format!("an interchange begins with ISA, and here stands `{}`", begins.escape_debug());
        return Err(Wrong { segment: at, name: String::new(), element: None, what });
    }
    let head = text.get(..ISA_LEN).ok_or_else(|| wrong(None, format!("it has {ISA_LEN} letters with its end, and breaks off before")))?;
    if !head.is_ascii() {
        return Err(wrong(None, "letters stand in it that are not of ASCII".to_owned()));
    }
    let element = head.chars().nth(3).unwrap_or('*');
    let (mut elements, mut rest) = (Vec::new(), head.get(4..).unwrap_or_default());
    for (place, length) in LENGTHS.iter().enumerate() {
        let (own, next) = rest.split_at_checked(*length).unwrap_or((rest, ""));
        let ends = place.saturating_add(1) == LENGTHS.len() || next.starts_with(element);
        if !ends || (place.saturating_add(1) < LENGTHS.len() && own.contains(element)) {
            return Err(wrong(
                Some(place.saturating_add(1)),
                format!("it has {length} letters, filled up with blanks, and a `{element}` behind it"),
            ));
        }
        elements.push(json!(own));
        rest = if place.saturating_add(1) < LENGTHS.len() { next.get(1..).unwrap_or_default() } else { next };
    }
    let isa = Segment { at, name: "ISA".to_owned(), elements };
    let sign = |text: &str, usual: char| text.chars().next().unwrap_or(usual);
    let repetition = Some(sign(isa.text(11), 'U')).filter(|sign| isa.text(12) >= REPEATS_FROM && !sign.is_ascii_alphanumeric());
    let separators = Separators { element, component: sign(isa.text(16), '>'), repetition, segment: sign(rest, '~'), ..USUAL };
    distinct(&isa, &separators)?;
    let body = text.get(ISA_LEN..).unwrap_or_default();
    let (own, behind) = end(body, &separators);
    let mut segments = vec![isa];
    segments.extend(scan(own, &separators, at.saturating_add(1))?);
    Ok((separators, segments, behind))
}

/// What separates one thing cannot separate another.
fn distinct(isa: &Segment, separators: &Separators) -> Result<(), Wrong> {
    let signs = [Some(separators.element), Some(separators.component), separators.repetition, Some(separators.segment)];
    let signs: Vec<char> = signs.into_iter().flatten().collect();
    for (at, sign) in signs.iter().enumerate() {
        if sign.is_ascii_alphanumeric() || signs.iter().skip(at.saturating_add(1)).any(|other| other == sign) {
            return Err(isa.wrong(
                Some(16),
                format!("`{}` cannot be what separates things: it is a letter, or separates two of them", sign.escape_debug()),
            ));
        }
    }
    Ok(())
}

/// Where the interchange ends: behind its IEA, or where another one begins that nobody expected.
fn end<'a>(body: &'a str, separators: &Separators) -> (&'a str, &'a str) {
    let mut from = 0;
    for part in body.split_inclusive(separators.segment) {
        let name = part.trim_start();
        let to = from + part.len();
        let named = |wanted: &str| name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(separators.element));
        if named("IEA") {
            return body.split_at_checked(to).unwrap_or((body, ""));
        }
        if named("ISA") {
            return body.split_at_checked(from).unwrap_or((body, ""));
        }
        from = to;
    }
    (body, "")
}

fn party(isa: &Segment, at: usize) -> Value {
    json!({ "qualifier": isa.text(at).trim_end(), "id": isa.text(at.saturating_add(1)).trim_end() })
}

/// A day of six or eight digits and a time, as a moment without a zone; as it stands there where it is none.
fn moment_of(day: &str, time: &str) -> String {
    let day = if day.len() == 6 { format!("20{day}") } else { day.to_owned() };
    match (day.get(..4), day.get(4..6), day.get(6..8), time.get(..2), time.get(2..4)) {
        (Some(year), Some(month), Some(day), Some(hour), Some(minute)) => format!("{year}-{month}-{day}T{hour}:{minute}"),
        _ => format!("{day} {time}"),
    }
}

/// As a mapping sees it.
pub(super) fn shown(interchange: &Interchange, separators: &Separators) -> Value {
    let isa = &interchange.head;
    let group = |group: &Group| {
        let messages: Vec<Value> = group
            .messages
            .iter()
            .map(|message| {
                let segments: Vec<Value> = message.segments.iter().map(Segment::shown).collect();
                json!({ "type": message.head.text(1), "control": message.head.text(2), "segments": segments })
            })
            .collect();
        let Some(gs) = &group.head else { return json!({ "messages": messages }) };
        json!({ "code": gs.text(1), "sender": gs.text(2), "receiver": gs.text(3), "at": moment_of(gs.text(4), gs.text(5)),
            "control": gs.text(6), "version": gs.text(8), "messages": messages })
    };
    json!({ "standard": "x12", "sender": party(isa, 5), "receiver": party(isa, 7), "control": isa.text(13), "version": isa.text(12),
        "at": moment_of(isa.text(9), isa.text(10)), "acknowledge": isa.text(14) == "1", "test": isa.text(15) == "T",
        "separators": { "element": separators.element, "component": separators.component, "repetition": separators.repetition,
            "segment": separators.segment },
        "aside": interchange.aside.iter().map(Segment::shown).collect::<Vec<_>>(),
        "groups": interchange.groups.iter().map(group).collect::<Vec<_>>() })
}

/// A control number of so many digits.
fn number(word: Option<&Word>, what: &str) -> Result<u64, String> {
    let text = word.map(Word::text).ok_or_else(|| format!("{what} has no `control`: a number that the partner has not seen from us"))?;
    let digits = !text.is_empty() && text.len() <= 9 && text.chars().all(|letter| letter.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| format!("the `control` of {what} is `{}`: it has one to nine digits", text.escape_debug()))
}

/// The bytes of an interchange.
pub(super) fn write(said: &Said) -> Result<Vec<u8>, String> {
    let separators = said.separators.over(USUAL)?;
    let version = said.version.as_ref().map_or_else(|| "00401".to_owned(), Word::text);
    let repeats = version.as_str() >= REPEATS_FROM;
    // A version that knows of repetitions has to name their separator.
    let taken = [separators.element, separators.component, separators.segment];
    let free = || REPETITIONS.into_iter().find(|sign| !taken.contains(sign));
    let separators = Separators { repetition: if repeats { separators.repetition.or_else(free) } else { None }, ..separators };
    let control = number(said.control.as_ref(), "the interchange")?;
    let (day, time) = moment(said.at.as_ref())?;
    let mark = |yes: bool, one: &'static str, other: &'static str| if yes { one } else { other };
    let head = [
        "00".to_owned(),
        " ".repeat(10),
        "00".to_owned(),
        " ".repeat(10),
        filled(&qualifier(&said.sender), 2, "the sender's qualifier")?,
        filled(&said.sender.id, 15, "the sender")?,
        filled(&qualifier(&said.receiver), 2, "the receiver's qualifier")?,
        filled(&said.receiver.id, 15, "the receiver")?,
        day.get(2..).unwrap_or_default().to_owned(),
        time,
        separators.repetition.unwrap_or('U').to_string(),
        filled(&version, 5, "the version")?,
        format!("{control:09}"),
        mark(said.acknowledge, "1", "0").to_owned(),
        mark(said.test, "T", "P").to_owned(),
        separators.component.to_string(),
    ];
    let mut text = format!("ISA{0}{1}{2}", separators.element, head.join(separators.element.to_string().as_str()), separators.segment);
    for aside in &said.aside {
        text.push_str(&segment(aside, &separators, "a segment of `aside`")?);
    }
    for (place, one) in said.groups.iter().enumerate() {
        text.push_str(&group(one, place, said, &separators)?);
    }
    text.push_str(&segment(&json!(["IEA", said.groups.len(), format!("{control:09}")]), &separators, "the end")?);
    if text.is_ascii() { Ok(text.into_bytes()) } else { encoded(text.into_bytes(), "windows-1252") }
}

fn qualifier(party: &Party) -> String {
    if party.qualifier.is_empty() { "ZZ".to_owned() } else { party.qualifier.clone() }
}

/// A text of exactly so many letters.
fn filled(text: &str, length: usize, what: &str) -> Result<String, String> {
    if text.len() > length || !text.is_ascii() || text.chars().any(char::is_control) {
        return Err(format!("{what} is `{}`: it has {length} letters of ASCII at most", text.escape_debug()));
    }
    Ok(format!("{text:length$}"))
}

fn group(said: &SaidGroup, place: usize, whole: &Said, separators: &Separators) -> Result<String, String> {
    let kind = said.messages.first().map(|message| message.kind.text()).unwrap_or_default();
    let code = said.code.clone().or_else(|| group_code(&kind).map(str::to_owned));
    let code = code.ok_or_else(|| format!("group {place} has no `code`, and it is not known which one a {kind} has"))?;
    let control = match &said.control {
        Some(own) => number(Some(own), "a group")?,
        None => place as u64 + 1,
    };
    let (day, time) = moment(said.at.as_ref().or(whole.at.as_ref()))?;
    let sender = said.sender.as_ref().unwrap_or(&whole.sender.id);
    let receiver = said.receiver.as_ref().unwrap_or(&whole.receiver.id);
    let version = said.version.as_ref().map_or_else(|| VERSION.to_owned(), Word::text);
    let head = json!(["GS", code, sender.trim_end(), receiver.trim_end(), day, time, control, "X", version]);
    let mut text = segment(&head, separators, &format!("the head of group {place}"))?;
    for (at, message) in said.messages.iter().enumerate() {
        let own = match &message.control {
            Some(own) => own.text(),
            None => format!("{:04}", at.saturating_add(1)),
        };
        text.push_str(&segment(&json!(["ST", message.kind.text(), own]), separators, "the head of a message")?);
        for (line, one) in message.segments.iter().enumerate() {
            text.push_str(&segment(one, separators, &format!("groups[{place}].messages[{at}].segments[{line}]"))?);
        }
        text.push_str(&segment(&json!(["SE", message.segments.len().saturating_add(2), own]), separators, "the end of a message")?);
    }
    text.push_str(&segment(&json!(["GE", said.messages.len(), control]), separators, "the end of a group")?);
    Ok(text)
}
