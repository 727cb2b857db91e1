//! The words about exceptions and holds: looking, previewing, acting on one or on all of one cause.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Then;

/// About exceptions, and what to do about them.
#[derive(Clone, Debug, Subcommand)]
pub enum ExceptionQuestion {
    /// All that are open, by time to impact; those of one cause on one line.
    List(Desk),
    /// One, with what may and what must not be done; or a cause with all of its.
    Show {
        /// Its number, such as `E-MPV9CK-1`, or the cause's, such as `G-7QK2M0XA`.
        id: String,
        /// Now, or then.
        #[command(flatten)]
        then: Then,
    },
    /// What to do about a kind of exception, step by step.
    Runbook {
        /// The kind, such as `in-doubt`.
        kind: String,
    },
    /// What an action would do, before it is done: recorded, posted, sent and closed.
    Preview {
        /// The action.
        #[command(subcommand)]
        deed: Deed,
    },
    /// An action.
    #[command(flatten)]
    Do(Deed),
    /// Have an input tried again that could not be handed to anybody, once the reason is mended.
    RetryDeadLetter {
        /// Its number, such as `DL-3fa91c07be`.
        id: String,
    },
}

/// Which exceptions.
#[derive(Clone, Debug, Args)]
pub struct Desk {
    /// One by one, not by cause.
    #[arg(long)]
    pub(in crate::client) each: bool,
    /// Only those of this role.
    #[arg(long)]
    pub(in crate::client) owner: Option<String>,
    /// Only those at this site.
    #[arg(long)]
    pub(in crate::client) site: Option<String>,
    /// Also those that somebody put away.
    #[arg(long)]
    pub(in crate::client) snoozed: bool,
    /// The desk is known as it is now: the answer says what to ask instead.
    #[arg(long, hide = true)]
    pub(in crate::client) at: Option<String>,
}

/// What can be done about an exception.
#[derive(Clone, Debug, Subcommand)]
pub enum Deed {
    /// Send it again.
    Retry(Act),
    /// Take a document that was made by hand as ours.
    Adopt {
        /// Which one, and why.
        #[command(flatten)]
        act: Act,
        /// The document.
        #[arg(long = "doc")]
        document: String,
    },
    /// Give the quantity up: done when a second person of finance asks for the same, with a credential of their own.
    WriteOff(Act),
    /// Say which entity it belongs to.
    Match {
        /// Which one, and why.
        #[command(flatten)]
        act: Act,
        /// That entity.
        #[arg(long = "to")]
        entity: String,
    },
    /// Take a mended copy instead of the message; the original stays.
    Edit {
        /// Which one, and why.
        #[command(flatten)]
        act: Act,
        /// Of a message that matches nothing: a file with what it should have said, as `show --json` prints `input`.
        #[arg(long, required_unless_present = "payload")]
        input: Option<PathBuf>,
        /// Of a message that no mapping understands: a file with its payload as it should have been.
        #[arg(long, conflicts_with = "input")]
        payload: Option<PathBuf>,
    },
    /// Hand it to another role.
    HandTo {
        /// Which one, and why.
        #[command(flatten)]
        act: Act,
        /// That role.
        #[arg(long = "to")]
        role: String,
    },
    /// Put it away for a while, never past its impact.
    Snooze {
        /// Which one, and why.
        #[command(flatten)]
        act: Act,
        /// Until when, such as 2026-11-24T06:00:00+01:00.
        #[arg(long)]
        until: String,
    },
    /// Take note of it, and close it: for who answers for it, with a reason. Anybody else takes it over first, with hand-to.
    Ack(Act),
}

/// An action on an exception, or on all of one cause.
#[derive(Clone, Debug, Args)]
pub struct Act {
    /// Its number, such as `E-MPV9CK-1`.
    #[arg(required_unless_present = "group")]
    pub(in crate::client) id: Option<String>,
    /// All that are open of this cause, such as `G-7QK2M0XA`: each under a key of its own.
    #[arg(long, conflicts_with = "id")]
    pub(in crate::client) group: Option<String>,
    /// Why; write-off, match, edit, snooze and ack need it.
    #[arg(long)]
    pub(in crate::client) reason: Option<String>,
    /// Names this action within its exception, so that sending it again does nothing more; left out, every call is an action of its own.
    #[arg(long)]
    pub(in crate::client) key: Option<String>,
}

/// About holds.
#[derive(Clone, Debug, Subcommand)]
pub enum HoldQuestion {
    /// All that a hold would be on, before it is placed: lots made of it, handling units, trucks, what has left.
    Preview(Hold),
    /// Place it. It binds at once; systems are told afterwards.
    Place(Hold),
    /// Decide about what it keeps, in whole or in part. For quality.
    Decide(super::verb::Decide),
    /// End it by accepting everything under it. For quality.
    Release(super::verb::OfHold),
}

/// A hold.
#[derive(Clone, Debug, Args)]
pub struct Hold {
    /// The lot, as `material/lot@plant`.
    pub(in crate::client) lot: String,
    /// The hold's number, by whoever places it.
    #[arg(long = "hold")]
    pub(in crate::client) number: String,
    /// Why, in the plant's or the quality system's code.
    #[arg(long)]
    pub(in crate::client) reason: String,
    /// Only this handling unit; may be given more than once. Left out, the whole lot and all that is made of it.
    #[arg(long = "unit")]
    pub(in crate::client) units: Vec<String>,
    /// Names this request within its lot, so that sending it again does nothing more; left out, every call is one of its own.
    #[arg(long)]
    pub(in crate::client) key: Option<String>,
}

/// A count that was wrong.
#[derive(Clone, Debug, Args)]
pub struct Correction {
    /// The order, by any of its names.
    pub(in crate::client) order: String,
    /// The operation.
    #[arg(long)]
    pub(in crate::client) operation: String,
    /// What was miscounted: yield, scrap, rework, labour or machine.
    #[arg(long = "use", default_value = "yield")]
    pub(in crate::client) purpose: String,
    /// What has to be added to be right, signed, such as '-6 H87'.
    #[arg(long, allow_hyphen_values = true)]
    pub(in crate::client) difference: String,
    /// Why.
    #[arg(long)]
    pub(in crate::client) reason: String,
    /// The key of the report that counted wrong, as `order show` or its timeline gives it.
    #[arg(long)]
    pub(in crate::client) corrects: Option<String>,
    /// Only say what it would do.
    #[arg(long)]
    pub(in crate::client) preview: bool,
    /// Names this correction within its order, so that sending it again does nothing more; left out, every call is one of its own.
    #[arg(long)]
    pub(in crate::client) key: Option<String>,
}
