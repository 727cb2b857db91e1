//! The gates of a shipment, read into the words of the protocol.

use takt_protocol::id::Kind;
use takt_protocol::input::Body;
use takt_protocol::shipment::{Gate, Input, Request};
use takt_protocol::words::Reason;

use super::field::{choice, word};
use super::meaning::Meaning;
use super::{Denied, Reception, v1};

impl v1::BlockShipment {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let request = Request::Block { gate: choice::<Gate>("gate", &self.gate)?, reason: word("reason", &self.reason, Reason::parse)? };
        let to = reception.address(Kind::Shipment, "shipment", &self.shipment).await?;
        Ok(Meaning::wish(to, Body::Shipment(Input::Request(request)), "shipment").because(Some(&self.reason)))
    }
}

impl v1::ReleaseShipment {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let request = Request::Release { gate: choice::<Gate>("gate", &self.gate)? };
        let to = reception.address(Kind::Shipment, "shipment", &self.shipment).await?;
        Ok(Meaning::wish(to, Body::Shipment(Input::Request(request)), "shipment").because(self.reason.as_ref()))
    }
}
