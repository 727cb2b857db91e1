//! Which nodes run the regions of this one, which of them runs which shard, and how the roads to other regions stand: the same whichever
//! of them is asked.

use futures::future::try_join_all;
use takt_actors::roll::Roll;
use takt_protocol::name::Region as RegionName;

use super::{Denied, Reception};
use crate::answers::Page;
use crate::answers::link::{self, LinkRow};
use crate::answers::node::{self, NodeRow, ShardRow};

impl Reception {
    /// The nodes, by name.
    pub async fn nodes(&self) -> Result<Page<NodeRow>, Denied> {
        Ok(self.counted(node::nodes(&self.rolls().await?)))
    }

    /// The shards, by region and number.
    pub async fn shards(&self) -> Result<Page<ShardRow>, Denied> {
        Ok(self.counted(node::shards(&self.rolls().await?)))
    }

    /// The roads to regions that run elsewhere, each direction for itself.
    pub async fn links(&self) -> Result<Page<LinkRow>, Denied> {
        let call = self.mesh().regions().iter().map(|(name, region)| async move { Ok((*name, region.link_standings().await?)) });
        let found = try_join_all(call).await.map_err(|error| Denied::asking(&error))?;
        let both = found.iter().flat_map(|(here, links)| links.iter().flat_map(|link| link::rows(*here, link)));
        Ok(self.counted(both.collect()))
    }

    /// What each region says, one beside the other.
    async fn rolls(&self) -> Result<Vec<(RegionName, Roll)>, Denied> {
        let call = self.mesh().regions().iter().map(|(name, region)| async move { Ok((*name, region.roll().await?)) });
        try_join_all(call).await.map_err(|error| Denied::asking(&error))
    }

    fn counted<T: utoipa::ToSchema>(&self, rows: Vec<T>) -> Page<T> {
        Page { rows, next: None, as_of: Some(self.mesh().clock().now().to_string()) }
    }
}
