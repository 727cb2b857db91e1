//! Which nodes run the regions of the mesh, which of them runs which shard, and how the roads to other regions stand: the same whichever
//! of them is asked.

use futures::future::try_join_all;
use takt_actors::roll::Roll;
use takt_protocol::name::Region as RegionName;

use super::neighbours::{NODES, SHARDS};
use super::{Denied, Reception};
use crate::answers::Page;
use crate::answers::link::{self, LinkRow};
use crate::answers::node::{self, NodeRow, ShardRow};
use crate::answers::world::World;

impl Reception {
    /// The nodes of all regions, by name.
    pub async fn nodes(&self) -> Result<World<NodeRow>, Denied> {
        let here = async { Ok(node::nodes(&self.rolls().await?)) };
        let mut told = self.told_by_all(NODES, here, |row: &NodeRow| (row.name.clone(), row.regions.clone())).await?;
        told.page.rows = node::distinct(told.page.rows);
        Ok(told)
    }

    /// The nodes of one region that runs here, each with all that it runs of the regions here: so it is told the same for each of them.
    pub(super) async fn nodes_of(&self, region: RegionName) -> Result<Vec<NodeRow>, Denied> {
        let mut rows = node::nodes(&self.rolls().await?);
        rows.retain(|row| row.regions.iter().any(|runs| *runs == region.as_str()));
        Ok(rows)
    }

    /// The shards of all regions, by region and number.
    pub async fn shards(&self) -> Result<World<ShardRow>, Denied> {
        let here = async { Ok(node::shards(&self.rolls().await?)) };
        self.told_by_all(SHARDS, here, |row: &ShardRow| (row.region.clone(), row.shard)).await
    }

    /// The shards of one region that runs here.
    pub(super) async fn shards_of(&self, region: RegionName) -> Result<Vec<ShardRow>, Denied> {
        Ok(node::shards(&self.roll(region).await?))
    }

    /// The roads to regions that run elsewhere, each direction for itself.
    pub async fn links(&self) -> Result<Page<LinkRow>, Denied> {
        let call = self.mesh().regions().iter().map(|(name, region)| async move { Ok((*name, region.link_standings().await?)) });
        let found = try_join_all(call).await.map_err(|error| Denied::asking(&error))?;
        let both = found.iter().flat_map(|(here, links)| links.iter().flat_map(|link| link::rows(*here, link)));
        let mut rows: Vec<LinkRow> = both.collect();
        rows.sort_by(|one, other| (&one.from, &one.to).cmp(&(&other.from, &other.to)));
        Ok(self.counted(rows))
    }

    /// What one region says, if it runs here.
    async fn roll(&self, region: RegionName) -> Result<Vec<(RegionName, Roll)>, Denied> {
        let Some(here) = self.mesh().regions().get(&region) else { return Ok(Vec::new()) };
        Ok(vec![(region, here.roll().await.map_err(|error| Denied::asking(&error))?)])
    }

    /// What each region that runs here says, one beside the other.
    async fn rolls(&self) -> Result<Vec<(RegionName, Roll)>, Denied> {
        let call = self.mesh().regions().iter().map(|(name, region)| async move { Ok((*name, region.roll().await?)) });
        try_join_all(call).await.map_err(|error| Denied::asking(&error))
    }

    fn counted<T: utoipa::ToSchema>(&self, rows: Vec<T>) -> Page<T> {
        Page { rows, next: None, as_of: Some(self.mesh().clock().now().to_string()) }
    }
}
