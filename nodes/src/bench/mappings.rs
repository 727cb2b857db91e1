//! How fast messages are read and mapped: each test case of a folder's mappings as load, beside a plain parse of the same bytes. A folder
//! of one's own shows which of its mappings is dear, before a plant sends ten thousand of its messages.

#![expect(clippy::print_stdout, reason = "a person reads the figures")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use takt_actors::link::format::Format;
use takt_actors::link::format::edi::Standard;
use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;
use takt_config::demo;
use takt_config::folder::Folder;
use takt_config::load::load_read;
use takt_config::trial::filled;
use takt_config::trial::mapping::{Suite, suites};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct OnMappings {
    /// The folder whose mappings are tried with the messages of their tests; left out, those that ship with Takt.
    dir: Option<PathBuf>,
    /// Milliseconds for each figure.
    #[arg(long, default_value_t = 200)]
    ms: u64,
}

/// Messages of one format, as they came.
#[derive(Default)]
struct Pile {
    messages: Vec<(Format, Vec<u8>)>,
}

/// Reads and maps the messages of all tests, over and over.
pub fn mappings(load: &OnMappings) -> anyhow::Result<()> {
    let shipped;
    let dir = if let Some(dir) = &load.dir {
        dir.clone()
    } else {
        shipped = tempfile::tempdir()?;
        demo::write_to(shipped.path())?;
        shipped.path().to_owned()
    };
    let told = |findings: Vec<takt_config::finding::Finding>| {
        let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}\nrun `takt check {}` first", all.join("\n"), dir.display())
    };
    let folder = Folder::read(&dir).map_err(told)?;
    let (variables, _) = filled(&folder, &BTreeMap::new());
    let mesh = load_read(&folder, &variables, None).map_err(told)?;
    let suites = suites(&folder, &mesh);
    anyhow::ensure!(!suites.is_empty(), "no mapping in {} has tests: write a `.test.yaml` beside one", dir.display());
    let time = Duration::from_millis(load.ms.max(1));
    formats(&suites, time)?;
    println!();
    println!("{:<52} {:>6} {:>9} {:>12} {:>12} {:>9}", "mapping", "cases", "bytes", "parsed us", "mapped us", "of parse");
    for suite in &suites {
        one(suite, time)?;
    }
    println!(
        "\nof one core, one message after the other; `parsed`: a plain parse of the same bytes into the same values; `mapped`: the run of the mapping behind it"
    );
    Ok(())
}

fn formats(suites: &[Suite], time: Duration) -> anyhow::Result<()> {
    let mut piles: BTreeMap<&str, Pile> = BTreeMap::new();
    for suite in suites {
        for tried in &suite.tried {
            if let Some(bytes) = &tried.message {
                piles.entry(called(&suite.format)).or_default().messages.push((suite.format.clone(), bytes.clone()));
            }
        }
    }
    println!("{:<12} {:>9} {:>9} {:>14} {:>14} {:>9}", "format", "messages", "bytes", "plain MB/s", "read MB/s", "of plain");
    for (name, pile) in &piles {
        let bytes: usize = pile.messages.iter().map(|(_, message)| message.len()).sum();
        let plain = rate(time, || pile.messages.iter().try_for_each(|(format, message)| plainly(format, message)))?;
        let ours = rate(time, || {
            pile.messages.iter().try_for_each(|(format, message)| {
                let read = format.read(message).map_err(anyhow::Error::msg)?;
                // Into values, as the plain parse goes: what a mapping is given is JSON.
                drop(black_box(serde_json::from_slice::<serde_json::Value>(&read)));
                Ok(())
            })
        })?;
        let (plain, ours) = (mb(bytes) * plain, mb(bytes) * ours);
        println!("{name:<12} {:>9} {bytes:>9} {plain:>14.1} {ours:>14.1} {:>9.2}", pile.messages.len(), ours / plain);
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn called(format: &Format) -> &'static str {
    match format {
        Format::Json => "json",
        Format::Xml => "xml",
        Format::Csv(_) => "csv",
        Format::Fixed(_) => "fixed width",
        Format::Edi(Standard::X12) => "x12",
        Format::Edi(Standard::Edifact) => "edifact",
    }
}

/// Every byte of a message looked at once by the library for it, or split at its separators where there is none.
fn plainly(format: &Format, message: &[u8]) -> anyhow::Result<()> {
    match format {
        Format::Json => drop(black_box(serde_json::from_slice::<serde_json::Value>(message)?)),
        Format::Xml => {
            let mut reader = quick_xml::Reader::from_reader(message);
            while !matches!(black_box(reader.read_event()?), quick_xml::events::Event::Eof) {}
        }
        Format::Csv(csv) => {
            let mut reader = csv::ReaderBuilder::new().delimiter(csv.delimiter).has_headers(false).flexible(true).from_reader(message);
            let rows: Result<Vec<csv::ByteRecord>, csv::Error> = reader.byte_records().collect();
            drop(black_box(rows?));
        }
        Format::Fixed(_) => drop(black_box(message.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>())),
        Format::Edi(standard) => {
            let (ends, parts) = match standard {
                Standard::X12 => (b'~', b'*'),
                Standard::Edifact => (b'\'', b'+'),
            };
            let segments = message
                .split(|byte| *byte == ends)
                .map(|segment| segment.split(|byte| *byte == parts).map(<[u8]>::to_vec).collect::<Vec<_>>());
            drop(black_box(segments.collect::<Vec<_>>()));
        }
    }
    Ok(())
}

fn one(suite: &Suite, time: Duration) -> anyhow::Result<()> {
    let messages: Vec<&Vec<u8>> = suite.tried.iter().filter_map(|tried| tried.message.as_ref()).collect();
    let bytes: usize = messages.iter().map(|message| message.len()).sum();
    let each = |rate: f64, count: usize| 1e6 / rate / f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX));
    let parsed = rate(time, || messages.iter().try_for_each(|message| plainly(&suite.format, message)))?;
    // A case that is to be refused is refused as fast as it can be.
    let mapped = rate(time, || {
        suite.tried.iter().for_each(|tried| drop(black_box(tried.given.run(&suite.mapping))));
        Ok(())
    })?;
    let (parsed, mapped) = (each(parsed, messages.len()), each(mapped, suite.tried.len()));
    let parse = if messages.is_empty() {
        (String::from("-"), String::from("-"))
    } else {
        (format!("{parsed:.1}"), format!("{:.1}", mapped / parsed))
    };
    println!("{:<52} {:>6} {bytes:>9} {:>12} {mapped:>12.1} {:>9}", suite.file, suite.tried.len(), parse.0, parse.1);
    Ok(())
}

/// How often a second something is done, once it is warm.
fn rate(time: Duration, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let clock = SystemClock::start();
    work().context("a message of a test cannot be parsed plainly")?;
    let (began, mut times) = (clock.elapsed(), 0_u32);
    loop {
        work()?;
        times += 1;
        let took = clock.elapsed().saturating_sub(began);
        if took >= time {
            return Ok(f64::from(times) / took.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mapping_that_ships_is_measured() {
        mappings(&OnMappings { dir: None, ms: 1 }).unwrap();
    }
}
