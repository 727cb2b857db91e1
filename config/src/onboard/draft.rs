//! A first mapping for messages that no mapping takes: which field is the number of the order, which the quantity, is guessed from how
//! it is called, and stands there to be looked at. What is not found is an error that names it, so that nothing is made up; a test
//! beside the mapping holds what became of the sample.

use serde_json::{Value, json};
use takt_actors::link::format::Format;
use takt_actors::link::mapping::Mapping;
use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;

use super::gaps::{Gap, plain};
use crate::load::Mesh;
use crate::text::TransportText;
use crate::trial;
use crate::trial::mapping::{self, Given, What};

/// A mapping with its test.
pub(super) struct Draft {
    topic: String,
    file: String,
    mapping: String,
    test: String,
    /// How its messages are written, where that is not JSON.
    format: Option<String>,
    /// What its files are called.
    names: String,
}

/// What a field may be, and how it is called by systems that speak English or German, and by SAP.
const KNOWN: [(&str, &[&str]); 11] = [
    (
        "order",
        &[
            "order",
            "orderno",
            "ordernumber",
            "orderid",
            "productionorder",
            "manufacturingorder",
            "workorder",
            "mo",
            "job",
            "jobid",
            "jobno",
            "aufnr",
            "auftrag",
            "auftragsnummer",
        ],
    ),
    ("op", &["op", "operation", "operationno", "opno", "step", "vornr", "arbeitsgang", "vorgang"]),
    (
        "good",
        &[
            "good",
            "goodqty",
            "goodquantity",
            "yield",
            "quantity",
            "qty",
            "menge",
            "gutmenge",
            "gut",
            "lmnga",
            "pieces",
            "count",
            "amount",
            "total",
        ],
    ),
    ("scrap", &["scrap", "scrapqty", "scrapquantity", "rejects", "rejected", "ausschuss", "xmnga"]),
    ("unit", &["unit", "uom", "unitofmeasure", "meins", "meinh", "einheit", "me"]),
    ("material", &["material", "product", "productcode", "item", "sku", "matnr", "article", "artikel", "part"]),
    ("plant", &["plant", "werk", "werks", "facility"]),
    (
        "time",
        &[
            "time",
            "timestamp",
            "at",
            "occurredat",
            "happened",
            "date",
            "zeit",
            "zeitstempel",
            "created",
            "createdat",
            "modified",
            "updatedat",
        ],
    ),
    ("start", &["start", "startdate", "plannedstart", "begin", "gstrp"]),
    ("end", &["end", "enddate", "plannedend", "finish", "due", "duedate", "gltrp"]),
    ("key", &["id", "messageid", "msgid", "eventid", "uuid", "guid", "key", "sequence", "seq"]),
];

/// The drafts for what no mapping takes, one a topic; which sample each was made from is noted there.
pub(super) fn of(mesh: &Mesh, site: SiteId, gaps: &mut [Gap]) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let Some((kind, link)) = mesh.book.sites.get(&site).map(|site| site.kind).zip(mesh.links.get(&site)) else { return drafts };
    for gap in gaps.iter_mut().filter(|gap| gap.taken.is_none() && !gap.says.is_null()) {
        let topic = topic(&gap.sample);
        let file = format!("mappings/{site}/{topic}.jq");
        let is_there = mesh.mappings.contains_key(&file);
        if drafts.iter().all(|draft| draft.topic != topic) && !is_there {
            let named = matches!(link.transport, TransportText::Files(_));
            let mapping = written(kind, gap, named);
            let test = tested(mesh, site, (&topic, &file), &mapping, gap, named);
            drafts.push(Draft {
                topic: topic.clone(),
                file: file.clone(),
                mapping,
                test,
                format: formatted(&gap.format),
                names: names(&topic, &gap.sample),
            });
        }
        gap.drafted = (!is_there).then_some(file);
    }
    drafts
}

/// A topic after the name of a sample: what stands before a number, as one word.
fn topic(sample: &str) -> String {
    let stem = sample.rsplit('/').next().unwrap_or_default();
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let cut = stem.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches(['-', '_', '.']);
    let word: String =
        cut.chars().map(|letter| if letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_') { letter } else { '-' }).collect();
    if word.is_empty() { "messages".to_owned() } else { word }
}

/// What files of a topic are called, by one of them.
fn names(topic: &str, sample: &str) -> String {
    let ending = sample.rsplit('/').next().and_then(|file| file.rsplit_once('.')).map(|(_, ending)| format!(".{ending}"));
    format!("{topic}*{}", ending.unwrap_or_default())
}

/// Where the first field of one of these names stands: as a path of jq, with its value.
fn found<'a>(value: &'a Value, names: &[&str], path: &str) -> Option<(String, &'a Value)> {
    match value {
        Value::Object(fields) => {
            let here = names.iter().find_map(|wanted| fields.iter().find(|(name, one)| plain(name) == *wanted && is_word(one)));
            if let Some((name, one)) = here {
                let inner = if one.is_array() { "[0][\"#\"]" } else { "" };
                return Some((format!("{path}[{}]{inner}", json!(name)), one));
            }
            fields.iter().find_map(|(name, one)| found(one, names, &format!("{path}[{}]", json!(name))))
        }
        Value::Array(all) => all.first().and_then(|first| found(first, names, &format!("{path}[0]"))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// A text or a number; or an element of XML that is only text.
fn is_word(value: &Value) -> bool {
    let text = |value: &Value| value.as_object().is_some_and(|fields| fields.get("#").is_some_and(Value::is_string));
    value.is_string() || value.is_number() || value.as_array().is_some_and(|all| all.len() == 1 && all.iter().all(text))
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) => value.pointer("/0/#").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// How a time is read that is written like this one.
fn time(path: &str, value: &Value) -> Option<String> {
    let text = text_of(value);
    let digits = |at: std::ops::Range<usize>| text.get(at).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if digits(0..4) && text.get(4..5) == Some("-") {
        let zoned = text.get(10..).is_some_and(|behind| behind.ends_with('Z') || behind.contains('+') || behind.contains('-'));
        return Some(match (zoned, text.len()) {
            (true, _) => path.to_owned(),
            (false, 10) => format!("{{ local: \"\\({path})T00:00:00\" }}"),
            (false, _) => format!("{{ local: ({path} | sub(\" \"; \"T\")) }}"),
        });
    }
    if text.starts_with("/Date(") {
        return Some(format!("({path} | odata_time)"));
    }
    if digits(0..2) && text.get(2..3) == Some(".") && text.len() >= 16 {
        let parts = "capture(\"^(?<d>..)[.](?<m>..)[.](?<y>....) (?<t>..:..(:..)?)\")";
        return Some(format!(
            "{{ local: ({path} | {parts} | \"\\(.y)-\\(.m)-\\(.d)T\\(.t)\" + (if (.t | length) == 5 then \":00\" else \"\" end)) }}"
        ));
    }
    None
}

/// One message, looked into for the fields that a mapping needs.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn field(&self, what: &str) -> Option<(String, &Value)> {
        KNOWN.iter().find(|(known, _)| *known == what).and_then(|(_, names)| found(self.0, names, "$m"))
    }

    fn path(&self, what: &str) -> Option<String> {
        self.field(what).map(|(path, _)| path)
    }

    fn text(&self, what: &str, told: &str) -> String {
        self.path(what).map_or_else(|| missing(told), |path| format!("({path} | tostring)"))
    }

    fn qty(&self, what: &str, told: &str) -> String {
        let unit = self.path("unit").map_or_else(|| "H87".to_owned(), |unit| format!("\\({unit} | ours($t.unit))"));
        self.path(what).map_or_else(|| missing(told), |path| format!("\"\\({path} | tostring | sub(\",\"; \".\")) {unit}\""))
    }

    fn when(&self, what: &str) -> String {
        let read = self.field(what).and_then(|(path, value)| time(&path, value));
        read.unwrap_or_else(|| "$in.received_at".to_owned())
    }

    /// What the message says, as a body.
    fn body(&self, kind: SiteKind) -> String {
        match kind {
            SiteKind::Plant => {
                let scrap = self.path("scrap").map(|_| format!(", scrap: {{ qty: {} }}", self.qty("scrap", "the scrap")));
                let (op, good) = (self.text("op", "the operation"), self.qty("good", "the good quantity"));
                format!("{{ order: {{ report: {{ confirmed: {{ op: {op}, good: {{ qty: {good} }}{} }} }} }} }}", scrap.unwrap_or_default())
            }
            SiteKind::Erp => {
                let number = self.text("order", "the number of the order");
                let plant = self.path("plant").map_or_else(|| missing("the plant"), |path| format!("({path} | ours($t.plant))"));
                let (material, total) = (self.text("material", "the material"), self.qty("good", "the total"));
                let (start, end) = (self.when("start"), self.when("end"));
                format!(
                    "{{ order: {{ owner_fact: {{ released: {{ erp: $in.site, number: {number}, plant: {plant}, material: {material},\n        \
                     total: {total}, start: {start}, end: {end} }} }} }} }}"
                )
            }
            SiteKind::Warehouse
            | SiteKind::Quality
            | SiteKind::Maintenance
            | SiteKind::Transport
            | SiteKind::Planning
            | SiteKind::Supplier
            | SiteKind::Analytics
            | SiteKind::ProductData => missing("what happened, and what it happened to"),
        }
    }
}

/// What stands where a field was not found.
fn missing(what: &str) -> String {
    format!("error(\"say in this mapping which field is {what}\")")
}

fn written(kind: SiteKind, gap: &Gap, named: bool) -> String {
    let each = if gap.says.is_array() { "[]" } else { "" };
    let fields = Fields(gap.says.get(0).unwrap_or(&gap.says));
    let mut lines = vec![format!(
        "# A first draft for messages such as {}: which field means what was guessed from its name. Look at each, then at the test beside it.",
        gap.sample
    )];
    if fields.path("unit").is_none() {
        lines.push("# No field says the unit: H87, pieces, is assumed.".to_owned());
    }
    let key = fields.path("key").map(|path| format!("\"\\($in.topic)/\\({path})\""));
    if key.is_none() && !named {
        lines.push("# No field names a message: the same content is the same message.".to_owned());
    }
    let order = fields.text("order", "the number of the order");
    lines.push("def inputs:".to_owned());
    lines.push(format!("  . as $in | .tables as $t | .body{each} as $m"));
    lines.push(format!(
        "  | {{ to: {{ native: {{ kind: \"order\", names: [{{ system: {}, kind: \"order\", id: {order} }}] }} }},",
        names_of(kind)
    ));
    if !named {
        lines.push(format!("      key: {{ mark: {{ text: {} }} }},", key.unwrap_or_else(|| "($m | tojson)".to_owned())));
    }
    lines.push(format!("      occurred_at: {},", fields.when("time")));
    lines.push(format!("      body: {} }};\n", fields.body(kind)));
    lines.join("\n")
}

/// Whose numbers the orders in a message are: a plant mostly tells those of its ERP.
fn names_of(kind: SiteKind) -> &'static str {
    if kind == SiteKind::Plant { "($t.orders.system // $in.site)" } else { "$in.site" }
}

/// A test that holds what becomes of the sample now.
fn tested(mesh: &Mesh, site: SiteId, (topic, file): (&str, &str), text: &str, gap: &Gap, named: bool) -> String {
    let tables = mapping::tables(mesh, site).unwrap_or_default();
    let what = What::Message { topic: topic.to_owned(), payload: gap.says.to_string().into_bytes(), read: Vec::new(), file: None };
    let given = Given { site, tables, calendar: mapping::calendar(mesh, site), call: "inputs", named, what };
    let ran = Mapping::compile(file, text).map_err(|wrong| wrong.to_string()).and_then(|compiled| given.run(&compiled));
    let wanted = match ran {
        Ok(outputs) => format!("    then: {}\n", json!(outputs)),
        // The first words are enough to know it by.
        Err(why) => format!("    fails: {}\n", json!(known_by(&why))),
    };
    let stands = if named { "    file: sample\n" } else { "    posted: true\n" };
    format!(
        "# What became of a sample when this mapping was drafted. Write here what you want of it, and mend the mapping until `takt check` is content.\n\
         site: {site}\nformat: json\ncases:\n  - name: {}\n    topic: {topic}\n{stands}    given: {}\n{wanted}",
        json!(format!("{} as it was sent", gap.sample)),
        gap.says
    )
}

/// The part of an error that says what is missing.
fn known_by(why: &str) -> String {
    let at = why.find("say in this mapping").unwrap_or_default();
    why.get(at..).unwrap_or(why).chars().take(60).take_while(|letter| *letter != '"').collect()
}

impl Draft {
    /// Its files.
    pub(super) fn files(&self) -> [(String, String); 2] {
        [(self.file.clone(), self.mapping.clone()), (self.file.replace(".jq", trial::ENDING), self.test.clone())]
    }

    /// The site's file with this topic among those that are told: before what takes all, where its template has a list of them.
    pub(super) fn wired(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for line in text.lines() {
            out.push_str(line);
            out.push('\n');
            if line.trim() == "topics:" {
                let indent = line.len() - line.trim_start().len() + 2;
                out.push_str(&" ".repeat(indent));
                out.push_str(&[&json!(self.topic).to_string(), ": ", &self.entry(text), "\n"].concat());
            }
        }
        out
    }

    fn entry(&self, text: &str) -> String {
        let format = self.format.as_ref().map(|format| format!(", format: {format}")).unwrap_or_default();
        let names = json!(self.names);
        if text.contains("  files:") { format!("{{names: {names}{format}, mapping: {}}}", self.file) } else { self.file.clone() }
    }
}

/// How a format is written in a site's file; JSON is written as nothing.
fn formatted(format: &Format) -> Option<String> {
    match format {
        Format::Json | Format::Fixed(_) => None,
        Format::Xml => Some("xml".to_owned()),
        Format::Edi(takt_actors::link::format::edi::Standard::X12) => Some("x12".to_owned()),
        Format::Edi(takt_actors::link::format::edi::Standard::Edifact) => Some("edifact".to_owned()),
        Format::Csv(csv) => {
            let charset = csv.charset.as_ref().map(|charset| format!(", charset: {charset}")).unwrap_or_default();
            Some(format!("{{csv: {{delimiter: {}{charset}}}}}", json!(char::from(csv.delimiter).to_string())))
        }
    }
}
