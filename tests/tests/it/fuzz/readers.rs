//! Everything that reads what others wrote, with samples of what it reads and words that mean something in it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use takt_actors::link::format::edi::Standard;
use takt_actors::link::format::{Column, Csv, Fixed, Format, Record};
use takt_actors::link::mapping::Mapping;
use takt_config::demo;
use takt_config::load::load;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::NativeId;
use takt_protocol::qty::Qty;
use takt_protocol::{subject, wire};

/// What is tried.
pub(super) const NAMES: [&str; 13] =
    ["json", "xml", "csv", "fixed", "x12", "edifact", "mapping", "mapped", "commit", "input", "relayed", "names", "folder"];

/// Reads a text, and says whether that went well.
type Read = Box<dyn Fn(&[u8]) -> bool>;

/// One of them.
pub(super) struct Reader {
    /// What it reads well.
    pub(super) samples: Vec<Vec<u8>>,
    pub(super) words: &'static [&'static str],
    /// Reads, and says whether that was well.
    pub(super) read: Read,
}

impl Reader {
    fn of(samples: Vec<Vec<u8>>, words: &'static [&'static str], read: impl Fn(&[u8]) -> bool + 'static) -> Self {
        Self { samples, words, read: Box::new(read) }
    }
}

pub(super) fn named(name: &str) -> Reader {
    match name {
        "json" => messages(
            Format::Json,
            &["config/mappings/mes-json", "config/mappings/erp-sap"],
            &["{", "[", "\"", "\\u0000", "1e999", "\u{FEFF}"],
        ),
        "xml" => messages(
            Format::Xml,
            &["config/mappings/b2mml", "config/mappings/idoc"],
            &["<a>", "</a>", "<![CDATA[", "<!DOCTYPE a [", "&amp;", "&x;", "<?xml encoding='x'?>"],
        ),
        "csv" => Reader::of(files(&["config/mappings/mes-csv/samples"]), &["\"", ";", ",", "\n", "\r\n", "\0"], |text| {
            read_as(&Format::Csv(Csv { delimiter: b';', header: true, charset: Some("windows-1252".to_owned()), ..Csv::default() }), text)
        }),
        "fixed" => Reader::of(vec![b"HNAME  12\nPLINE   3\nTall of it\n".to_vec()], &["H", "P", "\n", "\u{1F600}", "\t"], |text| {
            read_as(&Format::Fixed(columns()), text)
        }),
        "x12" => Reader::of(sample("all.x12"), &["ISA*", "IEA*", "GS*", "ST*", "SE*", "~", "*", "00501", "^", ">"], |text| {
            read_as(&Format::Edi(Standard::X12), text)
        }),
        "edifact" => Reader::of(sample("all.edi"), &["UNA:+.? '", "UNB+", "UNZ+", "UNH+", "UNT+", "'", "+", ":", "?"], |text| {
            read_as(&Format::Edi(Standard::Edifact), text)
        }),
        "mapping" => Reader::of(
            mappings(),
            &["def f: f; ", "reduce ", "|", "(", "[", "\"\\(", "limit(1; ", "range(1e9)", "as $x", "?//", "..", "@base64d"],
            |text| std::str::from_utf8(text).is_ok_and(|text| refused_with_words(Mapping::compile("fuzz.jq", text))),
        ),
        "mapped" => mapped(),
        "commit" => Reader::of(wires("commit-"), &["\u{7f}"], |text| refused_with_words(wire::open(text))),
        "input" => Reader::of(wires("input-"), &["\u{7f}"], |text| refused_with_words(wire::unpack(text))),
        "relayed" => Reader::of(wires("relayed-"), &["\u{7f}"], |text| refused_with_words(wire::unpack_relayed(text))),
        "names" => names(),
        "folder" => folder(),
        "test-panics" => Reader::of(vec![b"x".to_vec()], &["y"], |text| if text == b"x" { true } else { panic!("so it does") }),
        "test-eats" => Reader::of(vec![b"x".to_vec()], &["y"], |text| text == b"x" || vec![1_u8; 4 << 30].is_empty()),
        other => panic!("there is no reader {other}"),
    }
}

/// Past the harness, to whoever started this process.
pub(super) fn say(what: &str) {
    std::io::stdout().write_all(format!("fuzz: {what}\n").as_bytes()).unwrap();
}

/// Whether it was read; an error has words, and not without end.
fn refused_with_words<T>(read: Result<T, impl std::fmt::Display>) -> bool {
    let Err(error) = read else { return true };
    let said = error.to_string();
    assert!(!said.is_empty() && said.len() < 16_384, "an error of {} bytes", said.len());
    false
}

/// What was read is JSON, whatever was written.
fn read_as(format: &Format, text: &[u8]) -> bool {
    let read = format.read(text);
    if let Ok(json) = &read
        && !json.is_empty()
    {
        let value: serde_json::Value = serde_json::from_slice(json).expect("what a mapping sees is JSON");
        // What cannot be written again is told.
        refused_with_words(format.write(&value).map(drop));
    }
    refused_with_words(read)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn files(folders: &[&str]) -> Vec<Vec<u8>> {
    let inside = |folder: &&str| {
        std::fs::read_dir(root().join(folder)).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect::<Vec<_>>()
    };
    folders.iter().flat_map(inside).collect()
}

fn sample(name: &str) -> Vec<Vec<u8>> {
    vec![std::fs::read(root().join("actors/src/link/format/edi/samples").join(name)).unwrap()]
}

/// Documents that stand in the tests of mappings.
fn messages(format: Format, folders: &[&str], words: &'static [&'static str]) -> Reader {
    let (open, close) = if format == Format::Xml { ('<', '>') } else { ('{', '}') };
    let mut samples: Vec<Vec<u8>> = files(folders)
        .into_iter()
        .filter_map(|file| String::from_utf8(file).ok())
        .flat_map(|text| {
            let blocks: Vec<String> = text.split("\n\n").map(str::to_owned).collect();
            blocks
        })
        .filter_map(|block| Some(block.get(block.find(open)?..=block.rfind(close)?)?.as_bytes().to_vec()))
        .filter(|text| format.read(text).is_ok())
        .collect();
    if format == Format::Json {
        samples.push(br#"{"a": [1, 2.50, "x", null, {"b": true}], "c": "\u00fc\n"}"#.to_vec());
    } else {
        samples.push(b"<?xml version=\"1.0\"?><a xmlns:b=\"u\"><b:c d='1'>x &lt; y</b:c><e/></a>".to_vec());
    }
    Reader::of(samples, words, move |text| read_as(&format, text))
}

fn columns() -> Fixed {
    let column = |name: &str, width, right| Column { name: name.to_owned(), width, right };
    let record = |starts: &str, columns| Record { starts: starts.to_owned(), columns };
    let records = vec![
        record("H", vec![column("name", 6, false), column("count", 4, true)]),
        record("P", vec![column("kind", 4, false), column("count", 5, true)]),
        record("T", vec![column("text", 40, false)]),
    ];
    Fixed { records, charset: None, crlf: false }
}

fn mappings() -> Vec<Vec<u8>> {
    let shipped = ["mes-json", "erp-odoo", "b2mml", "edi-x12", "mes-csv"].map(|name| format!("config/mappings/{name}"));
    let all = shipped.iter().flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap());
    let all = all.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|kind| kind == "jq"));
    all.map(|path| std::fs::read(path).unwrap()).collect()
}

/// What a mapping says of a message that is JSON, and nothing like what it expects: each key is a word that it reads.
fn mapped() -> Reader {
    let text = std::fs::read_to_string(root().join("config/mappings/mes-json/reports.jq")).unwrap();
    let mapping = Mapping::compile("reports.jq", &text).unwrap();
    let keys: std::collections::BTreeSet<&str> =
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 2 && word.len() < 20).collect();
    let values = ["1", "\"x\"", "null", "[]", "{}", "[{}]", "\"2026-11-24T03:10:00+01:00\"", "1e300", "-0.0"];
    let object = |at: usize| {
        let fields: Vec<String> =
            keys.iter().enumerate().map(|(n, key)| format!("\"{key}\": {}", values[(n * at + at) % values.len()])).collect();
        format!("{{{}}}", fields.join(", "))
    };
    let samples =
        (0..32).map(|at| format!("{{\"payload\": {}, \"tables\": {{}}, \"body\": {}}}", object(at), object(at + 7)).into_bytes()).collect();
    let entry = ["inputs", "items", "request", "outcome"].into_iter().find(|entry| mapping.has(entry)).unwrap();
    let words = &["\"x\"", "null", "[", "]", "{", "}", "1e308", "\"\\ud800\"", ","];
    Reader::of(samples, words, move |text| {
        // What it makes of a message is tried elsewhere; here it is to end in an orderly way. JSON that is none is refused.
        drop(mapping.run(entry, text));
        serde_json::from_slice::<serde_json::Value>(text).is_ok()
    })
}

/// The messages of today's form that must be read for ever.
fn wires(kind: &str) -> Vec<Vec<u8>> {
    let all = std::fs::read_dir(root().join("protocol/fixtures/wire/v1")).unwrap().map(|entry| entry.unwrap().path());
    let all = all.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind)));
    all.map(|path| unhex(&std::fs::read_to_string(path).unwrap())).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn names() -> Reader {
    let samples = [
        "2026-11-24T03:10:00+01:00",
        "2026-11-24T02:10:00.123456789Z",
        "500 H87",
        "-0.125 KGM",
        "takt.eu.log.1.7.order.0123456789ABCDEFGHJKMNPQRS",
        "eu",
        "PL-1",
    ];
    let samples = samples.map(|text| text.as_bytes().to_vec()).to_vec();
    let words = &["99999999999999999999999999999999", "e9", ".", "-", "T24:00", "+99:99", "\u{0}", "\u{202E}", " "];
    Reader::of(samples, words, |text| {
        let Ok(text) = std::str::from_utf8(text) else { return false };
        let read = [
            refused_with_words(Instant::parse(text)),
            refused_with_words(Qty::parse(text)),
            refused_with_words(EntityId::parse(text)),
            refused_with_words(NativeId::parse(text)),
            refused_with_words(SiteId::parse(text)),
            subject::parse_log(text).is_some(),
            Region::parse(text).is_ok_and(|region| subject::parse_lease(region, text).is_some()),
            subject::untoken(text).is_some_and(|plain| subject::untoken(&subject::token(&plain)).as_deref() == Some(plain.as_str())),
        ];
        read.contains(&true)
    })
}

/// A whole folder, of which one file is broken: the file is named in the first line of the text.
fn folder() -> Reader {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let value = |name: &str| match name {
        dir if dir.ends_with("_DIR") => format!("/t/{dir}"),
        url if url.ends_with("_URL") => "http://127.0.0.1:9".to_owned(),
        secret => format!("t-{secret}"),
    };
    let variables: BTreeMap<String, String> = demo::VARIABLES.iter().map(|name| ((*name).to_owned(), value(name))).collect();
    let names = ["mesh.yaml", "sites/nord.yaml", "sites/erp-eu.yaml", "sites/wms-na.yaml", "plants/nord/limits.yaml"];
    let whole: BTreeMap<&str, String> = names.iter().map(|name| (*name, std::fs::read_to_string(dir.path().join(name)).unwrap())).collect();
    let samples = whole.iter().map(|(name, text)| format!("{name}\n{text}").into_bytes()).collect();
    let words = &["&a ", "*a", "<<: *a", ": ", "- ", "|", "{", "}", "[", "\"", "!!binary ", "no", "007", "${X}", "\t"];
    Reader::of(samples, words, move |text| {
        let text = String::from_utf8_lossy(text);
        let (name, broken) = text.split_once('\n').unwrap_or(("mesh.yaml", &text));
        let name = if whole.contains_key(name) { name } else { "mesh.yaml" };
        std::fs::write(dir.path().join(name), broken).unwrap();
        let loaded = load(dir.path(), &variables);
        std::fs::write(dir.path().join(name), &whole[name]).unwrap();
        match loaded {
            Ok(_) => true,
            Err(findings) => {
                assert!(!findings.is_empty(), "refused without a word");
                assert!(findings.iter().all(|finding| !finding.to_string().is_empty()));
                false
            }
        }
    })
}
