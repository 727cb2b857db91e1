//! The envelopes of an interchange: what is opened is closed, what is counted is there, what is numbered has one number at both ends.
//! Everything that is wrong is found, not only the first, because an acknowledgement tells all of it.

use super::{Segment, Standard, Wrong};

/// The names of the segments that open and close, and where they have their numbers.
pub(super) struct Grammar {
    pub(super) interchange: [&'static str; 2],
    pub(super) group: [&'static str; 2],
    pub(super) message: [&'static str; 2],
    /// The element of the number of an interchange, a group and a message, where they are opened. Where they are closed it is the second;
    /// the count is the first.
    pub(super) number: [usize; 3],
    /// Whether a message may stand outside of a group.
    pub(super) is_loose: bool,
    /// A segment that may stand between the groups, if any.
    pub(super) aside: &'static str,
}

/// What of an interchange a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Interchange,
    /// A group, by its place.
    Group(usize),
    /// A message, by the place of its group, and its own.
    Message(usize, usize),
}

/// What sort of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What was opened is not closed.
    Unclosed,
    /// A count that is another one.
    Count,
    /// Two numbers that should be one.
    Number,
    /// A segment where none may stand.
    Misplaced,
    /// A message that is not what it says it is.
    Type,
    /// Something that has to be there is not.
    Missing,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) of: Of,
    pub(super) kind: Kind,
    pub(super) wrong: Wrong,
}

/// An interchange.
#[derive(Clone, Debug)]
pub(super) struct Interchange {
    pub(super) head: Segment,
    pub(super) groups: Vec<Group>,
    pub(super) aside: Vec<Segment>,
    pub(super) faults: Vec<Fault>,
}

/// A group; without a head where messages stand outside of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) head: Option<Segment>,
    pub(super) messages: Vec<Message>,
}

/// A message: what stands between its head and its end.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) head: Segment,
    pub(super) segments: Vec<Segment>,
}

struct Reader<'a> {
    grammar: &'a Grammar,
    segments: std::iter::Peekable<std::vec::IntoIter<Segment>>,
    faults: Vec<Fault>,
}

/// Reads the segments of one interchange, of which the first opens it.
pub(super) fn parse(grammar: &Grammar, segments: Vec<Segment>) -> Interchange {
    let mut segments = segments.into_iter();
    let head = segments.next().unwrap_or(Segment { at: 1, name: grammar.interchange[0].to_owned(), elements: Vec::new() });
    let mut reader = Reader { grammar, segments: segments.peekable(), faults: Vec::new() };
    let mut interchange = Interchange { head, groups: Vec::new(), aside: Vec::new(), faults: Vec::new() };
    reader.interchange(&mut interchange);
    interchange.faults = reader.faults;
    interchange
}

impl Reader<'_> {
    fn fault(&mut self, of: Of, kind: Kind, wrong: Wrong) {
        self.faults.push(Fault { of, kind, wrong });
    }

    fn name(&mut self) -> Option<String> {
        self.segments.peek().map(|segment| segment.name.clone())
    }

    fn interchange(&mut self, whole: &mut Interchange) {
        let grammar = self.grammar;
        let [_, tail] = grammar.interchange;
        while let Some(name) = self.name() {
            if name == grammar.group[0] {
                let head = self.segments.next();
                let group = self.group(whole.groups.len(), head);
                whole.groups.push(group);
            } else if name == grammar.message[0] && grammar.is_loose {
                let group = self.group(whole.groups.len(), None);
                whole.groups.push(group);
            } else if let Some(segment) = self.segments.next() {
                if name == tail {
                    let loose: usize = whole.groups.iter().filter(|group| group.head.is_none()).map(|group| group.messages.len()).sum();
                    let grouped = whole.groups.iter().filter(|group| group.head.is_some()).count();
                    self.closed(Of::Interchange, &whole.head, &segment, loose.saturating_add(grouped), grammar.number[0]);
                    let rest: Vec<Segment> = self.segments.by_ref().collect();
                    for behind in rest {
                        self.fault(Of::Interchange, Kind::Misplaced, behind.wrong(None, format!("it stands behind the {tail}")));
                    }
                    return;
                } else if name == grammar.aside {
                    whole.aside.push(segment);
                } else {
                    self.fault(Of::Interchange, Kind::Misplaced, segment.wrong(None, "it stands outside of any message"));
                }
            }
        }
        let what = format!("the interchange is not closed: there is no {tail}");
        self.fault(Of::Interchange, Kind::Unclosed, whole.head.wrong(None, what));
    }

    /// The messages of a group, up to its end; of one without a head, up to whatever is no message.
    fn group(&mut self, place: usize, head: Option<Segment>) -> Group {
        let grammar = self.grammar;
        let mut group = Group { head, messages: Vec::new() };
        while let Some(name) = self.name() {
            if name == grammar.message[0] {
                let Some(head) = self.segments.next() else { break };
                let message = self.message(Of::Message(place, group.messages.len()), head);
                group.messages.push(message);
                continue;
            }
            let Some(head) = group.head.as_ref() else { return group };
            if name == grammar.group[1] {
                let (head, count) = (head.clone(), group.messages.len());
                if let Some(tail) = self.segments.next() {
                    self.closed(Of::Group(place), &head, &tail, count, grammar.number[1]);
                }
                return group;
            }
            if grammar.interchange.contains(&name.as_str()) || name == grammar.group[0] {
                break;
            }
            if let Some(segment) = self.segments.next() {
                self.fault(Of::Group(place), Kind::Misplaced, segment.wrong(None, "it stands outside of any message"));
            }
        }
        if let Some(head) = &group.head {
            let wrong = head.wrong(None, format!("the group is not closed: there is no {}", grammar.group[1]));
            self.fault(Of::Group(place), Kind::Unclosed, wrong);
        }
        group
    }

    fn message(&mut self, of: Of, head: Segment) -> Message {
        let grammar = self.grammar;
        let ends = [grammar.message[0], grammar.group[0], grammar.group[1], grammar.interchange[0], grammar.interchange[1]];
        let mut message = Message { head, segments: Vec::new() };
        while let Some(name) = self.name().filter(|name| !ends.contains(&name.as_str())) {
            let Some(segment) = self.segments.next() else { break };
            if name == grammar.message[1] {
                // Its head and its end are counted, too.
                let count = message.segments.len().saturating_add(2);
                self.closed(of, &message.head, &segment, count, grammar.number[2]);
                return message;
            }
            message.segments.push(segment);
        }
        let wrong = message.head.wrong(None, format!("the message is not closed: there is no {}", grammar.message[1]));
        self.fault(of, Kind::Unclosed, wrong);
        message
    }

    /// What the end says of how much there is, and of which number.
    fn closed(&mut self, of: Of, head: &Segment, tail: &Segment, count: usize, number: usize) {
        let said = tail.text(1).trim();
        if said.parse::<usize>() != Ok(count) {
            let what = match of {
                Of::Interchange => "groups or messages",
                Of::Group(_) => "messages",
                Of::Message(..) => "segments",
            };
            self.fault(of, Kind::Count, tail.wrong(Some(1), format!("it says `{}` {what}, and there are {count}", said.escape_debug())));
        }
        let (opened, closed) = (head.text(number).trim(), tail.text(2).trim());
        if opened.is_empty() {
            self.fault(of, Kind::Missing, head.wrong(Some(number), "it has no control number"));
        } else if !same_number(opened, closed) {
            let what = format!("it is closed as `{}`, and was opened as `{}`", closed.escape_debug(), opened.escape_debug());
            self.fault(of, Kind::Number, tail.wrong(Some(2), what));
        }
    }
}

/// Whether two control numbers are one: of digits alone, noughts before them do not count.
fn same_number(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.chars().all(|letter| letter.is_ascii_digit());
    one == other || (!other.is_empty() && digits(one) && digits(other) && one.trim_start_matches('0') == other.trim_start_matches('0'))
}

/// What is known of the messages that people exchange about goods: their type, the code of their group in X12, and the segment that has to
/// be there.
const KNOWN: [(Standard, &str, &str, &str); 15] = [
    (Standard::X12, "850", "PO", "BEG"),
    (Standard::X12, "856", "SH", "BSN"),
    (Standard::X12, "861", "RC", "BRA"),
    (Standard::X12, "940", "OW", "W05"),
    (Standard::X12, "943", "AR", "W06"),
    (Standard::X12, "944", "RE", "W17"),
    (Standard::X12, "945", "SW", "W06"),
    (Standard::X12, "947", "AW", "W15"),
    (Standard::X12, "997", "FA", "AK1"),
    (Standard::Edifact, "ORDERS", "", "BGM"),
    (Standard::Edifact, "DESADV", "", "BGM"),
    (Standard::Edifact, "RECADV", "", "BGM"),
    (Standard::Edifact, "INVRPT", "", "BGM"),
    (Standard::Edifact, "APERAK", "", "BGM"),
    (Standard::Edifact, "CONTRL", "", "UCI"),
];

/// The code that a group of such messages has in X12.
pub(super) fn group_code(kind: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(standard, known, ..)| *standard == Standard::X12 && *known == kind).map(|(_, _, code, _)| *code)
}

/// Looks at the messages whose types are known: whether they stand in a group of their kind and begin as they must.
pub(super) fn judge(standard: Standard, interchange: &mut Interchange) {
    let mut found = Vec::new();
    for (place, group) in interchange.groups.iter().enumerate() {
        for (own, message) in group.messages.iter().enumerate() {
            let of = Of::Message(place, own);
            let (element, kind) = match standard {
                Standard::X12 => (1, message.head.text(1)),
                Standard::Edifact => (2, message.head.part(2, 1)),
            };
            if kind.is_empty() {
                found.push(Fault {
                    of,
                    kind: Kind::Missing,
                    wrong: message.head.wrong(Some(element), "it does not say of what type it is"),
                });
            }
            let Some((_, _, code, first)) = KNOWN.iter().find(|(known, name, ..)| *known == standard && *name == kind) else { continue };
            let stands_in = group.head.as_ref().map(|head| head.text(1)).unwrap_or_default();
            if standard == Standard::X12 && stands_in != *code {
                let what = format!("{kind} stands in a group of `{code}`, and this one is of `{}`", stands_in.escape_debug());
                found.push(Fault { of, kind: Kind::Type, wrong: message.head.wrong(Some(1), what) });
            }
            if !message.segments.iter().any(|segment| segment.name == *first) {
                let what = format!("{kind} has a {first}, and this one has none");
                found.push(Fault { of, kind: Kind::Missing, wrong: message.head.wrong(None, what) });
            }
        }
    }
    interchange.faults.extend(found);
}
