//! Where a reader of events stands, as it is printed and read again, and why a place may be none.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use takt_protocol::name::Region;

use crate::ask::{Denied, Sort, part};

/// Where a reader stands: what it has read of each shard of each region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place(pub(super) BTreeMap<(Region, u16), Mark>);

/// A sequence in the log of one store: another store of the same name counts anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) incarnation: u64,
    pub(super) upto: u64,
}

impl Place {
    /// Reads what [`Place`] printed: `eu:0:7f03291b63a69b7e:1234,na:0:…`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let shard = |part: &str| {
            let mut words = part.split(':');
            let (region, shard, store, upto) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let key = (Region::parse(region).ok()?, shard.parse().ok()?);
            let mark = Mark { incarnation: u64::from_str_radix(store, 16).ok()?, upto: upto.parse().ok()? };
            words.next().is_none().then_some((key, mark))
        };
        text.split(',').filter(|part| !part.is_empty()).map(shard).collect::<Option<_>>().map(Self)
    }

    /// The part of it that is in these regions.
    pub(super) fn within(&self, is: impl Fn(Region) -> bool) -> Self {
        Self(self.0.iter().filter(|((region, _), _)| is(*region)).map(|(shard, mark)| (*shard, *mark)).collect())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, ((region, shard), mark)) in self.0.iter().enumerate() {
            write!(f, "{}{region}:{shard}:{:x}:{}", if at == 0 { "" } else { "," }, mark.incarnation, mark.upto)?;
        }
        Ok(())
    }
}

/// Why a place is none in the log of a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NoPlace {
    /// It is in another log: the region was restored or made anew.
    AnotherLog(Region),
    /// The region has no such shard.
    NoShard(Region, u16),
}

impl NoPlace {
    pub(super) fn denied(&self) -> Denied {
        match self {
            Self::AnotherLog(region) => another_log(*region),
            Self::NoShard(region, shard) => part::no_place(&format!("{region}:{shard}:…")),
        }
    }
}

/// Why no place was found.
pub(super) enum Lost {
    /// There is none.
    Place(NoPlace),
    /// It could not be read.
    Asking(Denied),
}

impl From<Lost> for Denied {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Place(no) => no.denied(),
            Lost::Asking(denied) => denied,
        }
    }
}

/// The store was restored or made anew: what the reader has read of it is not what is there now.
fn another_log(region: Region) -> Denied {
    let message = format!("the log of {region} is another one than the one that this place is in");
    let remedy = "leave `after` out to read it from its beginning; events that you know have ids that you know";
    Denied::new(Sort::Conflict, "STALE_VERSION", message, remedy).at("after")
}
