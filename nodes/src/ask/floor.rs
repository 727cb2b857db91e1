//! What happened on the floor, told by a client: completions, issues, corrections. It may not be refused for what it says,
//! only for what cannot be read; while nobody knows its order it waits in the plant's quarantine.

use takt_protocol::book::{Book, SiteKind};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Address, Body};
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{Amount, Confirmation, Counting, Input, Report};
use takt_protocol::posting::Use;
use takt_protocol::words::{ItemNo, LotNo, MaterialId, OpNo, Reason};

use super::field::{choice, maybe, quantity, site, word};
use super::meaning::Meaning;
use super::{Denied, Sort, v1};

/// A report of a plant about an order, by any name the order has there or in the plant's ERP.
fn report(book: &Book, plant: &str, order: &str, occurred_at: Option<&String>, report: Report) -> Result<Meaning, Denied> {
    let plant = site(book, "plant", plant, SiteKind::Plant)?;
    let wish = Meaning::wish(order_of(book, plant, order)?, Body::Order(Input::Report(report)), "order");
    Ok(Meaning { quarantine: Some(plant), occurred_at: maybe("occurred_at", occurred_at, Instant::parse)?, ..wish })
}

fn order_of(book: &Book, plant: SiteId, text: &str) -> Result<Address, Denied> {
    if let Ok(entity) = EntityId::parse(text) {
        return if entity.kind() == Kind::Order { Ok(Address::Entity(entity)) } else { Err(not_an_order(entity)) };
    }
    let number = word("order", text, NativeId::parse)?;
    let erp = book.sites.get(&plant).and_then(|site| site.erp);
    let job = Ref::new(plant, NativeKind::Job, number.clone());
    let order = erp.map(|erp| Ref::new(erp, NativeKind::Order, number));
    Ok(Address::Native { kind: Kind::Order, names: std::iter::once(job).chain(order).collect() })
}

fn not_an_order(entity: EntityId) -> Denied {
    let message = format!("{entity} is a {}, not an order", entity.kind());
    Denied::new(Sort::Unprocessable, "SCHEMA", message, "send the order's id, its ERP number or its MES job").at("order")
}

fn amount(field: &str, text: Option<&String>) -> Result<Option<Amount>, Denied> {
    let qty = maybe(field, text, quantity)?;
    Ok(qty.map(|qty| Amount { qty, counting: Counting::Delta, native: None }))
}

impl v1::ConfirmCompletion {
    pub(super) fn meaning(&self, book: &Book) -> Result<Meaning, Denied> {
        let work = Confirmation {
            op: word("operation", &self.operation, OpNo::parse)?,
            good: amount("good", self.good.as_ref())?,
            scrap: amount("scrap", self.scrap.as_ref())?,
            scrap_reason: maybe("scrap_reason", self.scrap_reason.as_ref(), Reason::parse)?,
            rework: amount("rework", self.rework.as_ref())?,
            labour: amount("labour", self.labour.as_ref())?,
            machine: amount("machine", self.machine.as_ref())?,
            last: self.last.unwrap_or_default(),
            declared: maybe("declared", self.declared.as_ref(), quantity)?,
        };
        let nothing = [&work.good, &work.scrap, &work.rework, &work.labour, &work.machine].iter().all(|amount| amount.is_none());
        if nothing && !work.last {
            let remedy = "send at least one of good, scrap, rework, labour, machine, or `last`; missing is not zero";
            return Err(Denied::new(Sort::Malformed, "SCHEMA", "the completion says nothing", remedy).at("good"));
        }
        report(book, &self.plant, &self.order, self.occurred_at.as_ref(), Report::Confirmed(Box::new(work)))
    }
}

impl v1::IssueMaterial {
    pub(super) fn meaning(&self, book: &Book) -> Result<Meaning, Denied> {
        let qty = word("quantity", &self.quantity, quantity)?;
        let consumed = Report::Consumed {
            op: word("operation", &self.operation, OpNo::parse)?,
            item: maybe("item", self.item.as_ref(), ItemNo::parse)?,
            material: word("material", &self.material, MaterialId::parse)?,
            lot: maybe("lot", self.lot.as_ref(), LotNo::parse)?,
            amount: Amount { qty, counting: Counting::Delta, native: None },
        };
        report(book, &self.plant, &self.order, self.occurred_at.as_ref(), consumed)
    }
}

impl v1::CorrectCount {
    pub(super) fn meaning(&self, book: &Book) -> Result<Meaning, Denied> {
        let purpose = choice::<Use>("use", &self.r#use)?;
        if matches!(purpose, Use::Consumed | Use::Produced) {
            let message = "goods are corrected by lot and handling unit, which a count does not name".to_owned();
            let remedy = "issue the difference as material, with its sign and its lot; or have the plant report what it produced";
            return Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, remedy).at("use"));
        }
        let corrected = Report::CountCorrected {
            op: word("operation", &self.operation, OpNo::parse)?,
            purpose,
            difference: word("difference", &self.difference, quantity)?,
            reason: word("reason", &self.reason, Reason::parse)?,
        };
        let meaning = report(book, &self.plant, &self.order, self.occurred_at.as_ref(), corrected)?;
        Ok(Meaning { causation: self.corrects.clone(), ..meaning.because(Some(&self.reason)) })
    }
}
