//! Values of metrics, by their data types (Eclipse Sparkplug 3.0.0, chapter 6.4.16). Whole numbers are carried without a sign: a
//! negative one is its two's complement, in as many bits as its type has, or in more, as some implementations write it.

use serde_json::Value;

use super::payload::{Held, Metric};
use crate::link::telemetry::Said;

/// A data type that can be read and written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Signed(u32),
    Unsigned(u32),
    Float,
    Double,
    Boolean,
    Text,
    Time,
}

/// The types by number and word.
const TYPES: [(u32, &str, Type); 15] = [
    (1, "int8", Type::Signed(8)),
    (2, "int16", Type::Signed(16)),
    (3, "int32", Type::Signed(32)),
    (4, "int64", Type::Signed(64)),
    (5, "uint8", Type::Unsigned(8)),
    (6, "uint16", Type::Unsigned(16)),
    (7, "uint32", Type::Unsigned(32)),
    (8, "uint64", Type::Unsigned(64)),
    (9, "float", Type::Float),
    (10, "double", Type::Double),
    (11, "boolean", Type::Boolean),
    (12, "string", Type::Text),
    (13, "datetime", Type::Time),
    (14, "text", Type::Text),
    (15, "uuid", Type::Text),
];

/// What kind of thing a type of another number is.
fn other(number: u32) -> Option<&'static str> {
    match number {
        16 => Some("a data set"),
        17 => Some("bytes"),
        18 => Some("a file"),
        19 => Some("a template"),
        20 | 21 => Some("a set of properties"),
        22..=34 => Some("a list"),
        _ => None,
    }
}

/// What a metric says; `named` is its type where the metric itself does not name one. The error says what is wrong.
pub(super) fn said(metric: &Metric, named: Option<u32>) -> Result<Said, String> {
    let number = metric.datatype.filter(|number| *number != 0).or(named).unwrap_or_default();
    if metric.is_null == Some(true) {
        return Ok(Said::Nothing);
    }
    let Some((_, word, kind)) = TYPES.into_iter().find(|(known, _, _)| *known == number) else {
        return other(number).map(Said::Other).ok_or_else(|| format!("the data type {number} is none of Sparkplug B's"));
    };
    let Some(held) = &metric.value else { return Ok(Said::Nothing) };
    let said = match (kind, held) {
        (Type::Signed(bits), Held::Int(int)) => Some(Said::Whole(signed(u64::from(*int), bits.min(32), bits))),
        (Type::Signed(bits), Held::Long(long)) => Some(Said::Whole(signed(*long, bits, bits))),
        (Type::Unsigned(bits), Held::Int(int)) => unsigned(u64::from(*int), bits),
        (Type::Unsigned(bits), Held::Long(long)) => unsigned(*long, bits),
        (Type::Time, Held::Long(long)) => Some(Said::Whole(i128::from(*long))),
        (Type::Float | Type::Double, Held::Float(number)) => Some(Said::Number(f64::from(*number))),
        (Type::Float | Type::Double, Held::Double(number)) => Some(Said::Number(*number)),
        (Type::Boolean, Held::Boolean(flag)) => Some(Said::Flag(*flag)),
        (Type::Text, Held::Text(text)) => Some(Said::Text(text.clone())),
        (_, _) => None,
    };
    said.ok_or_else(|| format!("its type is {word}, and what it holds is none: {}", held_word(held)))
}

/// Two's complement in the lowest bits; of one that was written in more bits these say the same.
fn signed(value: u64, within: u32, bits: u32) -> i128 {
    let bits = bits.min(within).clamp(1, 64);
    let value = i128::from(value) & ((1 << bits) - 1);
    if value >> (bits - 1) == 1 { value - (1 << bits) } else { value }
}

fn unsigned(value: u64, bits: u32) -> Option<Said> {
    let value = i128::from(value);
    (value < 1 << bits).then_some(Said::Whole(value))
}

fn held_word(held: &Held) -> String {
    match held {
        Held::Int(value) => format!("the whole number {value}"),
        Held::Long(value) => format!("the long number {value}"),
        Held::Float(value) => format!("the number {value}"),
        Held::Double(value) => format!("the number {value}"),
        Held::Boolean(value) => format!("{value}"),
        Held::Text(_) => "a text".to_owned(),
        Held::Bytes(_) => "bytes".to_owned(),
        Held::DataSet(_) => "a data set".to_owned(),
        Held::Template(_) => "a template".to_owned(),
        Held::Extension(_) => "an extension".to_owned(),
    }
}

/// A value of a type, as it is written. The error says what does not fit.
pub(super) fn written(word: &str, value: &Value) -> Result<(u32, Held), String> {
    let Some((number, _, kind)) = TYPES.into_iter().find(|(_, known, _)| *known == word) else {
        let known: Vec<&str> = TYPES.iter().map(|(_, word, _)| *word).collect();
        return Err(format!("there is no type {word}: write one of {}", known.join(", ")));
    };
    let held = match kind {
        Type::Signed(bits) => {
            value.as_i64().filter(|value| i128::from(*value) >= -(1 << (bits - 1)) && i128::from(*value) < 1 << (bits - 1)).map(|value| {
                let bytes = value.to_be_bytes();
                let [_, _, _, _, a, b, c, d] = bytes;
                if bits == 64 { Held::Long(u64::from_be_bytes(bytes)) } else { Held::Int(u32::from_be_bytes([a, b, c, d])) }
            })
        }
        Type::Unsigned(64) | Type::Time => value.as_u64().map(Held::Long),
        Type::Unsigned(bits) => {
            value.as_u64().and_then(|value| u32::try_from(value).ok()).filter(|value| u64::from(*value) < 1 << bits).map(Held::Int)
        }
        Type::Float => value.as_f64().and_then(|value| value.to_string().parse::<f32>().ok()).map(Held::Float),
        Type::Double => value.as_f64().map(Held::Double),
        Type::Boolean => value.as_bool().map(Held::Boolean),
        Type::Text => value.as_str().map(|text| Held::Text(text.to_owned())),
    };
    held.map(|held| (number, held)).ok_or_else(|| format!("{value} is no {word}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole(datatype: u32, held: Held) -> Result<Said, String> {
        said(&Metric { datatype: Some(datatype), value: Some(held), ..Metric::default() }, None)
    }

    #[test]
    fn numbers_are_read_however_their_sign_was_written() {
        // Minus one in the bits of its type, and in all 32.
        assert_eq!(whole(1, Held::Int(0xFF)), Ok(Said::Whole(-1)));
        assert_eq!(whole(1, Held::Int(0xFFFF_FFFF)), Ok(Said::Whole(-1)));
        assert_eq!(whole(2, Held::Int(0x8000)), Ok(Said::Whole(-32_768)));
        assert_eq!(whole(3, Held::Int(0xFFFF_FFFE)), Ok(Said::Whole(-2)));
        assert_eq!(whole(3, Held::Long(0xFFFF_FFFF_FFFF_FFFE)), Ok(Said::Whole(-2)));
        assert_eq!(whole(4, Held::Long(u64::MAX)), Ok(Said::Whole(-1)));
        assert_eq!(whole(4, Held::Int(7)), Ok(Said::Whole(7)));
        assert_eq!(whole(5, Held::Int(200)), Ok(Said::Whole(200)));
        assert_eq!(whole(7, Held::Int(u32::MAX)), Ok(Said::Whole(4_294_967_295)));
        assert_eq!(whole(7, Held::Long(4_294_967_295)), Ok(Said::Whole(4_294_967_295)), "a long holds what some write as such");
        assert_eq!(whole(8, Held::Long(u64::MAX)), Ok(Said::Whole(18_446_744_073_709_551_615)));
        assert!(whole(5, Held::Int(300)).is_err() && whole(7, Held::Long(1 << 32)).is_err(), "it does not fit");
        assert!(whole(3, Held::Text("7".into())).unwrap_err().contains("int32"));
        assert!(whole(99, Held::Int(1)).unwrap_err().contains("99"));
        assert_eq!(whole(16, Held::DataSet(vec![1])), Ok(Said::Other("a data set")));
    }

    #[test]
    fn nothing_is_not_zero() {
        let metric = Metric { datatype: Some(3), is_null: Some(true), value: Some(Held::Int(0)), ..Metric::default() };
        assert_eq!(said(&metric, None), Ok(Said::Nothing));
        assert_eq!(said(&Metric::default(), Some(3)), Ok(Said::Nothing), "the type is the birth's");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (word, value, said) in [
            ("int8", json!(-5), Said::Whole(-5)),
            ("int32", json!(-70_000), Said::Whole(-70_000)),
            ("int64", json!(-9_007_199_254_740_993_i64), Said::Whole(-9_007_199_254_740_993)),
            ("uint32", json!(4_294_967_295_u64), Said::Whole(4_294_967_295)),
            ("uint64", json!(u64::MAX), Said::Whole(18_446_744_073_709_551_615)),
            ("double", json!(0.1), Said::Number(0.1)),
            ("boolean", json!(true), Said::Flag(true)),
            ("string", json!("4711"), Said::Text("4711".into())),
        ] {
            let (number, held) = written(word, &value).unwrap();
            assert_eq!(whole(number, held), Ok(said), "{word}");
        }
        for (word, value) in [("int8", json!(128)), ("uint16", json!(-1)), ("boolean", json!(1)), ("int33", json!(1)), ("string", json!(1))]
        {
            assert!(written(word, &value).is_err(), "{word} {value}");
        }
    }
}
