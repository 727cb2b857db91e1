//! Public events: what anybody may subscribe to. Versioned contracts apart from the facts in the logs, so that a fact may
//! change its shape and no reader outside notices; computed from commits alone, so that any of them can be told again.
//!
//! On the wire an event is a `CloudEvents` 1.0 object in JSON. A field that a contract does not name is never sent; a reader
//! ignores fields it does not know, because a version may gain some. What changes or loses a field is a new version.
//! Nothing personal is in them: who and why stay in the log, where retention can delete them.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::commit::{Commit, Step};
use crate::fact::Fact;
use crate::instant::Instant;
use crate::name::{Region, SiteId};
use crate::subject;

mod exception;
mod lot;
mod order;
mod record;
mod shipment;
mod site;
mod unit;

/// What an event of one type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// What it is about, such as `order`.
    pub family: &'static str,
    /// What happened, such as `released`.
    pub name: &'static str,
    /// Grows when a field changes its meaning or goes.
    pub version: u16,
    /// For a reader.
    pub about: &'static str,
    /// What its data holds.
    pub fields: &'static [Field],
}

/// A field of an event's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What stands there.
    pub shape: Shape,
    /// Whether it is always there.
    pub needed: bool,
    /// For a reader.
    pub about: &'static str,
}

/// What may stand in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text: a name, a number of a foreign system, words for a person.
    Text,
    /// One of a few words; more may come.
    Word,
    /// An entity of ours: `kind.region.generation.number`.
    Entity,
    /// A decimal and a UNECE Rec 20 unit, such as `480 H87`; never a float.
    Quantity,
    /// RFC 3339 with the offset of its source.
    Time,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// Several texts.
    Texts,
    /// Several records of these fields.
    Records(&'static [Field]),
}

/// A public event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for ever, however often it is told: whoever knows it already leaves it.
    pub id: String,
    /// By which contract.
    pub contract: &'static Contract,
    /// The region that recorded it.
    pub region: Region,
    /// The site it happened at; none while nobody knows.
    pub site: Option<SiteId>,
    /// Which entity it is about.
    pub entity: crate::id::EntityId,
    /// When it happened, by its source.
    pub occurred_at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The thread it belongs to.
    pub correlation: Option<String>,
    /// What caused it.
    pub causation: Option<String>,
    /// What it says.
    pub data: Map<String, Value>,
}

/// Every contract, by family and name.
pub fn contracts() -> impl Iterator<Item = &'static Contract> {
    [order::ALL, lot::ALL, unit::ALL, shipment::ALL, site::ALL, record::ALL, exception::ALL].into_iter().flatten().copied()
}

/// What a commit tells the world.
pub fn of(commit: &Commit) -> Vec<Event> {
    let mut events = Vec::new();
    for step in &commit.steps {
        for (contract, data) in step.facts.iter().filter_map(told) {
            events.push(event(commit, step, events.len(), contract, data));
        }
    }
    events
}

fn event(commit: &Commit, step: &Step, number: usize, contract: &'static Contract, data: Map<String, Value>) -> Event {
    Event {
        id: format!("{}/{:x}/{}/{number}", commit.entity, commit.incarnation, commit.number),
        contract,
        region: commit.entity.region(),
        site: commit.site,
        entity: commit.entity,
        occurred_at: step.occurred_at,
        recorded_at: commit.at,
        correlation: step.correlation.clone(),
        causation: step.causation.clone(),
        data,
    }
}

type Told = (&'static Contract, Map<String, Value>);

/// The contract by which a fact is told.
#[cfg(test)]
pub(crate) fn contract_of(fact: &Fact) -> Option<&'static Contract> {
    told(fact).map(|(contract, _)| contract)
}

/// What is public of a fact, field by field; nothing where nothing is.
pub fn data(fact: &Fact) -> Option<Map<String, Value>> {
    told(fact).map(|(_, data)| data)
}

fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::Order(fact) => order::told(fact),
        Fact::Lot(fact) => lot::told(fact),
        Fact::Unit(fact) => unit::told(fact),
        Fact::Shipment(fact) => shipment::told(fact),
        Fact::Site(fact) => site::told(fact),
        Fact::Record(fact) => record::told(fact),
        Fact::CaseOpened(_)
        | Fact::CaseHandedOver { .. }
        | Fact::CaseSnoozed { .. }
        | Fact::CaseGivingUp { .. }
        | Fact::CaseClosed { .. } => exception::told(fact),
        // Names are found by search, and errands are our own business until a posting or a dispatch moves.
        Fact::Named(_) | Fact::Intended { .. } | Fact::Outbox { .. } => None,
    }
}

impl Contract {
    /// Its name with its version, such as `order.released.v1`.
    pub fn id(&self) -> String {
        format!("{}.{}.v{}", self.family, self.name, self.version)
    }

    /// Its data as a JSON Schema.
    pub fn schema(&self) -> Value {
        let mut schema = object(self.fields);
        if let Value::Object(schema) = &mut schema {
            schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
            schema.insert("title".to_owned(), json!(self.id()));
            schema.insert("description".to_owned(), json!(self.about));
        }
        schema
    }

    /// What of this data the contract does not allow; the path of each.
    pub fn breaches(&self, data: &Map<String, Value>) -> Vec<String> {
        breaches(self.fields, data)
    }

    /// Data in the making.
    fn with(&'static self) -> Data {
        Data { contract: self, fields: Map::new() }
    }
}

fn object(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
    let needed: Vec<&str> = fields.iter().filter(|field| field.needed).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": needed })
}

fn breaches(fields: &[Field], data: &Map<String, Value>) -> Vec<String> {
    let unknown =
        data.keys().filter(|name| !fields.iter().any(|field| field.name == **name)).map(|name| format!("{name}: not in the contract"));
    let wrong = fields.iter().flat_map(|field| match data.get(field.name) {
        Some(value) => field.wrongs(value),
        None if field.needed => vec![format!("{}: missing", field.name)],
        None => Vec::new(),
    });
    unknown.chain(wrong).collect()
}

impl Field {
    fn schema(&self) -> Value {
        let mut schema = match self.shape {
            Shape::Text | Shape::Word => json!({ "type": "string" }),
            Shape::Entity => json!({ "type": "string", "pattern": "^(order|lot|unit|shipment|site)\\.[^.]+\\.[0-9]+\\.[0-9A-Z]{26}$" }),
            Shape::Quantity => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)? [0-9A-Z]{2,3}$" }),
            Shape::Time => json!({ "type": "string", "format": "date-time" }),
            Shape::Number => json!({ "type": "integer" }),
            Shape::Flag => json!({ "type": "boolean" }),
            Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Shape::Records(fields) => json!({ "type": "array", "items": object(fields) }),
        };
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), json!(self.about));
        }
        schema
    }

    fn wrongs(&self, value: &Value) -> Vec<String> {
        let fits = match (self.shape, value) {
            (Shape::Text, Value::String(_)) | (Shape::Flag, Value::Bool(_)) => true,
            (Shape::Word, Value::String(text)) => !text.is_empty(),
            (Shape::Entity, Value::String(text)) => crate::id::EntityId::parse(text).is_ok(),
            (Shape::Quantity, Value::String(text)) => crate::qty::Qty::parse(text).is_ok(),
            (Shape::Time, Value::String(text)) => Instant::parse(text).is_ok(),
            (Shape::Number, Value::Number(number)) => number.is_u64() || number.is_i64(),
            (Shape::Texts, Value::Array(texts)) => texts.iter().all(Value::is_string),
            (Shape::Records(fields), Value::Array(records)) => {
                let broken = |(at, found): (usize, &Value)| match found.as_object() {
                    Some(found) => breaches(fields, found).into_iter().map(|what| format!("{}[{at}].{what}", self.name)).collect(),
                    None => vec![format!("{}[{at}]: no record", self.name)],
                };
                return records.iter().enumerate().flat_map(broken).collect();
            }
            _ => false,
        };
        if fits { Vec::new() } else { vec![format!("{}: {value} is no {:?}", self.name, self.shape)] }
    }
}

/// A contract of the first version.
const fn contract(family: &'static str, name: &'static str, about: &'static str, fields: &'static [Field]) -> Contract {
    Contract { family, name, version: 1, about, fields }
}

/// A field that is always there.
const fn always(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, needed: true, about }
}

/// A field that may be missing.
const fn maybe(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, needed: false, about }
}

/// The data of an event in the making.
struct Data {
    contract: &'static Contract,
    fields: Map<String, Value>,
}

impl Data {
    fn put(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Any of our values by its text: names, entities, quantities, times.
    #[expect(clippy::needless_pass_by_value, reason = "small values and references alike")]
    fn text(self, name: &'static str, value: impl ToString) -> Self {
        self.put(name, value.to_string())
    }

    /// Left out when there is nothing to say.
    fn maybe<T: ToString>(self, name: &'static str, value: Option<T>) -> Self {
        match value.map(|value| value.to_string()).filter(|text| !text.is_empty()) {
            Some(text) => self.put(name, text),
            None => self,
        }
    }

    /// A value by the word it has on the wire.
    fn word<T: Serialize>(self, name: &'static str, value: &T) -> Self {
        let word = word(value);
        self.put(name, word)
    }

    fn texts<T: ToString>(self, name: &'static str, values: impl IntoIterator<Item = T>) -> Self {
        let texts: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        self.put(name, texts)
    }

    #[expect(clippy::unnecessary_wraps, reason = "who tells may also have nothing to tell")]
    fn done(self) -> Option<Told> {
        debug_assert_eq!(self.contract.breaches(&self.fields), Vec::<String>::new(), "{}", self.contract.id());
        Some((self.contract, self.fields))
    }
}

/// The word of a value: of an enum its variant.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(Value::Object(variant)) => variant.keys().next().cloned().unwrap_or_default(),
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

impl Event {
    /// Its type among all the world's events.
    pub fn kind(&self) -> String {
        format!("takt.{}", self.contract.id())
    }

    /// Who tells it: `/takt/<region>/<site>`.
    pub fn source(&self) -> String {
        let site = self.site.map(|site| format!("/{site}")).unwrap_or_default();
        format!("/takt/{}{site}", self.region)
    }

    /// Where it is published.
    pub fn subject(&self) -> String {
        subject::event(self.region, self.site, self.contract.family, self.contract.name)
    }
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut event = serializer.serialize_map(None)?;
        event.serialize_entry("specversion", "1.0")?;
        event.serialize_entry("id", &self.id)?;
        event.serialize_entry("source", &self.source())?;
        event.serialize_entry("type", &self.kind())?;
        event.serialize_entry("subject", &self.entity)?;
        event.serialize_entry("time", &self.occurred_at.to_string())?;
        event.serialize_entry("recordedtime", &self.recorded_at.to_string())?;
        if let Some(correlation) = &self.correlation {
            event.serialize_entry("correlationid", correlation)?;
        }
        if let Some(causation) = &self.causation {
            event.serialize_entry("causationid", causation)?;
        }
        event.serialize_entry("datacontenttype", "application/json")?;
        event.serialize_entry("dataschema", &format_args!("/v1/contracts/{}", self.contract.id()))?;
        event.serialize_entry("data", &self.data)?;
        event.end()
    }
}

#[cfg(test)]
mod tests;
