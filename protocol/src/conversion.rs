//! From a system's own unit to the unit a material is kept in: exact fractions, converted once, from the native value,
//! multiplying before dividing (MODEL, numeric pitfall 4). SAP holds numerator and denominator in five digits each.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::qty::{Qty, QtyError, Rounding};
use crate::uom::Uom;

/// How many of the base unit one of another unit is: `num / den`, each from 1 to 99 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Conversion {
    num: u32,
    den: u32,
}

/// A fraction as it is written, not yet checked.
#[derive(Serialize, Deserialize)]
struct Parts {
    num: u32,
    den: u32,
}

/// The units of a material besides its base unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conversions {
    table: BTreeMap<Uom, Conversion>,
}

/// Why a quantity cannot be brought into a material's base unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// Nobody said how many.
    #[error("{from} is not convertible into {base} for this material")]
    Unmapped {
        /// The unit that came.
        from: Uom,
        /// The unit the material is kept in.
        base: Uom,
    },
    /// The fraction is not one.
    #[error("a conversion has a numerator and a denominator from 1 to 99999")]
    Fraction,
    /// The result does not fit.
    #[error("the converted quantity does not come out even in six decimals, or is too large")]
    Quantity(#[from] QtyError),
}

impl Conversion {
    /// The largest numerator or denominator.
    pub const PART_MAX: u32 = 99_999;

    /// A checked fraction.
    pub fn new(num: u32, den: u32) -> Result<Self, ConversionError> {
        let fits = |part| (1..=Self::PART_MAX).contains(&part);
        if fits(num) && fits(den) { Ok(Self { num, den }) } else { Err(ConversionError::Fraction) }
    }
}

impl TryFrom<Parts> for Conversion {
    type Error = ConversionError;
    fn try_from(parts: Parts) -> Result<Self, ConversionError> {
        Self::new(parts.num, parts.den)
    }
}

impl From<Conversion> for Parts {
    fn from(conversion: Conversion) -> Self {
        Self { num: conversion.num, den: conversion.den }
    }
}

impl Conversions {
    /// Adds a unit.
    pub fn insert(&mut self, uom: Uom, conversion: Conversion) {
        self.table.insert(uom, conversion);
    }

    /// Whether a unit can be brought into the base unit.
    pub fn knows(&self, from: Uom, base: Uom) -> bool {
        from.factor_to(base).is_some() || self.table.contains_key(&from)
    }

    /// The quantity in the base unit, exact; an error where more than six decimals would be needed.
    pub fn to_base(&self, qty: Qty, base: Uom) -> Result<Qty, ConversionError> {
        let exact = self.exact(qty, base)?;
        Ok(Qty::new(exact, base)?)
    }

    /// The same, rounded once where the exact result needs more than `scale` decimals (at most 6).
    pub fn to_base_rounded(&self, qty: Qty, base: Uom, scale: u32, rounding: Rounding) -> Result<Qty, ConversionError> {
        let exact = self.exact(qty, base)?;
        Ok(Qty::new(rounding.apply(exact, scale.min(Qty::SCALE_MAX)), base)?)
    }

    fn exact(&self, qty: Qty, base: Uom) -> Result<Decimal, ConversionError> {
        let (num, den) = match (self.table.get(&qty.uom()), qty.uom().factor_to(base)) {
            (_, Some(factor)) if qty.uom() == base => factor,
            (Some(own), _) => (u64::from(own.num), u64::from(own.den)),
            (None, Some(fixed)) => fixed,
            (None, None) => return Err(ConversionError::Unmapped { from: qty.uom(), base }),
        };
        qty.value()
            .checked_mul(Decimal::from(num))
            .and_then(|product| product.checked_div(Decimal::from(den)))
            .ok_or(ConversionError::Quantity(QtyError::Overflow))
    }
}

/// Whether quantities of `actual_scale` decimals in `actual` survive an ERP that keeps `base` in `erp_scale` decimals
/// (SAP: 3). A gram reported into a tonne-based material does not: refuse the mapping, never cut the number.
pub fn survives(actual: Uom, actual_scale: u32, base: Uom, erp_scale: u32) -> bool {
    let Some((num, den)) = actual.factor_to(base) else { return actual == base && actual_scale <= erp_scale };
    let smallest = Decimal::new(1, actual_scale.min(28)).checked_mul(Decimal::from(num)).and_then(|v| v.checked_div(Decimal::from(den)));
    smallest.is_some_and(|smallest| smallest.normalize().scale() <= erp_scale)
}

#[cfg(test)]
mod tests;
