//! What a message that matches nothing most likely meant: names that are known here and differ from its own by little. People
//! read numbers off paper and lose a digit. Pure, and it decides nothing: a person does.

use std::collections::BTreeMap;

use super::{Name, Site, name_of};
use crate::id::EntityId;
use crate::input::{Address, Input};

/// How a number differs from another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slip {
    /// Not at all: it is known under another kind of name.
    Same,
    /// Two neighbours are the other way round.
    Swapped,
    /// A character is missing from it.
    Missing,
    /// It has a character too many.
    Extra,
    /// A character is another one.
    Other,
    /// Two of these at once.
    Two,
}

impl Slip {
    /// In words, of the number that was told.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "the same number, of another kind",
            Self::Swapped => "two characters are the other way round",
            Self::Missing => "one character is missing",
            Self::Extra => "one character is too many",
            Self::Other => "one character is another",
            Self::Two => "two characters differ",
        }
    }
}

/// A thing that may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likely {
    /// Which.
    pub entity: EntityId,
    /// The name it is known by here.
    pub name: Name,
    /// How the told number differs from it.
    pub slip: Slip,
}

impl Site {
    /// What a waiting message may have meant, the nearest first, at most `most`.
    pub fn likely(&self, input: &Input, most: usize) -> Vec<Likely> {
        let Address::Native { kind, names } = &input.to else { return Vec::new() };
        let told: Vec<Name> = names.iter().map(name_of).collect();
        let mut found: BTreeMap<EntityId, Likely> = BTreeMap::new();
        for (name, entity) in self.expected.iter().filter(|(_, entity)| entity.kind() == *kind) {
            let nearest = told.iter().filter_map(|(_, told)| slip(told, &name.1)).min();
            let Some(slip) = nearest else { continue };
            if found.get(entity).is_none_or(|known| slip < known.slip) {
                found.insert(*entity, Likely { entity: *entity, name: name.clone(), slip });
            }
        }
        let mut found: Vec<Likely> = found.into_values().collect();
        found.sort_by(|a, b| (a.slip, &a.name).cmp(&(b.slip, &b.name)));
        found.truncate(most);
        found
    }
}

/// How a told number differs from a known one; nothing where they have little in common. Short ones differ by one at most:
/// of three characters any two others would do.
fn slip(told: &str, known: &str) -> Option<Slip> {
    let (told, known): (Vec<char>, Vec<char>) = (told.chars().collect(), known.chars().collect());
    if told.len().abs_diff(known.len()) > 2 {
        return None;
    }
    let head = told.iter().zip(&known).take_while(|(a, b)| a == b).count();
    let (told_rest, known_rest) = (told.get(head..).unwrap_or_default(), known.get(head..).unwrap_or_default());
    let tail = told_rest.iter().rev().zip(known_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = |rest: &[char]| rest.get(..rest.len() - tail).unwrap_or_default().to_vec();
    match (middle(told_rest).as_slice(), middle(known_rest).as_slice()) {
        ([], []) => Some(Slip::Same),
        ([], [_]) => Some(Slip::Missing),
        ([_], []) => Some(Slip::Extra),
        ([_], [_]) => Some(Slip::Other),
        ([a, b], [c, d]) if a == d && b == c => Some(Slip::Swapped),
        (a, b) if known.len() >= 5 && a.len().max(b.len()) <= 2 => Some(Slip::Two),
        (_, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_by_what_happened_to_the_number() {
        let seen = |told| slip(told, "1000042");
        assert_eq!(seen("1000042"), Some(Slip::Same));
        assert_eq!(seen("100042"), Some(Slip::Missing));
        assert_eq!(seen("10000042"), Some(Slip::Extra));
        assert_eq!(seen("1000043"), Some(Slip::Other));
        assert_eq!(seen("1000024"), Some(Slip::Swapped));
        assert_eq!(seen("1000099"), Some(Slip::Two));
        assert_eq!(seen("2000099"), None);
        assert_eq!(seen(""), None);
        assert_eq!((slip("A1", "B2"), slip("A1", "A2")), (None, Some(Slip::Other)), "short numbers have little to tell");
    }
}
