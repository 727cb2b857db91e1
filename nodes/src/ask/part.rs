//! Which part of a list or of a stream is wanted: behind which place, and how many rows. One way to read it for all of them,
//! whichever door it came by, so that what is good at one is good at every other.

use super::{Denied, Sort};

/// Rows of a part at most, and as many as there are when nobody says how many.
pub const ROWS_MAX: usize = 200;

/// How many rows are wanted.
pub(crate) fn most(asked: Option<impl Into<u64>>) -> Result<usize, Denied> {
    let Some(asked) = asked.map(Into::into) else { return Ok(ROWS_MAX) };
    usize::try_from(asked).ok().filter(|most| (1..=ROWS_MAX).contains(most)).ok_or_else(|| {
        let message = format!("a part of {asked} rows cannot be sent");
        Denied::new(Sort::Unprocessable, "SCHEMA", message, format!("send 1 to {ROWS_MAX}, or leave it out for {ROWS_MAX}")).at("most")
    })
}

/// The place behind which it begins; `None` for the beginning, which is also what an empty text means.
pub(crate) fn behind<T>(after: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Denied> {
    let Some(text) = after.filter(|text| !text.is_empty()) else { return Ok(None) };
    parse(text).map(Some).ok_or_else(|| no_place(text))
}

/// It names no place here.
pub(super) fn no_place(text: &str) -> Denied {
    let message = format!("`{}` is no place in this list", text.escape_debug());
    let remedy = "send what the last part said under `next`, or the id of the last message, as it came; leave it out for the beginning";
    Denied::new(Sort::Unprocessable, "SCHEMA", message, remedy).at("after")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_begins_and_ends_by_the_same_words() {
        let parse = |text: &str| text.parse::<u64>().ok();
        assert_eq!((behind(None, parse), behind(Some(""), parse), behind(Some("7"), parse)), (Ok(None), Ok(None), Ok(Some(7))));
        assert_eq!(behind(Some("x"), parse).unwrap_err().complaint.field, "after");
        assert_eq!((most(None::<u32>), most(Some(1_u32)), most(Some(200_u64))), (Ok(ROWS_MAX), Ok(1), Ok(200)));
        for asked in [0, 201, u64::MAX] {
            let no = most(Some(asked)).unwrap_err();
            assert_eq!((no.sort, no.complaint.field.as_str()), (Sort::Unprocessable, "most"), "{asked}");
        }
    }
}
