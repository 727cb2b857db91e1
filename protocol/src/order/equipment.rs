//! What stops equipment that an order is to run on, as the order keeps it.

use serde::{Deserialize, Serialize};

use super::{Execution, Header, Order};
use crate::instant::Instant;
use crate::words::{EquipmentId, OpNo};

/// A piece of equipment may not run for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// Which piece.
    pub equipment: EquipmentId,
    /// What it is known by: a planned stop by its number, any other as `down`.
    pub cause: String,
    /// The maintenance system's own words.
    pub what: String,
    /// From when.
    pub from: Instant,
    /// Until when, where that is known.
    pub to: Option<Instant>,
}

impl Stop {
    pub(super) fn key(&self) -> (EquipmentId, String) {
        (self.equipment.clone(), self.cause.clone())
    }

    /// Whether it falls into the time that an order is planned for; what is down now, does.
    fn meets(&self, header: &Header) -> bool {
        self.to.is_none_or(|to| self.from < header.end && header.start < to)
    }
}

impl Order {
    /// A piece stops for that cause, or does no longer.
    pub(super) fn stop(&mut self, stop: &Stop, over: bool) {
        if over {
            self.stops.remove(&stop.key());
        } else {
            self.stops.insert(stop.key(), stop.clone());
        }
    }

    /// The first operation that is not done and that nothing can run on: with what stops each of its pieces.
    pub fn stopped(&self) -> Option<(OpNo, Vec<&Stop>)> {
        let (header, resolved) = (self.header.as_ref()?, self.resolved.as_ref()?);
        let open = |op: &OpNo| match self.ops.get(op).map(|operation| &operation.execution) {
            Some(Execution::Completed | Execution::Aborted { .. }) => false,
            Some(Execution::NotStarted | Execution::Running | Execution::Interrupted { .. }) | None => !self.completed,
        };
        resolved.operations.iter().filter(|operation| open(&operation.op)).find_map(|operation| {
            let of = |piece: &EquipmentId| self.stops.values().find(|stop| stop.equipment == *piece && stop.meets(header));
            let stops: Option<Vec<&Stop>> = operation.equipment.iter().map(of).collect();
            stops.filter(|stops| !stops.is_empty()).map(|stops| (operation.op.clone(), stops))
        })
    }
}
