//! Holds and what is decided about them, read into the words of the protocol.

use takt_protocol::book::{Book, SiteKind};
use takt_protocol::id::Kind;
use takt_protocol::input::{Address, Body};
use takt_protocol::lot::{Decision, Disposition, Input, Placement, Request, Verdict};
use takt_protocol::name::SiteId;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::words::{HoldNo, LotKey, LotNo, Reason, Sscc};

use super::field::{choice, material, maybe, quantity, remark, site, word};
use super::meaning::Meaning;
use super::{Denied, Sort, v1};

/// A lot of a plant, by its material and number. A material that nobody knows is refused: a hold on it would hold nothing.
fn lot_of(book: &Book, plant: &str, material_id: &str, lot: &str) -> Result<(SiteId, LotKey), Denied> {
    let plant = site(book, "plant", plant, SiteKind::Plant)?;
    let key = LotKey { material: material(book, plant, "material", material_id)?, lot: word("lot", lot, LotNo::parse)? };
    Ok((plant, key))
}

fn wish(plant: SiteId, key: &LotKey, request: Request) -> Result<Meaning, Denied> {
    let name = Ref::new(plant, NativeKind::Lot, word("lot", &key.to_string(), NativeId::parse)?);
    let to = Address::Native { kind: Kind::Lot, names: vec![name] };
    Ok(Meaning::wish(to, Body::Lot(Input::Request(request)), "lot"))
}

impl v1::PlaceHold {
    pub(super) fn meaning(&self, book: &Book) -> Result<Meaning, Denied> {
        let (plant, key) = lot_of(book, &self.plant, &self.material, &self.lot)?;
        let unit = |(at, text): (usize, &String)| word(&format!("units[{at}]"), text, Sscc::parse);
        let placement = Placement {
            hold: word("hold", &self.hold, HoldNo::parse)?,
            lot: key.clone(),
            site: plant,
            units: self.units.iter().enumerate().map(unit).collect::<Result<_, _>>()?,
            reason: word("reason", &self.reason, Reason::parse)?,
            severity: remark("severity", self.severity.as_ref())?.unwrap_or_default(),
        };
        Ok(wish(plant, &key, Request::PlaceHold(placement))?.because(Some(&self.reason)))
    }
}

impl v1::RecordDisposition {
    pub(super) fn meaning(&self, book: &Book) -> Result<Meaning, Denied> {
        let (plant, key) = lot_of(book, &self.plant, &self.material, &self.lot)?;
        if self.decisions.is_empty() {
            let remedy = "send at least one decision, such as {\"verdict\": \"accept\"}";
            return Err(Denied::new(Sort::Malformed, "SCHEMA", "nothing is decided", remedy).at("decisions"));
        }
        let disposition = Disposition {
            lot: key.clone(),
            hold: word("hold", &self.hold, HoldNo::parse)?,
            decisions: self.decisions.iter().enumerate().map(|(at, decision)| decision.read(at)).collect::<Result<_, _>>()?,
            last: self.last,
        };
        Ok(wish(plant, &key, Request::RecordDisposition(disposition))?.because(self.reason.as_ref()))
    }
}

impl v1::Decision {
    fn read(&self, at: usize) -> Result<Decision, Denied> {
        Ok(Decision {
            verdict: choice::<Verdict>(&format!("decisions[{at}].verdict"), &self.verdict)?,
            qty: maybe(&format!("decisions[{at}].quantity"), self.quantity.as_ref(), quantity)?,
            unit: maybe(&format!("decisions[{at}].unit"), self.unit.as_ref(), Sscc::parse)?,
        })
    }
}

impl v1::ReleaseHold {
    pub(super) fn meaning(&self, book: &Book) -> Result<Meaning, Denied> {
        let (plant, key) = lot_of(book, &self.plant, &self.material, &self.lot)?;
        let disposition = Disposition {
            lot: key.clone(),
            hold: word("hold", &self.hold, HoldNo::parse)?,
            decisions: vec![Decision { verdict: Verdict::Accept, qty: None, unit: None }],
            last: true,
        };
        Ok(wish(plant, &key, Request::RecordDisposition(disposition))?.because(self.reason.as_ref()))
    }
}
