//! What plays a site of a configuration, in a demo and under virtual time alike. Apart from the systems, which know nothing of ours.

use takt_config::load::Mesh;
use takt_config::text::{Manner, TransportText};
use takt_protocol::book::SiteKind;
use takt_protocol::name::SiteId;

use crate::world::system::Kind;

/// What plays a site; nothing where no link leads to it.
pub fn played_by(mesh: &Mesh, site: SiteId) -> Option<Kind> {
    let (link, known) = (mesh.links.get(&site)?, mesh.book.sites.get(&site)?);
    let odoo = link.simulated.as_ref().is_some_and(|simulated| simulated.manner == Manner::Odoo);
    Some(match known.kind {
        SiteKind::Erp if odoo => Kind::ErpOdoo,
        SiteKind::Erp => Kind::Erp,
        SiteKind::Plant if matches!(link.transport, TransportText::Files(_)) => Kind::MesCsv,
        SiteKind::Plant => Kind::Mes,
        SiteKind::Warehouse => Kind::Wms,
        SiteKind::Quality => Kind::Qms,
        SiteKind::ProductData => Kind::Plm,
        SiteKind::Maintenance => Kind::Cmms,
        SiteKind::Transport => Kind::Tms,
        SiteKind::Planning => Kind::Planning,
        SiteKind::Supplier => Kind::Portal,
        SiteKind::Analytics => Kind::Analytics,
    })
}
