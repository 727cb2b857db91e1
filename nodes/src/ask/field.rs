//! Fields of a request, read one at a time into the words of the protocol; what cannot be read is said with its path.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{Deserialize, IntoDeserializer as _};
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::malformed::Malformed;
use takt_protocol::name::SiteId;
use takt_protocol::qty::Qty;
use takt_protocol::words::MaterialId;

use super::{Denied, Sort};

/// The longest remark of a person, in characters.
const REMARK_CHARS_MAX: usize = 400;

/// A field that must be there, and that people read again on labels and screens.
pub(super) fn word<T>(field: &str, text: &str, parse: impl FnOnce(&str) -> Result<T, Malformed>) -> Result<T, Denied> {
    legible(field, text)?;
    verbatim(field, text, parse)
}

/// The same, taken as it is sent: a number that somebody looks up may have the blanks that its system pads it with.
pub(super) fn verbatim<T>(field: &str, text: &str, parse: impl FnOnce(&str) -> Result<T, Malformed>) -> Result<T, Denied> {
    if text.is_empty() {
        return Err(Denied::missing(field));
    }
    parse(text).map_err(|malformed| Denied::malformed(field, &malformed))
}

/// A field that may be there.
pub(super) fn maybe<T>(field: &str, text: Option<&String>, parse: impl FnOnce(&str) -> Result<T, Malformed>) -> Result<Option<T>, Denied> {
    text.map(|text| word(field, text, parse)).transpose()
}

/// How much of a text a complaint repeats, in characters.
const REPEATED_CHARS_MAX: usize = 80;

/// That no two words look the same and are not: neither blanks around it, nor anything in it that nobody sees. Only what is asked
/// for here is held to it; what systems call their things is taken as they say it.
fn legible(field: &str, text: &str) -> Result<(), Denied> {
    let (what, remedy) = if text.chars().any(is_unseen) {
        ("holds characters that nobody sees", "type it anew: leave out control characters and marks of the direction of writing")
    } else if text.trim() != text {
        ("begins or ends with a blank", "send it without the blanks around it")
    } else {
        return Ok(());
    };
    let shown: String = text.chars().take(REPEATED_CHARS_MAX).collect();
    Err(Denied::new(Sort::Unprocessable, "SCHEMA", format!("`{}` {what}", shown.escape_debug()), remedy).at(field))
}

/// Whether a character is of the Unicode categories Cc and Cf: control, and format, among it what turns the direction of writing.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0001}'
                | '\u{e0020}'..='\u{e007f}'
        )
}

/// A quantity, as a person or a program asks for it: a fraction of a piece is a slip.
pub(super) fn quantity(text: &str) -> Result<Qty, Malformed> {
    if text.chars().filter(|letter| letter.is_whitespace()).count() > 1 {
        return Err(Malformed::new("quantity", text, "send a number, one blank and a unit, such as `40 H87`"));
    }
    let qty = Qty::parse(text)?;
    if takt_protocol::order::cuts_a_piece(&qty) {
        return Err(Malformed::new("quantity of pieces", text, "send a whole number of pieces, or the unit that is meant"));
    }
    Ok(qty)
}

/// A field that must be one of a closed list of words.
pub(super) fn choice<'a, T: Deserialize<'a>>(field: &str, text: &'a str) -> Result<T, Denied> {
    if text.is_empty() {
        return Err(Denied::missing(field));
    }
    let word: StrDeserializer<'a, Error> = text.into_deserializer();
    T::deserialize(word).map_err(|error| {
        let said = error.to_string();
        let listed =
            said.split_once(", expected ").map(|(_, words)| words.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
        let message = format!("`{}` is no word for this", text.escape_debug());
        Denied::new(Sort::Unprocessable, "SCHEMA", message, "send one of the choices").at(field).choose(listed.unwrap_or_default())
    })
}

/// What a person writes: printable, and not longer than a screen.
pub(super) fn remark(field: &str, text: Option<&String>) -> Result<Option<String>, Denied> {
    let Some(text) = text else { return Ok(None) };
    let printable = text.chars().all(|c| !c.is_control());
    if text.trim().is_empty() || !printable || text.chars().count() > REMARK_CHARS_MAX {
        let remedy = format!("send 1 to {REMARK_CHARS_MAX} printable characters, or leave it out");
        return Err(Denied::new(Sort::Unprocessable, "SCHEMA", format!("`{field}` is not a remark"), remedy).at(field));
    }
    Ok(Some(text.clone()))
}

/// A site of the configuration.
pub(super) fn site(book: &Book, field: &str, text: &str, kind: SiteKind) -> Result<SiteId, Denied> {
    let name = word(field, text, SiteId::parse)?;
    if book.sites.get(&name).is_some_and(|site| site.kind == kind) {
        return Ok(name);
    }
    let word = match kind {
        SiteKind::Erp => "ERP",
        SiteKind::Plant => "plant",
        SiteKind::Warehouse => "warehouse",
        SiteKind::Quality => "quality system",
        SiteKind::ProductData => "product data system",
        SiteKind::Maintenance => "maintenance system",
        SiteKind::Transport => "transport system",
        SiteKind::Planning => "planning system",
        SiteKind::Supplier => "supplier portal",
        SiteKind::Analytics => "reader of events",
    };
    let known = book.sites.iter().filter(|(_, site)| site.kind == kind).map(|(name, _)| name.to_string());
    let remedy = format!("send one of the choices, or add `sites/{name}.yaml` to the configuration folder");
    Err(Denied::new(Sort::Unprocessable, "UNKNOWN", format!("no {word} `{name}` is configured"), remedy).at(field).choose(known))
}

/// A material that a plant's master data knows, whether or not it is in force today.
pub(super) fn material(book: &Book, plant: SiteId, field: &str, text: &str) -> Result<MaterialId, Denied> {
    let id = word(field, text, MaterialId::parse)?;
    if book.knows_material(plant, &id) {
        return Ok(id);
    }
    let remedy =
        "correct the number, or have the material's owner state it; without one, add it to `materials/` in the configuration folder";
    Err(Denied::new(Sort::Unprocessable, "MISSING_MATERIAL", format!("the material `{id}` is not known"), remedy).at(field))
}
