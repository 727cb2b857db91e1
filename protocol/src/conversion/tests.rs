//! Conversions: exact, converted once, refused where they would cut.

use proptest::prelude::*;

use super::*;

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

fn uom(code: &str) -> Uom {
    Uom::parse(code).unwrap()
}

#[test]
fn a_gram_into_a_tonne_is_refused_at_onboarding_not_cut() {
    assert!(!survives(uom("GRM"), 0, uom("TNE"), 3));
    assert!(survives(uom("KGM"), 0, uom("TNE"), 3));
    assert!(survives(uom("GRM"), 0, uom("KGM"), 3));
}

#[test]
fn a_fraction_that_has_no_end_is_an_error_that_a_rule_may_round() {
    let mut conversions = Conversions::default();
    conversions.insert(uom("BX"), Conversion::new(10, 3).unwrap());
    assert_eq!(conversions.to_base(qty("3 BX"), uom("H87")).unwrap(), qty("10 H87"));
    assert!(matches!(conversions.to_base(qty("1 BX"), uom("H87")), Err(ConversionError::Quantity(QtyError::TooFine { .. }))));
    assert_eq!(conversions.to_base_rounded(qty("1 BX"), uom("H87"), 3, Rounding::HalfUp).unwrap(), qty("3.333 H87"));
}

#[test]
fn temperatures_never_convert_by_a_factor() {
    assert!(uom("CEL").factor_to(uom("KEL")).is_none());
    assert!(matches!(Conversions::default().to_base(qty("1 CEL"), uom("KEL")), Err(ConversionError::Unmapped { .. })));
}

#[test]
fn grams_become_kilograms_exactly() {
    assert_eq!(Conversions::default().to_base(qty("0.4 GRM"), uom("KGM")).unwrap(), qty("0.0004 KGM"));
}

#[test]
fn a_fraction_has_at_most_five_digits_a_part() {
    assert_eq!(Conversion::new(0, 1), Err(ConversionError::Fraction));
    assert_eq!(Conversion::new(100_000, 1), Err(ConversionError::Fraction));
}

#[test]
fn a_fraction_of_nothing_is_refused_from_text_too() {
    for text in [r#"{"num":0,"den":1}"#, r#"{"num":1,"den":0}"#, r#"{"num":100000,"den":1}"#] {
        assert!(serde_json::from_str::<Conversion>(text).is_err(), "{text}");
    }
    let kept = Conversion::new(12, 5).unwrap();
    assert_eq!(serde_json::from_str::<Conversion>(&serde_json::to_string(&kept).unwrap()).unwrap(), kept);
}

#[test]
fn a_conversion_is_rounded_once_and_not_twice() {
    // 0.0499999 of a box of ten is 0.499999 pieces: rounded to whole pieces by way of fewer decimals it would become one.
    let mut conversions = Conversions::default();
    conversions.insert(uom("BX"), Conversion::new(49_999, 99_999).unwrap());
    let one = conversions.to_base_rounded(qty("1.00001 BX"), uom("H87"), 6, Rounding::Down).unwrap();
    assert_eq!(one, qty("0.5 H87").minus(qty("0.000001 H87")).unwrap(), "1.00001 * 49999 / 99999 is a little less than a half");
    assert_eq!(conversions.to_base_rounded(qty("1.00001 BX"), uom("H87"), 0, Rounding::HalfUp).unwrap(), qty("0 H87"));
}

#[test]
fn each_and_piece_are_one_another_only_where_the_material_says_so() {
    assert!(Conversions::default().to_base(qty("1 EA"), uom("H87")).is_err());
    let mut conversions = Conversions::default();
    conversions.insert(uom("EA"), Conversion::new(1, 1).unwrap());
    assert_eq!(conversions.to_base(qty("7 EA"), uom("H87")).unwrap(), qty("7 H87"));
}

proptest! {
    #[test]
    fn there_and_back_again_is_where_we_were(units in -1_000_000_i64..1_000_000, scale in 0_u32..4) {
        for (one, other) in [("KGM", "GRM"), ("TNE", "KGM"), ("LTR", "MLT"), ("HUR", "SEC"), ("MTR", "MMT"), ("KWH", "WHR")] {
            let from = Qty::new(Decimal::new(units, scale), uom(one)).unwrap();
            let there = Conversions::default().to_base(from, uom(other)).unwrap();
            prop_assert_eq!(Conversions::default().to_base(there, uom(one)).unwrap(), from);
        }
    }
}
