//! Statements for PostgreSQL, and what its columns become.
//!
//! | column | a mapping sees |
//! |---|---|
//! | `bool`, `int2`, `int4`, `int8`, `oid` | true or false, a number |
//! | `numeric` | a text with every digit |
//! | `float4`, `float8` | a number |
//! | `text`, `varchar`, enums | the text |
//! | `char(n)` | the text without the blanks at its end, which do not count there |
//! | `timestamptz` | a text as of UTC, with a `Z` |
//! | `timestamp`, `date`, `time` | a text without a zone |
//! | `json`, `jsonb` | what stands in it |
//! | `uuid` | a text with its dashes |
//! | `bytea` | a text of hexadecimal digits |
//!
//! Another type has to be cast in the statement.

use futures::TryStreamExt as _;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnection, PgRow, PgTypeKind, PgValueRef};
use sqlx::{Column as _, Either, Executor as _, Postgres, Row as _, TypeInfo as _, ValueRef as _};

use super::desk::Trouble;
use super::rows::{Answer, bound, hex, put};

/// Days from 1970 to 2000, from which PostgreSQL counts.
const DAYS_TO_2000: i64 = 10_957;

const DAY_US: i64 = 86_400_000_000;

pub(super) async fn ask(connection: &mut PgConnection, sql: &str, args: &[Value]) -> Result<Value, Trouble> {
    let mut answer = Answer::default();
    let mut told = connection.fetch_many(bound::<Postgres>(sql, args));
    while let Some(part) = told.try_next().await? {
        match part {
            Either::Left(done) => answer.changed(done.rows_affected()),
            Either::Right(found) => answer.put(row(&found)?)?,
        }
    }
    Ok(answer.shown())
}

fn row(found: &PgRow) -> Result<Value, Trouble> {
    let mut row = serde_json::Map::new();
    for (at, column) in found.columns().iter().enumerate() {
        let raw = found.try_get_raw(at)?;
        let mut kind = column.type_info();
        while let PgTypeKind::Domain(of) = kind.kind() {
            kind = of;
        }
        let value = if raw.is_null() {
            Some(Value::Null)
        } else if matches!(kind.kind(), PgTypeKind::Enum(_)) {
            text(&raw)
        } else {
            value(kind.name(), &raw)
        };
        let value = value.ok_or_else(|| {
            let (name, kind) = (column.name(), kind.name());
            Trouble::Wrong(format!("the column {name} is of type {kind}, which is not read: write `{name}::text` in the statement"))
        })?;
        put(&mut row, column.name(), value)?;
    }
    Ok(Value::Object(row))
}

fn text(raw: &PgValueRef<'_>) -> Option<Value> {
    raw.as_str().ok().map(|text| json!(text))
}

/// The value of a column as it came over the wire in its binary form; nothing where it has a form that is not known here.
fn value(kind: &str, raw: &PgValueRef<'_>) -> Option<Value> {
    let bytes = raw.as_bytes().ok()?;
    match kind {
        "BOOL" => Some(json!(bytes.first()? != &0)),
        "INT2" => Some(json!(i16::from_be_bytes(bytes.try_into().ok()?))),
        "INT4" => Some(json!(i32::from_be_bytes(bytes.try_into().ok()?))),
        "INT8" => Some(json!(i64::from_be_bytes(bytes.try_into().ok()?))),
        "OID" => Some(json!(u32::from_be_bytes(bytes.try_into().ok()?))),
        "FLOAT4" => Some(json!(f32::from_be_bytes(bytes.try_into().ok()?).to_string().parse::<f64>().ok()?)),
        "FLOAT8" => Some(json!(f64::from_be_bytes(bytes.try_into().ok()?))),
        "NUMERIC" => numeric(bytes).map(Value::String),
        "TEXT" | "VARCHAR" | "NAME" | "UNKNOWN" | "citext" => text(raw),
        "CHAR" => Some(json!(raw.as_str().ok()?.trim_end_matches(' '))),
        "VOID" => Some(Value::Null),
        "JSON" => serde_json::from_slice(bytes).ok(),
        // One byte for its version stands before it.
        "JSONB" => serde_json::from_slice(bytes.get(1..)?).ok(),
        "UUID" => uuid(&hex(bytes)),
        "BYTEA" => Some(json!(hex(bytes))),
        "DATE" => Some(json!(date(i64::from(i32::from_be_bytes(bytes.try_into().ok()?)) + DAYS_TO_2000))),
        "TIME" => Some(json!(time(i64::from_be_bytes(bytes.try_into().ok()?)))),
        "TIMESTAMP" => Some(json!(moment(i64::from_be_bytes(bytes.try_into().ok()?)))),
        "TIMESTAMPTZ" => Some(json!(moment(i64::from_be_bytes(bytes.try_into().ok()?)) + "Z")),
        _ => None,
    }
}

/// Thirty-two digits with their dashes.
fn uuid(digits: &str) -> Option<Value> {
    let part = |from: usize, to: usize| digits.get(from..to);
    Some(json!(format!("{}-{}-{}-{}-{}", part(0, 8)?, part(8, 12)?, part(12, 16)?, part(16, 20)?, part(20, 32)?)))
}

/// Groups of four decimal digits, with a sign and the place of the point: every digit of them.
fn numeric(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).filter_map(|pair| Some(i16::from_be_bytes(pair.try_into().ok()?)));
    let (count, weight, sign, scale) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let negative = match sign.cast_unsigned() {
        0 => "",
        0x4000 => "-",
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => return Some("NaN".to_owned()),
    };
    let groups: Vec<i16> = words.collect();
    if groups.len() != usize::try_from(count).ok()? {
        return None;
    }
    // The group of this power of ten thousand; those that are nought need not be there.
    let group = |power: i32| usize::try_from(i32::from(weight) - power).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0);
    let digits = |power: i32| format!("{:04}", group(power));
    let whole = (0..=i32::from(weight).max(0)).rev().map(digits).collect::<Vec<_>>().concat();
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let scale = usize::try_from(scale).ok()?;
    let behind = (1..).take(scale.div_ceil(4)).map(|power: i32| digits(-power)).collect::<Vec<_>>().concat();
    let behind = behind.get(..scale)?;
    Some(if scale == 0 { format!("{negative}{whole}") } else { format!("{negative}{whole}.{behind}") })
}

/// A day, counted from 1970, in the calendar (after Hinnant, days to civil).
fn date(day: i64) -> String {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

fn time(us: i64) -> String {
    let (seconds, rest) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { clock } else { format!("{clock}.{rest:06}") }
}

/// A point, in microseconds from 2000 on.
fn moment(us: i64) -> String {
    match us {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        _ => format!("{}T{}", date(us.div_euclid(DAY_US) + DAYS_TO_2000), time(us.rem_euclid(DAY_US))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (day, wanted) in
            [(0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (20_788, "2026-12-01"), (2_932_896, "9999-12-31")]
        {
            assert_eq!(date(day), wanted);
        }
        assert_eq!(moment(1_500_000), "2000-01-01T00:00:01.500000");
        assert_eq!(moment(-1_000_000), "1999-12-31T23:59:59");
    }

    #[test]
    fn a_number_that_breaks_off_is_none() {
        assert_eq!(numeric(&[0, 2, 0, 0, 0, 0, 0, 0, 0, 1]), None);
        assert_eq!(numeric(&[0, 1, 0, 0, 0x40, 0, 0, 2, 0, 1]).as_deref(), Some("-1.00"));
    }
}
