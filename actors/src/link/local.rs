//! Times without an offset. Most systems of a plant write what the clock on their wall shows; which point that is, only the
//! site's calendar knows. A mapping says `{ local: "2026-11-24T06:00:00" }` wherever a time stands, and gets the point with its
//! offset; what has an offset already keeps it.

use serde_json::Value;
use takt_protocol::calendar::Calendar;

/// How a mapping says it.
const LOCAL: &str = "local";

/// What a mapping put out, with every local time as a point.
pub fn settle(output: Value, calendar: &Calendar) -> Result<Value, String> {
    match output {
        Value::Array(list) => list.into_iter().map(|one| settle(one, calendar)).collect::<Result<Vec<_>, _>>().map(Value::Array),
        Value::Object(fields) => match fields.get(LOCAL) {
            Some(Value::String(text)) if fields.len() == 1 => {
                calendar.clock_time(text).map(|at| Value::String(at.to_string())).map_err(|error| error.to_string())
            }
            Some(other) if fields.len() == 1 => Err(format!("{other} is no local time: write it as a text")),
            Some(_) | None => {
                let settled = fields.into_iter().map(|(name, value)| Ok((name, settle(value, calendar)?)));
                settled.collect::<Result<_, String>>().map(Value::Object)
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(output),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_clock_on_the_wall_becomes_a_point_wherever_it_stands_and_nothing_else_is_touched() {
        let berlin = Calendar::plain("Europe/Berlin").unwrap();
        let said = json!({ "occurred_at": { "local": "2026-11-24T06:00:00" }, "body": [{ "end": { "local": "2026-11-24T06:00:00Z" } }, { "local": 1, "b": 2 }] });
        let wanted =
            json!({ "occurred_at": "2026-11-24T06:00:00+01:00", "body": [{ "end": "2026-11-24T06:00:00Z" }, { "local": 1, "b": 2 }] });
        assert_eq!(settle(said, &berlin), Ok(wanted));
        for odd in [json!({ "local": "soon" }), json!([{ "local": null }])] {
            assert!(settle(odd, &berlin).is_err());
        }
    }
}
