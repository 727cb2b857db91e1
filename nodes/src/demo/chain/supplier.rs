//! A supplier sends steel: the lot is known before it comes, quality holds it while it is on its way, and it is blocked in the
//! warehouse when it arrives. What was announced is what came.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use takt_protocol::id::EntityId;
use takt_protocol::kernel::Own;
use takt_protocol::lot::Lot;
use takt_protocol::words::{LotKey, LotNo, MaterialId};

use super::super::cast::{Plant, System};
use super::super::tale::Scene;
use super::super::trouble::Finding;
use super::{listed, text};

/// The purchase order of the demo.
const ORDER: &str = "45-1";

/// How long a truck with a supplier's goods takes in the demo, in ms: long enough that somebody holds them meanwhile.
const ON_ITS_WAY_MS: u32 = 1_500;

/// What the first component in lots of a plant's first product comes as.
pub(super) struct Delivery<'a> {
    pub(super) scene: &'a Arc<Scene>,
    pub(super) plant: Plant,
    pub(super) portal: System,
}

impl Delivery<'_> {
    pub(super) async fn play(&self) -> anyhow::Result<()> {
        let Some((material, unit)) = self.component() else { return Ok(()) };
        self.pace(ON_ITS_WAY_MS).await?;
        let line =
            json!({ "line": 10, "item": material.as_str(), "qty": "800", "unit": self.portal.word("unit", &unit), "due": "01.12.2026" });
        let order = json!({ "supplier": "STAHL-AG", "ship_to": self.plant.site.as_str(), "lines": [line] });
        self.scene.people.done(Method::PUT, &format!("{}/purchase-orders/{ORDER}", self.portal.url), &order, &[]).await?;
        let (key, packs) = self.notice(&material).await?;
        let lot = self.scene.mesh.book().lot_entity(self.plant.site, &key).ok_or_else(|| anyhow::anyhow!("{key} has no plant"))?;
        let announced = |lot: &Lot| (lot.expected.len() == packs).then_some(());
        self.until(lot, &format!("{key} announced"), announced).await?;
        let held = self.hold_on_the_way(lot, &key, &unit).await?;
        let arrived = |lot: &Lot| lot.expected.values().all(|expected| expected.arrived.is_some()).then_some(());
        self.until(lot, &format!("{key} arrived"), arrived).await?;
        if let Some(hold) = held {
            self.is_blocked(&key).await?;
            self.say(&key, &format!("{packs} packs came and are blocked by hold {hold}, which was there before them"));
        }
        self.until(lot, "its hold decided", |lot| lot.holds.is_empty().then_some(())).await?;
        self.say(&key, "hold decided: accepted, free in the warehouse");
        self.pace(300).await
    }

    fn say(&self, key: &LotKey, what: &str) {
        self.scene.say.line(&self.plant, ORDER, &format!("{key}: {what}"));
    }

    /// A component that is kept in lots, with its unit.
    fn component(&self) -> Option<(MaterialId, String)> {
        let book = self.scene.mesh.book();
        let (_, recipe) = self.plant.makes.first()?;
        let managed =
            |material: &MaterialId| book.materials.get(material).filter(|known| known.lot_mode != takt_protocol::book::LotMode::None);
        recipe.components.iter().find_map(|line| Some((line.material.clone(), managed(&line.material)?.base.code().to_owned())))
    }

    /// How soon the warehouse receives what was announced to it.
    async fn pace(&self, receive_ms: u32) -> anyhow::Result<()> {
        let pace = super::super::stage::pace(receive_ms);
        self.scene.people.done(Method::PUT, &format!("{}/_sim/pace", self.plant.wms.url), &pace, &[]).await?;
        Ok(())
    }

    /// The ship notice of the order: its lot, and how many packs it has.
    async fn notice(&self, material: &MaterialId) -> anyhow::Result<(LotKey, usize)> {
        let url = format!("{}/ship-notices?po={ORDER}", self.portal.url);
        let sent = async || Ok(listed(&self.scene.people.read(&url).await?, "results").first().cloned());
        let notice = self.scene.people.until("a ship notice", sent).await?;
        let packs = listed(&notice, "packs");
        let batch = packs.first().map(|pack| text(pack, "batch").to_owned()).unwrap_or_default();
        Ok((LotKey { material: material.clone(), lot: LotNo::parse(&batch)? }, packs.len()))
    }

    /// Quality holds the lot while it is on its way; the hold, or nothing where that was done before a restart.
    async fn hold_on_the_way(&self, lot: EntityId, key: &LotKey, unit: &str) -> anyhow::Result<Option<String>> {
        let finding = Finding {
            material: key.material.as_str(),
            lot: key.lot.as_str(),
            pallets: &[],
            quantity: "800",
            unit,
            reason: "certificate",
            severity: "major",
        };
        if !finding.raise(&self.scene.people, &self.plant).await? {
            return Ok(None);
        }
        let bound =
            |lot: &Lot| lot.holds.keys().next().map(|hold| (hold.to_string(), lot.expected.values().any(|one| one.arrived.is_none())));
        let (hold, early) = self.until(lot, &format!("{key} held"), bound).await?;
        anyhow::ensure!(early, "{key} was there before hold {hold} was placed, and was to be on its way");
        self.scene.say.trouble(&self.plant, ORDER, &format!("{key}: hold {hold} (certificate) while it is on its way"));
        Ok(Some(hold))
    }

    /// Until every pack of it that the warehouse has is blocked there, or the hold is over already.
    async fn is_blocked(&self, key: &LotKey) -> anyhow::Result<()> {
        let url = format!("{}/handling-units", self.plant.wms.url);
        let blocked = async || {
            let units = self.scene.people.read(&url).await?;
            let mut mine = listed(&units, "results").iter().filter(|unit| is_of(unit, key)).peekable();
            Ok((mine.peek().is_some() && mine.all(|unit| !listed(unit, "blocks").is_empty())).then_some(()))
        };
        self.scene.people.until(&format!("{key} blocked at {}", self.plant.wms.site), blocked).await
    }

    async fn until<T>(&self, lot: EntityId, what: &str, look: impl Fn(&Lot) -> Option<T>) -> anyhow::Result<T> {
        let found = async || {
            let Own::Lot(lot) = self.scene.mesh.show(lot).await?.own else { return Ok(None) };
            Ok(look(&lot))
        };
        self.scene.people.until(what, found).await
    }
}

fn is_of(unit: &Value, key: &LotKey) -> bool {
    listed(unit, "contents")
        .iter()
        .any(|content| text(content, "item") == key.material.as_str() && text(content, "lot") == key.lot.as_str())
}
