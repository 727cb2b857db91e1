//! What becomes of an intent, and what it means for the outbox.

use serde::{Deserialize, Serialize};

use super::{Class, Outbox, Standing};
use crate::instant::Instant;
use crate::intent::Tier;
use crate::name::SiteId;
use crate::native::Ref;
use crate::words::DocNo;

/// A step of an intent's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxFact {
    /// It may be claimed; the dispatcher hands it to its site.
    Released {
        /// Which site.
        site: SiteId,
        /// How urgent.
        tier: Tier,
    },
    /// Claimed: attempt `attempt` may be sent until `not_after`.
    InFlight {
        /// From 1.
        attempt: u32,
        /// Nobody sends this attempt after that.
        not_after: Instant,
        /// What the link promised about repeated sends when it claimed.
        class: Class,
        /// Whose claim it is.
        #[serde(default, skip_serializing_if = "super::claim::is_zero")]
        asker: u64,
    },
    /// The reply to the attempt was lost.
    InDoubt {
        /// Which attempt.
        attempt: u32,
        /// What was seen, for a person.
        why: String,
    },
    /// It certainly did not happen: refused before it was heard, or a probe that counts found nothing. May be claimed
    /// again.
    NotDone {
        /// Which attempt.
        attempt: u32,
        /// How we know.
        why: String,
    },
    /// A person wants it tried again: it waits for its lane.
    Requeued,
    /// It is over.
    Settled(Outcome),
    /// A person must decide.
    Parked {
        /// Why.
        why: String,
    },
}

/// How an intent ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The site did it.
    Accepted(Receipt),
    /// The site will not do it, and did nothing.
    Rejected {
        /// The site's own code.
        code: String,
        /// The site's own words.
        text: String,
    },
    /// A document that somebody made by hand stands for it.
    Adopted {
        /// The document.
        document: DocNo,
    },
    /// Given up, with two approvals.
    WrittenOff,
    /// Overtaken by a later decision before it was ever sent.
    Superseded,
}

impl Outcome {
    /// The document that stands for the intent, when one does.
    pub fn document(&self) -> Option<&DocNo> {
        match self {
            Self::Accepted(receipt) => receipt.document.as_ref(),
            Self::Adopted { document } => Some(document),
            Self::Rejected { .. } | Self::WrittenOff | Self::Superseded => None,
        }
    }
}

/// What a site gave back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The document it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocNo>,
    /// The name it gave our thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Ref>,
    /// Lines (from 0) that it did not post although it took the document, with its words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_lines: Vec<(u16, String)>,
    /// Whether a probe found it after a lost reply.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_probe: bool,
    /// When it says that it will be done with what it took: a laboratory with a sample, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
}

impl Outbox {
    /// What a step means. Steps of intents that are settled or unknown mean nothing.
    pub fn evolve(&mut self, number: u32, fact: &OutboxFact) {
        if let OutboxFact::Settled(outcome) = fact {
            self.open.remove(&number);
            if let Some(document) = outcome.document() {
                self.documents.insert(number, document.clone());
            }
            return;
        }
        let Some(open) = self.open.get_mut(&number) else { return };
        match fact {
            OutboxFact::InDoubt { attempt, .. } => drop(open.doubted.get_or_insert(*attempt)),
            OutboxFact::NotDone { .. } => open.doubted = None,
            OutboxFact::Released { .. }
            | OutboxFact::InFlight { .. }
            | OutboxFact::Requeued
            | OutboxFact::Parked { .. }
            | OutboxFact::Settled(_) => {}
        }
        open.standing = match (fact, &open.standing) {
            (OutboxFact::Released { .. }, _) => {
                open.releases += 1;
                Standing::Released
            }
            (OutboxFact::InFlight { attempt, not_after, class, asker }, _) => {
                open.asker = *asker;
                open.attempts = *attempt;
                open.class = *class;
                Standing::InFlight { not_after: *not_after }
            }
            (OutboxFact::InDoubt { .. }, Standing::InFlight { not_after } | Standing::InDoubt { not_after }) => {
                Standing::InDoubt { not_after: *not_after }
            }
            (OutboxFact::InDoubt { .. } | OutboxFact::Settled(_), standing) => standing.clone(),
            (OutboxFact::NotDone { .. }, _) => Standing::Released,
            (OutboxFact::Requeued, _) => Standing::Waiting,
            (OutboxFact::Parked { .. }, _) => Standing::Parked,
        };
    }
}
