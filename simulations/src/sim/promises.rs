//! The promises, looked at when a run is over: in the durable logs of all regions, and in the books of the systems, which share nothing
//! with us. One promise, one file; T3 and T10 are looked at where logs are read ([`crate::logs`]), with the predicates of the gate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use takt_cluster::memory::Memory;
use takt_cluster::seam::Seams;
use takt_protocol::id::EntityId;
use takt_protocol::name::SiteId;
use takt_protocol::order::Order;
use takt_protocol::wire;

use super::people::People;
use super::scenario::What;
use super::town::Town;
use super::yard::Left;
use super::{Trial, Verdict};
use crate::logs::Logs;
use crate::world::ledger::Ledger;
use crate::world::system::Kind;

mod t11_bounded;
mod t1_kept;
mod t2_once;
mod t4_conserved;
mod t5_cleared;
pub(super) mod t9_decided;
mod t9_rung;

/// Everything that is looked at.
pub(super) struct Evidence<'a> {
    pub(super) logs: Logs,
    pub(super) left: &'a Left,
    pub(super) people: &'a People,
    /// The books of every system.
    pub(super) books: BTreeMap<SiteId, (Kind, Value)>,
    /// Those of the ERPs, in no ERP's words.
    pub(super) erps: BTreeMap<SiteId, Ledger>,
}

impl Evidence<'_> {
    /// Whether the region of an entity was restored from a backup: what was said of it meanwhile is gone, and its way may not end.
    pub(super) fn forgot(&self, entity: EntityId) -> bool {
        self.people.town.has_forgotten(entity.region())
    }

    /// Whether any region was.
    pub(super) fn anybody_forgot(&self) -> bool {
        self.left.memories.keys().any(|region| self.people.town.has_forgotten(*region))
    }
}

/// Looks at all of them.
pub(super) async fn look(trial: &Trial, town: &Town, left: Left, people: &People, verdict: &mut Verdict) -> anyhow::Result<()> {
    let regions: Vec<Seams> = left.memories.values().map(Memory::seams).collect();
    let mut logs = Logs::default();
    for seams in &regions {
        logs.read(seams, &mut verdict.broken).await?;
        commits_into(town, seams).await?;
    }
    let books: BTreeMap<_, _> = town.houses().map(|house| (house.site, (house.kind, house.with(|system| system.books())))).collect();
    let erps = books.iter().filter_map(|(site, (kind, books))| Some((*site, Ledger::of(*kind, books)?))).collect();
    let led_back = logs.every_posting_leads_back(&regions, &mut verdict.broken).await?;
    let evidence = Evidence { logs, left: &left, people, books, erps };
    verdict.broken.extend(town.broken());
    t1_kept::look(&evidence, &regions, &mut verdict.broken).await?;
    t2_once::look(&evidence, &mut verdict.broken);
    t4_conserved::look(&evidence, &mut verdict.broken);
    let departures = t5_cleared::look(&evidence, &mut verdict.broken);
    t5_cleared::look_at_holds(&evidence, &regions, &mut verdict.broken).await?;
    t9_decided::look(&evidence, &mut verdict.broken);
    let alarms = t9_rung::look(&evidence, &mut verdict.broken);
    t11_bounded::look(&evidence, &mut verdict.broken);
    verdict.codes = super::coverage::of(&evidence.logs, &people.answered());
    verdict.cases = cases(&evidence.logs);
    if trial.draw {
        verdict.picture = Some(town.board().picture(trial, &evidence.logs, verdict));
    }
    verdict.account = account(&evidence, town, [led_back, departures, alarms]);
    proves_something(trial, (regions.len(), evidence.erps.len()), verdict);
    Ok(())
}

/// Every commit of a region, into the trace.
async fn commits_into(town: &Town, seams: &Seams) -> anyhow::Result<()> {
    for shard in 0..seams.journal.shards() {
        let (mut after, end) = (0, seams.journal.head(shard).await?);
        while after < end {
            for entry in seams.journal.tail(shard, after, 1_024).await? {
                after = entry.sequence;
                town.trace().add(&format!("{} {}", entry.sequence, entry.entity), &entry.bytes);
                town.trace().note(|| wire::open(&entry.bytes).map_or_else(|error| error.to_string(), |(commit, _)| format!("{commit:?}")));
            }
        }
    }
    Ok(())
}

/// What was done, and what went wrong meanwhile.
fn account(evidence: &Evidence<'_>, town: &Town, [led_back, departures, alarms]: [u64; 3]) -> BTreeMap<String, u64> {
    let mut account = town.account();
    let mut add = |name: &str, count: u64| *account.entry(name.to_owned()).or_default() += count;
    for (name, count) in evidence.left.memories.values().flat_map(Memory::account) {
        add(&format!("engine: {name}"), count);
    }
    for (_, books) in evidence.books.values() {
        let effects = books.get("effects").and_then(Value::as_object);
        for (name, count) in effects.into_iter().flatten() {
            add(name, count.as_u64().unwrap_or_default());
        }
    }
    let cases = evidence.logs.entities().values().map(|told| told.state.common.cases.len() as u64);
    add("cases open", cases.sum());
    add("a clock was wrong", evidence.left.told_wrong);
    let elsewhere = |(_, order): &(EntityId, &Order)| order.header().is_some_and(|header| evidence.people.is_elsewhere(header));
    add("orders at another ERP", evidence.logs.orders().filter(elsewhere).count() as u64);
    add("a rule changed in mid-order", evidence.logs.orders().filter(|(_, order)| two_versions(order)).count() as u64);
    add("commits", evidence.logs.entities().values().map(|told| told.commits.len() as u64).sum());
    add("postings", evidence.logs.orders().map(|(_, order)| order.ledger.postings().count() as u64).sum());
    add("quantities led back to their message", led_back);
    add("departures", departures);
    add("alarms that were due", alarms);
    account
}

/// Whether an order has postings by two versions of a rule.
fn two_versions(order: &Order) -> bool {
    let rules: BTreeSet<(&str, u32)> = order.ledger.postings().map(|entry| (entry.posting.rule.0.as_str(), entry.posting.rule.1)).collect();
    let ids: BTreeSet<&str> = rules.iter().map(|(id, _)| *id).collect();
    rules.len() > ids.len()
}

/// What people were told in the end, by entity.
fn cases(logs: &Logs) -> Vec<String> {
    let open = logs.entities().iter().flat_map(|(entity, told)| told.state.common.cases.values().map(move |case| (entity, case)));
    open.map(|(entity, case)| format!("{entity}: {:?}: {}", case.kind, case.what)).collect()
}

/// A run in which nothing went wrong has not passed; one region has nobody to be cut off from.
fn proves_something(trial: &Trial, (regions, erps): (usize, usize), verdict: &mut Verdict) {
    let must = trial.scenario.must.iter();
    let done = ["orders asked for", "postings", "departures", "quantities led back to their message"];
    let has = |what: fn(&What) -> bool| trial.scenario.blows.iter().any(|blow| what(&blow.what));
    let cut = regions == 1 && has(|what| matches!(what, What::WanCut | What::RebootedOffline));
    let over = erps == 1 && has(|what| matches!(what, What::CutOver));
    let must = must.filter(|_| !cut && !over).chain(&done);
    if cut {
        verdict.notes.push("there is one region, which nothing cuts off".to_owned());
    }
    if over {
        verdict.notes.push("there is one ERP: no orders go to another".to_owned());
    }
    for name in must {
        if verdict.account.get(*name).is_none_or(|count| *count == 0) {
            verdict.broken.push(format!("T0: the run proves nothing: `{name}` never took effect"));
        }
    }
}
