//! Quantities: a decimal and its unit, never apart, never a float. Every sum is checked.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::malformed::Malformed;
use crate::uom::Uom;

mod native;

pub use native::{Native, NumberFormat};

/// A quantity: at most [`Qty::SCALE_MAX`] decimals, at most [`Qty::WHOLE_DIGITS_MAX`] digits before them. Equal when the
/// numbers are equal and the units are the same: `100.000 H87` is `100 H87`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Qty {
    value: Decimal,
    uom: Uom,
}

/// Why two quantities cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QtyError {
    /// Forty pieces and three grams are not forty-three of anything.
    #[error("{left} and {right} are different units")]
    UnitMismatch {
        /// One.
        left: Uom,
        /// The other.
        right: Uom,
    },
    /// Larger than anything a plant makes.
    #[error("the result has more than {} digits before the decimal point", Qty::WHOLE_DIGITS_MAX)]
    Overflow,
    /// More decimals than are kept; rounding is a rule's decision, not ours.
    #[error("{value} {uom} has more than {} decimals", Qty::SCALE_MAX)]
    TooFine {
        /// The exact value.
        value: String,
        /// Its unit.
        uom: Uom,
    },
}

/// How a number is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Half away from zero: what ERPs do.
    #[default]
    HalfUp,
    /// Half to the even neighbour.
    HalfEven,
    /// Towards zero.
    Down,
}

impl Rounding {
    /// A number rounded to `scale` decimals, without trailing zeros.
    pub(crate) fn apply(self, value: Decimal, scale: u32) -> Decimal {
        let strategy = match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
            Self::Down => RoundingStrategy::ToZero,
        };
        value.round_dp_with_strategy(scale, strategy).normalize()
    }
}

impl Qty {
    /// Decimals kept.
    pub const SCALE_MAX: u32 = 6;
    /// Digits before the decimal point.
    pub const WHOLE_DIGITS_MAX: u32 = 15;
    const LIMIT: Decimal = Decimal::from_parts(0xA4C6_8000, 0x0003_8D7E, 0, false, 0);

    /// A quantity of its parts.
    pub fn new(value: Decimal, uom: Uom) -> Result<Self, QtyError> {
        let value = value.normalize();
        if value.scale() > Self::SCALE_MAX {
            return Err(QtyError::TooFine { value: value.to_string(), uom });
        }
        if value.abs() >= Self::LIMIT {
            return Err(QtyError::Overflow);
        }
        Ok(Self { value, uom })
    }

    /// A whole number of a unit.
    pub fn whole(count: i32, uom: Uom) -> Self {
        Self { value: Decimal::from(count), uom }
    }

    /// Nothing, of a unit.
    pub fn zero(uom: Uom) -> Self {
        Self { value: Decimal::ZERO, uom }
    }

    /// Takes `40 H87`: a plain decimal, one blank, a common code.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = |remedy| Malformed::new("quantity", text, remedy);
        let (number, unit) = text.split_once(' ').ok_or_else(|| wrong("send a number, one blank and a unit, such as `40 H87`"))?;
        let value = plain_decimal(number).ok_or_else(|| wrong("write the number plainly, such as 40 or 0.4"))?;
        Self::new(value, Uom::parse(unit)?).map_err(|_| wrong("send at most 15 digits before the point and 6 after it"))
    }

    /// The number.
    pub fn value(&self) -> Decimal {
        self.value
    }

    /// The unit.
    pub fn uom(&self) -> Uom {
        self.uom
    }

    /// Both together.
    pub fn plus(&self, other: Self) -> Result<Self, QtyError> {
        self.same_unit(other)?;
        let value = self.value.checked_add(other.value).ok_or(QtyError::Overflow)?;
        Self::new(value, self.uom)
    }

    /// Both together, in what is being summed: as long as nothing is, the other's unit counts.
    pub(crate) fn add(&mut self, more: Self) {
        let sum = if self.value.is_zero() { Ok(more) } else { self.plus(more) };
        *self = sum.unwrap_or(*self);
    }

    /// This without the other.
    pub fn minus(&self, other: Self) -> Result<Self, QtyError> {
        self.plus(other.negated())
    }

    /// The other way round.
    #[must_use]
    pub fn negated(&self) -> Self {
        // Nothing has no sign: minus nothing would print as another text.
        Self { value: (-self.value).normalize(), uom: self.uom }
    }

    /// Neither more nor less than nothing.
    pub fn is_zero(&self) -> bool {
        self.value.is_zero()
    }

    /// Less than nothing.
    pub fn is_negative(&self) -> bool {
        self.value < Decimal::ZERO
    }

    /// More than nothing.
    pub fn is_positive(&self) -> bool {
        self.value > Decimal::ZERO
    }

    /// Which is more; `None` for different units.
    pub fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (self.uom == other.uom).then(|| self.value.cmp(&other.value))
    }

    /// Rounded to `scale` decimals; towards zero where rounding up would leave the range.
    #[must_use]
    pub fn rounded(&self, scale: u32, rounding: Rounding) -> Self {
        let value = rounding.apply(self.value, scale);
        let value = if value.abs() < Self::LIMIT { value } else { Rounding::Down.apply(self.value, scale) };
        Self { value, uom: self.uom }
    }

    fn same_unit(&self, other: Self) -> Result<(), QtyError> {
        if self.uom == other.uom { Ok(()) } else { Err(QtyError::UnitMismatch { left: self.uom, right: other.uom }) }
    }
}

/// A decimal without exponent, blanks, plus sign or separators; `None` for everything else.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let outer = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_digit());
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && outer(digits.bytes().next()) && outer(digits.bytes().last());
    if plain { Decimal::from_str_exact(text).ok() } else { None }
}

impl Default for Qty {
    /// Nothing, of one.
    fn default() -> Self {
        Self::zero(Uom::default())
    }
}

impl fmt::Display for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.uom)
    }
}

impl fmt::Debug for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Qty {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl Serialize for Qty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Qty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
