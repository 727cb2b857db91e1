//! Units on the stage: a recipe may measure a component in another unit than its stock is kept in, and every simulated system
//! wants it in one that it knows. Pure.

use anyhow::Context as _;
use rust_decimal::Decimal;
use takt_protocol::book::{Book, Material, RecipeComponent};
use takt_protocol::qty::Qty;
use takt_protocol::uom::Uom;
use takt_protocol::words::MaterialId;

/// How many of a material's own unit one of another is, as numerator and denominator: by its own conversions, else by nature.
pub(super) fn factor(known: &Material, uom: Uom) -> anyhow::Result<(u64, u64)> {
    let own = serde_json::to_value(&known.conversions)?;
    let part = |name: &str| own.get(uom.code())?.get(name)?.as_u64();
    let own = part("num").zip(part("den")).filter(|_| uom != known.base);
    let fraction = own.or_else(|| uom.factor_to(known.base)).with_context(|| format!("{uom} is not convertible into {}", known.base));
    fraction.map(lowest)
}

/// The same fraction in its lowest terms: an ERP keeps five digits of each part.
fn lowest((num, den): (u64, u64)) -> (u64, u64) {
    let (mut common, mut rest) = (num, den);
    while let Some(next) = common.checked_rem(rest) {
        (common, rest) = (rest, next);
    }
    (num.checked_div(common).unwrap_or(num), den.checked_div(common).unwrap_or(den))
}

/// An amount of a material's own unit in another one.
pub(super) fn from_base(book: &Book, material: &MaterialId, amount: &str, uom: Uom) -> anyhow::Result<String> {
    let known = book.materials.get(material).with_context(|| format!("there is no material {material}"))?;
    let (num, den) = factor(known, uom).with_context(|| format!("what lies at the line of {material}"))?;
    let amount: Decimal = amount.parse()?;
    let other = amount.checked_mul(Decimal::from(den)).and_then(|product| product.checked_div(Decimal::from(num)));
    Ok(other.context("the amount does not fit")?.normalize().to_string())
}

/// What a recipe takes of a component, in the component's own unit.
pub(super) fn in_base(book: &Book, component: &RecipeComponent) -> anyhow::Result<Qty> {
    let Some(known) = book.materials.get(&component.material) else { return Ok(component.qty) };
    known.conversions.to_base(component.qty, known.base).with_context(|| format!("component {} of a recipe", component.item))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn steel() -> Material {
        serde_json::from_value(json!({ "description": "steel", "base": "KGM", "conversions": { "MTR": { "num": 7, "den": 3 } } })).unwrap()
    }

    #[test]
    fn a_unit_is_worth_what_its_material_says_and_else_what_nature_says() {
        let uom = |code: &str| Uom::parse(code).unwrap();
        for (code, wanted) in [("KGM", (1, 1)), ("TNE", (1_000, 1)), ("GRM", (1, 1_000)), ("MTR", (7, 3))] {
            assert_eq!(factor(&steel(), uom(code)).unwrap(), wanted, "{code}");
        }
        assert!(factor(&steel(), uom("H87")).is_err());
    }

    #[test]
    fn what_lies_at_the_line_is_told_in_the_unit_of_the_recipe() {
        let material = MaterialId::parse("STEEL").unwrap();
        let mut book = Book::default();
        book.materials.insert(material.clone(), steel());
        let told = |amount: &str, code: &str| from_base(&book, &material, amount, Uom::parse(code).unwrap()).unwrap();
        assert_eq!((told("80", "TNE"), told("80", "KGM"), told("7", "MTR")), ("0.08".to_owned(), "80".to_owned(), "3".to_owned()));
    }
}
