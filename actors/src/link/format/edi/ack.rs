//! Acknowledgements: what a partner who sent an interchange is told of it, as an interchange of ours: a 997 for each group of X12 and a TA1
//! for what is wrong with the whole; a CONTRL for one of EDIFACT. They say whether it could be read and is whole, and nothing of what it
//! means. A payload is taken whole or not at all, so where anything is wrong everything in it is rejected, with what is wrong where it
//! is. Nobody acknowledges an acknowledgement.

use serde_json::{Value, json};

use super::envelope::{Fault, Group, Interchange, Kind, Of, judge};
use super::{Segment, Standard};

/// The most codes of one segment.
const CODES_MAX: usize = 5;

/// EDIFACT's word for what is wrong elsewhere.
const UNSPECIFIED: &str = "18";

/// What is said of a payload: one interchange for each that was read and is to be acknowledged, under control numbers from this one on.
/// `at` is a moment as `2026-11-24T06:00`. A payload in which no envelope can be found cannot be answered.
pub fn acknowledgement(standard: Standard, payload: &[u8], control: u64, at: &str) -> Option<Value> {
    let mut read = standard.interchanges(payload).ok()?;
    for (interchange, _) in &mut read {
        judge(standard, interchange);
    }
    let taken = read.iter().all(|(interchange, _)| interchange.faults.is_empty());
    let mut told = Vec::new();
    for (interchange, _) in &read {
        let about = About { interchange, taken, at };
        let own = control.saturating_add(told.len() as u64);
        told.extend(match standard {
            Standard::X12 => about.x12(own),
            Standard::Edifact => about.edifact(own),
        });
    }
    (!told.is_empty()).then_some(Value::Array(told))
}

/// What is told of an interchange.
struct About<'a> {
    interchange: &'a Interchange,
    /// Whether everything in its payload is.
    taken: bool,
    at: &'a str,
}

/// X12's word for what is wrong with an interchange (I18).
fn note(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "001",
        Kind::Count => "021",
        Kind::Unclosed => "023",
        Kind::Misplaced | Kind::Type | Kind::Missing => "022",
    }
}

/// X12's word for what is wrong with a message (718).
fn message_code(kind: Kind) -> &'static str {
    match kind {
        Kind::Unclosed => "2",
        Kind::Number => "3",
        Kind::Count => "4",
        Kind::Misplaced | Kind::Missing => "5",
        Kind::Type => "6",
    }
}

/// X12's word for what is wrong with a group (716).
fn group_code(kind: Kind) -> &'static str {
    match kind {
        Kind::Unclosed => "3",
        Kind::Number => "4",
        Kind::Count => "5",
        Kind::Misplaced | Kind::Type | Kind::Missing => "6",
    }
}

/// Each of them once, as many as there is room for.
fn codes(faults: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for code in faults {
        if !codes.contains(&code) && codes.len() < CODES_MAX {
            codes.push(code);
        }
    }
    codes
}

/// A segment of these texts, with codes behind them.
fn with(words: &[&str], codes: &[&'static str]) -> Value {
    words.iter().chain(codes).map(|word| json!(word)).collect()
}

impl About<'_> {
    fn faults(&self, wanted: impl Fn(Of) -> bool) -> impl Iterator<Item = &Fault> {
        self.interchange.faults.iter().filter(move |fault| wanted(fault.of))
    }

    fn x12(&self, control: u64) -> Option<Value> {
        let isa = &self.interchange.head;
        let fault = self.faults(|of| of == Of::Interchange).next();
        let aside = fault.map(|fault| json!(["TA1", isa.text(13), isa.text(9), isa.text(10), "R", note(fault.kind)]));
        let aside: Vec<Value> = aside.into_iter().collect();
        let mut groups = Vec::new();
        for (place, group) in self.interchange.groups.iter().enumerate() {
            let Some(head) = group.head.as_ref().filter(|head| head.text(1) != "FA") else { continue };
            let message = json!({ "type": "997", "segments": self.functional(place, group, head) });
            groups.push(json!({ "code": "FA", "sender": head.text(3), "receiver": head.text(2), "messages": [message] }));
        }
        if groups.is_empty() && aside.is_empty() {
            return None;
        }
        let party = |from: usize| json!({ "qualifier": isa.text(from).trim_end(), "id": isa.text(from.saturating_add(1)).trim_end() });
        Some(
            json!({ "sender": party(7), "receiver": party(5), "control": control, "at": self.at, "test": isa.text(15) == "T", "aside": aside,
            "groups": groups }),
        )
    }

    /// The segments of a 997 about one group.
    fn functional(&self, place: usize, group: &Group, head: &Segment) -> Vec<Value> {
        let word = if self.taken { "A" } else { "R" };
        let mut segments = vec![with(&["AK1", head.text(1), head.text(6)], &[])];
        for (own, message) in group.messages.iter().enumerate() {
            segments.push(with(&["AK2", message.head.text(1), message.head.text(2)], &[]));
            let wrong = codes(self.faults(|of| of == Of::Message(place, own)).map(|fault| message_code(fault.kind)));
            segments.push(with(&["AK5", word], &wrong));
        }
        let count = group.messages.len().to_string();
        let taken = if self.taken { count.clone() } else { "0".to_owned() };
        let wrong = codes(self.faults(|of| of == Of::Group(place)).map(|fault| group_code(fault.kind)));
        segments.push(with(&["AK9", word, &count, &count, &taken], &wrong));
        segments
    }

    fn edifact(&self, control: u64) -> Option<Value> {
        let unb = &self.interchange.head;
        let all = || self.interchange.groups.iter().flat_map(|group| &group.messages);
        if all().next().is_some() && all().all(|message| message.head.part(2, 1) == "CONTRL") {
            return None;
        }
        let element = |segment: &Segment, at: usize| segment.elements.get(at).cloned().unwrap_or_default();
        // This level and everything below it is taken, or rejected.
        let action = if self.taken { "7" } else { "4" };
        let mut uci = vec![json!("UCI"), json!(unb.text(5)), element(unb, 1), element(unb, 2), json!(action)];
        if !self.taken {
            let whole = self.faults(|of| matches!(of, Of::Interchange | Of::Group(_))).next();
            uci.push(json!(whole.map_or(UNSPECIFIED, |fault| syntax_code(fault.kind))));
        }
        let mut segments = vec![Value::Array(uci)];
        for (place, group) in self.interchange.groups.iter().enumerate() {
            for (own, message) in group.messages.iter().enumerate() {
                let fault = self.faults(|of| of == Of::Message(place, own)).next();
                let Some(code) = fault.map(|fault| syntax_code(fault.kind)) else { continue };
                segments.push(json!(["UCM", message.head.text(1), element(&message.head, 1), "4", code]));
            }
        }
        let party = |at: usize| json!({ "id": unb.part(at, 1), "qualifier": unb.part(at, 2) });
        let message = json!({ "type": "CONTRL", "version": "D", "release": "3", "segments": segments });
        Some(json!({ "syntax": unb.part(1, 1), "sender": party(3), "receiver": party(2), "control": control.to_string(), "at": self.at,
            "test": unb.text(11) == "1", "groups": [{ "messages": [message] }] }))
    }
}

/// EDIFACT's word for what is wrong (0085).
fn syntax_code(kind: Kind) -> &'static str {
    match kind {
        Kind::Unclosed | Kind::Missing => "13",
        Kind::Number => "28",
        Kind::Count => "29",
        Kind::Misplaced => "15",
        Kind::Type => "12",
    }
}
