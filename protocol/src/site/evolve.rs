//! What a fact means for a site. Total.

use super::{Fact, Site, name_of};

impl Site {
    /// What a fact changes.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Expects { entity, names, load } => {
                for name in names {
                    self.expected.insert(name_of(name), *entity);
                }
                if let Some(load) = load.as_deref().filter(|load| !self.knows_later(*entity, load)) {
                    self.know(*entity, load);
                }
                self.told += 1;
            }
            Fact::Forgot(entity) => {
                let names: Vec<_> = self.expected.iter().filter(|(_, known)| *known == entity).map(|(name, _)| name.clone()).collect();
                self.locating.retain(|name, _| !names.contains(name));
                for shipments in self.locating.values_mut() {
                    shipments.remove(entity);
                }
                self.locating.retain(|_, shipments| !shipments.is_empty());
                self.expected.retain(|_, known| known != entity);
                self.plans.remove(entity);
                self.forget_load(*entity);
            }
            Fact::Waits { order, attempt, need } => {
                self.waiting.insert(*order, (*attempt, need.clone()));
            }
            Fact::WaitsNoMore(order) => drop(self.waiting.remove(order)),
            Fact::Locates { shipment, name } => {
                self.locating.entry(name.clone()).or_default().insert(*shipment);
                self.told += 1;
            }
            Fact::Quarantined { case, input } => drop(self.quarantine.insert(*case, input.as_ref().clone())),
            Fact::Matched { case, .. } | Fact::Mended { case, .. } => drop(self.quarantine.remove(case)),
            Fact::Equipment { equipment, available, state, at } => {
                if *available {
                    self.down.remove(equipment);
                } else {
                    self.down.insert(equipment.clone(), state.clone());
                }
                if let Some(at) = at {
                    self.heard.insert(equipment.clone(), *at);
                }
            }
            Fact::Calibrated { equipment, until } => drop(self.calibrated.insert(equipment.clone(), *until)),
            Fact::Window { number, window } => self.know_window(number, window.as_ref()),
            Fact::Planned { order, plan } => drop(self.plans.insert(*order, plan.as_ref().clone())),
            Fact::Finished(order) => drop(self.plans.remove(order)),
            Fact::Demand(fact) => self.evolve_demand(fact),
            Fact::Read(progress) => self.cursors.entry(progress.topic.clone()).or_default().advance(progress),
            Fact::Tallied { rule, tally } => drop(self.tallies.insert(rule.clone(), tally.as_ref().clone())),
            Fact::Books(fact) => super::books::evolve(self, fact),
            // What that means is the same for every kind of entity: `Common`.
            Fact::LastWord(_) => {}
            Fact::Recipes { material, versions } => {
                self.recipes.insert(material.clone(), versions.iter().cloned().collect());
            }
            Fact::RecipesListed => self.listed = true,
            Fact::Heard { of, at } => self.hear(of, *at),
        }
    }
}
