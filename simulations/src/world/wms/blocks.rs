//! Stock blocks: a lot or a handling unit that must not be picked, now or when it arrives.
//!
//! Apart because a block outlives the stock it was placed on. Never stops what is already on a truck; says so instead.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exchange::Response;
use super::super::system::Desk;
use super::units::{Content, Place};
use super::{Refusal, Wms, refusal};

/// A block as it is asked for: by lot, with or without its item, or by handling unit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBlock {
    block_ref: String,
    #[serde(default)]
    item: Option<String>,
    #[serde(default)]
    lot: Option<String>,
    #[serde(default)]
    sscc: Option<String>,
    reason: String,
}

impl NewBlock {
    fn covers(&self, sscc: &str, item: &str, lot: Option<&str>) -> bool {
        let same = |wanted: &Option<String>, has: Option<&str>| wanted.is_none() || wanted.as_deref() == has;
        same(&self.sscc, Some(sscc)) && same(&self.lot, lot) && same(&self.item, Some(item))
    }
}

#[derive(Clone, Debug)]
struct Block {
    number: String,
    asked: NewBlock,
    in_force: bool,
}

/// All blocks that ever were.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    all: BTreeMap<String, Block>,
}

impl Blocks {
    /// The numbers of the blocks in force on this content of a handling unit.
    pub(super) fn on<'a>(&'a self, sscc: &'a str, content: &'a Content) -> impl Iterator<Item = &'a str> {
        let covers = move |block: &&Block| block.in_force && block.asked.covers(sscc, &content.item, content.lot.as_deref());
        self.all.values().filter(covers).map(|block| block.number.as_str())
    }

    /// All blocks, or that of one reference.
    pub(super) fn views(&self, reference: Option<&String>) -> Vec<Value> {
        let wanted = self.all.values().filter(|block| reference.is_none_or(|reference| *reference == block.asked.block_ref));
        let view = |block: &Block| {
            json!({ "block": block.number, "block_ref": block.asked.block_ref, "item": block.asked.item, "lot": block.asked.lot,
                    "sscc": block.asked.sscc, "reason": block.asked.reason, "in_force": block.in_force })
        };
        wanted.map(view).collect()
    }
}

impl Wms {
    /// Places a block and says what it touches.
    pub(super) fn place_block(&mut self, asked: NewBlock) -> Result<Response, Refusal> {
        if asked.lot.is_none() && asked.sscc.is_none() {
            return Err(refusal(400, "malformed", "a block needs a lot or an sscc"));
        }
        if let Some(known) = self.blocks.all.values().find(|known| known.asked.block_ref == asked.block_ref) {
            if known.asked != asked {
                return Err(refusal(409, "reference_reused", known.number.clone()));
            }
            return Ok(Response::json(200, &self.touched(known)));
        }
        let number = format!("B-{:06}", self.blocks.all.len() + 1);
        let block = Block { number: number.clone(), asked, in_force: true };
        let response = Response::json(201, &self.touched(&block));
        self.blocks.all.insert(number, block);
        Ok(response)
    }

    fn touched(&self, block: &Block) -> Value {
        let here = self.units.values().filter(|unit| {
            let covered = |content: &Content| block.asked.covers(&unit.sscc, &content.item, content.lot.as_deref());
            unit.place != Place::Emptied && unit.contents.iter().any(covered)
        });
        let here: Vec<&str> = here.map(|unit| unit.sscc.as_str()).collect();
        let covers = |pick: &&super::deliveries::Pick| block.asked.covers(&pick.sscc, &pick.item, pick.lot.as_deref());
        let on = |left: bool| {
            let deliveries = self.deliveries.values().filter(move |delivery| delivery.has_left() == left);
            let touched = deliveries.filter(|delivery| delivery.picks.iter().any(|pick| covers(&pick)));
            touched.map(|delivery| delivery.number.as_str()).collect::<Vec<_>>()
        };
        json!({ "block": block.number, "block_ref": block.asked.block_ref, "handling_units": here, "picked": on(false), "shipped": on(true) })
    }

    /// Takes a block off; one that is gone already stays gone.
    pub(super) fn lift_block(&mut self, desk: &mut Desk, number: &str) -> Result<Response, Refusal> {
        let block = self.blocks.all.get_mut(number).ok_or_else(|| refusal(404, "unknown_block", number))?;
        block.in_force = false;
        let now = desk.now;
        self.look_again(now);
        Ok(Response::empty(204))
    }
}
