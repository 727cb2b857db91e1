//! The words of the shop floor that are plain names: each its own type, so that nobody can swap two strings. Verbatim as
//! the owning system writes them, 1 to 40 printable characters.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::malformed::Malformed;
use crate::native::normal;

/// The longest word, in characters.
pub const CHARS_MAX: usize = 40;

fn checked(what: &'static str, text: &str) -> Result<Arc<str>, Malformed> {
    let printable = text.chars().all(|c| !c.is_control());
    if text.trim().is_empty() || !printable || text.chars().count() > CHARS_MAX {
        return Err(Malformed::new(what, text, "send 1 to 40 printable characters, as the owning system writes it"));
    }
    Ok(Arc::from(text))
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the word as its system writes it.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                checked($what, text).map(Self)
            }

            /// The word.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;
            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.0.as_ref().to_owned()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

words! {
    /// A material, as master data names it.
    MaterialId = "material";
    /// A lot number; unique only within its material (and, by some ERPs' setting, plant).
    LotNo = "lot number";
    /// A serial number; unique within its material.
    SerialNo = "serial number";
    /// An operation of a routing, such as `0020`. Kept verbatim; ordered as text.
    OpNo = "operation number";
    /// A component line of an order (reservation item).
    ItemNo = "item number";
    /// A piece of equipment, as its plant names it.
    EquipmentId = "equipment";
    /// A class of equipment an operation needs, such as a work centre.
    EquipmentClass = "equipment class";
    /// A version of a recipe, BOM or routing.
    Version = "version";
    /// The serial shipping container code of a handling unit, or a provisional number.
    Sscc = "handling unit number";
    /// A storage place: location, bin, dock.
    Place = "place";
    /// Who drives a truck, as the transport system names them.
    Carrier = "carrier";
    /// The number of a document in its system.
    DocNo = "document number";
    /// A hold, as the system that placed it numbers it.
    HoldNo = "hold number";
    /// A reason code of the plant's own scheme.
    Reason = "reason";
    /// A role a person acts in.
    Role = "role";
}

impl Sscc {
    /// Whether both spell the same handling unit: systems differ in leading zeros and outer blanks.
    pub fn is(&self, other: &Self) -> bool {
        self == other || normal(self.as_str()) == normal(other.as_str())
    }
}

/// A lot of a material. At which site it lies is the business of the lot's entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LotKey {
    /// The material.
    pub material: MaterialId,
    /// The lot number within it.
    pub lot: LotNo,
}

impl fmt::Display for LotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.material, self.lot)
    }
}

/// Which of its outputs an order delivers: the main product, a co-product or a by-product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// What the order is for.
    Main,
    /// Wanted beside it, valuated.
    CoProduct,
    /// Falls off.
    ByProduct,
}

/// Where stock stands, as every ERP knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockStatus {
    /// Free for use.
    #[default]
    Unrestricted,
    /// In inspection.
    QualityInspection,
    /// Blocked.
    Blocked,
    /// On its way between sites.
    InTransit,
    /// Came back.
    Returns,
    /// Restricted use.
    Restricted,
}

impl StockStatus {
    /// For a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unrestricted => "unrestricted",
            Self::QualityInspection => "inspection",
            Self::Blocked => "blocked",
            Self::InTransit => "transit",
            Self::Returns => "returns",
            Self::Restricted => "restricted",
        }
    }
}
