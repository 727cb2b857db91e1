//! Ship notices: what a supplier says is on its way, what truly is, and what came.
//!
//! Apart from purchase orders because a notice once sent never changes. Never corrects what it said.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::front::{Answered, refusal, shown, unknown, with};
use super::super::habits::Habit;
use super::super::moment::Moment;
use super::super::system::Desk;
use super::{Portal, Stage, day};

/// One pack, as it is noticed.
#[derive(Clone, Debug)]
struct Pack {
    sscc: String,
    line: u32,
    item: String,
    qty: Decimal,
    unit: String,
    batch: Option<String>,
    made: Option<String>,
    /// What is truly on the truck.
    loaded: Decimal,
}

/// One ship notice.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    number: String,
    po: String,
    supplier: String,
    ship_to: String,
    packs: Vec<Pack>,
    receipt: Option<Receipt>,
}

/// What came, by pack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    packs: Vec<ReceivedPack>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceivedPack {
    sscc: String,
    qty: Decimal,
}

impl Pack {
    fn view(&self) -> Value {
        json!({
            "sscc": self.sscc, "line": self.line, "item": self.item, "qty": self.qty.normalize().to_string(), "unit": self.unit,
            "batch": self.batch, "made": self.made,
        })
    }
}

impl Notice {
    pub(super) fn view(&self) -> Value {
        let receipt = self.receipt.as_ref().map(|receipt| {
            receipt.packs.iter().map(|pack| (pack.sscc.clone(), pack.qty.normalize().to_string())).collect::<BTreeMap<_, _>>()
        });
        json!({
            "asn": self.number, "po": self.po, "supplier": self.supplier, "ship_to": self.ship_to,
            "packs": self.packs.iter().map(Pack::view).collect::<Vec<_>>(), "receipt": receipt,
        })
    }

    /// With what nobody outside sees.
    pub(super) fn book(&self) -> Value {
        let loaded: BTreeMap<&str, String> =
            self.packs.iter().map(|pack| (pack.sscc.as_str(), pack.loaded.normalize().to_string())).collect();
        with(self.view(), "loaded", json!(loaded))
    }

    fn differences(&self, receipt: &Receipt) -> Vec<Value> {
        let received = |sscc: &str| receipt.packs.iter().filter(|pack| pack.sscc == sscc).map(|pack| pack.qty).sum::<Decimal>();
        let differs = |pack: &&Pack| received(&pack.sscc) != pack.qty;
        let view = |pack: &Pack| json!({ "sscc": pack.sscc, "noticed": pack.qty.normalize().to_string(), "received": received(&pack.sscc).normalize().to_string() });
        self.packs.iter().filter(differs).map(view).collect()
    }
}

impl Portal {
    /// Packs everything that was ordered, and says so.
    pub(super) fn ship(&mut self, desk: &mut Desk, number: &str, revision: u32, at: Moment) {
        let ready = |order: &&mut super::PurchaseOrder| order.revision == revision && order.stage == Stage::Confirmed;
        let Some(order) = self.orders.get_mut(number).filter(ready) else { return };
        order.stage = Stage::Shipped;
        let order = order.clone();
        let unnamed = desk.habits.takes(Habit::BatchMissing, number).is_some();
        let today = day(desk.zone.day(at));
        let mut packs = Vec::new();
        for line in &order.wish.lines {
            // A thousand packs a line are a full hall.
            let each = self.pace.pack_qty.max(line.qty / Decimal::ONE_THOUSAND);
            let mut rest = line.qty;
            while rest > Decimal::ZERO {
                let qty = rest.min(each);
                rest -= qty;
                self.packs += 1;
                packs.push(Pack {
                    sscc: format!("34099999{:09}0", self.packs),
                    line: line.number,
                    item: line.item.clone(),
                    qty,
                    unit: line.unit.clone(),
                    batch: (!unnamed).then(|| format!("H-{:04}", self.notices.len() + 1)),
                    made: (!unnamed).then(|| today.clone()),
                    loaded: qty,
                });
            }
        }
        if let (Some(dose), Some(last)) = (desk.habits.takes(Habit::ShortShip, number), packs.last_mut()) {
            last.loaded = (last.qty - Decimal::from(dose.amount.unwrap_or(2))).max(Decimal::ZERO);
        }
        let asn = format!("ASN-{:06}", self.notices.len() + 1);
        let notice = Notice {
            number: asn.clone(),
            po: number.to_owned(),
            supplier: order.wish.supplier,
            ship_to: order.wish.ship_to,
            packs,
            receipt: None,
        };
        self.tell(desk, number, "asn.sent", at, notice.view());
        self.notices.insert(asn, notice);
    }

    /// Somebody says what came.
    pub(super) fn receive(&mut self, number: &str, receipt: Receipt) -> Answered {
        let notice = self.notices.get_mut(number).ok_or_else(|| unknown(number))?;
        if let Some(stranger) = receipt.packs.iter().find(|pack| notice.packs.iter().all(|known| known.sscc != pack.sscc)) {
            return Err(refusal(400, "unknown_pack", stranger.sscc.clone()));
        }
        if receipt.packs.iter().any(|pack| pack.qty < Decimal::ZERO || pack.qty > Decimal::from(1_000_000_000)) {
            return Err(refusal(400, "malformed", "nobody receives that much, or less than nothing"));
        }
        if notice.receipt.as_ref().is_some_and(|known| *known != receipt) {
            return Err(refusal(409, "received", number));
        }
        let differences = notice.differences(&receipt);
        notice.receipt = Some(receipt);
        let po = notice.po.clone();
        if let Some(order) = self.orders.get_mut(&po) {
            order.stage = Stage::Received;
        }
        Ok(shown(&json!({ "asn": number, "po": po, "differences": differences })))
    }
}
