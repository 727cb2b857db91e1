//! Materials: each stands once, and what it says of its units and lots can be.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_saphyr::Spanned;
use takt_protocol::book::LotMode;
use takt_protocol::uom::Uom;
use takt_protocol::words::MaterialId;

use super::Checks;
use crate::text::MaterialText;

impl<'a> Checks<'a> {
    /// All materials; one that stands in two files is a finding.
    pub(super) fn materials(&mut self) {
        let mut files: BTreeMap<&'a MaterialId, &'a str> = BTreeMap::new();
        let pages = self.pages;
        for page in &pages.materials {
            for (name, text) in &page.value {
                self.materials.insert(name, &text.value);
                if let Some(other) = files.insert(name, &page.file) {
                    let what = format!("the material {name} stands in {other} too");
                    self.say(&page.file, text.referenced, what, "delete one of them");
                }
                if name.as_str().trim() != name.as_str() {
                    let what = format!("the material `{name}` begins or ends with a blank, so nobody else would call it so");
                    self.say(&page.file, text.referenced, what, "take the blank away");
                }
                let twin = self.materials.keys().find(|other| *other != &name && other.as_str().eq_ignore_ascii_case(name.as_str()));
                if let Some(twin) = twin.copied() {
                    let what = format!("{name} and {twin} are two materials");
                    self.note(&page.file, text.referenced, what, "write it in the same letters, where it is one");
                }
                self.units(&page.file, name, text);
                if text.value.inspected && text.value.lot_mode == LotMode::None {
                    let what = format!("{name} is inspected, and has no lots that could be");
                    self.say_at(&page.file, &[name.as_str(), "inspected"], what, "write `lot_mode: lot`, or leave out `inspected`");
                }
            }
        }
    }

    /// That nothing is said of a unit which the unit itself says otherwise.
    fn units(&mut self, file: &str, name: &MaterialId, text: &Spanned<MaterialText>) {
        let base = text.value.base;
        let Ok(table) = serde_json::to_value(&text.value.conversions) else { return };
        for (unit, own) in table.as_object().into_iter().flatten() {
            let Some((from, to)) = Uom::parse(unit).ok().and_then(|unit| unit.factor_to(base)) else { continue };
            let part = |key: &str| own.get(key).and_then(Value::as_u64).unwrap_or_default();
            let (num, den) = (part("num"), part("den"));
            if u128::from(num) * u128::from(to) != u128::from(den) * u128::from(from) {
                let (here, everywhere) = (fraction(num, den), fraction(from, to));
                let what = format!("one {unit} of {name} is {here} {base} here, and {everywhere} everywhere");
                self.say_at(file, &[name.as_str(), "conversions", unit], what, "leave it out: it is known");
            }
        }
    }
}

/// A fraction as a person writes it.
fn fraction(num: u64, den: u64) -> String {
    let (mut by, mut rest) = (num.max(1), den);
    while rest > 0 {
        (by, rest) = (rest, by % rest);
    }
    match (num / by, den / by) {
        (num, 1) => num.to_string(),
        (num, den) => format!("{num}/{den}"),
    }
}
