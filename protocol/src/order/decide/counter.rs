//! Counters that count up: what a reading adds to what was counted before. Readings may come late and in any order, also of
//! an epoch that is over; the sum is the same.

use super::Turn;
use super::confirm::NoWay;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::name::Source;
use crate::order::{Amount, Counted, Counter, Counting, Fact};
use crate::posting::Use;
use crate::qty::Qty;
use crate::words::OpNo;

/// Whose counter it is, apart from its source.
#[derive(PartialEq)]
pub(super) struct Dial<'a> {
    pub(super) op: &'a OpNo,
    pub(super) purpose: Use,
    /// Of which goods, where it counts goods and not work.
    pub(super) goods: Option<Counted>,
}

impl Turn<'_, '_> {
    /// What a reported number adds; `qty` is the number in the unit it is booked in.
    pub(super) fn counted(&mut self, dial: &Dial<'_>, amount: &Amount, qty: Qty) -> Result<Qty, NoWay> {
        match amount.counting {
            Counting::Delta => Ok(qty),
            Counting::Cumulative => self.counter_delta(dial, qty),
        }
    }

    /// A counter only ever adds: a lower value of the same epoch came late, and every epoch begins at zero.
    fn counter_delta(&mut self, dial: &Dial<'_>, value: Qty) -> Result<Qty, NoWay> {
        let (source, epoch) = (self.envelope.key.source, self.envelope.key.epoch);
        let zero = Qty::zero(value.uom());
        let epochs = self.order.counters.get(&(dial.op.clone(), dial.purpose, source, dial.goods.clone()));
        let known = epochs.and_then(|epochs| epochs.get(&epoch)).copied();
        if known.is_none()
            && let Some((other, last)) = epochs.and_then(|epochs| epochs.range(..epoch).next_back().or_else(|| epochs.iter().next()))
        {
            self.restarted(dial.op, source, (*other, *last), (epoch, value));
        }
        let delta = value.minus(known.unwrap_or(zero)).map_err(NoWay::for_good)?;
        if delta.is_negative() {
            return Ok(zero);
        }
        let counter = Counter { epoch, value };
        self.note(Fact::Counter { op: dial.op.clone(), purpose: dial.purpose, source, counter, goods: dial.goods.clone() });
        Ok(delta)
    }

    fn restarted(&mut self, op: &OpNo, source: Source, one: (u32, Qty), other: (u32, Qty)) {
        let ((before, stood), (after, _)) = if one.0 < other.0 { (one, other) } else { (other, one) };
        let what = format!(
            "counter of {source} at operation {op} started again at zero: epoch {before} ended at {stood}, epoch {after} began; what was made between the two is not counted"
        );
        let offers = vec![
            Proposal::Do("compare with the count on the floor, and correct the count if pieces are missing".into()),
            Proposal::Acknowledge,
        ];
        self.draft.open_case(NewCase::new(CaseKind::CounterRestarted, "it", what).offers(offers));
    }
}
