//! Lists of what was made and of what leaves.

use super::words::{LotFilter, Part, ShipmentFilter};
use super::{Client, Trouble};
use crate::screens;

impl Client {
    pub(super) async fn lots(&self, filter: &LotFilter) -> Result<(), Trouble> {
        let texts = [("plant", filter.plant.as_deref()), ("material", filter.material.as_deref())];
        let marks = [("held", filter.held), ("in_inspection", filter.in_inspection)];
        let found = self.part(&["lots"], &filter.part, &texts, &marks).await?;
        self.print(&found, screens::lots).await
    }

    pub(super) async fn shipments(&self, filter: &ShipmentFilter) -> Result<(), Trouble> {
        let marks = [("open", filter.open), ("blocked", filter.blocked)];
        let found = self.part(&["shipments"], &filter.part, &[("warehouse", filter.warehouse.as_deref())], &marks).await?;
        self.print(&found, screens::shipments).await
    }

    /// A part of a list, narrowed by words and marks; a mark that is not set narrows nothing.
    async fn part(
        &self,
        path: &[&str],
        part: &Part,
        texts: &[(&str, Option<&str>)],
        marks: &[(&str, bool)],
    ) -> Result<serde_json::Value, Trouble> {
        let most = part.most.to_string();
        let mut query = vec![("most", most.as_str())];
        query.extend(part.after.as_deref().map(|after| ("after", after)));
        query.extend(texts.iter().filter_map(|(name, text)| Some((*name, (*text)?))));
        query.extend(marks.iter().filter(|(_, set)| *set).map(|(name, _)| (*name, "true")));
        self.read(path, &query).await
    }
}
