//! Statements for MySQL and MariaDB, and what their columns become.
//!
//! | column | a mapping sees |
//! |---|---|
//! | whole numbers, `year` | a number; `boolean` is 0 or 1 |
//! | `decimal` | a text with every digit |
//! | `float`, `double` | a number |
//! | `char`, `varchar`, texts, enums | the text; `char` has no blanks at its end |
//! | `timestamp` | a text as of UTC, with a `Z`: the connection's zone is UTC |
//! | `datetime`, `date`, `time` | a text without a zone; a day that is all noughts is nothing |
//! | `json` (MySQL) | what stands in it; MariaDB's is a text, which `fromjson` reads |
//! | binary | a text of hexadecimal digits |
//!
//! Another type has to be cast in the statement.

use futures::TryStreamExt as _;
use serde_json::{Value, json};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Column as _, Either, Executor as _, MySql, Row as _, TypeInfo as _, ValueRef as _};

use super::desk::Trouble;
use super::rows::{Answer, bound, hex, put};

pub(super) async fn ask(connection: &mut MySqlConnection, sql: &str, args: &[Value]) -> Result<Value, Trouble> {
    let mut answer = Answer::default();
    let mut told = connection.fetch_many(bound::<MySql>(sql, args));
    while let Some(part) = told.try_next().await? {
        match part {
            Either::Left(done) => answer.changed(done.rows_affected()),
            Either::Right(found) => answer.put(row(&found)?)?,
        }
    }
    Ok(answer.shown())
}

fn row(found: &MySqlRow) -> Result<Value, Trouble> {
    let mut row = serde_json::Map::new();
    for (at, column) in found.columns().iter().enumerate() {
        let kind = column.type_info().name();
        let value = if found.try_get_raw(at)?.is_null() { Some(Value::Null) } else { value(found, at, kind) };
        let value = value.ok_or_else(|| {
            let name = column.name();
            Trouble::Wrong(format!("the column {name} is of type {kind}, which is not read: write `cast({name} as char)` in the statement"))
        })?;
        put(&mut row, column.name(), value)?;
    }
    Ok(Value::Object(row))
}

/// The value of a column; nothing where it has a form that is not known here.
fn value(found: &MySqlRow, at: usize, kind: &str) -> Option<Value> {
    let bytes = || found.try_get_unchecked::<&[u8], _>(at).ok();
    let text = || found.try_get_unchecked::<&str, _>(at).ok();
    match kind {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            found.try_get_unchecked::<i64, _>(at).ok().map(|whole| json!(whole))
        }
        "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "BIGINT UNSIGNED" | "YEAR" => {
            found.try_get_unchecked::<u64, _>(at).ok().map(|whole| json!(whole))
        }
        "FLOAT" => Some(json!(found.try_get_unchecked::<f32, _>(at).ok()?.to_string().parse::<f64>().ok()?)),
        "DOUBLE" => found.try_get_unchecked::<f64, _>(at).ok().map(|number| json!(number)),
        "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" | "DECIMAL" => text().map(|text| json!(text)),
        "JSON" => serde_json::from_slice(bytes()?).ok(),
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => Some(json!(hex(bytes()?))),
        "DATE" => Some(json!(date(bytes()?)?)),
        "DATETIME" => Some(json!(moment(bytes()?)?)),
        "TIMESTAMP" => Some(json!(moment(bytes()?)? + "Z")),
        "TIME" => Some(json!(time(bytes()?)?)),
        _ => None,
    }
}

/// A day: one byte for its length, then year, month and day.
fn date(bytes: &[u8]) -> Option<String> {
    let [_, low, high, month, day, ..] = bytes else { return None };
    Some(format!("{:04}-{month:02}-{day:02}", u16::from_le_bytes([*low, *high])))
}

/// A day, and behind it hour, minute, second and the part of a second, as far as they are not nought.
fn moment(bytes: &[u8]) -> Option<String> {
    Some(format!("{}T{}", date(bytes)?, clock(bytes.get(5..).unwrap_or_default())))
}

/// A while, which may be below nought and longer than a day: its sign, days, and what stands on a clock.
fn time(bytes: &[u8]) -> Option<String> {
    let [_, negative, days @ ..] = bytes else { return Some("00:00:00".to_owned()) };
    let whole = u32::from_le_bytes(days.get(..4)?.try_into().ok()?);
    let clock = clock(days.get(4..)?);
    let (hours, rest) = clock.split_once(':')?;
    let hours = u64::from(whole) * 24 + hours.parse::<u64>().ok()?;
    Some(format!("{}{hours:02}:{rest}", if *negative == 0 { "" } else { "-" }))
}

fn clock(bytes: &[u8]) -> String {
    let part = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let clock = format!("{:02}:{:02}:{:02}", part(0), part(1), part(2));
    match u32::from_le_bytes([part(3), part(4), part(5), part(6)]) {
        0 => clock,
        us => format!("{clock}.{us:06}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_far_as_they_are_written() {
        assert_eq!(moment(&[4, 0xEA, 7, 11, 24]).as_deref(), Some("2026-11-24T00:00:00"));
        assert_eq!(moment(&[7, 0xEA, 7, 11, 24, 6, 5, 4]).as_deref(), Some("2026-11-24T06:05:04"));
        assert_eq!(moment(&[11, 0xEA, 7, 11, 24, 6, 5, 4, 1, 0, 0, 0]).as_deref(), Some("2026-11-24T06:05:04.000001"));
        assert_eq!(time(&[8, 1, 1, 0, 0, 0, 2, 3, 4]).as_deref(), Some("-26:03:04"));
        assert_eq!(time(&[0]).as_deref(), Some("00:00:00"));
        assert_eq!(date(&[2, 0, 0]), None);
    }
}
