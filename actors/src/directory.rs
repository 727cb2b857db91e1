//! The directory: which entity a native name means. Rebuilt from the logs at every start; what it cannot resolve is born,
//! or waits in its site's quarantine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::SiteId;
use takt_protocol::native::{NativeKind, Ref};
use takt_protocol::{site, wire};

use crate::node::Node;
use crate::roll::Roll;

/// A name as it is matched: system, kind of thing, normal form of the number.
type Name = (SiteId, NativeKind, String);

/// A handle to the directory of a region. Cheap to clone.
#[derive(Clone, Default)]
pub struct Directory {
    names: Arc<Mutex<BTreeMap<Name, EntityId>>>,
    roll: Roll,
}

impl Directory {
    /// What a name means, as far as the logs said.
    pub fn find(&self, name: &Ref) -> Option<EntityId> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&key(name)).copied()
    }

    /// Who lives here.
    pub fn roll(&self) -> &Roll {
        &self.roll
    }

    /// Every entity that any system knows by this number, for a search without a system.
    pub fn search(&self, number: &str) -> Vec<(Ref, EntityId)> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let found = names.iter().filter(|((_, _, known), _)| known == number);
        found
            .filter_map(|((system, kind, known), entity)| {
                Some((Ref::new(*system, *kind, takt_protocol::native::NativeId::parse(known).ok()?), *entity))
            })
            .collect()
    }

    fn learn(&self, name: &Ref, entity: EntityId) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(key(name), entity);
    }

    fn read(&self, entity: EntityId, fact: &Fact) {
        match fact {
            Fact::Named(name) => self.learn(name, entity),
            Fact::Site(fact) => {
                if let site::Fact::Expects { entity, names, .. } = fact.as_ref() {
                    for name in names {
                        self.learn(name, *entity);
                    }
                }
            }
            Fact::Intended { .. }
            | Fact::Outbox { .. }
            | Fact::CaseOpened(_)
            | Fact::CaseHandedOver { .. }
            | Fact::CaseClosed { .. }
            | Fact::Order(_)
            | Fact::Lot(_)
            | Fact::Unit(_)
            | Fact::Shipment(_) => {}
        }
    }
}

fn key(name: &Ref) -> Name {
    (name.system, name.kind, name.id.normal().to_owned())
}

/// Reads a shard's log from its beginning and goes on for ever.
pub(crate) async fn run(node: Arc<Node>, directory: Directory, shard: u16) {
    let mut cursor = 0;
    let mut failures = 0;
    loop {
        match node.seams.journal.tail(shard, cursor, node.settings.projection_max).await {
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, shard, "failed to read the log for the directory");
                node.seams.clock.sleep(node.settings.pause(failures, u64::from(shard))).await;
            }
            Ok(entries) => {
                failures = 0;
                for entry in entries {
                    cursor = entry.sequence;
                    if let Ok((commit, _)) = wire::open(&entry.bytes) {
                        directory.roll.read(&commit);
                        for fact in commit.steps.iter().flat_map(|step| &step.facts) {
                            directory.read(entry.entity, fact);
                        }
                    }
                }
            }
        }
    }
}

/// The entity an address means, and where it is at home.
pub(crate) fn resolve(node: &Node, directory: &Directory, kind: Kind, names: &[Ref]) -> Option<EntityId> {
    let known = names.iter().find_map(|name| directory.find(name));
    known.or_else(|| {
        let first = names.first()?;
        node.book().born_at(first.system, kind, first.kind, first.id.as_str())
    })
}
