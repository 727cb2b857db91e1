//! A record of master data: a material, a recipe, a piece of equipment or the closed days of a site, with every version that
//! its owner ever stated, from when until when each counts, who said so and as of when. It is data, not configuration: it
//! comes through links, has a log of its own like everything else, and [`crate::data::Data`] is what a region knows of all.
//! Nothing here looks at another record.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::book::{Equipment, Material, Recipe};
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::{NativeKind, Ref};
use crate::words::Version;

mod decide;
#[cfg(test)]
mod tests;

/// The state of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Whose data it is, what it is and its name there: a recipe of a plant, a material of an ERP.
    pub of: Option<Ref>,
    /// What was said of each version last.
    pub versions: BTreeMap<Version, Edition>,
}

/// A version of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// How far it is.
    pub standing: Standing,
    /// The first day on which it counts; from the beginning if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day on which it counts; for good if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// What it says.
    pub content: Content,
    /// Who said so.
    pub source: SiteId,
    /// When that was so.
    pub as_of: Instant,
}

/// How far a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Somebody works on it: nothing is made by it.
    Draft,
    /// In force on its days.
    Approved,
    /// In force no more.
    Withdrawn,
}

/// What a version says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A material, of an ERP.
    Material(Box<Material>),
    /// A recipe, of a plant: routing and bill of material.
    Recipe(Box<Recipe>),
    /// A piece of equipment, of a plant.
    Equipment(Box<Equipment>),
    /// Days on which nothing may be planned to start, of a plant, beside those of its calendar.
    ClosedDays(BTreeSet<Date>),
}

/// What is recorded of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A version is so.
    Stated {
        /// Of what.
        of: Ref,
        /// Which version.
        version: Version,
        /// How it is.
        edition: Box<Edition>,
    },
}

/// An input to a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// From whoever owns the data.
    Report(Report),
    /// From the same record at home elsewhere.
    Mail(Mail),
}

/// Word of the owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// A version is so from now on, whatever it was before.
    Stated(Statement),
}

/// A version as its owner states it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Of what: the same name that the input is addressed to.
    pub of: Ref,
    /// Which version.
    pub version: Version,
    /// How far it is.
    pub standing: Standing,
    /// The first day on which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day on which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// What it says.
    pub content: Content,
}

/// Word between the homes of one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// A version is so at its home.
    Copied {
        /// Of what.
        of: Ref,
        /// Which version.
        version: Version,
        /// How it is.
        edition: Box<Edition>,
    },
}

impl Record {
    /// What a fact means.
    pub(crate) fn evolve(&mut self, fact: &Fact) {
        match fact {
            Fact::Stated { of, version, edition } => {
                self.of = Some(of.clone());
                self.versions.insert(version.clone(), edition.as_ref().clone());
            }
        }
    }

    /// The same record with a fact more.
    #[must_use]
    pub fn with(mut self, fact: &Fact) -> Self {
        self.evolve(fact);
        self
    }

    /// The version in force on a day. Where owners let two overlap, the one that began later counts, then the one that was
    /// said later.
    pub fn in_force(&self, on: Date) -> Option<(&Version, &Edition)> {
        self.versions
            .iter()
            .filter(|(_, edition)| edition.counts_on(on))
            .max_by_key(|(version, edition)| (edition.from, edition.as_of, *version))
    }

    /// A version, if it is in force on a day.
    pub fn version_on(&self, version: &Version, on: Date) -> Option<&Edition> {
        self.versions.get(version).filter(|edition| edition.counts_on(on))
    }
}

impl Edition {
    /// Whether it is in force on a day.
    pub fn counts_on(&self, on: Date) -> bool {
        self.standing == Standing::Approved && self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on <= until)
    }
}

impl Content {
    /// The kind of name that what it says goes by.
    pub fn native_kind(&self) -> NativeKind {
        match self {
            Self::Material(_) => NativeKind::Material,
            Self::Recipe(_) => NativeKind::Recipe,
            Self::Equipment(_) => NativeKind::Equipment,
            Self::ClosedDays(_) => NativeKind::Calendar,
        }
    }
}
