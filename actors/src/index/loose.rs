//! Numbers as people type them: with blanks, in small letters, with or without leading zeros, without the letters in front.
//! Good for looking something up, and for nothing else: nothing is decided or matched by such a form. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use takt_protocol::native::{NativeId, NativeKind, Ref};

use super::Evidence;
use super::keys::number_key;

/// The shortest part of a number by which it is found: less would be found by every other number.
const PART_MIN: usize = 3;

/// What was found by a form of its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Found {
    /// A thing, by one of its names.
    Name(Ref),
    /// What is no thing of its own, by its number.
    Evidence(Evidence, String),
    /// An exception, by its short name.
    Exception(String),
}

/// A number without blanks, strokes and other marks, in capital letters, without the leading zeros of its digits. The parts of a
/// `material/lot` stay apart.
pub fn loosened(text: &str) -> String {
    let parts: Vec<String> = text.split('/').map(part).filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

fn part(text: &str) -> String {
    let mut bare = String::new();
    let mut zeros = 0;
    for letter in text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase) {
        let after_digit = bare.ends_with(|before: char| before.is_ascii_digit());
        if letter == '0' && !after_digit {
            zeros += 1;
            continue;
        }
        // Zeros alone are a zero.
        if zeros > 0 && !letter.is_ascii_digit() {
            bare.push('0');
        }
        zeros = 0;
        bare.push(letter);
    }
    if zeros > 0 {
        bare.push('0');
    }
    bare
}

/// The forms of what somebody typed, the whole number first: what it has in front may be what makes it another one, so the next form
/// is for when nothing is known by the one before.
pub fn typed(text: &str) -> Vec<String> {
    let text = scanned(text);
    let whole = loosened(text);
    let others = forms(text).into_iter().filter(|form| *form != whole);
    std::iter::once(whole.clone()).chain(others).filter(|form| !form.is_empty()).collect()
}

/// What a scanner read, without the three letters by which it says what kind of symbol that was, such as `]C1`.
fn scanned(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix(']').and_then(|_| text.get(3..)).filter(|rest| !rest.is_empty()).unwrap_or(text)
}

/// Every form under which a number is looked for: whole, without the letters in front, its last digits.
pub(super) fn forms(text: &str) -> BTreeSet<String> {
    let rest = text.split_once(['-', ' ']).filter(|(front, _)| front.chars().all(char::is_alphabetic)).map(|(_, rest)| rest);
    let digits = text.len() - text.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let last = text.get(text.len() - digits..);
    let parts = [rest, last].into_iter().flatten().map(loosened).filter(|form| form.len() >= PART_MIN);
    parts.chain([loosened(text)]).filter(|form| !form.is_empty()).collect()
}

/// Every form of a name; of a lot also those of its number alone.
pub(super) fn forms_of(name: &Ref) -> BTreeSet<String> {
    let mut all = forms(name.id.as_str());
    if let Some((_, lot)) = name.id.as_str().split_once('/').filter(|_| name.kind == NativeKind::Lot) {
        all.extend(forms(lot));
    }
    all
}

/// Whether rows by the number itself are found by this form already.
pub(super) fn is_plain(form: &str, number: &NativeId) -> bool {
    number.normal() == form
}

/// Where everything begins that has such a form.
pub(super) fn form_key(form: &str) -> Option<Vec<u8>> {
    NativeId::parse(form).ok().map(|form| number_key(&form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_typed() {
        for (typed, form) in [
            ("1000042", "1000042"),
            ("1 000 042", "1000042"),
            ("0001000042", "1000042"),
            ("shp-7781", "SHP7781"),
            ("SHP 007781", "SHP7781"),
            (" (00)340123450000000018 ", "340123450000000018"),
            ("fg-100 / n7-1123", "FG100/N71123"),
            ("FG-100/0007", "FG100/7"),
            ("A-000", "A0"),
            ("0A", "0A"),
            ("- /", ""),
        ] {
            assert_eq!(loosened(typed), form, "{typed}");
        }
    }

    #[test]
    fn a_number_is_found_without_the_letters_in_front_and_by_its_last_digits() {
        let all = |text: &str| forms(text).into_iter().collect::<Vec<_>>();
        assert_eq!(all("SHP-7781"), ["7781", "SHP7781"]);
        assert_eq!(all("E-MPV9CK-1"), ["EMPV9CK1", "MPV9CK1"]);
        assert_eq!(all("N7-1123"), ["1123", "N71123"]);
        assert_eq!(all("A-12-3"), ["123", "A123"], "its last digits alone are too few");
        assert_eq!(all("N7-0001"), ["N70001"], "and zeros are none");
        assert_eq!(all("L-000004"), ["L4"], "nor is one digit behind a letter enough");
        assert_eq!(typed("shp 7781"), ["SHP7781", "7781"], "the whole number first");
        assert_eq!(typed("]C100340123450000000018"), typed("(00)340123450000000018"), "as a scanner reads it");
        assert_eq!(typed("]C1"), ["C1"], "which may be all of it");
    }
}
