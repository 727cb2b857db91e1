//! The nodes of a mesh, and which of them runs which shard, as people who keep it running ask for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_actors::roll::Roll;
use takt_protocol::name::Region;
use utoipa::ToSchema;

/// A node that runs some of the regions that the node runs which was asked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NodeRow {
    /// What it is called.
    pub name: String,
    /// Since when it runs, by its own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The regions that it runs, as far as they run here, too.
    pub regions: Vec<String>,
    /// How many shards it runs, of all these regions.
    pub shards: usize,
    /// The sites that it speaks with.
    pub sites: Vec<String>,
    /// How many orders, lots, units, shipments, sites and records it has loaded.
    pub load: u64,
    /// How far its lists are behind the logs, in numbers of the log: the most of any shard.
    pub behind: u64,
    /// Whether it said how it stands when it was asked; where it did not, only its name and its regions are known.
    pub answers: bool,
}

/// A shard of a region: a part of its entities, which one node decides about.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShardRow {
    /// The region.
    pub region: String,
    /// The shard.
    pub shard: u16,
    /// The node that runs it; absent while nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The epoch of its owner's time: the next owner has a greater one. 0 where one node runs the region alone.
    pub epoch: u64,
    /// Since when, if its owner said so when it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Inputs that wait to be decided.
    pub waiting: u64,
}

/// The nodes of these regions, by name.
pub fn nodes(rolls: &[(Region, Roll)]) -> Vec<NodeRow> {
    let mut rows: BTreeMap<&str, NodeRow> = BTreeMap::new();
    for (region, seen) in rolls.iter().flat_map(|(region, roll)| roll.nodes.iter().map(move |seen| (region, seen))) {
        let row = rows.entry(&seen.node).or_insert_with(|| NodeRow {
            name: seen.node.clone(),
            since: None,
            regions: Vec::new(),
            shards: 0,
            sites: Vec::new(),
            load: 0,
            behind: 0,
            answers: true,
        });
        row.regions.push(region.to_string());
        let Some(standing) = &seen.standing else {
            row.answers = false;
            continue;
        };
        row.since.get_or_insert_with(|| standing.since.to_string());
        row.shards += standing.shards.len();
        row.load += standing.loaded;
        row.behind = row.behind.max(standing.behind);
        row.sites.extend(standing.sites.iter().map(ToString::to_string));
        row.sites.sort_unstable();
        row.sites.dedup();
    }
    rows.into_values().collect()
}

/// Each node once, however many regions told of it: no two that share a region are called alike. Who knows more of its regions counts.
pub fn distinct(rows: Vec<NodeRow>) -> Vec<NodeRow> {
    let mut all: Vec<NodeRow> = Vec::new();
    for row in rows {
        let same = |known: &&mut NodeRow| known.name == row.name && known.regions.iter().any(|region| row.regions.contains(region));
        match all.iter_mut().find(same) {
            Some(known) if row.regions.len() > known.regions.len() => *known = row,
            Some(_) => {}
            None => all.push(row),
        }
    }
    all
}

/// The shards of these regions, by region and number.
pub fn shards(rolls: &[(Region, Roll)]) -> Vec<ShardRow> {
    let row = |(region, row): (&Region, &takt_actors::roll::ShardRow)| ShardRow {
        region: region.to_string(),
        shard: row.shard,
        owner: row.owner.clone(),
        epoch: row.epoch,
        since: row.since.map(|since| since.to_string()),
        waiting: row.waiting,
    };
    rolls.iter().flat_map(|(region, roll)| roll.shards.iter().map(move |shard| (region, shard))).map(row).collect()
}

#[cfg(test)]
mod tests {
    use takt_actors::roll::{self, Standing};
    use takt_protocol::instant::Instant;

    use super::*;

    fn standing(node: &str, loaded: u64, behind: u64) -> roll::NodeRow {
        let shards = BTreeMap::from([(0, (7, Instant::EPOCH))]);
        let standing = Standing { node: node.into(), since: Instant::EPOCH, loaded, behind, shards, sites: Vec::new(), links: Vec::new() };
        roll::NodeRow { node: node.into(), standing: Some(standing) }
    }

    #[test]
    fn a_node_of_several_regions_is_one_row_and_one_that_does_not_answer_is_said_to() {
        let silent = roll::NodeRow { node: "b".into(), standing: None };
        let roll = |nodes| Roll { nodes, shards: Vec::new() };
        let region = |name| Region::parse(name).unwrap();
        let rolls = [(region("eu"), roll(vec![standing("a", 3, 5), silent])), (region("na"), roll(vec![standing("a", 4, 2)]))];
        let rows = nodes(&rolls);
        assert_eq!(rows.iter().map(|row| (row.name.as_str(), row.answers)).collect::<Vec<_>>(), [("a", true), ("b", false)]);
        let NodeRow { regions, shards, load, behind, .. } = &rows[0];
        assert_eq!((regions.len(), *shards, *load, *behind), (2, 2, 7, 5));
        // Told by either region, and by one that knows of one of them only.
        let alone = nodes(&rolls[1..]);
        let told: Vec<NodeRow> = alone.iter().chain(&rows).chain(&rows).cloned().collect();
        let once: Vec<_> = distinct(told).into_iter().map(|row| (row.name, row.regions.len())).collect();
        assert_eq!(once, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        let elsewhere = nodes(&[(region("asia"), roll(vec![standing("a", 1, 1)]))]);
        assert_eq!(distinct(rows.iter().chain(&elsewhere).cloned().collect()).len(), 3, "another node of that name shares no region");
        assert_eq!((rows[1].regions.as_slice(), rows[1].shards, rows[1].since.as_ref()), (&["eu".to_owned()][..], 0, None));
    }
}
