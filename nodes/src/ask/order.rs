//! Wishes about orders, read into the words of the protocol.

use takt_protocol::book::{Book, SiteKind};
use takt_protocol::id::Kind;
use takt_protocol::input::{Address, Body};
use takt_protocol::instant::Instant;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{Input, Release, Request};
use takt_protocol::words::{LotNo, MaterialId, Version};

use super::field::{maybe, quantity, site, word};
use super::meaning::Meaning;
use super::{Denied, Reception, v1};

fn wish(to: Address, request: Request) -> Meaning {
    Meaning::wish(to, Body::Order(Input::Request(request)), "order")
}

impl v1::ReleaseOrder {
    /// The ERP is looked up here, because the order is born under its number there, and so is the plant: what is no plant has no
    /// recipes that could be missing. Everything else is the kernel's to refuse, so that the refusal is recorded.
    pub(super) fn meaning(&self, book: &Book) -> Result<Meaning, Denied> {
        let erp = site(book, "erp", &self.erp, SiteKind::Erp)?;
        let planned_order = word("planned_order", &self.planned_order, NativeId::parse)?;
        let name = Ref::new(erp, NativeKind::Order, planned_order.clone());
        let release = Release {
            erp,
            planned_order,
            plant: site(book, "plant", &self.plant, SiteKind::Plant)?,
            material: word("material", &self.material, MaterialId::parse)?,
            total: word("total", &self.total, quantity)?,
            recipe: maybe("recipe", self.recipe.as_ref(), Version::parse)?,
            lot: maybe("lot", self.lot.as_ref(), LotNo::parse)?,
            start: word("start", &self.start, Instant::parse)?,
            end: word("end", &self.end, Instant::parse)?,
        };
        let to = Address::Native { kind: Kind::Order, names: vec![name] };
        Ok(Meaning { field: "planned_order", ..wish(to, Request::Release(release)) })
    }
}

impl v1::ChangeQuantity {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let total = word("total", &self.total, quantity)?;
        let to = reception.address(Kind::Order, "order", &self.order).await?;
        Ok(wish(to, Request::ChangeQuantity { total }).because(self.reason.as_ref()))
    }
}

impl v1::Redispatch {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        Ok(wish(reception.address(Kind::Order, "order", &self.order).await?, Request::Redispatch).because(self.reason.as_ref()))
    }
}

impl v1::CancelOrder {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        Ok(wish(reception.address(Kind::Order, "order", &self.order).await?, Request::Cancel).because(self.reason.as_ref()))
    }
}

impl v1::CompleteTechnically {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let request = Request::TechnicallyComplete { force: self.force.unwrap_or_default() };
        Ok(wish(reception.address(Kind::Order, "order", &self.order).await?, request).because(self.reason.as_ref()))
    }
}

impl v1::CloseOrder {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        Ok(wish(reception.address(Kind::Order, "order", &self.order).await?, Request::Close).because(self.reason.as_ref()))
    }
}
