//! Intents: what must happen elsewhere, recorded as facts, complete with payload and key, in the same commit as the
//! decision. Whoever carries one out copies and computes nothing, so a new binary or rule cannot change what an old
//! commit meant.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::effect::Effect;
use crate::envelope::{Key, KeyText, Mark};
use crate::id::{EntityId, crockford, leading_u128};
use crate::input::{Body, Input};
use crate::instant::Instant;
use crate::name::{OURS, SiteId};

/// What the key of every mail begins with.
const MAIL: &str = "mail/";

/// Names an intent in the whole mesh: the entity, its store's incarnation, and a number that never comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntentId {
    /// Whose intent.
    pub entity: EntityId,
    /// The incarnation of the store it was decided in: a restored region never reuses an id.
    pub incarnation: u64,
    /// Its number within the entity, from 1.
    pub number: u32,
}

impl IntentId {
    /// The key of the mail that carries it: what an entity tells another is known by it for as long as the other lives.
    pub fn mail_key(&self) -> KeyText {
        KeyText::ours(format_args!("{MAIL}{self}"))
    }

    /// The intent behind the key of a mail; nothing for any other key.
    pub fn of_mail(key: &Key) -> Option<Self> {
        let Mark::Text(text) = &key.mark else { return None };
        let mut parts = text.as_str().strip_prefix(MAIL).filter(|_| key.source.as_str() == OURS)?.split('/');
        let entity = parts.next()?.parse().ok()?;
        let incarnation = u64::from_str_radix(parts.next()?, 16).ok()?;
        let number = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Self { entity, incarnation, number })
    }

    /// Our reference in foreign documents: 80 bits as 16 characters of Crockford base 32, which is all the room the
    /// narrowest ERP field has (SAP `ReferenceDocument`).
    pub fn reference(&self) -> Reference {
        let mut hash = Sha256::new();
        hash.update(self.entity.to_string());
        hash.update(self.incarnation.to_be_bytes());
        hash.update(self.number.to_be_bytes());
        let mut text = [0; 16];
        Reference(crockford::encode(leading_u128(&hash.finalize()) & ((1 << 80) - 1), &mut text).to_owned())
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:x}/{}", self.entity, self.incarnation, self.number)
    }
}

/// Our reference, as it stands in a foreign document: 16 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference(String);

impl Reference {
    /// The 16 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How urgent, and what is shed first under overload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The plant stops without it.
    PlantCritical,
    /// The business waits for it.
    Business,
    /// Somebody may want to know.
    Analytical,
}

impl Tier {
    /// 0 first.
    pub fn rank(self) -> u8 {
        match self {
            Self::PlantCritical => 0,
            Self::Business => 1,
            Self::Analytical => 2,
        }
    }
}

/// What must happen elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// At a site, through its link: claimed, sent, probed, settled.
    Site {
        /// Which site.
        site: SiteId,
        /// How urgent.
        tier: Tier,
        /// May it pass what waits for that site? Only holds and blocks may.
        overtakes: bool,
        /// What to do there.
        effect: Box<Effect>,
    },
    /// At another entity of the mesh, wherever it is at home.
    Mail {
        /// To whom.
        to: EntityId,
        /// Holds and shipment blocks go first.
        urgent: bool,
        /// What to tell it.
        parcel: Parcel,
    },
    /// Later, at this entity.
    Wake {
        /// Not before.
        at: Instant,
        /// What for; a stale one is a no-op.
        wake: Wake,
    },
}

/// What mail carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parcel {
    /// Word from this entity, under the intent's own id.
    Body(Box<Body>),
    /// An input passed on as it came, under its own key.
    Forward(Box<Input>),
}

/// Why an entity wanted to be woken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wake {
    /// A posting group may be due.
    Postings,
    /// The plant has not answered this dispatch attempt.
    DispatchAnswer {
        /// The attempt.
        attempt: u32,
    },
    /// The planned start comes near and something is missing.
    PlannedStart,
    /// A final confirmation still waits for reports that should have come.
    FinalGap {
        /// The operation.
        op: crate::words::OpNo,
    },
    /// A clearance runs out.
    ClearanceExpiry {
        /// The departure attempt.
        attempt: u32,
    },
    /// What could not be booked is looked at again.
    Unbooked {
        /// In which row of looks: only the newest goes on.
        row: u32,
        /// The how many-th look of it, from 0.
        round: u32,
    },
    /// It has been over for so long that sites need not keep its names.
    Forget,
    /// A decision on a hold is due.
    DispositionDue {
        /// The hold.
        hold: crate::words::HoldNo,
    },
    /// The books of a system are to be read again.
    Books {
        /// Which system's.
        site: SiteId,
    },
    /// The books of the site's system are due.
    Reconcile {
        /// By which schedule: another one by now means nothing.
        at: Instant,
    },
    /// A run over the books waits no longer.
    ReconcileEnds {
        /// Which run.
        run: u32,
    },
}
