use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::{Content, Input, Report, Standing, Statement};
use crate::answer::Answer;
use crate::book::{Book, LotMode, Material, Recipe, RecipeOperation, RecipeOutput, Site, SiteKind};
use crate::calendar::{Calendar, PeriodBook};
use crate::case::CaseKind;
use crate::floor::Floor;
use crate::id::{EntityId, Kind};
use crate::input::{Address, Body};
use crate::kernel::Own;
use crate::kernel::tests::fixture::{at, site};
use crate::name::Region;
use crate::native::{NativeId, NativeKind, Ref};
use crate::qty::Qty;
use crate::record::Record;
use crate::refusal::Code;
use crate::site::{self, Need, Resolution};
use crate::words::{EquipmentClass, MaterialId, OpNo, OutputKind, Version};

/// The day of the fixture's clock at Nord.
const TODAY: Date = date(2026, 11, 23);

fn system(kind: SiteKind, region: &str, erp: Option<&str>) -> Site {
    Site {
        kind,
        region: Region::parse(region).unwrap(),
        calendar: Calendar::plain("Europe/Berlin").unwrap(),
        erp: erp.map(site),
        warehouse: None,
        quality: None,
        around: crate::book::Around::default(),
        classes: BTreeMap::new(),
        periods: PeriodBook::default(),
    }
}

/// A floor with a product data system, and a plant far from its ERP.
fn floor() -> Floor {
    let mut floor = Floor::new();
    floor.book.sites.insert(site("plm"), system(SiteKind::ProductData, "eu", None));
    floor.book.sites.insert(site("far"), system(SiteKind::Plant, "asia", Some("erp-eu")));
    floor
}

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn recipe_of(plant: &str) -> Ref {
    Ref::new(site(plant), NativeKind::Recipe, NativeId::parse("NEW-1").unwrap())
}

fn recipe(name: &str, class: &str) -> Content {
    Content::Recipe(Box::new(Recipe {
        version: version(name),
        source: "PLM, A. Roth".to_owned(),
        base_quantity: Qty::parse("1000 H87").unwrap(),
        operations: vec![RecipeOperation {
            op: OpNo::parse("10").unwrap(),
            class: EquipmentClass::parse(class).unwrap(),
            milestone: false,
        }],
        components: Vec::new(),
        outputs: vec![RecipeOutput { kind: OutputKind::Main, material: MaterialId::parse("NEW-1").unwrap() }],
    }))
}

fn statement(of: Ref, name: &str, content: Content) -> Statement {
    Statement { of, version: version(name), standing: Standing::Approved, from: None, until: None, content }
}

fn said(statement: &Statement) -> Body {
    Body::Record(Input::Report(Report::Stated(statement.clone())))
}

fn record(floor: &Floor, id: EntityId) -> Record {
    let Own::Record(record) = &floor.state(id).own else { panic!("no record") };
    record.as_ref().clone()
}

/// What a region would know: its records, put where its decisions look.
fn learn(book: &mut Book, of: &Ref, record: Record) {
    book.data.put(of, std::sync::Arc::new(record));
}

#[test]
fn the_version_of_the_day_counts_and_drafts_and_withdrawn_ones_do_not() {
    let (mut floor, of) = (floor(), recipe_of("nord"));
    let id = floor.book.record_entity(&of).unwrap();
    let mut a = statement(of.clone(), "A", recipe("A", "PRESS"));
    a.until = Some(date(2026, 11, 30));
    let mut b = statement(of.clone(), "B", recipe("B", "PRESS"));
    b.from = Some(date(2026, 12, 1));
    let draft = Statement { standing: Standing::Draft, ..statement(of.clone(), "C", recipe("C", "PRESS")) };
    for one in [&a, &b, &draft] {
        assert_eq!(floor.tell(id, "plm", said(one)), Answer::Accepted);
    }
    let known = record(&floor, id);
    assert_eq!(known.in_force(TODAY).unwrap().0, &version("A"));
    assert_eq!(known.in_force(date(2026, 12, 1)).unwrap().0, &version("B"));
    assert!(known.version_on(&version("B"), TODAY).is_none(), "not before its first day");
    assert!(known.version_on(&version("C"), TODAY).is_none(), "nobody approved it");
    a.standing = Standing::Withdrawn;
    floor.now = at(5);
    assert_eq!(floor.tell(id, "plm", said(&a)), Answer::Accepted);
    assert!(record(&floor, id).in_force(TODAY).is_none());
}

#[test]
fn what_was_approved_is_not_changed_in_place_and_older_word_changes_nothing() {
    let (mut floor, of) = (floor(), recipe_of("nord"));
    let id = floor.book.record_entity(&of).unwrap();
    floor.now = at(10);
    assert_eq!(floor.tell(id, "plm", said(&statement(of.clone(), "A", recipe("A", "PRESS")))), Answer::Accepted);
    let before = record(&floor, id);
    floor.now = at(11);
    let answer = floor.tell(id, "plm", said(&statement(of.clone(), "A", recipe("A", "LASER"))));
    assert!(matches!(answer, Answer::Discrepant { .. }), "{answer:?}");
    assert_eq!(record(&floor, id), before, "what orders were made by stands");
    assert_eq!(floor.state(id).common.cases.values().filter(|case| case.kind == CaseKind::Discrepancy).count(), 1);
    floor.now = at(5);
    let late = Statement { standing: Standing::Withdrawn, ..statement(of, "A", recipe("A", "PRESS")) };
    assert_eq!(floor.tell(id, "plm", said(&late)), Answer::Accepted);
    assert_eq!(record(&floor, id), before, "said before what is known");
}

#[test]
fn only_its_owner_states_master_data_and_under_its_own_name() {
    let (mut floor, of) = (floor(), recipe_of("nord"));
    let id = floor.book.record_entity(&of).unwrap();
    for (source, kind) in [("wms-na", CaseKind::NotOwner), ("nord", CaseKind::NotOwner)] {
        let answer = floor.tell(id, source, said(&statement(of.clone(), "A", recipe("A", "PRESS"))));
        let Answer::Discrepant { case } = answer else { panic!("{source}: {answer:?}") };
        assert_eq!(floor.state(id).common.cases.get(&case).unwrap().kind, kind);
    }
    for wrong in [
        statement(recipe_of("far"), "A", recipe("A", "PRESS")),
        statement(of.clone(), "B", recipe("A", "PRESS")),
        statement(of.clone(), "A", Content::ClosedDays(std::collections::BTreeSet::new())),
    ] {
        let answer = floor.tell(id, "plm", said(&wrong));
        assert!(matches!(answer, Answer::Discrepant { .. }), "{answer:?}");
    }
    assert!(record(&floor, id).versions.is_empty());
}

#[test]
fn a_region_whose_plants_need_it_gets_a_copy_that_no_name_leads_to() {
    let mut floor = floor();
    let of = Ref::new(site("erp-eu"), NativeKind::Material, NativeId::parse("NEW-1").unwrap());
    let id = floor.book.record_entity(&of).unwrap();
    let material = Material {
        description: "a new one".to_owned(),
        base: crate::uom::Uom::parse("H87").unwrap(),
        conversions: crate::conversion::Conversions::default(),
        lot_mode: LotMode::None,
        inspected: false,
    };
    let said_of = statement(of.clone(), "1", Content::Material(Box::new(material)));
    assert_eq!(floor.tell(id, "erp-eu", said(&said_of)), Answer::Accepted);
    let copies: Vec<EntityId> = floor
        .mail
        .iter()
        .filter_map(|input| match &input.to {
            Address::Entity(to) => Some(*to),
            Address::Native { .. } => None,
        })
        .filter(|to| to.kind() == Kind::Record)
        .collect();
    assert_eq!(copies.iter().map(|copy| copy.region().as_str().to_owned()).collect::<Vec<_>>(), ["asia"]);
    floor.deliver();
    assert_eq!(record(&floor, copies[0]), record(&floor, id));
    assert!(floor.state(copies[0]).common.names.is_empty());
}

#[test]
fn an_order_that_waits_for_a_recipe_goes_on_when_the_recipe_is_stated() {
    let (mut floor, of) = (floor(), recipe_of("nord"));
    let keeper = floor.book.site_entity(site("nord")).unwrap();
    let order = EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, 7);
    let need = Need {
        material: MaterialId::parse("NEW-1").unwrap(),
        total: Qty::parse("10 H87").unwrap(),
        recipe: None,
        start: at(60),
        end: None,
        replaced: BTreeMap::new(),
        has_lot: true,
    };
    let ask = Body::Site(site::Input::Mail(site::Mail::Resolve { order, attempt: 1, need }));
    floor.tell(keeper, "takt", ask);
    let codes = |floor: &mut Floor| {
        let mail = floor.mail.pop().unwrap();
        let Body::Order(crate::order::Input::Mail(crate::order::Mail::Resolution { found, .. })) = mail.body else { panic!("no answer") };
        match found {
            Resolution::Missing(missing) => missing.into_iter().map(|(code, _)| code).collect::<Vec<_>>(),
            Resolution::Resolved(resolved) => {
                assert_eq!(resolved.recipe, version("A"));
                Vec::new()
            }
        }
    };
    assert_eq!(codes(&mut floor), [Code::MissingRecipe, Code::MissingMaterial]);
    let material = Content::Material(Box::new(Material {
        description: String::new(),
        base: crate::uom::Uom::parse("H87").unwrap(),
        conversions: crate::conversion::Conversions::default(),
        lot_mode: LotMode::None,
        inspected: false,
    }));
    let material_of = Ref::new(site("erp-eu"), NativeKind::Material, NativeId::parse("NEW-1").unwrap());
    for (source, one) in [("plm", statement(of, "A", recipe("A", "PRESS"))), ("erp-eu", statement(material_of, "1", material))] {
        let id = floor.book.record_entity(&one.of).unwrap();
        floor.tell(id, source, said(&one));
        let known = record(&floor, id);
        learn(&mut floor.book, &one.of, known);
        floor.mail.clear();
        floor.tell(keeper, "takt", Body::Site(site::Input::Mail(site::Mail::RecordsStated { shard: 0, upto: 1 })));
    }
    assert_eq!(codes(&mut floor), []);
    assert!(floor.mail.is_empty(), "it was told once");
}
