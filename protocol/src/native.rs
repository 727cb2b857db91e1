//! Native ids: what the foreign systems call things, kept verbatim (leading zeros too), with a normal form for matching.
//! Ours never change and theirs may arrive late, clash or be misspelled, so a native id is an alias, never an identity.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::malformed::Malformed;
use crate::name::SiteId;

/// A native id, verbatim: 1 to [`NativeId::CHARS_MAX`] printable characters of any script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NativeId(String);

impl NativeId {
    /// The longest native id taken, in characters.
    pub const CHARS_MAX: usize = 64;

    /// Keeps the text as it is; refuses only what no system could mean: nothing, too long, or control characters.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let printable = text.chars().all(|c| !c.is_control());
        // A name of dots alone would lead out of the address it stands in.
        let blank = text.trim().is_empty() || matches!(text.trim(), "." | "..");
        if blank || !printable || text.chars().count() > Self::CHARS_MAX {
            return Err(Malformed::new("native id", text, "send 1 to 64 printable characters, exactly as the system shows them"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as its system shows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for matching: outer blanks dropped and, for a number, leading zeros too (SAP's ALPHA conversion).
    pub fn normal(&self) -> &str {
        normal(&self.0)
    }
}

/// The form of a number or name for matching.
pub(crate) fn normal(text: &str) -> &str {
    let trimmed = text.trim();
    if !trimmed.bytes().all(|b| b.is_ascii_digit()) {
        return trimmed;
    }
    match trimmed.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    }
}

impl TryFrom<String> for NativeId {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

impl From<NativeId> for String {
    fn from(id: NativeId) -> Self {
        id.0
    }
}

impl fmt::Display for NativeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a native id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NativeKind {
    /// A production order, as its ERP numbers it.
    Order,
    /// A job or work order of a MES.
    Job,
    /// A lot, qualified by its material as `material/lot`: lot numbers are unique only within a material.
    Lot,
    /// A handling unit: an SSCC, or a provisional number.
    Unit,
    /// A delivery or shipment.
    Shipment,
    /// A nonconformance, inspection or hold record of a quality system.
    Quality,
    /// A document of an ERP (material document, confirmation).
    Document,
    /// A material, of the ERP whose master data it is.
    Material,
    /// A recipe, by the material it makes, of a plant.
    Recipe,
    /// A piece of equipment of a plant.
    Equipment,
    /// The calendar of a site, by any name its owner has for it.
    Calendar,
}

impl NativeKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Order,
        Self::Job,
        Self::Lot,
        Self::Unit,
        Self::Shipment,
        Self::Quality,
        Self::Document,
        Self::Material,
        Self::Recipe,
        Self::Equipment,
        Self::Calendar,
    ];
}

/// One thing as one system calls it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref {
    /// The system that numbers it. The same number in two systems is two things.
    pub system: SiteId,
    /// What it names.
    pub kind: NativeKind,
    /// The number, verbatim.
    pub id: NativeId,
}

impl Ref {
    /// A reference of its parts.
    pub fn new(system: SiteId, kind: NativeKind, id: NativeId) -> Self {
        Self { system, kind, id }
    }

    /// The parts an identity is born from, each in its form for matching. A lot's name is its material and its number:
    /// the same lot whether or not a system pads either with zeros, or a hold would miss what the plant made.
    pub(crate) fn matched(&self) -> impl Iterator<Item = &str> {
        let text = self.id.as_str();
        let (first, rest) = match self.kind {
            NativeKind::Lot => text.split_once('/').map_or((text, None), |(material, lot)| (material, Some(lot))),
            NativeKind::Order
            | NativeKind::Job
            | NativeKind::Unit
            | NativeKind::Shipment
            | NativeKind::Quality
            | NativeKind::Document
            | NativeKind::Material
            | NativeKind::Recipe
            | NativeKind::Equipment
            | NativeKind::Calendar => (text, None),
        };
        std::iter::once(normal(first)).chain(rest.map(normal))
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.system)
    }
}
