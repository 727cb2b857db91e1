//! Word to lots of what a document moved in or out of the ERP's stock: they know where it should stand.

use std::collections::BTreeMap;

use super::Turn;
use crate::input::Body;
use crate::lot::{self, Booking};
use crate::posting::{Line, PostingFact, Use};
use crate::words::LotKey;

impl Turn<'_, '_> {
    /// A posting of ours stands in the ERP with these facts: every lot on it hears so.
    pub(super) fn tell_booked(&mut self, posting: u32, facts: &[PostingFact]) {
        let stands = facts.iter().any(|fact| matches!(fact, PostingFact::Stands { standing, .. } if standing.document().is_some()));
        let (true, Some(entry)) = (stands, self.order.ledger.posting(posting)) else { return };
        let apart = |at: usize| {
            let taken_off = |lines: &[u16]| lines.iter().any(|line| usize::from(*line) == at);
            facts.iter().any(|fact| matches!(fact, PostingFact::Split { posting: of, lines, .. } if *of == posting && taken_off(lines)))
        };
        let lines = entry.posting.lines.iter().enumerate().filter(|(at, _)| !apart(*at)).map(|(_, line)| line);
        self.tell_lots(posting, &lines.collect::<Vec<_>>());
    }

    /// The lots of these lines hear what a posting moved of them.
    pub(super) fn tell_lots(&mut self, posting: u32, lines: &[&Line]) {
        let Some(plant) = self.order.plant() else { return };
        let mut lots: BTreeMap<LotKey, Vec<Booking>> = BTreeMap::new();
        for line in lines {
            if let Some((lot, booking)) = booking(line) {
                lots.entry(lot).or_default().push(booking);
            }
        }
        let order = self.draft.me();
        for (key, parts) in lots {
            let Some(entity) = self.context.book.lot_entity(plant, &key) else { continue };
            let mail = lot::Mail::Booked { order, lot: key, site: plant, posting, parts };
            self.draft.tell(entity, Body::Lot(lot::Input::Mail(mail)));
        }
    }
}

/// What a line moves of a lot. Work moves nothing.
fn booking(line: &Line) -> Option<(LotKey, Booking)> {
    let series = &line.series;
    let qty = match series.purpose {
        Use::Produced => line.qty,
        Use::Consumed => line.qty.negated(),
        Use::Yield | Use::Scrap | Use::Rework | Use::Labour | Use::Machine => return None,
    };
    let key = LotKey { material: series.material.clone(), lot: series.lot.clone()? };
    (!qty.is_zero()).then(|| (key, Booking { status: series.status, unit: line.unit.clone(), qty }))
}
