//! XML as a mapping sees it: by local names, so that another namespace or prefix is the same document.

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use serde_json::{Map, Value};

use super::text;

/// Elements within each other.
const DEPTH_MAX: usize = 60;

/// What an attribute's name begins with.
const ATTRIBUTE: char = '@';

/// Where the text of an element stands.
const TEXT: &str = "#";

/// For writing: where children stand whose order counts.
const IN_ORDER: &str = ">";

/// Reads a document; the error says at which byte.
pub(super) fn read(payload: &[u8]) -> Result<Value, String> {
    let text = text(payload, declared(payload).as_deref())?;
    let mut reader = Reader::from_str(&text);
    let mut open: Vec<(String, Map<String, Value>)> = vec![(String::new(), Map::new())];
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position();
        let wrong = |what: &dyn std::fmt::Display| format!("byte {at}: {what}");
        match event.map_err(|error| wrong(&error))? {
            Event::Start(start) => {
                if open.len() > DEPTH_MAX {
                    return Err(wrong(&format_args!("more than {DEPTH_MAX} elements within each other")));
                }
                open.push((start.local_name().as_ref().to_owned(), attributes(&start).map_err(|what| wrong(&what))?));
            }
            Event::Empty(start) => {
                let fields = attributes(&start).map_err(|what| wrong(&what))?;
                close(&mut open, start.local_name().as_ref().to_owned(), fields);
            }
            Event::End(_) => {
                if let Some((name, fields)) = open.pop() {
                    close(&mut open, name, fields);
                }
            }
            Event::Text(text) => add(&mut open, &text.xml10_content()),
            Event::CData(text) => add(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let letter = reference.resolve_char_ref().map_err(|error| wrong(&error))?;
                let known = || quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_owned);
                let resolved = letter.map(String::from).or_else(known);
                let resolved = resolved.ok_or_else(|| wrong(&format_args!("the entity &{}; is not known", &*reference)))?;
                add(&mut open, &resolved);
            }
            Event::DocType(_) => return Err(wrong(&"a document type is not taken: send the document without one")),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    let mut whole = open.pop().map(|(_, fields)| fields).filter(|_| open.is_empty()).ok_or("the document ends within an element")?;
    whole.remove(TEXT);
    if whole.len() == 1 { Ok(Value::Object(whole)) } else { Err("there is no root element, or more than one".to_owned()) }
}

/// The charset that a document declares.
fn declared(payload: &[u8]) -> Option<String> {
    let head = payload.get(..payload.len().min(200)).map(String::from_utf8_lossy)?;
    let declaration = head.trim_start_matches('\u{feff}').strip_prefix("<?xml")?.split("?>").next()?.to_owned();
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest.get(1..)?.split(quote).next().map(str::to_owned)
}

/// The attributes, but of namespaces.
fn attributes(start: &BytesStart<'_>) -> Result<Map<String, Value>, String> {
    let mut fields = Map::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let is_namespace = attribute.key.as_ref() == "xmlns" || attribute.key.as_ref().starts_with("xmlns:");
        if !is_namespace {
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            fields.insert(format!("{ATTRIBUTE}{}", attribute.key.local_name().as_ref()), Value::String(value.into_owned()));
        }
    }
    Ok(fields)
}

fn add(open: &mut [(String, Map<String, Value>)], more: &str) {
    let Some((_, fields)) = open.last_mut() else { return };
    match fields.get_mut(TEXT) {
        Some(Value::String(text)) => text.push_str(more),
        _ => drop(fields.insert(TEXT.to_owned(), Value::String(more.to_owned()))),
    }
}

/// An element is complete: blanks around its text mean nothing.
fn close(open: &mut [(String, Map<String, Value>)], name: String, mut fields: Map<String, Value>) {
    if let Some(Value::String(text)) = fields.remove(TEXT) {
        let text = text.trim();
        if !text.is_empty() {
            fields.insert(TEXT.to_owned(), Value::String(text.to_owned()));
        }
    }
    let Some((_, parent)) = open.last_mut() else { return };
    match parent.get_mut(&name) {
        Some(Value::Array(list)) => list.push(Value::Object(fields)),
        _ => drop(parent.insert(name, Value::Array(vec![Value::Object(fields)]))),
    }
}

/// Writes what reads back the same. An element may also be given as a text, or as an object where it stands once.
pub(super) fn write(said: &Value) -> Result<Vec<u8>, String> {
    let root = said.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.iter().next());
    let (name, value) = root.ok_or("XML is written from an object with one field, its root element")?;
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None))).map_err(|error| error.to_string())?;
    element(&mut writer, name, value, 0)?;
    Ok(writer.into_inner())
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value, depth: usize) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Err(format!("more than {DEPTH_MAX} elements within each other"));
    }
    if !is_name(name) {
        return Err(format!("`{}` is no name of an element", name.escape_debug()));
    }
    let failed = |error: std::io::Error| error.to_string();
    match value {
        Value::Array(list) => list.iter().try_for_each(|one| element(writer, name, one, depth)),
        Value::Object(fields) => {
            let mut start = BytesStart::new(name);
            for (attribute, value) in fields.iter().filter_map(|(field, value)| Some((field.strip_prefix(ATTRIBUTE)?, value))) {
                start.push_attribute((attribute, plain(value)?.as_str()));
            }
            writer.write_event(Event::Start(start)).map_err(failed)?;
            if let Some(text) = fields.get(TEXT) {
                writer.write_event(Event::Text(BytesText::new(&plain(text)?))).map_err(failed)?;
            }
            let plain = fields.iter().filter(|(field, _)| !field.starts_with(ATTRIBUTE) && *field != TEXT && *field != IN_ORDER);
            for (child, value) in plain.chain(in_order(fields)?) {
                element(writer, child, value, depth + 1)?;
            }
            writer.write_event(Event::End(BytesEnd::new(name))).map_err(failed)
        }
        Value::Null => writer.write_event(Event::Empty(BytesStart::new(name))).map_err(failed),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            writer.write_event(Event::Start(BytesStart::new(name))).map_err(failed)?;
            writer.write_event(Event::Text(BytesText::new(&plain(value)?))).map_err(failed)?;
            writer.write_event(Event::End(BytesEnd::new(name))).map_err(failed)
        }
    }
}

/// The children whose order counts, each given as an object of its own.
fn in_order(fields: &Map<String, Value>) -> Result<impl Iterator<Item = (&String, &Value)>, String> {
    let listed = match fields.get(IN_ORDER) {
        None => &[],
        Some(Value::Array(list)) if list.iter().all(Value::is_object) => list.as_slice(),
        Some(other) => return Err(format!("`{IN_ORDER}` is a list of objects, each with one child: {other}")),
    };
    Ok(listed.iter().filter_map(Value::as_object).flatten())
}

fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(format!("{value} is no text")),
    }
}

/// Letters, digits and what else stands in the names that systems of this field use; a prefix is one's own to declare.
fn is_name(name: &str) -> bool {
    name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':'))
}
