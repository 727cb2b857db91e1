//! Which thing a person means by a number: our id, `number@system`, or any native number as long as it means one thing.
//! Never guesses between two.

use std::collections::BTreeSet;

use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::Address;
use takt_protocol::name::SiteId;
use takt_protocol::native::{NativeId, NativeKind, Ref};

use super::{Denied, Reception, Sort, field};

impl Reception {
    /// The entity of this kind that `text` means.
    pub(crate) fn find(&self, kind: Kind, field: &'static str, text: &str) -> Result<EntityId, Denied> {
        match EntityId::parse(text) {
            Ok(entity) if entity.kind() == kind => return Ok(entity),
            Ok(entity) => return Err(nothing(kind, field, &format!("{entity} is a {}", entity.kind()))),
            Err(_) => {}
        }
        let number = field::word(field, text, NativeId::parse)?;
        let known = self.known(kind, &number, None);
        if let Some((number, system)) = self.qualified(text).filter(|_| known.is_empty()) {
            let known = self.known(kind, &number, Some(system));
            let born = || self.mesh().book().born_at(system, kind, first_name(kind), number.as_str());
            return known.first().copied().or_else(born).ok_or_else(|| nothing(kind, field, &format!("nothing is known as {text}")));
        }
        match (known.first(), known.len()) {
            (Some(entity), 1) => Ok(*entity),
            (None, _) => Err(nothing(kind, field, &format!("nothing is known as `{}`", text.escape_debug()))),
            (Some(_), _) => Err(ambiguous(kind, field, text, &known)),
        }
    }

    /// The address of the entity of this kind that `text` means.
    pub(super) fn address(&self, kind: Kind, field: &'static str, text: &str) -> Result<Address, Denied> {
        self.find(kind, field, text).map(Address::Entity)
    }

    /// `number@system`, when the second part is a site.
    fn qualified(&self, text: &str) -> Option<(NativeId, SiteId)> {
        let (number, system) = text.rsplit_once('@')?;
        let system = SiteId::parse(system).ok().filter(|system| self.mesh().book().sites.contains_key(system))?;
        Some((NativeId::parse(number).ok()?, system))
    }

    fn known(&self, kind: Kind, number: &NativeId, system: Option<SiteId>) -> BTreeSet<EntityId> {
        let book = self.mesh().book();
        let systems = book.sites.keys().copied().filter(|site| system.is_none_or(|system| system == *site));
        let names = systems.flat_map(|site| native_kinds(kind).iter().map(move |native| Ref::new(site, *native, number.clone())));
        let regions = self.mesh().regions();
        names
            .flat_map(|name| regions.values().filter_map(move |region| region.directory().find(&name)))
            .filter(|found| found.kind() == kind)
            .collect()
    }
}

/// The kinds of name a thing may have.
fn native_kinds(kind: Kind) -> &'static [NativeKind] {
    match kind {
        Kind::Order => &[NativeKind::Order, NativeKind::Job],
        Kind::Lot => &[NativeKind::Lot],
        Kind::Unit => &[NativeKind::Unit],
        Kind::Shipment => &[NativeKind::Shipment],
        Kind::Site => &[NativeKind::Document],
    }
}

/// The kind of name a thing is born under.
fn first_name(kind: Kind) -> NativeKind {
    match kind {
        Kind::Order => NativeKind::Order,
        Kind::Lot => NativeKind::Lot,
        Kind::Unit => NativeKind::Unit,
        Kind::Shipment => NativeKind::Shipment,
        Kind::Site => NativeKind::Document,
    }
}

fn nothing(kind: Kind, field: &str, message: &str) -> Denied {
    let remedy = format!(
        "send our id of the {kind}, or its number as its system shows it; what was sent this very moment is found as number@system"
    );
    Denied::new(Sort::NotFound, "UNKNOWN", message, remedy).at(field)
}

fn ambiguous(kind: Kind, field: &str, text: &str, known: &BTreeSet<EntityId>) -> Denied {
    let message = format!("`{}` means {} different {kind}s", text.escape_debug(), known.len());
    Denied::new(Sort::Conflict, "AMBIGUOUS", message, "say which system's number it is, as number@system, or send our id")
        .at(field)
        .choose(known.iter().map(ToString::to_string))
}
