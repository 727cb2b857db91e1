//! Finding records: domains, orders, pages.
//!
//! Apart because it looks at records as they are shown, and at nothing behind them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::exchange::Response;
use super::records::{Fault, Outcome};

/// What is given when nobody says how many are wanted.
const LIMIT: usize = 80;

/// The page of those records that fit the query.
pub(super) fn found(mut records: Vec<Value>, query: &BTreeMap<String, String>) -> Outcome<Response> {
    let text = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    for term in text("domain").map_or(Ok(Vec::new()), domain)? {
        records.retain(|record| term.holds(record));
    }
    let order = text("order").unwrap_or("id");
    let keys: Vec<(&str, bool)> = order.split(',').map(|key| direction(key.trim())).collect();
    records.sort_by(|one, other| keys.iter().fold(Ordering::Equal, |so_far, key| so_far.then_with(|| by(key, one, other))));
    let length = records.len();
    let count = |name: &str, usual: usize| {
        let read = text(name).map(|text| text.parse().map_err(|_| Fault::malformed(format!("{name} is no number"))));
        read.unwrap_or(Ok(usual))
    };
    let page = records.into_iter().skip(count("offset", 0)?).take(count("limit", LIMIT)?);
    let records: Vec<Value> = match text("fields") {
        None => page.collect(),
        Some(fields) => page.map(|record| only(&record, fields)).collect(),
    };
    Ok(Response::json(200, &json!({ "length": length, "records": records })))
}

/// What a query wants a field to be, or to be one of.
#[derive(Default)]
pub(super) struct Exactly(BTreeMap<String, Vec<Value>>);

impl Exactly {
    /// What cannot be read is refused where it is looked at in full.
    pub(super) fn by(query: &BTreeMap<String, String>) -> Self {
        let terms = query.get("domain").filter(|text| !text.is_empty()).map_or(Ok(Vec::new()), |text| domain(text)).unwrap_or_default();
        let wanted = |term: Term| match (term.operator, term.literal) {
            (Operator::Is, literal) => Some((term.field, vec![literal])),
            (Operator::In, Value::Array(all)) => Some((term.field, all)),
            (Operator::In | Operator::IsNot | Operator::Compares(_), _) => None,
        };
        Self(terms.into_iter().filter_map(wanted).collect())
    }

    pub(super) fn id(id: u64) -> Self {
        Self(BTreeMap::from([("id".to_owned(), vec![json!(id)])]))
    }

    /// Whether a record of that id, with that in a field, can be meant.
    pub(super) fn may(&self, id: u64, fields: &[(&str, Option<&str>)]) -> bool {
        let is = |field: &str, fits: &dyn Fn(&Value) -> bool| self.0.get(field).is_none_or(|wanted| wanted.iter().any(fits));
        is("id", &|wanted| wanted.as_u64() == Some(id))
            && fields.iter().all(|(field, value)| is(field, &|wanted: &Value| wanted.as_str() == *value))
    }

    /// Whether something that leads to this record in a field can be meant; a relation is its name beside a text, and its id else.
    pub(super) fn may_lead(&self, field: &str, to: Option<(u64, &str)>) -> bool {
        let fits = |wanted: &Value| match to {
            Some((id, name)) => wanted.as_str().map_or(wanted.as_u64() == Some(id), |text| text == name),
            None => *wanted == Value::Bool(false),
        };
        self.0.get(field).is_none_or(|wanted| wanted.iter().any(fits))
    }
}

fn direction(key: &str) -> (&str, bool) {
    key.strip_suffix(" desc").map_or((key, false), |field| (field, true))
}

fn by((field, falling): &(&str, bool), one: &Value, other: &Value) -> Ordering {
    let value = |record: &Value| record.get(*field).cloned().unwrap_or_default();
    let rising = ordering(&value(one), &value(other)).unwrap_or(Ordering::Equal);
    if *falling { rising.reverse() } else { rising }
}

fn only(record: &Value, fields: &str) -> Value {
    let wanted = ["id"].into_iter().chain(fields.split(',').map(str::trim));
    let picked: Map<String, Value> = wanted.filter_map(|field| Some((field.to_owned(), record.get(field)?.clone()))).collect();
    Value::Object(picked)
}

/// One condition of a domain.
struct Term {
    field: String,
    operator: Operator,
    literal: Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    In,
    /// The orderings it takes: less, equal, greater.
    Compares([bool; 3]),
}

fn domain(text: &str) -> Outcome<Vec<Term>> {
    let wrong = || Fault::malformed(format!("invalid domain: {text}"));
    let terms: Vec<(String, String, Value)> = serde_json::from_str(text).map_err(|_| wrong())?;
    let term = |(field, operator, literal): (String, String, Value)| {
        let operator = match operator.as_str() {
            "=" => Operator::Is,
            "!=" => Operator::IsNot,
            "in" => Operator::In,
            "<" => Operator::Compares([true, false, false]),
            "<=" => Operator::Compares([true, true, false]),
            ">" => Operator::Compares([false, false, true]),
            ">=" => Operator::Compares([false, true, true]),
            _ => return Err(wrong()),
        };
        Ok(Term { field, operator, literal })
    };
    terms.into_iter().map(term).collect()
}

impl Term {
    /// A field that a record does not have is empty.
    fn holds(&self, record: &Value) -> bool {
        let value = record.get(&self.field).cloned().unwrap_or(Value::Bool(false));
        let is = |literal: &Value| ordering(&value, literal) == Some(Ordering::Equal);
        match self.operator {
            Operator::Is => is(&self.literal),
            Operator::IsNot => !is(&self.literal),
            Operator::In => self.literal.as_array().is_some_and(|all| all.iter().any(is)),
            Operator::Compares([less, equal, greater]) => match ordering(&value, &self.literal) {
                Some(Ordering::Less) => less,
                Some(Ordering::Equal) => equal,
                Some(Ordering::Greater) => greater,
                None => false,
            },
        }
    }
}

/// How two values stand to each other, if they can be compared; a relation is its name beside a text, and its id else.
fn ordering(one: &Value, other: &Value) -> Option<Ordering> {
    let one = match one.as_array().map(Vec::as_slice) {
        Some([_, name]) if other.is_string() => name,
        Some([id, _]) => id,
        _ => one,
    };
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_), _) => None,
    }
}
