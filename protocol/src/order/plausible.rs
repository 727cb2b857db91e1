//! Whether what an order says of itself can be meant: a quantity that is more than nothing and cuts no piece in two, an end that is
//! not before its start, a start that is not years ago. One place for every door: who asks is refused, and what an order's owner
//! says is kept, and goes to no plant until it is put right.

use super::Header;
use crate::instant::Instant;
use crate::qty::Qty;
use crate::refusal::Code;

/// How long a planned start may be past, in ms: who plans for last year has a wrong date.
const START_PAST_MAX_MS: u64 = 366 * 86_400_000;

/// Units of which there is no half: what is counted one by one.
const WHOLE: [&str; 3] = ["C62", "EA", "H87"];

/// Whether a quantity is so many pieces and a part of one.
pub fn cuts_a_piece(qty: &Qty) -> bool {
    WHOLE.contains(&qty.uom().code()) && !qty.value().fract().is_zero()
}

/// Whether a planned start is so long past that another one is meant.
pub fn is_long_past(start: Instant, now: Instant) -> bool {
    start.plus_ms(START_PAST_MAX_MS) < now
}

/// What cannot be meant about a total, for a person.
pub(super) fn slip_of_total(total: &Qty) -> Option<(Code, String)> {
    let wrong = if !total.is_positive() {
        "which is nothing to make"
    } else if cuts_a_piece(total) {
        "which is a part of a piece"
    } else {
        return None;
    };
    Some((Code::Schema, format!("its total is {total}, {wrong}")))
}

/// What cannot be meant about dates, for a person.
pub(super) fn slip_of_dates(start: Instant, end: Instant, now: Instant) -> Option<(Code, String)> {
    let past = || is_long_past(start, now).then(|| (Code::Schema, format!("its planned start {start} is long past")));
    slip_of_end(start, end).or_else(past)
}

/// What cannot be meant about an end.
pub(super) fn slip_of_end(start: Instant, end: Instant) -> Option<(Code, String)> {
    (end < start).then(|| (Code::Schema, format!("it would end at {end}, before it starts at {start}")))
}

/// Everything about an order that cannot be meant.
pub(super) fn slips(header: &Header, now: Instant) -> Vec<(Code, String)> {
    slip_of_total(&header.total).into_iter().chain(slip_of_dates(header.start, header.end, now)).collect()
}
