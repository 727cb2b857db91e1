//! The claim: before a worker sends, the entity commits that it may, until when, as which attempt. Whoever comes after a
//! crash finds the claim and asks the site instead of sending again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Open, Outbox, OutboxFact, Outcome, Receipt, Standing};
use crate::books::Reading;
use crate::effect::Effect;
use crate::instant::Instant;
use crate::intent::Intent;
use crate::planted::{self, Bug};

/// How long whoever asks about what is not recorded here yet waits before it asks again.
const BEHIND: Duration = Duration::from_millis(200);

const MILLISECOND: Duration = Duration::from_millis(1);

/// What a worker asks of the entity that recorded an intent, or tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// May I send?
    May {
        /// How long one attempt may take, in ms.
        window_ms: u32,
        /// Who asks: a number that no other question has. Asked again by the same one, the answer is the same, for it may have been
        /// lost on its way. 0 where a question is asked once.
        #[serde(default, skip_serializing_if = "is_zero")]
        asker: u64,
    },
    /// The site took it, or had taken it.
    Accepted {
        /// Which attempt.
        attempt: u32,
        /// What it gave back.
        receipt: Receipt,
    },
    /// The site refused it and did nothing.
    Rejected {
        /// Which attempt.
        attempt: u32,
        /// The site's own code.
        code: String,
        /// The site's own words.
        text: String,
    },
    /// It was certainly not heard, or heard and put off: 429, 503 before work, a lock.
    NotDone {
        /// Which attempt.
        attempt: u32,
        /// What was seen.
        why: String,
    },
    /// The reply was lost.
    Lost {
        /// Which attempt.
        attempt: u32,
        /// What was seen.
        why: String,
    },
    /// A probe asked at `asked_at` found nothing.
    Absent {
        /// Which attempt it was about.
        attempt: u32,
        /// When the site was asked.
        asked_at: Instant,
    },
    /// The link cannot be used as configured, or tried as often as it may: a person must look.
    Park {
        /// Which attempt.
        attempt: u32,
        /// Why.
        why: String,
    },
    /// The site said what is in its books.
    Read {
        /// Which attempt.
        attempt: u32,
        /// What it has.
        reading: Box<Reading>,
    },
    /// The site took it, and refused it a while later: what was settled is not so there.
    RefusedLate {
        /// What was seen.
        why: String,
    },
}

/// What a link promises about an effect that may have happened already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The site knows our key: sending again is safe.
    DedupByKey,
    /// The site can be asked by our reference; nothing found counts this long after `not_after`.
    ProbeWithSettle {
        /// Settle time, in ms.
        settle_ms: u32,
    },
    /// The site can neither; a lost reply waits for a person.
    AtMostOnce,
}

/// What the worker is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimAnswer {
    /// Send attempt `attempt`, and stop when the window you asked for has passed on your own monotonic clock since you
    /// asked.
    Send {
        /// The attempt.
        attempt: u32,
        /// What to send, as it was recorded.
        effect: Box<Effect>,
    },
    /// Do not send. Ask the site by our reference, not before `not_before`.
    Probe {
        /// About which attempt.
        attempt: u32,
        /// What may have been done.
        effect: Box<Effect>,
        /// Before that, nothing found means nothing.
        not_before: Instant,
    },
    /// Do nothing before then, and ask again.
    Wait {
        /// When to ask again.
        until: Instant,
    },
    /// Nothing is left to do: forget the message.
    Done,
}

/// Decides about a claim: the step to record, if any, and the answer. Pure; the caller adds what its domain makes of a
/// settled intent. A late answer still wins: whatever attempt the site took, it took it; and a later attempt's "no" does not
/// say that an earlier one was not done.
pub fn claim(outbox: &Outbox, number: u32, asked: &Claim, class: Class, now: Instant) -> (Option<OutboxFact>, ClaimAnswer) {
    let Some(open) = outbox.get(number) else {
        // What was never recorded here is not over: whoever asks knows of it from a log that is ahead of this state.
        let known = outbox.was_recorded(number);
        return (None, if known { ClaimAnswer::Done } else { ClaimAnswer::Wait { until: now.plus(BEHIND) } });
    };
    if open.only_reads() {
        return read(open, asked, class, now);
    }
    let current = |attempt: &u32| *attempt == open.attempts;
    let in_flight = matches!(open.standing, Standing::InFlight { .. });
    match asked {
        Claim::May { window_ms, asker } => may(open, class, (*window_ms, *asker), now),
        Claim::Accepted { receipt, .. } => (Some(OutboxFact::Settled(Outcome::Accepted(receipt.clone()))), ClaimAnswer::Done),
        Claim::Rejected { attempt, .. } if current(attempt) && open.has_doubt_behind() && open.standing == Standing::Parked => {
            (None, ClaimAnswer::Done)
        }
        Claim::Rejected { attempt, code, text } if current(attempt) && open.has_doubt_behind() => {
            let why = format!("{code}: {text}; and an earlier attempt may have been done: look for it at the site before it is sent again");
            (Some(OutboxFact::Parked { why }), ClaimAnswer::Done)
        }
        Claim::NotDone { attempt, why } if current(attempt) && in_flight && open.has_doubt_behind() => {
            let why = format!("this attempt was not done, and an earlier one may have been: {why}");
            (Some(OutboxFact::InDoubt { attempt: *attempt, why }), ClaimAnswer::Wait { until: now })
        }
        Claim::Rejected { attempt, code, text } if current(attempt) => {
            (Some(OutboxFact::Settled(Outcome::Rejected { code: code.clone(), text: text.clone() })), ClaimAnswer::Done)
        }
        Claim::NotDone { attempt, why } if current(attempt) && in_flight => {
            (Some(OutboxFact::NotDone { attempt: *attempt, why: why.clone() }), ClaimAnswer::Wait { until: now })
        }
        Claim::Lost { attempt, why } if current(attempt) && in_flight => {
            (Some(OutboxFact::InDoubt { attempt: *attempt, why: why.clone() }), ClaimAnswer::Wait { until: now })
        }
        Claim::Absent { attempt, asked_at } if current(attempt) => absent(open, *asked_at, now),
        // What an attempt before this one found says nothing of this one.
        Claim::Park { attempt, why } if current(attempt) && open.standing != Standing::Parked => {
            (Some(OutboxFact::Parked { why: why.clone() }), ClaimAnswer::Done)
        }
        Claim::Rejected { .. } | Claim::NotDone { .. } | Claim::Lost { .. } | Claim::Absent { .. } | Claim::Park { .. } => {
            (None, ClaimAnswer::Wait { until: now })
        }
        // What is open is asked for again anyway.
        Claim::Read { .. } | Claim::RefusedLate { .. } => (None, ClaimAnswer::Wait { until: now }),
    }
}

/// The same for what only reads: it may be done again at any time, so nobody is in doubt about it; and what could not be read is
/// over, so that it keeps nothing from its lane. Whoever asked for it asks again.
fn read(open: &Open, asked: &Claim, class: Class, now: Instant) -> (Option<OutboxFact>, ClaimAnswer) {
    let over = |outcome| (Some(OutboxFact::Settled(outcome)), ClaimAnswer::Done);
    let unread = |code: &str, text: &str| over(Outcome::Rejected { code: code.to_owned(), text: text.to_owned() });
    match asked {
        Claim::May { window_ms, asker } => match open.standing {
            Standing::InFlight { not_after } if now <= not_after && open.is_claimed_by(*asker) => (None, go(open, open.attempts)),
            Standing::InFlight { not_after } if now <= not_after => (None, ClaimAnswer::Wait { until: not_after.plus(MILLISECOND) }),
            Standing::Released | Standing::InFlight { .. } | Standing::InDoubt { .. } => send(open, class, (*window_ms, *asker), now),
            Standing::Waiting | Standing::Parked => (None, ClaimAnswer::Done),
        },
        Claim::Read { .. } => over(Outcome::Accepted(Receipt::default())),
        Claim::Rejected { code, text, .. } => unread(code, text),
        Claim::NotDone { why, .. } | Claim::Lost { why, .. } => unread("NO_ANSWER", why),
        Claim::Park { why, .. } => unread("MISCONFIGURED", why),
        Claim::Accepted { .. } => unread("NOTHING_READ", "the site did it, and said nothing of what it has"),
        Claim::Absent { .. } | Claim::RefusedLate { .. } => (None, ClaimAnswer::Wait { until: now }),
    }
}

fn may(open: &Open, class: Class, asked: (u32, u64), now: Instant) -> (Option<OutboxFact>, ClaimAnswer) {
    match open.standing {
        Standing::Released => send(open, class, asked, now),
        Standing::InFlight { not_after } if now <= not_after && open.is_claimed_by(asked.1) => (None, go(open, open.attempts)),
        Standing::InFlight { not_after } if now <= not_after => (None, ClaimAnswer::Wait { until: not_after.plus(MILLISECOND) }),
        Standing::InFlight { not_after } => {
            let why = "the sender did not report back before its claim ran out".to_owned();
            (Some(OutboxFact::InDoubt { attempt: open.attempts, why }), doubtful(open, not_after, now))
        }
        Standing::InDoubt { not_after } => match open.class {
            Class::DedupByKey => send(open, class, asked, now),
            Class::ProbeWithSettle { .. } if planted::is(Bug::BlindRetry) => send(open, class, asked, now),
            Class::ProbeWithSettle { .. } => (None, doubtful(open, not_after, now)),
            Class::AtMostOnce => {
                let why = "the reply was lost, and this site can neither be asked nor told twice".to_owned();
                (Some(OutboxFact::Parked { why }), ClaimAnswer::Done)
            }
        },
        Standing::Waiting | Standing::Parked => (None, ClaimAnswer::Done),
    }
}

fn send(open: &Open, class: Class, (window_ms, asker): (u32, u64), now: Instant) -> (Option<OutboxFact>, ClaimAnswer) {
    let attempt = open.attempts + 1;
    let not_after = now.plus(Duration::from_millis(u64::from(window_ms)));
    let fact = OutboxFact::InFlight { attempt, not_after, class, asker };
    match go(open, attempt) {
        go @ ClaimAnswer::Send { .. } => (Some(fact), go),
        over @ (ClaimAnswer::Probe { .. } | ClaimAnswer::Wait { .. } | ClaimAnswer::Done) => (None, over),
    }
}

/// Send it, as that attempt.
fn go(open: &Open, attempt: u32) -> ClaimAnswer {
    effect_of(open).map_or(ClaimAnswer::Done, |effect| ClaimAnswer::Send { attempt, effect })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
pub(super) fn is_zero(asker: &u64) -> bool {
    *asker == 0
}

fn effect_of(open: &Open) -> Option<Box<Effect>> {
    match &open.intent {
        Intent::Site { effect, .. } => Some(effect.clone()),
        Intent::Mail { .. } | Intent::Wake { .. } => None,
    }
}

/// What to do about an attempt that nobody knows the end of.
fn doubtful(open: &Open, not_after: Instant, now: Instant) -> ClaimAnswer {
    match (open.class, effect_of(open)) {
        (Class::ProbeWithSettle { settle_ms }, Some(effect)) => {
            // By the clock of whoever decides: whoever asks may be on another node, whose clock is ahead.
            match counts_from(not_after, settle_ms) {
                counts if now < counts => ClaimAnswer::Wait { until: counts },
                not_before => ClaimAnswer::Probe { attempt: open.attempts, effect, not_before },
            }
        }
        (Class::ProbeWithSettle { .. } | Class::DedupByKey | Class::AtMostOnce, _) => ClaimAnswer::Wait { until: now },
    }
}

/// From when on "nothing found" means that nothing happened.
fn counts_from(not_after: Instant, settle_ms: u32) -> Instant {
    if planted::is(Bug::NoSettleTime) {
        return Instant::EPOCH;
    }
    not_after.plus(Duration::from_millis(u64::from(settle_ms)))
}

fn absent(open: &Open, asked_at: Instant, now: Instant) -> (Option<OutboxFact>, ClaimAnswer) {
    let (Standing::InDoubt { not_after }, Class::ProbeWithSettle { settle_ms }) = (&open.standing, open.class) else {
        return (None, ClaimAnswer::Wait { until: now });
    };
    let counts = counts_from(*not_after, settle_ms);
    if asked_at < counts {
        return (None, ClaimAnswer::Wait { until: counts });
    }
    let why = format!("asked at {asked_at}, after the settle time, the site knows nothing of it");
    (Some(OutboxFact::NotDone { attempt: open.attempts, why }), ClaimAnswer::Wait { until: now })
}
