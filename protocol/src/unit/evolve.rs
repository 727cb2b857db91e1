//! What a fact means for a handling unit. Total.

use super::{Fact, Unit};
use crate::effect::UnitContent;

impl Unit {
    /// What a fact changes.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Filled { sscc, contents, from, to } => {
                self.sscc = Some(sscc.clone());
                for content in contents {
                    add(&mut self.contents, content);
                }
                self.from = Some(*from);
                // An order that could not run knows no warehouse: what another one said of it stands.
                self.to = to.or(self.to);
                self.told.extend(*to);
                self.word += 1;
            }
            Fact::Moved { stage, place } => {
                self.stage = self.stage.max(*stage);
                if place.is_some() {
                    self.place.clone_from(place);
                }
            }
            Fact::Counted(qty) => self.received = Some(*qty),
            Fact::Nested(within) => {
                self.within.clone_from(within);
                self.word += 1;
            }
            Fact::HandedTo(warehouse) => {
                self.told.insert(*warehouse);
            }
            Fact::PickedPart(qty) => {
                self.picked = Some(self.picked.map_or(*qty, |sum| sum.plus(*qty).unwrap_or(sum)));
            }
            Fact::Taken { part, .. } => part.iter().for_each(|content| add(&mut self.taken, content)),
            Fact::Books { site, step } => self.books.entry(*site).or_default().evolve(step),
        }
    }
}

/// A piece at a time may be put on it, or taken: more of the same is more in its row.
fn add(rows: &mut Vec<UnitContent>, more: &UnitContent) {
    let same =
        |row: &&mut UnitContent| (&row.lot, row.lot_entity, row.order, row.output) == (&more.lot, more.lot_entity, more.order, more.output);
    let row = rows.iter_mut().find(same).and_then(|row| row.qty.plus(more.qty).ok().map(|sum| (row, sum)));
    match row {
        Some((row, sum)) => row.qty = sum,
        None => rows.push(more.clone()),
    }
}
