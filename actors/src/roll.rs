//! The roll of a region: which nodes run it, and which of them has which shard. Each node says of itself how it stands; one that does
//! not answer is listed with what its leases say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use takt_cluster::seam::{QueueName, Replied};
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::{subject, wire};

use crate::abroad::{Down, Hearsay, Link, LinkStanding, beat};
use crate::duties::Duty;
use crate::index::Index;
use crate::leases::node_of;
use crate::reach::Reach;

/// How long a node may take to say how it stands.
const PATIENCE: Duration = Duration::from_millis(800);

/// Questions that wait at a node.
const WAITING_MAX: usize = 64;

/// How a node stands, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What it is called.
    pub node: String,
    /// Since when it runs.
    pub since: Instant,
    /// How many entities it has loaded.
    pub loaded: u64,
    /// How far its lists are behind the log, in numbers of the log: the most of any shard.
    pub behind: u64,
    /// Since when it runs which shards, and under which epochs.
    pub shards: BTreeMap<u16, (u64, Instant)>,
    /// The sites that it speaks with.
    pub sites: Vec<SiteId>,
    /// The roads to regions in other processes that it runs, or hears.
    #[serde(default)]
    pub links: Vec<LinkStanding>,
}

/// A node of the region, and how it stands; nothing where it did not say so in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// What it is called.
    pub node: String,
    /// By its own word.
    pub standing: Option<Standing>,
}

/// A shard of the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRow {
    /// Which.
    pub shard: u16,
    /// Who runs it, if anybody does.
    pub owner: Option<String>,
    /// The epoch of its owner's time; 0 where no lease is needed.
    pub epoch: u64,
    /// Since when, if its owner said so in time.
    pub since: Option<Instant>,
    /// Inputs that wait to be decided.
    pub waiting: u64,
}

/// The nodes and shards of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    /// The nodes, by name.
    pub nodes: Vec<NodeRow>,
    /// The shards, by number.
    pub shards: Vec<ShardRow>,
}

/// What the roll is called with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) reach: Reach,
    pub(crate) index: Index,
    pub(crate) since: Instant,
    /// The roads to regions in other processes.
    pub(crate) links: Arc<Vec<Arc<Link>>>,
}

/// Says how this node stands to whoever asks, for ever.
pub(crate) async fn run(caller: Caller) {
    let node = Arc::clone(&caller.reach.node);
    let mut failures = 0;
    loop {
        let subject = asked_at(&caller, node.settings.node.as_str());
        match node.seams.bus.serve(&subject, WAITING_MAX).await {
            Ok(mut asked) => {
                while let Some((_, reply)) = asked.recv().await {
                    failures = 0;
                    if let Ok(bytes) = wire::encode("standing", &caller.standing().await) {
                        drop(reply.send(Bytes::from(bytes)));
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "nobody can ask how this node stands just now"),
        }
        failures += 1;
        node.seams.clock.sleep(node.settings.pause(failures, 0)).await;
    }
}

/// How often a node asks how the roads stand that another one runs.
const ROADS_EVERY: Duration = Duration::from_secs(2);

/// Asks, for ever, how the roads stand that other nodes run: whether a region is reached decides what may be done without it, and that
/// has to be the same at every node.
pub(crate) async fn hear_roads(caller: Caller) {
    loop {
        caller.reach.node.seams.clock.sleep(ROADS_EVERY).await;
        let (own, others): (Vec<&Arc<Link>>, Vec<&Arc<Link>>) = caller.links.iter().partition(|link| caller.runs(link));
        for link in own {
            link.hear(None);
        }
        if others.is_empty() {
            continue;
        }
        let Ok(nodes) = caller.nodes().await else { continue };
        let said: Vec<LinkStanding> = nodes.into_iter().filter_map(|row| row.standing).flat_map(|standing| standing.links).collect();
        for link in others {
            // Where nobody says anything, what was said last stands.
            if let Some(standing) = said.iter().find(|standing| standing.far == link.far()) {
                let is_down = standing.since.is_some() && !standing.is_up;
                link.hear(Some(Hearsay { down: is_down.then_some(Down { heard: standing.heard }) }));
            }
        }
    }
}

fn asked_at(caller: &Caller, node: &str) -> String {
    subject::ask(caller.reach.node.region, &format!("{}/{node}", crate::leases::NODE))
}

impl Caller {
    /// How this node stands.
    async fn standing(&self) -> Standing {
        let (node, duties) = (&self.reach.node, &self.reach.duties);
        let (mut shards, mut sites) = (BTreeMap::new(), Vec::new());
        for (duty, post) in duties.all() {
            match (duty, post.term()) {
                (Duty::Shard(shard), Some(term)) => drop(shards.insert(shard, (term.epoch, term.since))),
                (Duty::Site(site), Some(_)) => sites.push(site),
                (Duty::Shard(_) | Duty::Site(_) | Duty::Road(_), _) => {}
            }
        }
        Standing {
            node: node.settings.node.to_string(),
            since: self.since,
            loaded: self.reach.hall.loaded() as u64,
            behind: self.index.behind(node).await,
            shards,
            sites,
            links: self.own_links().await,
        }
    }

    /// How the roads stand that this node runs, or hears.
    async fn own_links(&self) -> Vec<LinkStanding> {
        let mut found = Vec::new();
        for link in self.links.iter().filter(|link| self.runs(link)) {
            beat::counted(&self.reach.node, link).await;
            found.push(link.standing());
        }
        found
    }

    /// Whether this node knows how a road stands: who dials knows it where it is run, who is dialled hears it everywhere.
    fn runs(&self, link: &Link) -> bool {
        let post = self.reach.duties.post(Duty::Road(link.far()));
        !link.dials() || post.is_some_and(|post| post.term().is_some())
    }

    /// How every road to a region in another process stands, by whoever knows it.
    pub(crate) async fn links(&self) -> Result<Vec<LinkStanding>, takt_cluster::Error> {
        let mut found = self.own_links().await;
        if found.len() < self.links.len() {
            let others = self.nodes().await?.into_iter().filter_map(|row| row.standing).flat_map(|standing| standing.links);
            for standing in others {
                if !found.iter().any(|known| known.far == standing.far) {
                    found.push(standing);
                }
            }
        }
        for link in self.links.iter() {
            if !found.iter().any(|known| known.far == link.far()) {
                found.push(link.standing());
            }
        }
        found.sort_by_key(|link| link.far);
        Ok(found)
    }

    /// Calls the roll.
    pub(crate) async fn call(&self) -> Result<Roll, takt_cluster::Error> {
        let nodes = self.nodes().await?;
        let leases = if self.reach.duties.is_alone() { Vec::new() } else { self.reach.node.seams.lease.held("shard").await? };
        let mut shards = Vec::new();
        for shard in 0..self.reach.node.seams.journal.shards() {
            let name = Duty::Shard(shard).lease();
            let lease = leases.iter().find(|lease| lease.name == name);
            let leased = lease.and_then(|lease| Some((node_of(&lease.holder)?.to_string(), lease.epoch)));
            let standings = nodes.iter().filter_map(|row| row.standing.as_ref());
            let said = standings.filter_map(|standing| Some((standing, standing.shards.get(&shard)?)));
            let owner = leased.or_else(|| self.own(&nodes, shard));
            let term = said.filter(|(standing, _)| owner.as_ref().is_some_and(|(name, _)| *name == standing.node)).map(|(_, term)| term);
            let since = term.map(|(_, since)| *since).next();
            let (owner, epoch) = owner.map_or((None, 0), |(owner, epoch)| (Some(owner), epoch));
            let mut waiting = 0;
            for queue in [QueueName::In { shard }, QueueName::Due { shard }] {
                waiting += self.reach.node.seams.queue.depth(queue).await?;
            }
            shards.push(ShardRow { shard, owner, epoch, since, waiting });
        }
        Ok(Roll { nodes, shards })
    }

    /// Who has a shard where no leases are needed: this node.
    fn own(&self, nodes: &[NodeRow], shard: u16) -> Option<(String, u64)> {
        let standing = nodes.first().and_then(|row| row.standing.as_ref()).filter(|_| self.reach.duties.is_alone())?;
        Some((standing.node.clone(), standing.shards.get(&shard)?.0))
    }

    async fn nodes(&self) -> Result<Vec<NodeRow>, takt_cluster::Error> {
        let node = &self.reach.node;
        if self.reach.duties.is_alone() {
            let standing = self.standing().await;
            return Ok(vec![NodeRow { node: standing.node.clone(), standing: Some(standing) }]);
        }
        let held = node.seams.lease.held(crate::leases::NODE).await?;
        let names = held.iter().filter_map(|lease| node_of(&lease.holder));
        let asked = names.map(|name| async move {
            let standing = if name == node.settings.node { Some(self.standing().await) } else { self.told(name.as_str()).await };
            NodeRow { node: name.to_string(), standing }
        });
        Ok(join_all(asked).await)
    }

    /// How another node stands, if it says so in time.
    async fn told(&self, name: &str) -> Option<Standing> {
        let asked = self.reach.node.seams.bus.request(&asked_at(self, name), Bytes::new(), PATIENCE).await;
        let Ok(Replied::Answer(bytes)) = asked else { return None };
        wire::decode("standing", &bytes).ok()
    }
}
