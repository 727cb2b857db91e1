use proptest::prelude::*;

use super::*;

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

#[test]
fn a_hundred_pieces_with_and_without_decimals_are_the_same() {
    assert_eq!(qty("100.000 H87"), qty("100 H87"));
}

#[test]
fn pieces_and_eaches_are_not_the_same_unless_a_rule_says_so() {
    assert_ne!(qty("1 H87"), qty("1 EA"));
    assert!(matches!(qty("1 H87").plus(qty("1 EA")), Err(QtyError::UnitMismatch { .. })));
}

#[test]
fn words_that_are_not_quantities_are_refused_with_a_remedy() {
    for text in [
        "40",
        "40 PCE",
        "1e3 H87",
        "1,5 KGM",
        "+1 H87",
        " 1 H87",
        "NaN KGM",
        "1 H87 ",
        ".5 KGM",
        "5. KGM",
        "- KGM",
        "--1 KGM",
        "1.0000001 KGM",
        "1000000000000000 H87",
    ] {
        let refused = Qty::parse(text).unwrap_err();
        assert!(!refused.remedy.is_empty(), "{text}");
    }
}

#[test]
fn the_limit_is_ten_to_the_fifteenth() {
    assert_eq!(Qty::LIMIT.to_string(), "1000000000000000");
    assert!(Qty::parse("999999999999999.999999 KGM").is_ok());
}

#[test]
fn a_quantity_at_the_limit_can_be_rounded_and_still_be_read_back() {
    for text in ["999999999999999.9 KGM", "-999999999999999.9 KGM"] {
        let rounded = qty(text).rounded(0, Rounding::HalfUp);
        assert_eq!(qty(&rounded.to_string()), rounded);
    }
}

#[test]
fn minus_nothing_is_nothing_and_prints_like_it() {
    assert_eq!(qty("0 KGM").negated().to_string(), "0 KGM");
    assert_eq!(qty("-0.000 KGM").to_string(), "0 KGM");
}

#[test]
fn numbers_are_read_in_the_format_their_system_writes() {
    let german = NumberFormat { decimal: ',', group: Some('.'), trailing_minus: false };
    assert_eq!(german.read("1.234,500").unwrap().to_string(), "1234.500");
    assert!(german.read("1.23,5").is_err());
    let idoc = NumberFormat { trailing_minus: true, ..NumberFormat::default() };
    assert_eq!(idoc.read("10.000-").unwrap().to_string(), "-10.000");
    assert!(idoc.read("-10.000-").is_err(), "two minuses are not a plus");
    assert!(NumberFormat::default().read("10.000-").is_err());
    assert!(NumberFormat::default().read("1,234").is_err());
}

#[test]
fn halves_round_as_the_rule_says() {
    assert_eq!(qty("0.0005 KGM").rounded(3, Rounding::HalfUp), qty("0.001 KGM"));
    assert_eq!(qty("-0.0005 KGM").rounded(3, Rounding::HalfUp), qty("-0.001 KGM"));
    assert_eq!(qty("0.0005 KGM").rounded(3, Rounding::HalfEven), qty("0 KGM"));
    assert_eq!(qty("0.0019 KGM").rounded(3, Rounding::Down), qty("0.001 KGM"));
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(units in -1_000_000_000_i64..1_000_000_000, scale in 0_u32..6) {
        let quantity = Qty::new(Decimal::new(units, scale), Uom::parse("KGM").unwrap()).unwrap();
        prop_assert_eq!(qty(&quantity.to_string()), quantity);
        let bytes = rmp_serde::to_vec_named(&quantity).unwrap();
        prop_assert_eq!(rmp_serde::from_slice::<Qty>(&bytes).unwrap(), quantity);
    }

    #[test]
    fn adding_and_taking_away_leaves_what_was(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
        let uom = Uom::parse("GRM").unwrap();
        let (a, b) = (Qty::new(Decimal::new(a, 4), uom).unwrap(), Qty::new(Decimal::new(b, 2), uom).unwrap());
        prop_assert_eq!(a.plus(b).unwrap().minus(b).unwrap(), a);
    }
}
