//! Units of measure: UNECE Recommendation 20 common codes, and nothing else. What a foreign system calls a unit is mapped
//! per material (see [`crate::conversion`]); EA, H87 and C62 are three units unless a material says otherwise.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::malformed::Malformed;

/// A unit by its Rec 20 common code (2 or 3 characters). `Copy`: an index into the table.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uom(u8);

/// What a unit measures. Only units of one dimension convert by a fixed factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Things that are counted; each its own unless a material says otherwise.
    Count,
    /// Mass, in milligrams.
    Mass,
    /// Volume, in millilitres.
    Volume,
    /// Length, in millimetres.
    Length,
    /// Area, in square millimetres.
    Area,
    /// Time, in seconds.
    Time,
    /// Energy, in watt hours.
    Energy,
    /// Temperature: has an offset, never converted by a factor.
    Temperature,
}

struct Row {
    code: &'static str,
    name: &'static str,
    dimension: Dimension,
    /// How many of the dimension's smallest unit; 1 where no factor holds.
    factor: u64,
}

const fn row(code: &'static str, name: &'static str, dimension: Dimension, factor: u64) -> Row {
    Row { code, name, dimension, factor }
}

/// Rec 20, revision 17: the units that plants, warehouses and ERPs use. A new one is a row.
const TABLE: &[Row] = &[
    row("C62", "one", Dimension::Count, 1),
    row("EA", "each", Dimension::Count, 1),
    row("H87", "piece", Dimension::Count, 1),
    row("PR", "pair", Dimension::Count, 1),
    row("SET", "set", Dimension::Count, 1),
    row("DZN", "dozen", Dimension::Count, 1),
    row("MIL", "thousand", Dimension::Count, 1),
    row("E48", "service unit", Dimension::Count, 1),
    row("RO", "roll", Dimension::Count, 1),
    row("ST", "sheet", Dimension::Count, 1),
    row("BX", "box", Dimension::Count, 1),
    row("CT", "carton", Dimension::Count, 1),
    row("CS", "case", Dimension::Count, 1),
    row("BG", "bag", Dimension::Count, 1),
    row("DR", "drum", Dimension::Count, 1),
    row("PF", "pallet (lift)", Dimension::Count, 1),
    row("LO", "lot (unit of procurement)", Dimension::Count, 1),
    row("KT", "kit", Dimension::Count, 1),
    row("P1", "percent", Dimension::Count, 1),
    row("MGM", "milligram", Dimension::Mass, 1),
    row("GRM", "gram", Dimension::Mass, 1_000),
    row("HGM", "hectogram", Dimension::Mass, 100_000),
    row("KGM", "kilogram", Dimension::Mass, 1_000_000),
    row("DTN", "decitonne", Dimension::Mass, 100_000_000),
    row("TNE", "tonne", Dimension::Mass, 1_000_000_000),
    row("MLT", "millilitre", Dimension::Volume, 1),
    row("CLT", "centilitre", Dimension::Volume, 10),
    row("DLT", "decilitre", Dimension::Volume, 100),
    row("LTR", "litre", Dimension::Volume, 1_000),
    row("HLT", "hectolitre", Dimension::Volume, 100_000),
    row("MTQ", "cubic metre", Dimension::Volume, 1_000_000),
    row("CMQ", "cubic centimetre", Dimension::Volume, 1),
    row("DMQ", "cubic decimetre", Dimension::Volume, 1_000),
    row("MMT", "millimetre", Dimension::Length, 1),
    row("CMT", "centimetre", Dimension::Length, 10),
    row("DMT", "decimetre", Dimension::Length, 100),
    row("MTR", "metre", Dimension::Length, 1_000),
    row("KMT", "kilometre", Dimension::Length, 1_000_000),
    row("MMK", "square millimetre", Dimension::Area, 1),
    row("CMK", "square centimetre", Dimension::Area, 100),
    row("MTK", "square metre", Dimension::Area, 1_000_000),
    row("SEC", "second", Dimension::Time, 1),
    row("MIN", "minute", Dimension::Time, 60),
    row("HUR", "hour", Dimension::Time, 3_600),
    row("DAY", "day", Dimension::Time, 86_400),
    row("WHR", "watt hour", Dimension::Energy, 1),
    row("KWH", "kilowatt hour", Dimension::Energy, 1_000),
    row("MWH", "megawatt hour", Dimension::Energy, 1_000_000),
    row("CEL", "degree Celsius", Dimension::Temperature, 1),
    row("FAH", "degree Fahrenheit", Dimension::Temperature, 1),
    row("KEL", "kelvin", Dimension::Temperature, 1),
];

impl Uom {
    /// Takes a common code; words of EDIFACT or an ERP are refused with the code to use.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match TABLE.iter().position(|row| row.code == text) {
            Some(at) => Ok(Self(u8::try_from(at).unwrap_or_default())),
            None => Err(Malformed::new("unit of measure", text, remedy(text))),
        }
    }

    /// The common code.
    pub fn code(self) -> &'static str {
        self.row().map_or("", |row| row.code)
    }

    /// The unit's name.
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    /// What it measures.
    pub fn dimension(self) -> Dimension {
        self.row().map_or(Dimension::Count, |row| row.dimension)
    }

    /// How many `to` one of this is, as an exact fraction; `None` where no fixed factor holds.
    pub fn factor_to(self, to: Self) -> Option<(u64, u64)> {
        if self == to {
            return Some((1, 1));
        }
        let fixed = match self.dimension() {
            Dimension::Count | Dimension::Temperature => false,
            Dimension::Mass | Dimension::Volume | Dimension::Length | Dimension::Area | Dimension::Time | Dimension::Energy => true,
        };
        let (from, into) = (self.row()?, to.row()?);
        (fixed && from.dimension == into.dimension).then_some((from.factor, into.factor))
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.get(usize::from(self.0))
    }
}

fn remedy(text: &str) -> &'static str {
    match text.to_ascii_uppercase().as_str() {
        "PCE" | "PC" | "PCS" | "STK" => "this is not a Rec 20 code; for pieces send H87, or map the word per material",
        "KG" | "KGS" => "send KGM",
        "G" | "GR" => "send GRM",
        "T" | "TO" => "send TNE",
        "L" => "send LTR",
        "M" => "send MTR",
        "H" | "HR" | "HRS" | "STD" => "send HUR",
        _ => "send a UNECE Rec 20 common code such as H87, KGM or MIN, in capitals",
    }
}

impl fmt::Display for Uom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Uom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Uom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Uom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}
