//! What happened on the floor, told by a client: completions, issues, corrections. It may not be refused for what it says,
//! only for what cannot be read; while nobody knows its order it waits in the plant's quarantine.

use takt_protocol::book::SiteKind;
use takt_protocol::input::Body;
use takt_protocol::instant::Instant;
use takt_protocol::order::{Amount, Confirmation, Counting, Input, Report};
use takt_protocol::posting::Use;
use takt_protocol::words::{ItemNo, LotNo, MaterialId, OpNo, Reason};

use super::field::{choice, maybe, quantity, site, word};
use super::meaning::Meaning;
use super::{Denied, Reception, Sort, v1};

/// Where something happened, to which order, and when; each as it was sent.
struct Place<'a> {
    plant: &'a str,
    order: &'a str,
    occurred_at: Option<&'a String>,
}

/// How far the clock of whoever reports may be ahead, in ms.
const AHEAD_MAX_MS: u64 = 300_000;

/// A report of a plant about an order, by any name the order has.
async fn report(reception: &Reception, place: Place<'_>, report: Report) -> Result<Meaning, Denied> {
    let book = reception.mesh().book();
    let plant = site(&book, "plant", place.plant, SiteKind::Plant)?;
    let occurred_at = maybe("occurred_at", place.occurred_at, Instant::parse)?;
    let now = reception.mesh().clock().now();
    if let Some(at) = occurred_at.filter(|at| *at > now.plus_ms(AHEAD_MAX_MS)) {
        let message = format!("{at} is yet to come: it is {now}");
        let remedy = "send when it happened, with its offset; look at the clock of whoever sends it";
        return Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, remedy).at("occurred_at"));
    }
    let to = reception.reported(&book, plant, "order", place.order).await?;
    let wish = Meaning::wish(to, Body::Order(Input::Report(report)), "order");
    Ok(Meaning { quarantine: Some(plant), occurred_at, ..wish })
}

fn amount(field: &str, text: Option<&String>) -> Result<Option<Amount>, Denied> {
    let qty = maybe(field, text, quantity)?;
    Ok(qty.map(|qty| Amount { qty, counting: Counting::Delta, native: None }))
}

impl v1::ConfirmCompletion {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
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
        let amounts =
            [("good", &work.good), ("scrap", &work.scrap), ("rework", &work.rework), ("labour", &work.labour), ("machine", &work.machine)];
        let below = |amount: &&Option<Amount>| amount.as_ref().is_some_and(|amount| amount.qty.is_negative());
        if let Some((field, _)) = amounts.into_iter().find(|(_, amount)| below(amount)) {
            let remedy = "correct a count with POST /v1/count-corrections, which says why";
            return Err(Denied::new(Sort::Unprocessable, "SCHEMA", "a completion takes nothing back", remedy).at(field));
        }
        let place = Place { plant: &self.plant, order: &self.order, occurred_at: self.occurred_at.as_ref() };
        report(reception, place, Report::Confirmed(Box::new(work))).await
    }
}

impl v1::IssueMaterial {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
        let qty = word("quantity", &self.quantity, quantity)?;
        let consumed = Report::Consumed {
            op: word("operation", &self.operation, OpNo::parse)?,
            item: maybe("item", self.item.as_ref(), ItemNo::parse)?,
            material: word("material", &self.material, MaterialId::parse)?,
            lot: maybe("lot", self.lot.as_ref(), LotNo::parse)?,
            amount: Amount { qty, counting: Counting::Delta, native: None },
        };
        report(reception, Place { plant: &self.plant, order: &self.order, occurred_at: self.occurred_at.as_ref() }, consumed).await
    }
}

impl v1::CorrectCount {
    pub(super) async fn meaning(&self, reception: &Reception) -> Result<Meaning, Denied> {
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
        let place = Place { plant: &self.plant, order: &self.order, occurred_at: self.occurred_at.as_ref() };
        let meaning = report(reception, place, corrected).await?;
        Ok(Meaning { causation: self.corrects.clone(), ..meaning.because(Some(&self.reason)) })
    }
}
