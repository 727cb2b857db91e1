//! What people ask to be done to an order, a shipment or a hold: the words of the command line, one for each request of the API.

use clap::{Args, Subcommand};

/// Why, and under which key.
#[derive(Clone, Debug, Args)]
pub(in crate::client) struct Why {
    /// Why; it stands in the timeline with your name.
    #[arg(long)]
    pub(in crate::client) reason: Option<String>,
    /// Names this request within its order, shipment or lot, so that sending it again does nothing more; left out, every call is one
    /// of its own.
    #[arg(long)]
    pub(in crate::client) key: Option<String>,
}

/// An order, why, and under which key.
#[derive(Clone, Debug, Args)]
pub struct OfOrder {
    /// The order, by any of its names: `1000042`, `1000042@erp-eu`, a MES job, our id.
    pub(in crate::client) order: String,
    /// Why, and under which key.
    #[command(flatten)]
    pub(in crate::client) why: Why,
}

/// What may be asked of an order. Its ERP owns it and its plant may have it: both are asked, and may refuse.
#[derive(Clone, Debug, Subcommand)]
pub enum OrderVerb {
    /// Change its total.
    ChangeQuantity {
        /// Which order, and why.
        #[command(flatten)]
        of: OfOrder,
        /// The new total, planned scrap included, such as '500 H87'.
        #[arg(long)]
        total: String,
    },
    /// Move it to another time.
    Reschedule {
        /// Which order, and why.
        #[command(flatten)]
        of: OfOrder,
        /// When it should start, such as 2026-11-26T06:00:00+01:00.
        #[arg(long)]
        start: String,
        /// When it should end.
        #[arg(long)]
        end: String,
    },
    /// Make a part of it an order of its own.
    Split {
        /// Which order, and why.
        #[command(flatten)]
        of: OfOrder,
        /// How much of it, such as '2000 H87'.
        #[arg(long)]
        total: String,
        /// What the new order is asked for by in the ERP.
        #[arg(long)]
        reference: String,
        /// Where it is made; left out, at the same plant.
        #[arg(long)]
        plant: Option<String>,
        /// When it should start; left out, as the order.
        #[arg(long)]
        start: Option<String>,
        /// When it should end; left out, as the order.
        #[arg(long)]
        end: Option<String>,
    },
    /// Use another material on a component line, while the plant does not have the job.
    ReplaceComponent {
        /// Which order, and why.
        #[command(flatten)]
        of: OfOrder,
        /// The component line.
        #[arg(long)]
        item: String,
        /// The material.
        #[arg(long)]
        material: String,
    },
    /// Use another version of the recipe, while the plant does not have the job.
    ChangeRecipe {
        /// Which order, and why.
        #[command(flatten)]
        of: OfOrder,
        /// The version.
        #[arg(long)]
        version: String,
    },
    /// Let it wait; a plant that has the job is asked to stop.
    Hold(OfOrder),
    /// Let an order that waits go on.
    Resume(OfOrder),
    /// Ask the plant for the job back.
    Revoke(OfOrder),
    /// Send it to its plant again, as a new attempt.
    Redispatch(OfOrder),
    /// Give it up, before any work was reported.
    Cancel(OfOrder),
    /// Ask its ERP for technical completion: no more work; what was collected is posted first.
    Complete {
        /// Which order, and why.
        #[command(flatten)]
        of: OfOrder,
        /// Also while postings are not settled; needs a reason.
        #[arg(long)]
        force: bool,
    },
    /// Allow work again after technical completion.
    Reopen(OfOrder),
    /// Settle it for good.
    Close(OfOrder),
    /// Take a document of ours back.
    Reverse {
        /// Which order, and why.
        #[command(flatten)]
        of: OfOrder,
        /// The posting, by its number in `takt order postings`.
        #[arg(long)]
        posting: u32,
    },
}

/// What may be asked of a shipment.
#[derive(Clone, Debug, Subcommand)]
pub enum ShipmentVerb {
    /// Shut a gate: it may not leave.
    Block(OfShipment),
    /// Open a gate again.
    Release(OfShipment),
}

/// A shipment and its gate.
#[derive(Clone, Debug, Args)]
pub struct OfShipment {
    /// The shipment, by its delivery's number, or our id.
    pub(in crate::client) shipment: String,
    /// Which gate: credit, customs, manual or quality.
    #[arg(long)]
    pub(in crate::client) gate: String,
    /// Why, and under which key.
    #[command(flatten)]
    pub(in crate::client) why: Why,
}

/// A hold of a lot.
#[derive(Clone, Debug, Args)]
pub struct OfHold {
    /// The lot, as `material/lot@plant`.
    pub(in crate::client) lot: String,
    /// The hold's number.
    #[arg(long = "hold")]
    pub(in crate::client) number: String,
    /// Why, and under which key.
    #[command(flatten)]
    pub(in crate::client) why: Why,
}

/// A decision about what a hold keeps.
#[derive(Clone, Debug, Args)]
pub struct Decide {
    /// Which hold, and why.
    #[command(flatten)]
    pub(in crate::client) of: OfHold,
    /// What: accept, `accept_restricted`, rework, scrap or return.
    #[arg(long)]
    pub(in crate::client) verdict: String,
    /// How much, such as '2 H87'; left out, all that is held.
    #[arg(long)]
    pub(in crate::client) quantity: Option<String>,
    /// Only on this handling unit.
    #[arg(long = "unit")]
    pub(in crate::client) unit: Option<String>,
    /// The hold is over with this.
    #[arg(long)]
    pub(in crate::client) last: bool,
}
