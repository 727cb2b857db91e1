//! The ERP's manner of speaking: `OData` V2 with envelopes, keys, filters, expansion, CSRF tokens and error bodies.
//!
//! Apart from the rules because it knows no rule: it turns entities, already JSON, into answers. Never changes the books.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::moment::{Moment, Zone};

/// Where the `OData` services live.
pub(super) const ROOT: &str = "/sap/opu/odata/sap/";
const TOKEN_LIVES_MS: i64 = 30 * 60 * 1000;

/// A refusal in the ERP's words: status, message class and number, and the text a clerk would read.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) text: String,
}

/// What a rule of the ERP comes to.
pub(super) type Outcome<T> = Result<T, Refused>;

/// A business refusal (400) with its message class and number.
pub(super) fn refused(code: &'static str, text: impl Into<String>) -> Refused {
    Refused { status: 400, code, text: text.into() }
}

/// There is no such thing (404).
pub(super) fn not_found(what: impl Into<String>) -> Refused {
    Refused { status: 404, code: "/IWBEP/CM_MGW_RT/020", text: what.into() }
}

impl Refused {
    /// The error body of SAP's gateway.
    pub(super) fn response(&self) -> Response {
        let message = json!({ "lang": "en", "value": self.text });
        let detail = json!({ "code": self.code, "message": self.text, "severity": "error" });
        let inner = json!({ "errordetails": [detail] });
        Response::json(self.status, &json!({ "error": { "code": self.code, "message": message, "innererror": inner } }))
    }
}

/// The token that writing asks for; it changes every half hour, and the one before still works.
pub(super) fn token(now: Moment, windows_ago: i64) -> String {
    format!("takt-world-csrf-{}", now.millis().div_euclid(TOKEN_LIVES_MS) - windows_ago)
}

/// Whether the request brought a token that is still good.
pub(super) fn token_is_good(now: Moment, request: &Request) -> bool {
    let brought = request.headers.get("x-csrf-token");
    brought.is_some_and(|text| *text == token(now, 0) || *text == token(now, 1))
}

/// `/Date(…)/` for midnight of that day, as SAP writes a day.
pub(super) fn day_text(day: Date) -> String {
    let days = jiff::civil::date(1970, 1, 1).until(day).map_or(0, |span| i64::from(span.get_days()));
    format!("/Date({})/", days * 86_400_000)
}

/// `/Date(…+0000)/`, as SAP writes an instant.
pub(super) fn instant_text(moment: Moment) -> String {
    format!("/Date({}+0000)/", moment.millis())
}

/// `PT03H12M11S`, as SAP writes a time of the day.
pub(super) fn time_text(zone: &Zone, moment: Moment) -> String {
    zone.local(moment).strftime("PT%HH%MM%SS").to_string()
}

/// A quantity as SAP writes it: three decimal places.
pub(super) fn quantity_text(quantity: Decimal) -> String {
    format!("{quantity:.3}")
}

/// A day as a client may send it: `/Date(ms)/`, `2026-11-24` or `2026-11-24T00:00:00`.
pub(super) fn read_day(text: &str) -> Outcome<Date> {
    let wrong = || refused("/IWBEP/CM_MGW_RT/176", format!("Invalid date '{text}'"));
    if let Some(millis) = date_millis(text) {
        let start = jiff::Timestamp::from_millisecond(millis).map_err(|_| wrong())?;
        return Ok(start.to_zoned(jiff::tz::TimeZone::UTC).date());
    }
    text.get(..10).unwrap_or(text).parse().map_err(|_| wrong())
}

fn date_millis(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    inner.split('+').next()?.parse().ok()
}

/// Which entities a request wants: `A_Set`, `A_Set('1')` or `A_Set(K='1',L='2')`, and what to open of one.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) service: &'a str,
    pub(super) set: &'a str,
    pub(super) key: Vec<(String, String)>,
    pub(super) rest: Option<&'a str>,
}

/// Takes the path apart; `None` when it is no `OData` path.
pub(super) fn target(path: &str) -> Option<Target<'_>> {
    let (service, inside) = path.strip_prefix(ROOT)?.split_once('/').unwrap_or((path.strip_prefix(ROOT)?, ""));
    let service = service.split(';').next().unwrap_or(service);
    let (first, rest) = match inside.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (inside, None),
    };
    let (set, key) = first.split_once('(').unwrap_or((first, ""));
    Some(Target { service, set, key: predicates(key.trim_end_matches(')')), rest })
}

fn predicates(text: &str) -> Vec<(String, String)> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    let pair = |part: &str| match part.split_once('=') {
        Some((name, value)) => (name.trim().to_owned(), value.trim_matches('\'').to_owned()),
        None => (String::new(), part.trim_matches('\'').to_owned()),
    };
    parts.map(pair).collect()
}

/// What a reading wants to be equal to what, by field; the only part of a key may have no name.
pub(super) fn named(target: &Target, query: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let filter = query.get("$filter").filter(|_| target.rest.is_none()).map_or("", String::as_str);
    // What cannot be read is refused where it is looked at in full.
    let asked = conditions(filter).unwrap_or_default().into_iter().filter(|one| one.operator == "eq");
    target.key.iter().cloned().chain(asked.map(|one| (one.field, one.literal))).collect()
}

/// The value of a function parameter, which `OData` puts between quotes.
pub(super) fn parameter(request: &Request, name: &str) -> Option<String> {
    let text = request.query.get(name)?;
    let text = text.strip_prefix("datetime").unwrap_or(text);
    Some(text.trim_matches('\'').to_owned())
}

/// The answer to a reading of a whole set: filtered, ordered, paged, expanded.
pub(super) fn set_answer(entities: Vec<Value>, query: &BTreeMap<String, String>) -> Outcome<Response> {
    let conditions = conditions(query.get("$filter").map_or("", String::as_str))?;
    let mut found: Vec<Value> = entities.into_iter().filter(|entity| conditions.iter().all(|one| one.holds(entity))).collect();
    if let Some(order) = query.get("$orderby") {
        let (field, descending) = order.split_once(' ').map_or((order.as_str(), false), |(field, way)| (field, way == "desc"));
        found.sort_by(|a, b| compare(a, field, &text_of(b, field)));
        if descending {
            found.reverse();
        }
    }
    let total = found.len();
    let number = |name| query.get(name).and_then(|text: &String| text.parse::<usize>().ok());
    let page = found.into_iter().skip(number("$skip").unwrap_or(0)).take(number("$top").unwrap_or(usize::MAX));
    let results: Vec<Value> = page.map(|entity| expanded(entity, query)).collect();
    let mut body = json!({ "results": results });
    if query.get("$inlinecount").is_some_and(|asked| asked == "allpages") {
        body = json!({ "__count": total.to_string(), "results": results });
    }
    Ok(Response::json(200, &json!({ "d": body })))
}

/// The answer to a reading of one entity.
pub(super) fn one_answer(status: u16, entity: Value, query: &BTreeMap<String, String>) -> Response {
    let tag = text_of(&entity, "LastChangeDateTime");
    let response = Response::json(status, &json!({ "d": expanded(entity, query) }));
    if tag.is_empty() { response } else { response.with_header("etag", &etag(&tag)) }
}

/// The entity tag made of the time of the last change.
pub(super) fn etag(last_change: &str) -> String {
    format!("W/\"'{last_change}'\"")
}

/// Leaves the navigations that were asked for, and defers the others.
fn expanded(mut entity: Value, query: &BTreeMap<String, String>) -> Value {
    let wanted = query.get("$expand").map_or("", String::as_str);
    let asked = |name: &str| wanted.split(',').any(|part| part.split('/').next() == Some(name));
    if let Some(fields) = entity.as_object_mut() {
        for (name, value) in fields.iter_mut().filter(|(name, _)| name.starts_with("to_")) {
            if !asked(name) {
                *value = json!({ "__deferred": { "uri": name } });
            }
        }
    }
    entity
}

struct Condition {
    field: String,
    operator: String,
    literal: String,
}

impl Condition {
    fn holds(&self, entity: &Value) -> bool {
        let order = compare(entity, &self.field, &self.literal);
        match self.operator.as_str() {
            "eq" => order == Ordering::Equal,
            "ne" => order != Ordering::Equal,
            "ge" => order != Ordering::Less,
            "gt" => order == Ordering::Greater,
            "le" => order != Ordering::Greater,
            _ => order == Ordering::Less,
        }
    }
}

/// `Field op literal and …`: what this gateway understands of `$filter`.
fn conditions(filter: &str) -> Outcome<Vec<Condition>> {
    let parts = filter.split(" and ").map(str::trim).filter(|part| !part.is_empty());
    parts.map(condition).collect()
}

fn condition(part: &str) -> Outcome<Condition> {
    let wrong = || refused("/IWBEP/CM_MGW_RT/173", format!("Invalid filter '{part}'"));
    let mut words = part.trim_start_matches('(').trim_end_matches(')').splitn(3, ' ');
    let (Some(field), Some(operator), Some(literal)) = (words.next(), words.next(), words.next()) else {
        return Err(wrong());
    };
    if !["eq", "ne", "ge", "gt", "le", "lt"].contains(&operator) {
        return Err(wrong());
    }
    let typed = ["datetimeoffset", "datetime", "guid"].into_iter().find_map(|kind| literal.strip_prefix(kind));
    let bare = typed.unwrap_or(literal).trim_end_matches(['M', 'm', 'd', 'D']);
    let literal = if bare.starts_with('\'') { bare.trim_matches('\'').replace("''", "'") } else { bare.to_owned() };
    Ok(Condition { field: field.to_owned(), operator: operator.to_owned(), literal })
}

fn text_of(entity: &Value, field: &str) -> String {
    match entity.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Compares as dates where the entity holds a date, as numbers where both are numbers, else as text.
fn compare(entity: &Value, field: &str, literal: &str) -> Ordering {
    let ours = text_of(entity, field);
    if let Some(millis) = date_millis(&ours) {
        return literal_millis(literal).map_or(Ordering::Less, |other| millis.cmp(&other));
    }
    match (ours.contains('.').then(|| ours.parse::<Decimal>()), literal.parse::<Decimal>()) {
        (Some(Ok(ours)), Ok(other)) => ours.cmp(&other),
        _ => ours.as_str().cmp(literal),
    }
}

fn literal_millis(literal: &str) -> Option<i64> {
    if let Some(millis) = date_millis(literal) {
        return Some(millis);
    }
    if let Ok(instant) = literal.parse::<jiff::Timestamp>() {
        return Some(instant.as_millisecond());
    }
    let local: jiff::civil::DateTime = literal.parse().ok()?;
    Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests;
