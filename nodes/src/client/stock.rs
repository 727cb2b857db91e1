//! What was made and what leaves: lots, handling units and shipments, listed, whole, and as they came about.

use super::words::{LotFilter, LotQuestion, Part, ShipmentFilter, ShipmentQuestion, UnitQuestion};
use super::{Client, Trouble};
use crate::screens;

impl Client {
    pub(super) async fn lot(&self, question: &LotQuestion) -> Result<(), Trouble> {
        match question {
            LotQuestion::List(filter) => self.lots(filter).await,
            LotQuestion::Reach { lot, then } => self.show_then(&["lots", lot, "reach"], then, screens::reach).await,
            LotQuestion::Show { lot, then } => self.show_then(&["lots", lot], then, screens::lot).await,
            LotQuestion::Timeline { lot, stretch } => self.steps(&["lots", lot], stretch, screens::timeline).await,
            LotQuestion::Trace { lot, stretch } => {
                let found = self.stretch(&["lots", lot, "trace"], stretch, &["ancestors", "descendants", "shipments"]).await?;
                self.print(&found, screens::trace).await
            }
        }
    }

    pub(super) async fn unit(&self, question: &UnitQuestion) -> Result<(), Trouble> {
        match question {
            UnitQuestion::Show { unit, then } => self.show_then(&["units", unit], then, screens::unit).await,
            UnitQuestion::Timeline { unit, stretch } => self.steps(&["units", unit], stretch, screens::timeline).await,
        }
    }

    pub(super) async fn shipment(&self, question: &ShipmentQuestion) -> Result<(), Trouble> {
        match question {
            ShipmentQuestion::List(filter) => self.shipments(filter).await,
            ShipmentQuestion::Verb(verb) => self.shipment_verb(verb).await,
            ShipmentQuestion::Show { shipment, then } => self.show_then(&["shipments", shipment], then, screens::shipment).await,
            ShipmentQuestion::Timeline { shipment, stretch } => self.steps(&["shipments", shipment], stretch, screens::timeline).await,
        }
    }

    async fn lots(&self, filter: &LotFilter) -> Result<(), Trouble> {
        let texts = [("plant", filter.plant.as_deref()), ("material", filter.material.as_deref()), ("at", filter.at.as_deref())];
        let marks = [("held", filter.held), ("in_inspection", filter.in_inspection)];
        let found = self.part(&["lots"], &filter.part, &texts, &marks).await?;
        self.print(&found, screens::lots).await
    }

    async fn shipments(&self, filter: &ShipmentFilter) -> Result<(), Trouble> {
        let marks = [("open", filter.open), ("blocked", filter.blocked)];
        let texts = [("warehouse", filter.warehouse.as_deref()), ("at", filter.at.as_deref())];
        let found = self.part(&["shipments"], &filter.part, &texts, &marks).await?;
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
