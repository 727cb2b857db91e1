//! Which lots are on a handling unit, also through what stands on or in it. A shipment that asked once hears of every change.

use std::collections::BTreeSet;

use super::decide::Turn;
use super::{Fact, Load, Name, Site};
use crate::effect::UnitContent;
use crate::id::EntityId;
use crate::input::Body;
use crate::native::{NativeId, NativeKind};
use crate::shipment::{self, Located};
use crate::words::Sscc;

impl Turn<'_, '_> {
    /// A shipment wants to know whose lots are on a handling unit.
    pub(super) fn locate(&mut self, shipment: EntityId, sscc: &Sscc) {
        let name = name(sscc);
        let on_it = self.site.on(&name);
        if let Some((unit, load)) = self.site.unit(&name) {
            self.tell(shipment, sscc, Some(unit), &load.contents, None);
        } else if !on_it.is_empty() {
            self.tell(shipment, sscc, None, &[], None);
        }
        self.tell_inner(shipment, sscc, &on_it);
        // Another order may yet report that it filled the same unit, and more may be put on it: whoever asked hears of that.
        self.note(Fact::Locates { shipment, name });
    }

    /// There is later word of a unit: who wanted to know it, or what it stands on or stood on, hears of it and of all that
    /// stands on it.
    pub(super) fn tell_who_locates(&mut self, unit: EntityId, load: &Load) {
        let mut told = BTreeSet::new();
        for shipment in self.site.asking(&load.sscc) {
            self.tell(shipment, &load.sscc, Some(unit), &load.contents, None);
            told.insert(shipment);
        }
        let inner = self.site.on(&name(&load.sscc));
        for outer in self.site.around(load) {
            for shipment in self.site.asking(&outer) {
                // A bare pallet that nobody filled is known by what stands on it.
                if self.site.unit(&name(&outer)).is_none() {
                    self.tell(shipment, &outer, None, &[], None);
                }
                if told.insert(shipment) {
                    self.tell(shipment, &load.sscc, Some(unit), &load.contents, Some(&outer));
                    self.tell_inner(shipment, &outer, &inner);
                }
            }
        }
        let left = self.site.loads.get(&unit).map(|before| self.site.around(before)).unwrap_or_default();
        for was in left {
            for shipment in self.site.asking(&was) {
                if told.insert(shipment) {
                    self.tell(shipment, &load.sscc, Some(unit), &[], Some(&was));
                    for (unit, load) in inner.iter().filter_map(|unit| Some((*unit, self.site.loads.get(unit)?))) {
                        self.tell(shipment, &load.sscc, Some(unit), &[], Some(&was));
                    }
                }
            }
        }
    }

    fn tell_inner(&mut self, shipment: EntityId, outer: &Sscc, inner: &[EntityId]) {
        for (unit, load) in inner.iter().filter_map(|unit| Some((*unit, self.site.loads.get(unit)?))) {
            self.tell(shipment, &load.sscc, Some(unit), &load.contents, Some(outer));
        }
    }

    fn tell(&mut self, shipment: EntityId, sscc: &Sscc, unit: Option<EntityId>, contents: &[UnitContent], via: Option<&Sscc>) {
        let located = Located { unit, word: self.site.told + 1, contents: contents.to_vec(), via: via.cloned() };
        let mail = shipment::Mail::Located { sscc: sscc.clone(), located: Box::new(located) };
        self.draft.tell(shipment, Body::Shipment(shipment::Input::Mail(mail)));
    }
}

impl Site {
    /// Whether later word of that unit was heard before.
    pub(super) fn knows_later(&self, unit: EntityId, load: &Load) -> bool {
        self.loads.get(&unit).is_some_and(|known| known.word > load.word)
    }

    /// A unit as the site knows it now.
    pub(super) fn know(&mut self, unit: EntityId, load: &Load) {
        self.forget_load(unit);
        if let Some(within) = &load.within {
            self.stands_on.entry(name(within)).or_default().insert(unit);
        }
        self.loads.insert(unit, load.clone());
    }

    /// It is known no more.
    pub(super) fn forget_load(&mut self, unit: EntityId) {
        let within = self.loads.remove(&unit).and_then(|known| known.within);
        if let Some(outer) = within.map(|within| name(&within))
            && let Some(on_it) = self.stands_on.get_mut(&outer)
        {
            on_it.remove(&unit);
            if on_it.is_empty() {
                self.stands_on.remove(&outer);
            }
        }
    }

    fn unit(&self, name: &Name) -> Option<(EntityId, &Load)> {
        let unit = self.expected.get(name)?;
        Some((*unit, self.loads.get(unit)?))
    }

    fn asking(&self, sscc: &Sscc) -> BTreeSet<EntityId> {
        self.locating.get(&name(sscc)).cloned().unwrap_or_default()
    }

    /// The units on or in that one, and on or in these; each once, whatever was reported to stand on what.
    fn on(&self, outer: &Name) -> Vec<EntityId> {
        let mut found: Vec<EntityId> = Vec::new();
        let mut looked = vec![outer.clone()];
        let mut at = 0;
        while let Some(outer) = looked.get(at) {
            let inner: Vec<EntityId> = self.stands_on.get(outer).into_iter().flatten().copied().collect();
            at += 1;
            for unit in inner {
                let name = self.loads.get(&unit).map(|load| name(&load.sscc));
                if let Some(name) = name.filter(|name| !looked.contains(name)) {
                    found.push(unit);
                    looked.push(name);
                }
            }
        }
        found
    }

    /// The units that one stands on or in, from the nearest to the outermost.
    fn around(&self, load: &Load) -> Vec<Sscc> {
        let mut found: Vec<Sscc> = Vec::new();
        let mut next = load.within.clone();
        while let Some(outer) = next.filter(|outer| !outer.is(&load.sscc) && !found.iter().any(|known| known.is(outer))) {
            next = self.unit(&name(&outer)).and_then(|(_, load)| load.within.clone());
            found.push(outer);
        }
        found
    }
}

fn name(sscc: &Sscc) -> Name {
    (NativeKind::Unit, NativeId::parse(sscc.as_str()).map(|id| id.normal().to_owned()).unwrap_or_default())
}
