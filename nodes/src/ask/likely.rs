//! What a message that matches nothing most likely meant, the best first, each with why: its number is nearly the one that was
//! told, it uses the same component, the same lot. Never decides: a person matches it, with a reason.

use takt_protocol::case::CaseKind;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Body, Input};
use takt_protocol::kernel::{Own, State};
use takt_protocol::order::{self, Execution, Order, Report};
use takt_protocol::site::{Likely, Site, Slip};
use takt_protocol::words::{LotNo, MaterialId, OpNo};

use super::Reception;
use crate::answers::case::Candidate;
use crate::answers::preview::name_of;

/// Names that are nearly the told one, at most.
const NEAR_MAX: usize = 20;

/// Other things of the site that are looked at, at most: each is loaded.
const LOOKED_AT_MAX: usize = 60;

/// Candidates that are shown, at most.
const SHOWN_MAX: usize = 5;

/// What a message says that tells one order from another.
#[derive(Default)]
struct Trait<'a> {
    op: Option<&'a OpNo>,
    material: Option<&'a MaterialId>,
    lot: Option<&'a LotNo>,
}

impl Reception {
    /// The candidates of a message that waits at a site.
    pub(super) async fn candidates(&self, site: &Site, input: &Input) -> Vec<Candidate> {
        let near = site.likely(input, NEAR_MAX);
        let mut looked_at: Vec<(EntityId, Option<Likely>)> = near.into_iter().map(|likely| (likely.entity, Some(likely))).collect();
        let seen = trait_of(&input.body);
        if seen.material.is_some() {
            for entity in site.expected.values().filter(|entity| entity.kind() == Kind::Order) {
                if looked_at.len() >= LOOKED_AT_MAX {
                    break;
                }
                if !looked_at.iter().any(|(known, _)| known == entity) {
                    looked_at.push((*entity, None));
                }
            }
        }
        let mut found = Vec::new();
        for (entity, likely) in looked_at {
            let Ok(state) = self.mesh().show(entity).await else { continue };
            let (points, because) = weigh(&state, likely.as_ref(), &seen);
            // The same component alone is true of half the plant.
            if state.is_born() && (likely.is_some() || points >= 4) {
                let (name, over) = (self.called(&state).unwrap_or_default(), matches!(&state.own, Own::Order(order) if order.completed));
                found.push((points, over, Candidate { entity: entity.to_string(), name, because }));
            }
        }
        // Of two for which as much speaks, the one that still runs.
        found.sort_by(|(a, over, one), (b, past, other)| b.cmp(a).then(over.cmp(past)).then_with(|| one.name.cmp(&other.name)));
        found.into_iter().take(SHOWN_MAX).map(|(.., candidate)| candidate).collect()
    }

    /// The same words, with what people call a thing in the place of our id of it.
    pub(super) async fn in_names(&self, text: &str) -> String {
        let mut words = Vec::new();
        for word in text.split(' ') {
            let id = word.trim_end_matches([',', ';', ':', '.']);
            let called = match EntityId::parse(id) {
                Ok(entity) => self.mesh().show(entity).await.ok().and_then(|state| self.called(&state)),
                Err(_) => None,
            };
            words.push(called.map_or_else(|| word.to_owned(), |called| word.replacen(id, &called, 1)));
        }
        words.join(" ")
    }

    /// What people call a thing: an order by the number of its ERP, a site by its name; nothing where it has no name yet.
    pub(super) fn called(&self, state: &State) -> Option<String> {
        let order = if let Own::Order(order) = &state.own { order.header() } else { None };
        let number = order.map(|header| format!("{}@{}", header.number, header.erp));
        let site = || self.mesh().book().site_of(state.id).map(|site| site.to_string());
        number.or_else(site).or_else(|| Some(name_of(state)).filter(|name| *name != state.id.to_string()))
    }
}

fn trait_of(body: &Body) -> Trait<'_> {
    let Body::Order(order::Input::Report(report)) = body else { return Trait::default() };
    match report {
        Report::Consumed { op, material, lot, .. } => Trait { op: Some(op), material: Some(material), lot: lot.as_ref() },
        Report::Produced { material, lot, .. } => Trait { op: None, material: material.as_ref(), lot: lot.as_ref() },
        Report::Confirmed(work) => Trait { op: Some(&work.op), ..Trait::default() },
        Report::OperationStarted { op, .. }
        | Report::OperationHeld { op, .. }
        | Report::OperationResumed { op }
        | Report::OperationAborted { op, .. }
        | Report::CountCorrected { op, .. } => Trait { op: Some(op), ..Trait::default() },
        Report::JobAccepted { .. }
        | Report::JobRejected { .. }
        | Report::WishRefused { .. }
        | Report::SampleTaken { .. }
        | Report::Completed
        | Report::Staged { .. } => Trait::default(),
    }
}

/// How much speaks for a thing, and what.
fn weigh(state: &State, likely: Option<&Likely>, seen: &Trait<'_>) -> (u32, Vec<String>) {
    let mut because = Vec::new();
    let mut points = 0;
    let mut speaks = |more: u32, words: String| {
        points += more;
        because.push(words);
    };
    if let Some(likely) = likely {
        let near = match likely.slip {
            Slip::Same => 8,
            Slip::Missing | Slip::Extra | Slip::Swapped => 6,
            Slip::Other => 5,
            Slip::Two => 3,
        };
        speaks(near, format!("its number is {}: {}", likely.name.1, likely.slip.word()));
    }
    if let Own::Order(order) = &state.own {
        of_order(order, seen, &mut speaks);
        let open = state.common.cases.values().any(|case| case.kind == CaseKind::Shortage);
        if open {
            speaks(0, "it is short of components".to_owned());
        }
    }
    (points, because)
}

fn of_order(order: &Order, seen: &Trait<'_>, speaks: &mut impl FnMut(u32, String)) {
    let component = |material: &&MaterialId| {
        order.resolved.as_ref().is_some_and(|resolved| resolved.components.iter().any(|one| one.material == **material))
    };
    let makes = |material: &&MaterialId| order.header.as_ref().is_some_and(|header| header.material == **material);
    if let Some(material) = seen.material.filter(component) {
        speaks(2, format!("{material} goes into it"));
    } else if let Some(material) = seen.material.filter(makes) {
        speaks(2, format!("it makes {material}"));
    }
    let used = |lot: &&LotNo| order.consumed.iter().any(|(key, _)| key.lot == **lot) || order.lot().as_ref() == Some(*lot);
    if let Some(lot) = seen.lot.filter(used) {
        speaks(2, format!("lot {lot} is in it already"));
    }
    if let Some((op, operation)) = seen.op.and_then(|op| order.ops.get_key_value(op)) {
        let running = operation.execution == Execution::Running;
        speaks(if running { 2 } else { 1 }, format!("operation {op} {}", if running { "runs" } else { "has begun" }));
    }
    if order.completed {
        speaks(0, "it is complete".to_owned());
    }
}
