//! Things shown whole: an order, a lot, a ledger, each with what others durably say of it: their lots, pallets and trucks, and
//! how fresh the systems are. Of the past only the thing's own log is shown, because the others are not what they were then.

use std::collections::BTreeSet;

use futures::future::join_all;
use takt_actors::region::AskError;
use takt_protocol::commit::Commit;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{Own, State};
use takt_protocol::lot::Lot;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::order::Order;
use takt_protocol::wire;

use super::queries::{lot_of, order_of, ships};
use super::sights::{Sights, Wanted};
use super::{Denied, Reception, Sort, v1};
use crate::answers::evidence::{self, Evidence};
use crate::answers::ledger::{self, Ledger, Proof};
use crate::answers::lot::{self, HeldRow, LotView, Reach, Sibling, edge};
use crate::answers::order::{self, OrderTruck, OrderView};
use crate::answers::system::{self, Heard};
use crate::answers::timeline;
use crate::answers::word_of;

/// Things beside one that are looked at, at most: a lot may be in a thousand pallets.
const BESIDE_MAX: usize = 1_000;

/// Of these, so many are asked for at once.
const AT_ONCE: usize = 32;

impl Reception {
    /// An order, as it is or as it was.
    pub async fn order(&self, id: &str, at: Option<&str>) -> Result<OrderView, Denied> {
        let seen = self.seen(Kind::Order, "order", id, at).await?;
        let own = order_of(&seen.state)?;
        let commits = self.history(seen.state.id, seen.at).await?;
        let incarnation = self.incarnation(seen.state.id, &commits);
        // What others say now they did not say then.
        let (Around { found: lots, unreached }, (systems, sights)) = if at.is_none() {
            let references = order::references(&seen.state, &commits, incarnation);
            let (around, systems) = tokio::join!(self.around(own.lots.keys().copied()), self.systems_of(own, references, seen.at));
            (around, systems?)
        } else {
            Default::default()
        };
        let asked = |site: SiteId, reference: &str| sights.asked(site, reference);
        let beside = order::Beside {
            book: &self.mesh().book(),
            commits: &commits,
            incarnation,
            systems,
            unreached,
            holds: self.held(&lots).await?,
            trucks: self.trucks(&lots).await,
            lots: &lots,
            asked: &asked,
        };
        let view = order::view(&seen.state, own, seen.at, beside);
        Ok(OrderView { head: view.head.because(seen.because), exceptions: self.answering(view.exceptions), ..view })
    }

    /// Where everything is that was reported of an order.
    pub async fn ledger(&self, id: &str, at: Option<&str>) -> Result<Ledger, Denied> {
        let seen = self.seen(Kind::Order, "order", id, at).await?;
        // Only what stood there by then proves what was so then.
        let wanted = timeline::Wanted { until: at.is_some().then_some(seen.at), after: None, most: 1 };
        let log = timeline::part(seen.state.id.to_string(), &self.log(seen.state.id, "order").await?, &wanted);
        let commits = self.history(seen.state.id, seen.at).await?;
        // Counted where it is decided, since that runs; nobody counts how many there were once, nor for one that does not say.
        let sights = match at {
            None => Some(self.sights(&Wanted { repeats: Some(seen.state.id), ..Default::default() }).await?),
            Some(_) => None,
        };
        let repeats = sights.filter(|sights| sights.missing().is_empty()).map(|sights| sights.repeats());
        let proof = Proof { commits: &commits, verified: log.chain_verified_to, head: log.chain_head, repeats };
        Ok(ledger::view(&seen.state, order_of(&seen.state)?, proof, &self.mesh().book(), seen.at))
    }

    /// The postings of an order with the reports and raw messages behind each; with `raw`, only what that message led to.
    pub async fn postings(&self, wanted: &v1::PostingsWanted) -> Result<Evidence, Denied> {
        let raw = wanted.raw.as_deref();
        let seen = self.seen(Kind::Order, "order", &wanted.id, wanted.at.as_deref()).await?;
        let commits = self.history(seen.state.id, seen.at).await?;
        let found = evidence::view(&seen.state, order_of(&seen.state)?, &commits, raw, seen.at);
        let found = Evidence { head: found.head.because(seen.because), ..found };
        if let (Some(raw), true) = (raw, found.postings.is_empty() && found.open.is_empty()) {
            let message = format!("no report of this order came by the message {}", raw.escape_debug());
            let remedy = "send a hash as the timeline of the order shows it, or leave it out for all postings";
            return Err(Denied::new(Sort::NotFound, "UNKNOWN", message, remedy).at("raw"));
        }
        Ok(found)
    }

    /// A lot, as it is or as it was.
    pub async fn lot(&self, id: &str, at: Option<&str>) -> Result<LotView, Denied> {
        let seen = self.seen(Kind::Lot, "lot", id, at).await?;
        let own = lot_of(&seen.state)?;
        let commits = self.history(seen.state.id, seen.at).await?;
        let (others, siblings) =
            if at.is_none() { (self.beside_lot(own).await, self.siblings(&seen.state, own).await) } else { (Vec::new(), Vec::new()) };
        let beside = lot::Beside { book: &self.mesh().book(), commits: &commits, others: &others, siblings };
        let view = lot::view(&seen.state, own, seen.at, beside);
        Ok(LotView { head: view.head.because(seen.because), exceptions: self.answering(view.exceptions), ..view })
    }

    /// How far a hold on a lot would reach. Holds nothing.
    pub async fn reach(&self, id: &str, at: Option<&str>) -> Result<Reach, Denied> {
        let then = self.moment(at)?;
        let seen = self.seen(Kind::Lot, "lot", id, at).await?;
        let state = seen.state;
        let mut cut = false;
        let down = self.walked(&state, |lot| &lot.children, then, &mut cut).await?;
        let wanting: BTreeSet<EntityId> = std::iter::once(&state)
            .chain(down.iter().map(|(_, state)| state))
            .filter_map(|state| lot_of(state).ok())
            .flat_map(ships)
            .collect();
        let shipments = match then {
            None => self.reached(wanting).await,
            Some(_) => self.reached_then(wanting, then).await,
        };
        let reach = lot::reach(&state, &down, &shipments, cut, seen.at);
        Ok(Reach { head: reach.head.because(seen.because), ..reach })
    }

    /// The states of these at a moment, as far as their logs are read here and anything stood in them.
    pub(super) async fn reached_then(&self, ids: impl IntoIterator<Item = EntityId>, then: Option<Instant>) -> Vec<State> {
        let mut found = Vec::new();
        for id in ids.into_iter().take(BESIDE_MAX) {
            match self.state_at(id, then).await {
                Ok(state) if state.is_born() => found.push(state),
                Ok(_) => {}
                Err(error) => tracing::debug!(?error, %id, "it is not shown beside another, because its log is not read"),
            }
        }
        found
    }

    /// The commits of a thing until a moment, as far as they can be read.
    pub(super) async fn history(&self, entity: EntityId, until: Instant) -> Result<Vec<Commit>, Denied> {
        let log = self.mesh().log(entity).await.map_err(|error| Denied::asking(&error))?;
        let commits = log.iter().filter_map(|entry| wire::open(&entry.bytes).ok()).map(|(commit, _)| commit);
        Ok(commits.filter(|commit| commit.at <= until).collect())
    }

    /// The store that a thing is kept in now; of one at home elsewhere that of its last commit.
    fn incarnation(&self, entity: EntityId, commits: &[Commit]) -> u64 {
        let last = || commits.last().map(|commit| commit.incarnation).unwrap_or_default();
        self.mesh().home(entity).map_or_else(|_| last(), |home| home.node().seams.journal.incarnation())
    }

    /// The states of these, as far as their regions answer here.
    pub(super) async fn reached(&self, ids: impl IntoIterator<Item = EntityId>) -> Vec<State> {
        self.around(ids).await.found
    }

    /// The same, with the regions of those that are not reached. Several are asked at once, and a region elsewhere that does not answer
    /// is not asked for the rest.
    async fn around(&self, ids: impl IntoIterator<Item = EntityId>) -> Around {
        let (mut around, ids) = (Around::default(), ids.into_iter().take(BESIDE_MAX).collect::<Vec<_>>());
        let mut silent = BTreeSet::new();
        for some in ids.chunks(AT_ONCE) {
            let is_asked = |id: &EntityId| self.mesh().home(*id).is_ok() || !silent.contains(&id.region());
            let asked: Vec<EntityId> = some.iter().copied().filter(is_asked).collect();
            let told = join_all(asked.iter().map(|id| self.mesh().show(*id))).await;
            for (id, told) in asked.into_iter().zip(told) {
                match told {
                    Ok(state) if state.is_born() => around.found.push(state),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, %id, "it is not shown beside another, because it is not reached");
                        around.unreached.insert(id.region());
                        if matches!(error, AskError::Unreachable { .. }) {
                            silent.insert(id.region());
                        }
                    }
                }
            }
        }
        around
    }

    /// How the systems stand that have a part in an order, and what came of these of our references there.
    async fn systems_of(
        &self,
        order: &Order,
        references: BTreeSet<(SiteId, String)>,
        now: Instant,
    ) -> Result<(Vec<Heard>, Sights), Denied> {
        let book = self.mesh().book();
        let Some(header) = order.header_or_wish() else { return Ok(Default::default()) };
        let mut systems = system::serving(&book, header.plant);
        let frozen = order.resolved.iter().flat_map(|resolved| [resolved.warehouse, resolved.quality]).flatten();
        systems.extend(std::iter::once(header.erp).chain(frozen));
        let mut seen = BTreeSet::new();
        systems.retain(|system| seen.insert(*system));
        let sights = self.sights(&Wanted { sites: seen, references, ..Default::default() }).await?;
        let heard = |system| system::heard(&book, system, sights.status(system, now).as_ref(), sights.missing(), now);
        Ok((systems.into_iter().map(heard).collect(), sights))
    }

    /// The open holds of these lots.
    async fn held(&self, lots: &[State]) -> Result<Vec<HeldRow>, Denied> {
        let mut holds = Vec::new();
        for state in lots {
            let own = lot_of(state)?;
            if !own.holds.is_empty() {
                let commits = self.history(state.id, self.mesh().clock().now()).await?;
                holds.extend(lot::held(state, own, &commits, &self.mesh().book(), self.mesh().clock().now()));
            }
        }
        Ok(holds)
    }

    /// The shipments that want, or have, any of these lots.
    async fn trucks(&self, lots: &[State]) -> Vec<OrderTruck> {
        let wanting: BTreeSet<EntityId> = lots.iter().filter_map(|state| lot_of(state).ok()).flat_map(ships).collect();
        self.reached(wanting).await.iter().filter_map(truck).collect()
    }

    /// The handling units of a lot, the orders that made it, the shipments that want any of it.
    async fn beside_lot(&self, lot: &Lot) -> Vec<State> {
        let book = self.mesh().book();
        let mut beside: Vec<EntityId> = lot.produced.keys().copied().chain(ships(lot)).collect();
        if let Some(plant) = lot.site {
            beside.extend(lot.units.keys().filter_map(|sscc| book.unit_entity(plant, sscc)));
        }
        self.reached(beside).await
    }

    /// What else was made of the lots that a lot was made from.
    async fn siblings(&self, state: &State, lot: &Lot) -> Vec<Sibling> {
        let parents: Vec<EntityId> = lot.parents.iter().map(|(_, parent)| *parent).collect();
        let parents = self.reached(parents).await;
        let row = |parent: &State| {
            let own = lot_of(parent).ok()?;
            let lots: Vec<_> = own.children.iter().filter(|(_, child)| *child != state.id).map(edge).collect();
            (!lots.is_empty()).then(|| Sibling { of: own.key.as_ref().map(ToString::to_string).unwrap_or_default(), lots })
        };
        parents.iter().filter_map(row).collect()
    }
}

/// Things beside one, as far as their regions answer.
#[derive(Default)]
struct Around {
    found: Vec<State>,
    /// The regions of the others.
    unreached: BTreeSet<Region>,
}

fn truck(state: &State) -> Option<OrderTruck> {
    let Own::Shipment(shipment) = &state.own else { return None };
    Some(OrderTruck {
        id: state.id.to_string(),
        delivery: shipment.delivery.as_ref().map(ToString::to_string),
        warehouse: shipment.warehouse.map(|site| site.to_string()),
        stage: word_of(&shipment.stage),
        leaves_at: shipment.planned.map(|at| at.to_string()),
        blocked: !shipment.holds.is_empty() || !shipment.gates.is_empty(),
    })
}
