//! From what the YAML reader says to findings a plant engineer can act on. A reader stops at the first fault; here the faulty
//! lines are left out and the rest is read on, so that all wrong words of a file are told at once.

use serde::de::DeserializeOwned;
use serde_saphyr::Error;

use crate::finding::Finding;
use crate::nearest::nearest;

/// As many findings as a person reads about one file before mending it.
const TOLD_MAX: usize = 50;

/// Everything that is wrong with the shape of a file, the first error being known already.
pub(crate) fn all<T: DeserializeOwned>(file: &str, text: &str, first: &Error) -> Vec<Finding> {
    let mut found = vec![finding(file, text, first)];
    let mut rest = text.to_owned();
    let mut at = line_of_word(first);
    while let Some(line) = at.filter(|_| found.len() < TOLD_MAX) {
        rest = without(&rest, line);
        let next = serde_saphyr::from_str::<T>(&rest).err();
        at = next.as_ref().and_then(line_of_word).filter(|next| *next > line);
        found.extend(next.filter(|_| at.is_some()).map(|error| finding(file, &rest, &error)));
    }
    found
}

/// The line of an error about one word. Other errors may come of what was left out, so they are told only when they come first.
#[expect(clippy::wildcard_enum_match_arm, reason = "the reader's enum, not ours, and it will grow")]
fn line_of_word(error: &Error) -> Option<u64> {
    match error.without_snippet() {
        Error::SerdeUnknownField { .. } | Error::SerdeUnknownVariant { .. } | Error::SerdeInvalidValue { .. } | Error::Message { .. } => {
            error.location().map(|place| place.line())
        }
        _ => None,
    }
}

/// The text with a line, and what is indented below it, left empty: the lines behind keep their numbers.
fn without(text: &str, line: u64) -> String {
    let indent = |line: &str| line.chars().take_while(|letter| *letter == ' ').count();
    let mut below = None;
    let mut out = String::with_capacity(text.len());
    for (number, content) in (1..).zip(text.lines()) {
        if number == line {
            below = Some(indent(content));
        } else if below.is_some_and(|least| !content.trim().is_empty() && indent(content) <= least) {
            below = None;
        }
        if below.is_none() {
            out.push_str(content);
        }
        out.push('\n');
    }
    out
}

fn finding(file: &str, text: &str, error: &Error) -> Finding {
    let (what, remedy) = if let Error::InvalidScalar { ty, location } = error.without_snippet() {
        unread(ty, word_at(text, location.line(), location.column()))
    } else if let (Error::Message { msg, .. }, Some(place)) = (error.without_snippet(), error.location()) {
        of_the_clock(msg, word_at(text, place.line(), place.column())).unwrap_or_else(|| said(error.without_snippet()))
    } else {
        said(error.without_snippet())
    };
    let remedy =
        if remedy.is_empty() { "write it as the README and the comments of a folder from `takt init` do".to_owned() } else { remedy };
    let finding = Finding::about(file, what, remedy);
    error.location().map_or(finding.clone(), |place| finding.at(place))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the reader's enum, not ours, and it will grow")]
fn said(error: &Error) -> (String, String) {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => (format!("there is no key `{field}` here"), nearest(field, expected)),
        Error::SerdeUnknownVariant { variant, expected, .. } => (format!("`{variant}` is no word for this"), nearest(variant, expected)),
        Error::SerdeMissingField { field, .. } => (format!("the key `{field}` is missing"), format!("add `{field}:`")),
        Error::DuplicateMappingKey { key, .. } => {
            (format!("the key `{}` stands twice", key.as_deref().unwrap_or_default()), "delete one of them".to_owned())
        }
        Error::SerdeInvalidType { unexpected, expected, .. } | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            (format!("{unexpected} cannot stand here"), format!("write {}", kind_of_value(expected)))
        }
        Error::Message { msg, .. } => cut(&in_plain_words(msg)),
        Error::InvalidCharNotSingleScalar { .. } | Error::InvalidCharNull { .. } => {
            ("one letter is wanted here".to_owned(), "write a single letter or sign in quotes, such as \";\"".to_owned())
        }
        Error::MultipleDocuments { .. } => (
            "a second document begins here".to_owned(),
            "delete the line `---`, or write what is behind it into a file of its own".to_owned(),
        ),
        Error::Eof { .. } => ("the file says nothing".to_owned(), "fill it, or delete it".to_owned()),
        Error::Unexpected { expected, .. } => shape(expected),
        other => syntax(&plain(&other.to_string())),
    }
}

/// A word that is not of the type that belongs here.
fn unread(ty: &str, word: Option<&str>) -> (String, String) {
    let what = word.map_or_else(|| "this cannot be read".to_owned(), |word| format!("`{word}` cannot be read here"));
    let below = word.is_some_and(|word| word.starts_with('-') && word.get(1..).is_some_and(|rest| rest.parse::<f64>().is_ok()));
    let digits = word.is_some_and(|word| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_digit()));
    let more = match ty {
        _ if kind(ty) != WHOLE => "",
        _ if below => ", which is never below 0",
        "u8" if digits => " of at most 255",
        "u16" if digits => " of at most 65535",
        "u32" if digits => " of at most 4294967295",
        _ if digits => " that is smaller",
        _ => "",
    };
    (what, format!("write {}{more}", kind(ty)))
}

/// What the library of days and times says of a word that is neither, in the words of this house. Our own words name the remedy.
fn of_the_clock(message: &str, word: Option<&str>) -> Option<(String, String)> {
    let word = word?.trim_matches(['"', '\'', ']', ' ']);
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    let foreign = !message.contains('`') || says(&["parsed date", "parsed time", "parameter '"]);
    if !foreign || says(&["invalid type", "unknown "]) {
        return None;
    }
    if says(&["date", "year", "month", "parameter 'day'"]) {
        return Some((format!("`{word}` is no day of the calendar"), "write year, month and day, such as 2026-12-25".to_owned()));
    }
    let time = says(&["time", "hour", "minute", "second"]);
    time.then(|| (format!("`{word}` is no time of day"), "write it as 06:00 or 22:30, in quotes".to_owned()))
}

/// What stands at a place of a text, up to where the word ends.
fn word_at(text: &str, line: u64, column: u64) -> Option<&str> {
    let line = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let (at, _) = line.char_indices().nth(usize::try_from(column).ok()?.checked_sub(1)?)?;
    let rest = line.get(at..)?;
    let end = rest.find([',', '}', ']', '#']).unwrap_or(rest.len());
    rest.get(..end).map(str::trim).filter(|word| !word.is_empty())
}

const WHOLE: &str = "a whole number";

/// What a plant engineer calls a type of a word.
fn kind(ty: &str) -> &str {
    match ty {
        "u8" | "u16" | "u32" | "u64" | "usize" => WHOLE,
        "bool" => "true or false",
        other => other,
    }
}

/// A shape that is not the one that belongs here, and how that one is written.
fn shape(expected: &str) -> (String, String) {
    let (what, remedy) = if expected.starts_with("mapping") {
        ("keys are wanted here", "write `key: value`, one a line, or several between { and }")
    } else if expected.starts_with("sequence") {
        ("a list is wanted here", "write it between [ and ], or one a line behind a `-`")
    } else {
        ("one word or number is wanted here", "take the brackets away")
    };
    (what.to_owned(), remedy.to_owned())
}

/// What is not even YAML, with what it mostly comes from.
fn syntax(what: &str) -> (String, String) {
    if what.contains("enum") {
        let remedy = "write the one that is meant, and what belongs to it indented below";
        return ("one of the words that are known here is wanted, and no other beside it".to_owned(), remedy.to_owned());
    }
    let remedy = if what.contains("tab") {
        "indent with blanks, never with tabs"
    } else if what.contains("quote") {
        "close it where the text ends"
    } else if what.contains("flow") {
        "close every bracket, and put quotes around `${…}` and other text with brackets in it"
    } else {
        "look for a missing blank behind a colon, a quote, or a wrong indent"
    };
    (what.to_owned(), remedy.to_owned())
}

/// What our own types say when they refuse a word: the fault, a colon, the remedy.
pub(crate) fn cut(message: &str) -> (String, String) {
    let line = plain(message);
    if line.starts_with("a conversion has") {
        return (line, "write how many base units one of it is, as whole numbers: `TNE: {num: 1000, den: 1}`".to_owned());
    }
    match line.rsplit_once(": ").filter(|_| line.contains('`')) {
        Some((what, remedy)) => (what.to_owned(), remedy.to_owned()),
        None => (line, String::new()),
    }
}

/// What the reader's own library says, in the words of this house.
fn in_plain_words(message: &str) -> String {
    let line = plain(message);
    let wanted = |rest: &str| rest.split_once(", expected ").map(|(got, wanted)| (got.to_owned(), kind_of_value(wanted).to_owned()));
    if let Some((got, wanted)) = line.strip_prefix("invalid type: ").or_else(|| line.strip_prefix("invalid value: ")).and_then(wanted) {
        return format!("`{}` cannot stand here: write {wanted}", kind_of_value(&got).trim_matches('`'));
    }
    if let Some((word, words)) = line.strip_prefix("unknown variant ").and_then(wanted) {
        let words = words.trim_start_matches("one of ").replace('`', "").replace(" or ", ", ");
        return format!("{word} is no word for this: {}", nearest(word.trim_matches('`'), &words.split(", ").collect::<Vec<_>>()));
    }
    if let Some((key, words)) = line.strip_prefix("unknown field ").and_then(wanted) {
        let words = words.trim_start_matches("one of ").replace('`', "").replace(" or ", ", ");
        return format!("there is no key {key} here: {}", nearest(key.trim_matches('`'), &words.split(", ").collect::<Vec<_>>()));
    }
    match line.strip_prefix("missing field ") {
        Some(key) => format!("the key {key} is missing: add {key}"),
        None => line,
    }
}

/// What a person calls what the library calls something else.
fn kind_of_value(text: &str) -> &str {
    match text {
        "a sequence" | "sequence" => "a list, between [ and ]",
        "a map" | "map" => "keys and values, one `key: value` a line",
        "unit" | "unit value" | "null" => "nothing",
        "a boolean" | "boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" | "i64" => "a whole number",
        _ if text.starts_with("a nonzero") => "a number from 1 on",
        _ if text.starts_with("struct ") || text.starts_with("internally tagged enum") => "keys and values, one `key: value` a line",
        _ if text.starts_with("enum ") || text.starts_with("variant ") => "one of the words that are known here",
        _ => text.strip_prefix("string ").or_else(|| text.strip_prefix("integer ")).unwrap_or(text),
    }
}

/// One line, without the place: that is told apart.
fn plain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.split(" at line ").next().unwrap_or(line).to_owned()
}
