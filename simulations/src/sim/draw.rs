//! A run as a picture: a lane for each node, for the links of each region and for each system, with what was wrong there and for how long,
//! and the way of one order across them: every request about it, every message, every commit. Nothing is gathered unless somebody wants it.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;

use super::town::lock;
use super::{Trial, Verdict};
use crate::logs::Logs;

/// What a mark means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A system was asked something.
    Asked,
    /// A system told us something.
    Told,
    /// Something went wrong on the way.
    Fault,
}

/// Something at a moment, in a lane.
struct Mark {
    at: Duration,
    lane: String,
    sign: Sign,
    what: String,
}

/// Something that lasted.
struct Span {
    from: Duration,
    until: Duration,
    lane: String,
    what: String,
}

/// What is gathered for the picture.
#[derive(Default)]
pub(super) struct Board {
    wanted: bool,
    marks: Mutex<Vec<Mark>>,
    spans: Mutex<Vec<Span>>,
}

/// Where the lanes begin, how wide an hour may be at most, and how high a lane is.
const LEFT: u64 = 170;
const WIDE: u64 = 1_400;
const LANE: u64 = 26;
const TOP: u64 = 60;

impl Board {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, ..Self::default() }
    }

    pub(super) fn mark(&self, at: Duration, lane: &str, sign: Sign, what: impl FnOnce() -> String) {
        if self.wanted {
            lock(&self.marks).push(Mark { at, lane: lane.to_owned(), sign, what: what() });
        }
    }

    pub(super) fn span(&self, from: Duration, until: Duration, lane: &str, what: &str) {
        if self.wanted {
            lock(&self.spans).push(Span { from, until, lane: lane.to_owned(), what: what.to_owned() });
        }
    }

    /// The whole picture: of the order that a broken promise names, or of the first one.
    pub(super) fn picture(&self, trial: &Trial, logs: &Logs, verdict: &Verdict) -> String {
        let (marks, spans) = (lock(&self.marks), lock(&self.spans));
        let order = drawn_order(logs, verdict);
        let way = order.map(|order| way(&marks, logs, order)).unwrap_or_default();
        let lanes = lanes(&marks, &spans, &way);
        let ends = way.iter().map(|(at, ..)| *at).chain(marks.iter().map(|mark| mark.at));
        let paper = Paper { lanes: &lanes, end: ends.max().unwrap_or_default().max(Duration::from_hours(1)) };
        let mut out = String::new();
        paper.head(&mut out, trial, &order.map_or_else(|| "no order".to_owned(), |order| order.to_string()));
        for span in spans.iter() {
            paper.span(&mut out, span);
        }
        for fault in marks.iter().filter(|mark| mark.sign == Sign::Fault) {
            paper.fault(&mut out, fault);
        }
        paper.way(&mut out, &way);
        out.push_str("</svg>\n");
        out
    }
}

/// The order whose way is drawn.
fn drawn_order(logs: &Logs, verdict: &Verdict) -> Option<EntityId> {
    let named = |order: &EntityId| verdict.broken.iter().any(|sentence| sentence.contains(&order.to_string()));
    let orders = || logs.orders().map(|(entity, _)| entity);
    orders().find(named).or_else(|| orders().min_by_key(|order| began(logs, *order)))
}

fn began(logs: &Logs, order: EntityId) -> Option<Instant> {
    logs.entities().get(&order)?.steps().next().map(|step| step.received_at)
}

/// A step of an order's way: when, in which lane, and what.
type Stop = (Duration, String, String);

/// Where an order was seen: asked of systems and told by them, under any of its names, and written down in its own log.
fn way(marks: &[Mark], logs: &Logs, order: EntityId) -> Vec<Stop> {
    let Some(told) = logs.entities().get(&order) else { return Vec::new() };
    let mut names: Vec<String> = vec![order.to_string()];
    names.extend(logs.orders().filter(|(entity, _)| *entity == order).filter_map(|(_, order)| Some(order.header()?.number.to_string())));
    let says = |mark: &&Mark| mark.sign != Sign::Fault && names.iter().any(|name| mark.what.contains(name.as_str()));
    let mut way: Vec<Stop> = marks.iter().filter(says).map(|mark| (mark.at, mark.lane.clone(), mark.what.clone())).collect();
    // A log knows the time of day; the run began when its scenario says, and its first message is in both.
    let node = format!("node {}", order.region());
    let first = told.steps().next().map(|step| step.received_at);
    let begun = way.iter().map(|(at, ..)| *at).min().unwrap_or_default();
    for step in told.steps() {
        let since = first.map(|first| step.received_at.since(first)).unwrap_or_default();
        way.push((begun + since, node.clone(), format!("written down: {}", step.key)));
    }
    way.sort();
    way
}

/// The lanes from above: nodes, links, systems.
fn lanes(marks: &[Mark], spans: &[Span], way: &[Stop]) -> Vec<String> {
    let all: BTreeSet<&str> = marks
        .iter()
        .map(|mark| mark.lane.as_str())
        .chain(spans.iter().map(|span| span.lane.as_str()))
        .chain(way.iter().map(|(_, lane, _)| lane.as_str()))
        .collect();
    let rank = |lane: &str| (!lane.starts_with("node "), !lane.starts_with("links "));
    let mut lanes: Vec<String> = all.into_iter().map(str::to_owned).collect();
    lanes.sort_by_key(|lane| (rank(lane), lane.clone()));
    lanes
}

/// Where something stands on the page.
struct Paper<'a> {
    lanes: &'a [String],
    end: Duration,
}

impl Paper<'_> {
    fn x(&self, at: Duration) -> u64 {
        let end = self.end.as_millis().max(1);
        LEFT + u64::try_from(at.as_millis().min(end) * u128::from(WIDE) / end).unwrap_or(WIDE)
    }

    fn y(&self, lane: &str) -> u64 {
        let at = self.lanes.iter().position(|known| known == lane).unwrap_or_default();
        TOP + LANE * u64::try_from(at).unwrap_or_default()
    }

    fn head(&self, out: &mut String, trial: &Trial, order: &str) {
        let (width, height) = (LEFT + WIDE + 30, TOP + LANE * self.lanes.len() as u64 + 40);
        put(
            out,
            format_args!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"system-ui,sans-serif\" font-size=\"12\">"
            ),
        );
        put(out, format_args!("<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>"));
        let title = escaped(&format!("seed {}, {}: what went wrong, and the way of {order}", trial.seed, trial.scenario.name));
        put(out, format_args!("<text x=\"10\" y=\"22\" font-size=\"15\">{title}</text>"));
        for lane in self.lanes {
            let y = self.y(lane);
            put(out, format_args!("<text x=\"10\" y=\"{}\">{}</text>", y + 17, escaped(lane)));
            put(out, format_args!("<line x1=\"{LEFT}\" y1=\"{0}\" x2=\"{1}\" y2=\"{0}\" stroke=\"#ddd\"/>", y + LANE / 2, LEFT + WIDE));
        }
        let hours = self.end.as_secs() / 3_600;
        for hour in (0..=hours).step_by(usize::try_from(hours / 12 + 1).unwrap_or(1)) {
            let x = self.x(Duration::from_hours(hour));
            put(out, format_args!("<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" stroke=\"#eee\"/>", TOP - 6, height - 36));
            put(out, format_args!("<text x=\"{x}\" y=\"{}\" fill=\"#666\" text-anchor=\"middle\">{hour} h</text>", TOP - 12));
        }
        let y = height - 14;
        for (at, (colour, what)) in
            [("#e7b6b0", "wrong for so long"), ("#b3261e", "lost, late or twice"), ("#1a5fb4", "the order\u{2019}s way")]
                .into_iter()
                .enumerate()
        {
            let x = LEFT + 220 * at as u64;
            put(
                out,
                format_args!(
                    "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"{y}\">{what}</text>",
                    y - 11,
                    x + 18
                ),
            );
        }
    }

    fn span(&self, out: &mut String, span: &Span) {
        let (from, until, y, what) = (self.x(span.from), self.x(span.until), self.y(&span.lane), escaped(&span.what));
        let wide = until.saturating_sub(from).max(2);
        put(
            out,
            format_args!(
                "<rect x=\"{from}\" y=\"{}\" width=\"{wide}\" height=\"{}\" fill=\"#e7b6b0\"><title>{what}</title></rect>",
                y + 3,
                LANE - 6
            ),
        );
        if wide > 60 {
            put(out, format_args!("<text x=\"{}\" y=\"{}\" fill=\"#5f1410\" font-size=\"10\">{what}</text>", from + 4, y + 16));
        }
    }

    fn fault(&self, out: &mut String, mark: &Mark) {
        let (x, y) = (self.x(mark.at), self.y(&mark.lane));
        put(
            out,
            format_args!(
                "<rect x=\"{x}\" y=\"{}\" width=\"2\" height=\"{}\" fill=\"#b3261e\"><title>{}</title></rect>",
                y + 6,
                LANE - 12,
                escaped(&mark.what)
            ),
        );
    }

    fn way(&self, out: &mut String, way: &[Stop]) {
        let middle = |lane: &str| self.y(lane) + LANE / 2;
        let line: Vec<String> = way.iter().map(|(at, lane, _)| format!("{},{}", self.x(*at), middle(lane))).collect();
        put(out, format_args!("<polyline points=\"{}\" fill=\"none\" stroke=\"#1a5fb4\" stroke-opacity=\"0.5\"/>", line.join(" ")));
        for (at, lane, what) in way {
            let short: String = what.chars().take(300).collect();
            put(
                out,
                format_args!(
                    "<circle cx=\"{}\" cy=\"{}\" r=\"3\" fill=\"#1a5fb4\"><title>{}</title></circle>",
                    self.x(*at),
                    middle(lane),
                    escaped(&short)
                ),
            );
        }
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.push_str(&text.to_string());
    out.push('\n');
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
