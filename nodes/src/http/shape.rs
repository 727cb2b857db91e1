//! What is wrong with the shape of a body or of the words behind the question mark, and where, in the words of whoever sends it:
//! the libraries that read them speak of our program.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::ask::{Denied, Sort};

/// How much of a text that was sent is repeated, in characters.
const REPEATED_CHARS_MAX: usize = 80;

/// That a body is JSON, as far as its sender says anything of it.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), Denied> {
    let Some(said) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let said = String::from_utf8_lossy(said.as_bytes());
    let kind = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let extended = kind.strip_prefix("application/").and_then(|rest| rest.strip_suffix("+json"));
    if kind.is_empty() || kind == "application/json" || extended.is_some_and(|name| !name.is_empty()) {
        return Ok(());
    }
    let message = format!("`{}` is not read here", short(&kind).escape_debug());
    Err(Denied::new(Sort::MediaType, "MEDIA_TYPE", message, "send JSON, with `Content-Type: application/json`").at("Content-Type"))
}

/// A message of its JSON; no body at all is an empty one.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Denied> {
    let text = if bytes.is_empty() { b"{}" } else { bytes };
    // A list would be read as fields by their position, which no document says.
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(malformed("the body is a list".to_owned(), "send one JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let message = serde_path_to_error::deserialize(&mut json).map_err(|error| misshapen(&error))?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(message)
}

fn malformed(message: String, remedy: &str) -> Denied {
    Denied::new(Sort::Malformed, "SCHEMA", message, remedy)
}

fn not_json(error: &serde_json::Error) -> Denied {
    malformed(format!("the body is not JSON: {error}"), "send one JSON object")
}

/// What is wrong with the shape, and where.
fn misshapen(error: &serde_path_to_error::Error<serde_json::Error>) -> Denied {
    if !error.inner().is_data() {
        return not_json(error.inner());
    }
    let text = error.inner().to_string();
    let path = error.path().to_string();
    let path = if path == "." { "" } else { path.as_str() };
    let within = |name: &str| match path {
        "" => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    if let Some(name) = quoted(&text, "missing field `") {
        return Denied::missing(&within(name));
    }
    if let Some(name) = quoted(&text, "duplicate field `") {
        return malformed(format!("the field `{}` stands twice", name.escape_debug()), "send it once").at(within(name));
    }
    if let Some(name) = quoted(&text, "unknown field `") {
        let message = format!("there is no field `{}`", short(name).escape_debug());
        return malformed(message, "leave it out, or correct its name; /openapi.json has all of them").at(within(name));
    }
    let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    malformed(mistaken(said), "send the type that /openapi.json gives for this field").at(path)
}

/// One thing stands where another belongs.
fn mistaken(said: &str) -> String {
    let told = said.strip_prefix("invalid type: ").or_else(|| said.strip_prefix("invalid value: "));
    match told.and_then(|told| told.rsplit_once(", expected ")) {
        Some((sent, wanted)) => format!("{} stands where {} belongs", sent_as(sent), wanted_as(wanted)),
        None => "it does not have the shape that this request has".to_owned(),
    }
}

/// What was sent, as JSON calls it.
fn sent_as(sent: &str) -> String {
    let (kind, value) = sent.split_once(' ').unwrap_or((sent, ""));
    match kind {
        "string" => format!("the text {}", short(value)),
        "integer" => format!("the number {}", short(value)),
        "floating" => format!("the number {}", short(value.trim_start_matches("point "))),
        "boolean" => short(value),
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        "null" | "unit" => "null".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// What belongs there, as JSON calls it.
fn wanted_as(wanted: &str) -> &'static str {
    match wanted {
        "a string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        wanted if wanted == "a map" || wanted.starts_with("struct ") => "an object",
        _ => "another type",
    }
}

/// What is wrong with the words behind the question mark.
pub(super) fn misworded(said: &str) -> Denied {
    let said = said.split_once("query string: ").map_or(said, |(_, said)| said);
    let is_name = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let (name, said) = said.split_once(": ").filter(|(name, _)| is_name(name)).unwrap_or(("", said));
    let no = if let Some(name) = quoted(said, "missing field `") {
        malformed(format!("the parameter `{name}` is missing"), "send it; /openapi.json says what each path takes")
    } else if let Some(name) = quoted(said, "duplicate field `") {
        malformed(format!("the parameter `{name}` stands twice"), "send it once")
    } else if let Some(name) = quoted(said, "unknown field `") {
        let known = said.rsplit_once(", expected ").map_or("", |(_, known)| known);
        let known = known.split('`').skip(1).step_by(2).map(ToOwned::to_owned);
        let message = format!("there is no parameter `{}`", short(name).escape_debug());
        malformed(message, "leave it out, or use one of the choices; /openapi.json says what each path takes").choose(known)
    } else if name.is_empty() {
        malformed("the parameters cannot be read".to_owned(), "send the parameters that /openapi.json gives for this path")
    } else {
        let why = match said {
            "provided string was not `true` or `false`" => "is neither true nor false",
            why if ["digit", "integer", "number"].iter().any(|word| why.contains(word)) => "is no whole number, or too large a one",
            _ => "cannot be read",
        };
        malformed(format!("the parameter `{name}` {why}"), "send the type that /openapi.json gives for this parameter")
    };
    no.at("query")
}

fn quoted<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.split('`').next()
}

fn short(text: &str) -> String {
    text.chars().take(REPEATED_CHARS_MAX).collect()
}
