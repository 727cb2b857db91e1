//! Numbers as foreign systems write them: decimal commas, groups, a minus at the end. Read once, by a stated format; the
//! text is kept for audit.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::plain_decimal;
use crate::malformed::Malformed;

/// A quantity verbatim, as its source sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Native {
    /// The number's text.
    pub text: String,
    /// The unit's word.
    pub unit: String,
}

/// How a system writes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberFormat {
    /// What stands before the decimals: `.` or `,`.
    pub decimal: char,
    /// What may stand between groups of three digits, if anything.
    pub group: Option<char>,
    /// Whether a minus may stand at the end, as in an `IDoc` (`10.000-`).
    pub trailing_minus: bool,
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self { decimal: '.', group: None, trailing_minus: false }
    }
}

impl NumberFormat {
    /// Reads a number; refuses what the format does not allow rather than guess.
    pub fn read(&self, text: &str) -> Result<Decimal, Malformed> {
        let wrong = || Malformed::new("number", text, "write it in the format configured for this link");
        let trimmed = text.trim();
        let (body, negative) = match trimmed.strip_suffix('-') {
            // A minus at both ends is no number: two of them would make a plus.
            Some(body) if self.trailing_minus && !body.starts_with('-') => (body, true),
            Some(_) => return Err(wrong()),
            None => (trimmed, false),
        };
        let (whole, decimals) = body.split_once(self.decimal).map_or((body, None), |(whole, rest)| (whole, Some(rest)));
        let whole = self.ungrouped(whole).ok_or_else(wrong)?;
        let plain = decimals.map_or_else(|| whole.clone(), |decimals| format!("{whole}.{decimals}"));
        let value = plain_decimal(&plain).ok_or_else(wrong)?;
        Ok(if negative { -value } else { value })
    }

    /// The digits without their groups; `None` when a group is not of three.
    fn ungrouped(&self, whole: &str) -> Option<String> {
        let Some(group) = self.group.filter(|group| whole.contains(*group)) else { return Some(whole.to_owned()) };
        let mut parts = whole.split(group);
        let first = parts.next()?;
        let mut plain = first.to_owned();
        let head = first.trim_start_matches('-').len();
        for part in parts {
            if part.len() != 3 {
                return None;
            }
            plain.push_str(part);
        }
        (1..=3).contains(&head).then_some(plain)
    }
}
