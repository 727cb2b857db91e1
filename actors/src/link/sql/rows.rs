//! What goes into a statement and what comes out of it, as far as that is the same for every database: arguments that are bound, rows
//! that are counted.

use serde_json::{Map, Value, json};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Database, Encode, Type};

use super::desk::Trouble;

/// The most rows of one result.
const ROWS_MAX: usize = 10_000;

/// The longest result, in bytes of its JSON.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A statement with its arguments. A number that is not whole is bound as the text of its digits, and so is a list or an object.
pub(super) fn bound<'q, DB: Database>(sql: &str, args: &[Value]) -> Query<'q, DB, <DB as Database>::Arguments>
where
    Option<String>: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    bool: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut asked = sqlx::query(AssertSqlSafe(sql.to_owned()));
    for arg in args {
        asked = match arg {
            Value::Null => asked.bind(None::<String>),
            Value::Bool(yes) => asked.bind(*yes),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => asked.bind(whole),
                None => asked.bind(number.to_string()),
            },
            Value::String(text) => asked.bind(text.clone()),
            Value::Array(_) | Value::Object(_) => asked.bind(arg.to_string()),
        };
    }
    asked
}

/// What a statement was answered.
#[derive(Default)]
pub(super) struct Answer {
    rows: Vec<Value>,
    affected: u64,
    bytes: usize,
}

impl Answer {
    /// So many rows were changed.
    pub(super) fn changed(&mut self, rows: u64) {
        self.affected = self.affected.saturating_add(rows);
    }

    /// One row more, if there may be one.
    pub(super) fn put(&mut self, row: Value) -> Result<(), Trouble> {
        self.bytes = self.bytes.saturating_add(row.to_string().len());
        if self.rows.len() == ROWS_MAX || self.bytes > ANSWER_BYTES_MAX {
            let most = format!("{ROWS_MAX} rows or {ANSWER_BYTES_MAX} bytes");
            return Err(Trouble::Wrong(format!("the statement finds more than {most}: write a `limit`")));
        }
        self.rows.push(row);
        Ok(())
    }

    /// As a mapping sees it.
    pub(super) fn shown(self) -> Value {
        json!({ "rows": self.rows, "affected": self.affected })
    }
}

/// Puts a column into a row; each has a name of its own there.
pub(super) fn put(row: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), Trouble> {
    if row.insert(name.to_owned(), value).is_some() {
        return Err(Trouble::Wrong(format!("two columns of the statement are called {name}: name them apart with `as`")));
    }
    Ok(())
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
