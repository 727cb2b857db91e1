//! What people say at our own desks meanwhile: master data of a plant, an order under a number that is another one's, a document of a
//! closed month that is to be taken back, a truck that is asked about a second time, a hold that is released while quality is not
//! reached, and what waits that is sent again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use takt_protocol::book::{Book, Equipment};
use takt_protocol::calendar::PeriodState;
use takt_protocol::case::CaseKind;
use takt_protocol::desk::{Action, Wish};
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, Who};
use takt_protocol::id::Kind as Entity;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::lot::{self, Decision, Disposition, Verdict};
use takt_protocol::name::{SiteId, Source};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{self, Request};
use takt_protocol::posting::Standing as Stands;
use takt_protocol::record::{self, Content, Report, Standing, Statement};
use takt_protocol::refusal::Code;
use takt_protocol::words::{HoldNo, LotKey, LotNo, MaterialId, Version};
use takt_protocol::{shipment, site};

use super::{DONE, Doer, WRONG_FOR};
use crate::sim::people::{list, text};
use crate::sim::stage;

/// How long somebody waits for a run over the books that is under way, and how often at most.
const ASKED_AGAIN: Duration = Duration::from_mins(1);
const ASKED_MAX: u32 = 30;

/// What each word of theirs is counted as.
const COUNTED: [&str; 2] = ["deeds refused", "deeds taken"];

impl Doer<'_> {
    async fn say(&self, input: Input) {
        self.people.town.count(DONE);
        self.people.ask(input, COUNTED).await;
    }

    /// A word that was never said before, by a person in a role or by a system.
    fn envelope(&self, source: Source, what: &str, role: Option<&str>) -> anyhow::Result<Envelope> {
        let now = self.people.town.now();
        let mark = Mark::Text(KeyText::parse(&format!("{}/{what}/{}", self.plant.site, now.utc_ms()))?);
        let who = role.map(|role| Who {
            user: format!("{role}.{}", self.plant.site),
            role: role.to_owned(),
            reason: Some("as it is here".to_owned()),
            ..Who::default()
        });
        Ok(Envelope { who, ..Envelope::of(Key { source, epoch: 0, mark }, now) })
    }

    /// A machine is gone from the plant's master data, and comes back.
    pub(super) async fn no_machine(&mut self) -> anyhow::Result<()> {
        let book = self.people.yard.book();
        let machine = book.equipment.get(&self.plant.site).and_then(|all| all.first());
        let machine = machine.ok_or_else(|| anyhow::anyhow!("{} has no machines", self.plant.site))?;
        self.state(machine, Standing::Withdrawn).await?;
        self.order().await?;
        tokio::time::sleep(WRONG_FOR).await;
        self.state(machine, Standing::Approved).await
    }

    async fn state(&self, machine: &Equipment, standing: Standing) -> anyhow::Result<()> {
        let of = Ref::new(self.plant.site, NativeKind::Equipment, NativeId::parse(machine.id.as_str())?);
        let content = Content::Equipment(Box::new(machine.clone()));
        let statement = Statement { of: of.clone(), version: Version::parse("1")?, standing, from: None, until: None, content };
        let envelope = self.envelope(self.plant.site, machine.id.as_str(), None)?;
        let body = Body::Record(record::Input::Report(Report::Stated(statement)));
        self.say(Input { to: Address::Native { kind: Entity::Record, names: vec![of] }, envelope, body }).await;
        Ok(())
    }

    /// Somebody wants an order, and types the number of another one for that of its planned order.
    pub(super) async fn typed_a_wrong_number(&mut self) -> anyhow::Result<()> {
        let (_, header, _) = self.newest(|_| true).await?;
        self.order_under(header.erp, header.number).await
    }

    /// Somebody wants an order, and types for that of its planned order a number that the ERP will soon give to another one: many an ERP
    /// numbers both from ranges that overlap.
    pub(super) async fn typed_a_number_to_come(&mut self) -> anyhow::Result<()> {
        let erp = self.erp()?;
        let books = erp.with(|system| system.books());
        let numbers = list(&books, "orders").iter().filter_map(|order| text(order, "ManufacturingOrder").parse::<u64>().ok());
        let highest = numbers.max().ok_or_else(|| anyhow::anyhow!("{} has no order", erp.site))?;
        let to_come = NativeId::parse(&(highest + 2).to_string())?;
        self.order_under(erp.site, to_come).await
    }

    /// Somebody wants an order under the number of another one.
    async fn order_under(&mut self, erp: SiteId, number: NativeId) -> anyhow::Result<()> {
        self.number += 1;
        let mut input = self.people.release(self.plant, 0, 100_000 + self.number, self.people.pieces_max())?;
        input.to = Address::Native { kind: Entity::Order, names: vec![Ref::new(erp, NativeKind::Order, number.clone())] };
        if let Body::Order(order::Input::Request(Request::Release(release))) = &mut input.body {
            release.planned_order = number;
        }
        self.people.ask(input, ["orders refused", "orders asked for"]).await;
        self.people.town.count(DONE);
        Ok(())
    }

    /// Somebody has the books of an ERP compared with ours: while a run is under way, after that.
    pub(super) async fn compare(&self, erp: SiteId) -> anyhow::Result<()> {
        let entity = self.people.yard.book().site_entity(erp).ok_or_else(|| anyhow::anyhow!("{erp} is not known"))?;
        for _ in 0..ASKED_MAX {
            let body = Body::Site(site::Input::Request(site::Request::Reconcile { cut_off: None, every: true }));
            let envelope = self.envelope(Source::parse("desk")?, "compare", Some("finance"))?;
            self.people.town.count(DONE);
            let refused = self.people.ask(Input { to: Address::Entity(entity), envelope, body }, COUNTED).await;
            if refused != Some(Code::State) {
                return Ok(());
            }
            tokio::time::sleep(ASKED_AGAIN).await;
        }
        anyhow::bail!("the books of {erp} are not compared")
    }

    /// What could not be sent as it was configured is sent again.
    pub(super) async fn send_again(&self) -> anyhow::Result<()> {
        for region in self.people.yard.regions().into_iter().filter_map(|name| self.people.yard.region(name)) {
            for open in region.index().cases().into_iter().filter(|open| open.case.kind == CaseKind::Misconfigured) {
                let wish = Wish { case: open.case.number, action: Action::Retry };
                let what = format!("{}/{}", open.entity, open.case.number);
                let envelope = self.envelope(Source::parse("desk")?, &what, Some("it"))?;
                self.say(Input { to: Address::Entity(open.entity), envelope, body: Body::Desk(wish) }).await;
            }
        }
        Ok(())
    }

    /// Small things, between the others.
    pub(super) async fn whatever_waits(&self, round: u64) {
        let closed = if round.is_multiple_of(4) { self.take_back_what_is_closed().await } else { Ok(()) };
        for done in [self.asked_before().await, self.release_unreached().await, closed] {
            if let Err(error) = done {
                tracing::debug!(%error, plant = %self.plant.site, "nothing is said at the desk");
            }
        }
    }

    /// Finance closes the month in our books, and finds a document of it that is wrong; then it is opened again.
    async fn take_back_what_is_closed(&self) -> anyhow::Result<()> {
        let posted = |stands: &Stands| matches!(stands, Stands::Posted { .. });
        let (entity, _, order) = self.newest(|order| order.ledger.postings().any(|entry| posted(&entry.standing))).await?;
        let posting = order.ledger.postings().find(|entry| posted(&entry.standing)).map(|entry| entry.posting.number).unwrap_or_default();
        self.set_month(PeriodState::Closed).await;
        let envelope = self.envelope(Source::parse("desk")?, &format!("back/{posting}"), Some("finance"))?;
        let body = Body::Order(order::Input::Request(Request::ReversePosting { posting }));
        self.say(Input { to: Address::Entity(entity), envelope, body }).await;
        self.set_month(PeriodState::Open).await;
        Ok(())
    }

    async fn set_month(&self, state: PeriodState) {
        let mut book = Book::clone(&self.people.yard.book());
        let day = book.calendar(self.plant.site).posting_date(self.people.town.now()).date();
        if let Some(erp) = book.sites.get_mut(&self.plant.erp) {
            erp.periods.set(day.year(), day.month(), state);
        }
        book.hash = format!("{}m", book.hash);
        self.people.yard.put_in_force(Arc::new(book), "a month set in our books").await;
    }

    /// Somebody asks whether a delivery may leave, under a number that its warehouse has used.
    async fn asked_before(&self) -> anyhow::Result<()> {
        let Some(wms) = self.people.town.house(self.plant.wms) else { return Ok(()) };
        let books = wms.with(|system| system.books());
        let Some(asking) = list(&books, "deliveries").iter().find(|delivery| text(delivery, "state") == "asking") else { return Ok(()) };
        let names = vec![Ref::new(wms.site, NativeKind::Shipment, NativeId::parse(text(asking, "delivery"))?)];
        let envelope = self.envelope(Source::parse("desk")?, "asks", Some("planning"))?;
        let body = Body::Shipment(shipment::Input::Request(shipment::Request::ClearDeparture { attempt: 1 }));
        self.say(Input { to: Address::Native { kind: Entity::Shipment, names }, envelope, body }).await;
        Ok(())
    }

    /// The lots of the plant that quality asks about, while quality is not reached from it: whoever may releases them.
    async fn release_unreached(&self) -> anyhow::Result<()> {
        let (town, yard) = (&self.people.town, &self.people.yard);
        let (Some(plant), Some(qms)) = (town.house(self.plant.site), town.house(self.plant.qms)) else { return Ok(()) };
        if !town.apart(plant.region, qms.region) {
            return Ok(());
        }
        let ours = self.people.text.word(qms.site, "plant", self.plant.site.as_str());
        let books = stage::read(town, qms, "/_sim/books").unwrap_or_default();
        let of_ours =
            |case: &&serde_json::Value| text(case, "plant") == ours && case.get("disposition").is_none_or(serde_json::Value::is_null);
        let mut done = BTreeSet::new();
        for case in list(&books, "nonconformances").iter().filter(of_ours) {
            let lot = LotKey { material: MaterialId::parse(text(case, "material"))?, lot: LotNo::parse(text(case, "lot"))? };
            let hold = HoldNo::parse(text(case, "nonconformance"))?;
            let Some(entity) = yard.book().lot_entity(self.plant.site, &lot).filter(|_| done.insert(hold.clone())) else { continue };
            let decisions = vec![Decision { verdict: Verdict::Accept, qty: None, unit: None }];
            let wish = Disposition { lot, hold: hold.clone(), decisions, last: true };
            let envelope = self.envelope(Source::parse("desk")?, &format!("release/{hold}"), Some("production"))?;
            let body = Body::Lot(lot::Input::Request(lot::Request::RecordDisposition(wish)));
            self.say(Input { to: Address::Entity(entity), envelope, body }).await;
        }
        Ok(())
    }
}
