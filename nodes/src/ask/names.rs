//! Which thing a person means by a number: our id, `number@system`, or any native number as long as it means one thing.
//! Never guesses between two.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use takt_actors::index::{Found, loosened, typed};
use takt_protocol::book::Book;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::Address;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};

use super::queries::hit;
use super::{Denied, Reception, Sort, field};
use crate::answers::Hit;

/// How long another region may take to say what it knows by a number.
const FAR: Duration = Duration::from_secs(1);

/// Numbers that are proposed at most instead of one that nobody knows.
const NEAR_MAX: usize = 5;

impl Reception {
    /// The entity of this kind that `text` means: as it is known here, or else in the regions that run elsewhere.
    pub(crate) async fn find(&self, kind: Kind, field: &'static str, text: &str) -> Result<EntityId, Denied> {
        match EntityId::parse(text) {
            Ok(entity) if entity.kind() == kind && self.mesh().has(entity.region()) => return Ok(entity),
            Ok(entity) if entity.kind() == kind => return Err(nothing(kind, field, &format!("there is no region {}", entity.region()))),
            Ok(entity) => return Err(nothing(kind, field, &format!("{entity} is a {}", entity.kind()))),
            Err(_) => {}
        }
        let whole = (field::verbatim(field, text, NativeId::parse)?, None);
        let parts = self.qualified(text).map(|(number, system)| (number, Some(system)));
        let mut silent = BTreeSet::new();
        for (number, system) in std::iter::once(whole).chain(parts) {
            let mut known = self.names(kind, &number, system);
            if known.is_empty() {
                // Somebody may ask for what was born this very moment.
                self.indexed().await;
                known = self.names(kind, &number, system);
            }
            if known.is_empty() {
                let abroad = self.known_abroad(&number).await;
                known = only(abroad.known, kind, system);
                silent.extend(abroad.silent);
            }
            let entities: BTreeSet<EntityId> = known.iter().map(|(entity, _)| *entity).collect();
            match (entities.first(), entities.len()) {
                (None, _) => {}
                (Some(entity), 1) => return Ok(*entity),
                (Some(_), _) => return Err(ambiguous(kind, field, text, &known)),
            }
        }
        self.no_such_system(field, text)?;
        let none = format!("nothing is known as `{}`", text.escape_debug());
        if silent.is_empty() {
            // Never taken for it: an order must not be given up because of a slip.
            let near = self.resembling(text).into_iter().filter(|hit| hit.kind == kind.word()).map(|hit| hit.name);
            let near: BTreeSet<String> = near.take(NEAR_MAX).collect();
            return Err(nothing(kind, field, &none).choose(near));
        }
        let silent: Vec<String> = silent.iter().map(ToString::to_string).collect();
        Err(not_heard(&format!("{none} here"), &silent).at(field))
    }

    /// The address of the order that a report of a plant means. A bare number is one of the plant's own, or of its ERP; with
    /// its system it is any number an order has. What is not known yet may come: then the report waits under that name.
    pub(super) async fn reported(&self, book: &Book, plant: SiteId, field: &'static str, text: &str) -> Result<Address, Denied> {
        if EntityId::parse(text).is_ok() {
            return self.address(Kind::Order, field, text).await;
        }
        let number = field::word(field, text, NativeId::parse)?;
        let erp = book.sites.get(&plant).and_then(|site| site.erp);
        let job = Ref::new(plant, NativeKind::Job, number.clone());
        let own: Vec<Ref> = std::iter::once(job).chain(erp.map(|erp| Ref::new(erp, NativeKind::Order, number))).collect();
        let whole = Address::Native { kind: Kind::Order, names: own };
        let Some((number, system)) = text.rsplit_once('@') else { return Ok(whole) };
        if self.knows(&whole) {
            return Ok(whole);
        }
        self.no_such_system(field, text)?;
        match self.find(Kind::Order, field, text).await {
            Ok(entity) => Ok(Address::Entity(entity)),
            Err(no) if matches!(no.sort, Sort::NotFound | Sort::Unavailable) => {
                let (system, number) = (field::word(field, system, SiteId::parse)?, field::word(field, number, NativeId::parse)?);
                let kind = if system == plant { NativeKind::Job } else { NativeKind::Order };
                Ok(Address::Native { kind: Kind::Order, names: vec![Ref::new(system, kind, number)] })
            }
            Err(no) => Err(no),
        }
    }

    /// The same address; by entity where only a region that runs elsewhere knows it by one of its names.
    pub(super) async fn meant(&self, address: &Address) -> Address {
        let is_abroad = self.mesh().entity(address).is_some_and(|entity| self.mesh().abroad(entity.region()).is_some());
        if let Address::Native { kind, names } = address
            && is_abroad
            && !self.knows(address)
        {
            for name in names {
                let found = Box::pin(self.known_abroad(&name.id)).await.known;
                if let Some((entity, _)) = found.into_iter().find(|(entity, known)| entity.kind() == *kind && known == name) {
                    return Address::Entity(entity);
                }
            }
        }
        address.clone()
    }

    /// Whether any region knows something by one of these names.
    fn knows(&self, address: &Address) -> bool {
        let Address::Native { names, .. } = address else { return true };
        names.iter().any(|name| self.indexes().any(|index| index.find(name).is_some()))
    }

    /// What stands behind an `@` is a system: one that nobody configured is said as such, and not that its number is unknown.
    fn no_such_system(&self, field: &str, text: &str) -> Result<(), Denied> {
        let Some(system) = text.rsplit_once('@').map(|(_, system)| system) else { return Ok(()) };
        let book = self.mesh().book();
        if SiteId::parse(system).is_ok_and(|system| book.sites.contains_key(&system)) {
            return Ok(());
        }
        let message = format!("no system `{}` is configured, whose number this would be", system.escape_debug());
        let choices = book.sites.keys().map(ToString::to_string);
        Err(Denied::new(Sort::NotFound, "UNKNOWN", message, "send number@system with one of the choices").at(field).choose(choices))
    }

    /// The address of the entity of this kind that `text` means.
    pub(super) async fn address(&self, kind: Kind, field: &'static str, text: &str) -> Result<Address, Denied> {
        self.find(kind, field, text).await.map(Address::Entity)
    }

    /// `number@system`, when the second part is a site.
    fn qualified(&self, text: &str) -> Option<(NativeId, SiteId)> {
        let (number, system) = text.rsplit_once('@')?;
        let system = SiteId::parse(system).ok().filter(|system| self.mesh().book().sites.contains_key(system))?;
        Some((NativeId::parse(number).ok()?, system))
    }

    /// Everything of any kind that is known by this number, or has this id, with the name it was found by.
    pub(super) fn named(&self, text: &str) -> Result<Vec<(Option<Ref>, EntityId)>, Denied> {
        if let Ok(entity) = EntityId::parse(text) {
            return Ok(vec![(None, entity)]);
        }
        let whole = (field::verbatim("q", text, NativeId::parse)?, None);
        let parts = self.qualified(text).map(|(number, system)| (number, Some(system)));
        let mut found: BTreeSet<(EntityId, Ref)> = BTreeSet::new();
        for (number, system) in std::iter::once(whole).chain(parts) {
            found.extend(Kind::ALL.iter().flat_map(|kind| self.names(*kind, &number, system)));
        }
        if found.is_empty() {
            self.no_such_system("q", text)?;
        }
        Ok(found.into_iter().map(|(entity, name)| (Some(name), entity)).collect())
    }

    fn names(&self, kind: Kind, number: &NativeId, system: Option<SiteId>) -> Vec<(EntityId, Ref)> {
        let found = self.indexes().flat_map(|index| index.search(number)).map(|(name, entity)| (entity, name)).collect();
        only(found, kind, system)
    }

    /// What the regions that run elsewhere know by a number, and which of them did not say.
    pub(super) async fn known_abroad(&self, number: &NativeId) -> KnownAbroad {
        let asked = self.mesh().all_abroad().into_iter().map(|(region, abroad)| async move { (region, abroad.find(number, FAR).await) });
        let (mut known, mut silent) = (BTreeSet::new(), BTreeSet::new());
        for (region, told) in join_all(asked).await {
            match told {
                Ok(found) => known.extend(found.into_iter().map(|(name, entity)| (entity, name))),
                Err(error) => {
                    tracing::debug!(%error, %region, "a region was not asked what it knows by a number");
                    silent.insert(region);
                }
            }
        }
        KnownAbroad { known, silent }
    }
}

/// What is known elsewhere.
pub(super) struct KnownAbroad {
    pub(super) known: BTreeSet<(EntityId, Ref)>,
    pub(super) silent: BTreeSet<Region>,
}

/// What is told of an entity under a number: what it is, the number, our id.
fn told_as(kind: &str, name: String, entity: EntityId) -> (String, String, String) {
    (kind.to_owned(), name, entity.to_string())
}

/// Those of a kind, by their name in one system where it is named.
fn only(found: BTreeSet<(EntityId, Ref)>, kind: Kind, system: Option<SiteId>) -> Vec<(EntityId, Ref)> {
    let found = found.into_iter().filter(|(_, name)| system.is_none_or(|system| system == name.system));
    found.filter(|(entity, _)| entity.kind() == kind).collect()
}

impl Reception {
    /// What is called so and is no thing of its own: exceptions, documents, holds.
    pub(super) fn numbered(&self, text: &str) -> Vec<Hit> {
        let mut found = BTreeSet::new();
        let group = text.trim().to_uppercase();
        for index in self.indexes() {
            found.extend(index.called(text).into_iter().map(|(entity, _)| told_as("exception", text.to_owned(), entity)));
            let evidence = NativeId::parse(text).map(|number| index.evidence(&number)).unwrap_or_default();
            found.extend(evidence.into_iter().map(|(what, entity)| told_as(what.word(), self.number_of(text, entity), entity)));
            let caused = index.caused(&group).into_iter().take(1);
            found.extend(caused.map(|(entity, _)| told_as("exception group", group.clone(), entity)));
        }
        found.into_iter().map(|(kind, name, id)| Hit { id, kind, name }).collect()
    }

    /// A number that a site's own entity keeps, with the name of the site: the entity alone says nothing to anybody.
    fn number_of(&self, number: &str, entity: EntityId) -> String {
        let site = self.mesh().book().site_of(entity);
        site.filter(|_| !number.contains('@')).map_or_else(|| number.to_owned(), |site| format!("{number}@{site}"))
    }

    /// What is known by this number when it is typed as its system shows it: with other blanks, letters, zeros, or with the letters
    /// in front that are left out here.
    pub(super) fn resembling(&self, text: &str) -> Vec<Hit> {
        let (number, system) = self.qualified(text).map_or((text.to_owned(), None), |(number, system)| (number.to_string(), Some(system)));
        let by = |form: String| -> BTreeSet<(Found, EntityId)> { self.indexes().flat_map(|index| index.loosely(&form)).collect() };
        let known = typed(&number).into_iter().map(by).find(|known| !known.is_empty()).unwrap_or_default();
        let hit = |(found, entity): (Found, EntityId)| match found {
            Found::Name(name) => system.is_none_or(|system| system == name.system).then(|| hit((Some(name), entity))),
            Found::Evidence(what, name) => {
                Some(Hit { id: entity.to_string(), kind: what.word().to_owned(), name: self.number_of(&name, entity) })
            }
            Found::Exception(name) => Some(Hit { id: entity.to_string(), kind: "exception".to_owned(), name }),
        };
        known.into_iter().filter_map(hit).collect()
    }

    /// Master data that stands in the configuration under this name.
    pub(super) fn configured_as(&self, text: &str) -> Vec<Hit> {
        let book = self.mesh().book();
        let form = loosened(text);
        let same = |name: &str| name == text || (!form.is_empty() && loosened(name) == form);
        let hit = |kind: &str, id: String, name: &str| Hit { id, kind: kind.to_owned(), name: name.to_owned() };
        let materials = book.materials.keys().filter(|name| same(name.as_str()));
        let materials = materials.map(|name| hit("material", format!("materials/{name}"), name.as_str()));
        let recipes = book.recipes.keys().filter(|(_, makes)| same(makes.as_str()));
        let recipes = recipes.map(|(plant, makes)| hit("recipe", plant.to_string(), makes.as_str()));
        let pieces = book.equipment.iter().flat_map(|(plant, all)| all.iter().map(move |one| (plant, one)));
        let equipment = pieces.filter(|(_, one)| same(one.id.as_str()));
        let equipment = equipment.map(|(plant, one)| hit("equipment", plant.to_string(), one.id.as_str()));
        let sites = book.sites.keys().filter(|name| same(name.as_str())).map(|name| hit("site", name.to_string(), name.as_str()));
        sites.chain(materials).chain(recipes).chain(equipment).collect()
    }
}

/// It may be known in a region that does not answer: nobody may take that for a no.
pub(super) fn not_heard(message: &str, silent: &[String]) -> Denied {
    let message = format!("{message}, and it may be known in region {}, which is not reached", silent.join(", "));
    Denied::new(Sort::Unavailable, "UNREACHABLE", message, "ask again once the road is up: `takt links` says how it is").retry(5)
}

fn nothing(kind: Kind, field: &str, message: &str) -> Denied {
    let remedy = format!("send our id of the {kind}, or its number as its system shows it; GET /v1/search?q=… looks everywhere");
    Denied::new(Sort::NotFound, "UNKNOWN", message, remedy).at(field)
}

/// What it may mean: each with the name that says it, what it is, and our id.
fn ambiguous(kind: Kind, field: &str, text: &str, known: &[(EntityId, Ref)]) -> Denied {
    let entities: BTreeSet<EntityId> = known.iter().map(|(entity, _)| *entity).collect();
    let message = format!("`{}` means {} different {kind}s", text.escape_debug(), entities.len());
    let choice = |entity: &EntityId| {
        let names: BTreeSet<String> = known.iter().filter(|(of, _)| of == entity).map(|(_, name)| name.to_string()).collect();
        format!("{kind} {} ({entity})", names.into_iter().collect::<Vec<_>>().join(" = "))
    };
    Denied::new(Sort::Conflict, "AMBIGUOUS", message, "say which system's number it is, as number@system, or send our id")
        .at(field)
        .choose(entities.iter().map(choice))
}
