//! The calendar of a site as an operator writes it: what is wrong with its shifts is told by the shift, before the calendar itself
//! is made of it.

use serde::{Deserialize, Deserializer, de};
use takt_protocol::calendar::{Calendar, Pattern};

/// Reads a calendar.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Calendar, D::Error> {
    let pattern = Pattern::deserialize(from)?;
    in_order(&pattern).map_err(de::Error::custom)?;
    Calendar::new(pattern).map_err(de::Error::custom)
}

/// Each shift starts after the one before it.
fn in_order(pattern: &Pattern) -> Result<(), String> {
    if pattern.shifts.is_empty() {
        return Err("`shifts` names none: list at least one shift, or leave `shifts` out for one a day".to_owned());
    }
    for (at, shift) in pattern.shifts.iter().enumerate() {
        let mut before = pattern.shifts.iter().take(at);
        if shift.name.trim().is_empty() {
            return Err(format!("`{}` is the start of a shift without a name: write `name:`, such as A", shift.starts));
        }
        if let Some(same) = before.clone().find(|other| other.starts == shift.starts) {
            return Err(format!(
                "the shifts `{}` and `{}` both start at {}: give each shift a start of its own",
                same.name, shift.name, shift.starts
            ));
        }
        if before.clone().any(|other| other.name == shift.name) {
            return Err(format!(
                "two shifts are called `{}`, so nobody could tell what belongs to which: give each shift a name of its own",
                shift.name
            ));
        }
        if let Some(later) = before.next_back().filter(|other| other.starts > shift.starts) {
            return Err(format!(
                "the shift `{}` starts at {} and stands behind `{}`, which starts at {}: list the shifts in the order of their start times",
                shift.name, shift.starts, later.name, later.starts
            ));
        }
    }
    Ok(())
}
