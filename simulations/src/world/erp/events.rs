//! What the ERP tells by itself: business events with nothing but keys in them, as real ones have; the reader then reads.
//!
//! Apart because the words of the events are an interface of their own. Never carries quantities or statuses.

use serde_json::{Value, json};

use super::super::system::Desk;
use super::Erp;

/// What can be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    Created,
    Released,
    Changed,
    Cancelled,
    TechnicallyCompleted,
    Reopened,
    Closed,
    PostedByHand,
}

impl Event {
    const fn topic(self) -> &'static str {
        match self {
            Self::Created => "order.created",
            Self::Released => "order.released",
            Self::Changed => "order.changed",
            Self::Cancelled => "order.cancelled",
            Self::TechnicallyCompleted => "order.technically_completed",
            Self::Reopened => "order.reopened",
            Self::Closed => "order.closed",
            Self::PostedByHand => "document.posted_by_hand",
        }
    }

    const fn event_type(self) -> &'static str {
        match self {
            Self::Created => "sap.s4.beh.productionorder.v1.ProductionOrder.Created.v1",
            Self::Released => "sap.s4.beh.productionorder.v1.ProductionOrder.Released.v1",
            Self::Changed => "sap.s4.beh.productionorder.v1.ProductionOrder.Changed.v1",
            Self::Cancelled => "sap.s4.beh.productionorder.v1.ProductionOrder.MarkedForDeletion.v1",
            Self::TechnicallyCompleted => "sap.s4.beh.productionorder.v1.ProductionOrder.TechnicallyCompleted.v1",
            Self::Reopened => "sap.s4.beh.productionorder.v1.ProductionOrder.TechnicalCompletionRevoked.v1",
            Self::Closed => "sap.s4.beh.productionorder.v1.ProductionOrder.Closed.v1",
            Self::PostedByHand => "sap.s4.beh.materialdocument.v1.MaterialDocument.Created.v1",
        }
    }
}

impl Erp {
    /// Has an event to tell, in the lane of its order.
    pub(super) fn tell(&self, desk: &mut Desk, event: Event, order: &str, keys: &Value) {
        let number = desk.outbox.number();
        let at = desk.stamp(desk.now);
        let body = json!({
            "specversion": "1.0", "type": event.event_type(), "source": format!("/default/sap.s4.beh/{}", self.name),
            "id": format!("{}-{number}", self.name), "time": desk.zone.iso(at), "topic": event.topic(),
            "datacontenttype": "application/json", "data": keys,
        });
        desk.tell(order, event.topic(), &body);
    }
}
