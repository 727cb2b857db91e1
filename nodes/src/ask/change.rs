//! Wishes to change an order on its way, read into the words of the protocol.

use takt_protocol::book::SiteKind;
use takt_protocol::id::Kind;
use takt_protocol::input::Body;
use takt_protocol::instant::Instant;
use takt_protocol::native::NativeId;
use takt_protocol::order::{Input, Request};
use takt_protocol::words::{ItemNo, MaterialId, Reason, Version};

use super::field::{maybe, quantity, site, word};
use super::meaning::Meaning;
use super::{Denied, Reception, v1};

/// A wish about an order, by any of its names.
async fn about(reception: &Reception, order: &str, request: Request, reason: Option<&String>) -> Result<Meaning, Denied> {
    let to = reception.address(Kind::Order, "order", order).await?;
    Ok(Meaning::wish(to, Body::Order(Input::Request(request)), "order").because(reason))
}

impl v1::RescheduleOrder {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let (start, end) = (word("start", &self.start, Instant::parse)?, word("end", &self.end, Instant::parse)?);
        about(reception, &self.order, Request::Reschedule { start, end }, self.reason.as_ref()).await
    }
}

impl v1::ReplaceComponent {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let item = word("item", &self.item, ItemNo::parse)?;
        let material = word("material", &self.material, MaterialId::parse)?;
        about(reception, &self.order, Request::ReplaceComponent { item, material }, self.reason.as_ref()).await
    }
}

impl v1::ChangeRecipe {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let version = word("version", &self.version, Version::parse)?;
        about(reception, &self.order, Request::ChangeRecipe { version }, self.reason.as_ref()).await
    }
}

impl v1::SplitOrder {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let book = reception.mesh().book();
        let request = Request::Split {
            total: word("total", &self.total, quantity)?,
            reference: word("reference", &self.reference, NativeId::parse)?,
            plant: self.plant.as_ref().map(|plant| site(&book, "plant", plant, SiteKind::Plant)).transpose()?,
            start: maybe("start", self.start.as_ref(), Instant::parse)?,
            end: maybe("end", self.end.as_ref(), Instant::parse)?,
        };
        about(reception, &self.order, request, self.reason.as_ref()).await
    }
}

impl v1::HoldOrder {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let reason = word("reason", &self.reason, Reason::parse)?;
        about(reception, &self.order, Request::Hold { reason }, Some(&self.reason)).await
    }
}

impl v1::ResumeOrder {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        about(reception, &self.order, Request::Resume, self.reason.as_ref()).await
    }
}

impl v1::RevokeDispatch {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        about(reception, &self.order, Request::Revoke, self.reason.as_ref()).await
    }
}

impl v1::ReopenOrder {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        about(reception, &self.order, Request::Reopen, self.reason.as_ref()).await
    }
}

impl v1::ReversePosting {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        about(reception, &self.order, Request::ReversePosting { posting: self.posting }, Some(&self.reason)).await
    }
}
