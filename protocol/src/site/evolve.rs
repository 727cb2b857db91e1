//! What a fact means for a site. Total.

use super::{Fact, Site, name_of};
use crate::effect::UnitContent;
use crate::id::EntityId;

impl Site {
    /// What is on a handling unit, of what is known and what is told now: it is only ever added to, so less is older word.
    pub(super) fn newest<'a>(&'a self, unit: EntityId, told: &'a [UnitContent]) -> &'a [UnitContent] {
        self.contents.get(&unit).filter(|known| known.len() > told.len()).map_or(told, Vec::as_slice)
    }

    /// What a fact changes.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Expects { entity, names, contents } => {
                for name in names {
                    self.expected.insert(name_of(name), *entity);
                }
                if !contents.is_empty() {
                    let newest = self.newest(*entity, contents).to_vec();
                    self.contents.insert(*entity, newest);
                }
            }
            Fact::Forgot(entity) => {
                let names: Vec<_> = self.expected.iter().filter(|(_, known)| *known == entity).map(|(name, _)| name.clone()).collect();
                self.locating.retain(|name, _| !names.contains(name));
                self.expected.retain(|_, known| known != entity);
                self.contents.remove(entity);
            }
            Fact::Waits { order, attempt, need } => {
                self.waiting.insert(*order, (*attempt, need.clone()));
            }
            Fact::WaitsNoMore(order) => {
                self.waiting.remove(order);
            }
            Fact::Locates { shipment, name } => {
                self.locating.entry(name.clone()).or_default().insert(*shipment);
            }
            Fact::Quarantined { case, input } => {
                self.quarantine.insert(*case, input.as_ref().clone());
            }
            Fact::Matched { case, .. } => {
                self.quarantine.remove(case);
            }
            Fact::Equipment { equipment, available: true, .. } => {
                self.down.remove(equipment);
            }
            Fact::Equipment { equipment, available: false, state } => {
                self.down.insert(equipment.clone(), state.clone());
            }
            Fact::Calibrated { equipment, until } => {
                self.calibrated.insert(equipment.clone(), *until);
            }
            Fact::Read(progress) => self.cursors.entry(progress.topic.clone()).or_default().advance(progress),
            Fact::Recipes { material, versions } => {
                self.recipes.insert(material.clone(), versions.iter().cloned().collect());
            }
        }
    }
}
