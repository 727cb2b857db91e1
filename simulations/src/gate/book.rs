//! The gate's configuration: a region with an ERP, a plant and a laboratory, and another one with the warehouse, so that
//! holds and clearances travel.

use std::collections::BTreeMap;

use takt_protocol::book::{
    Around, Book, Equipment, LotMode, Material, Policy, Recipe, RecipeComponent, RecipeOperation, RecipeOutput, Site, SiteKind,
};
use takt_protocol::calendar::{Calendar, PeriodBook};
use takt_protocol::conversion::Conversions;
use takt_protocol::malformed::Malformed;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::outbox::Class;
use takt_protocol::posting::{DatePolicy, LatePolicy, Match, Method, Movement, OverPolicy, Rule, RuleBook, Trigger, Use};
use takt_protocol::qty::{Qty, Rounding};
use takt_protocol::uom::Uom;
use takt_protocol::words::{EquipmentClass, EquipmentId, ItemNo, MaterialId, OpNo, OutputKind, Version};

/// How long after its window an effect may still arrive in the ERP, in ms: what the link promises.
pub(super) const SETTLE_MS: u32 = 3_000;

/// The regions of the gate.
pub(super) const REGIONS: [&str; 2] = ["eu", "na"];

/// Where a system is.
pub(super) fn home(site: SiteId) -> Result<Region, Malformed> {
    Region::parse(if site.as_str() == "wms" { "na" } else { "eu" })
}

fn rule(id: &str, purpose: Use, movement: Movement, trigger: Vec<Trigger>) -> Rule {
    Rule {
        id: id.to_owned(),
        version: 1,
        matches: Match { purpose: Some(purpose), ..Match::default() },
        trigger,
        group_by: Vec::new(),
        movement,
        code: String::new(),
        method: Method::Explicit,
        scale: 3,
        rounding: Rounding::HalfUp,
        date: DatePolicy::Occurred,
        late: LatePolicy::Park,
        over: OverPolicy::Post,
    }
}

fn site(kind: SiteKind, name: &str) -> Result<Site, Malformed> {
    let dedup = ["dispatch_job", "open_inspection", "tell_hold", "announce_unit", "block_stock", "unblock_stock"];
    let more = ["change_stock_status", "block_shipment", "unblock_shipment", "answer_departure"];
    let mut classes: BTreeMap<String, Class> = dedup.iter().chain(&more).map(|verb| ((*verb).to_owned(), Class::DedupByKey)).collect();
    classes.insert("post".to_owned(), Class::ProbeWithSettle { settle_ms: SETTLE_MS });
    Ok(Site {
        kind,
        region: home(SiteId::parse(name)?)?,
        calendar: Calendar::plain("Europe/Berlin")?,
        erp: None,
        warehouse: None,
        quality: None,
        around: Around::default(),
        classes,
        periods: PeriodBook::default(),
    })
}

fn recipe() -> Result<Recipe, Malformed> {
    let operation =
        |op| Ok::<_, Malformed>(RecipeOperation { op: OpNo::parse(op)?, class: EquipmentClass::parse("PRESS")?, milestone: true });
    Ok(Recipe {
        version: Version::parse("7")?,
        source: "PLM, approved 12 Nov".to_owned(),
        base_quantity: Qty::parse("1 H87")?,
        operations: vec![operation("10")?, operation("20")?],
        components: vec![RecipeComponent {
            item: ItemNo::parse("1")?,
            op: OpNo::parse("10")?,
            material: MaterialId::parse("STEEL-3")?,
            qty: Qty::parse("0.4 KGM")?,
        }],
        outputs: vec![RecipeOutput { kind: OutputKind::Main, material: MaterialId::parse("FG-100")? }],
    })
}

/// The book.
pub(super) fn book() -> anyhow::Result<Book> {
    let name = SiteId::parse;
    let material = |base: &str, inspected| {
        Ok::<_, Malformed>(Material {
            description: "bracket".to_owned(),
            base: Uom::parse(base)?,
            conversions: Conversions::default(),
            lot_mode: LotMode::Lot,
            inspected,
        })
    };
    let plant =
        Site { erp: Some(name("erp")?), warehouse: Some(name("wms")?), quality: Some(name("qms")?), ..site(SiteKind::Plant, "nord")? };
    let rules = vec![
        rule("yield", Use::Yield, Movement::Confirmation, vec![Trigger::Count(5), Trigger::Completion]),
        rule("scrap", Use::Scrap, Movement::Confirmation, vec![Trigger::Completion]),
        rule("issue", Use::Consumed, Movement::GoodsIssue, vec![Trigger::Count(3), Trigger::Completion]),
        rule("receipt", Use::Produced, Movement::GoodsReceipt, vec![Trigger::EachReport]),
    ];
    let rules = RuleBook::new(rules).map_err(|found| anyhow::anyhow!("{found:?}"))?;
    Ok(Book {
        hash: "gate".to_owned(),
        generation: 1,
        sites: BTreeMap::from([
            (name("erp")?, site(SiteKind::Erp, "erp")?),
            (name("nord")?, plant),
            (name("wms")?, site(SiteKind::Warehouse, "wms")?),
            (name("qms")?, site(SiteKind::Quality, "qms")?),
        ]),
        materials: BTreeMap::from([
            (MaterialId::parse("FG-100")?, material("H87", true)?),
            (MaterialId::parse("STEEL-3")?, material("KGM", false)?),
        ]),
        recipes: BTreeMap::from([((name("nord")?, MaterialId::parse("FG-100")?), vec![recipe()?])]),
        equipment: BTreeMap::from([(
            name("nord")?,
            vec![Equipment { id: EquipmentId::parse("PRESS-4")?, class: EquipmentClass::parse("PRESS")?, capabilities: Vec::new() }],
        )]),
        data: takt_protocol::data::Data::default(),
        rules,
        policy: Policy::default(),
        ..Book::default()
    })
}
