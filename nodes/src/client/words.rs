//! The words of the command line that ask a node something: their shapes and their help, and nothing else.

use clap::{Args, Subcommand};

mod books;
mod desk;
mod site;
mod verb;

pub(super) use books::{Books, BooksQuestion};
pub(super) use desk::{Act, Correction, Deed, Desk, ExceptionQuestion, Hold, HoldQuestion};
pub(super) use site::SiteQuestion;
pub(super) use verb::{Decide, OfHold, OrderVerb, ShipmentVerb, Why};

/// What people ask about.
#[derive(Clone, Debug, Subcommand)]
pub enum Question {
    /// Production orders.
    #[command(subcommand)]
    Order(OrderQuestion),
    /// Lots.
    #[command(subcommand)]
    Lot(LotQuestion),
    /// Handling units.
    #[command(subcommand)]
    Unit(UnitQuestion),
    /// Shipments.
    #[command(subcommand)]
    Shipment(ShipmentQuestion),
    /// The ledger of an order: what was reported, and where each unit of it is.
    Ledger {
        /// The order, by any of its names: `1000042`, `1000042@erp-eu`, a MES job, our id.
        order: String,
        /// The cut-off.
        #[command(flatten)]
        then: Then,
        /// Write it to this file as comma-separated values, with the hashes that prove it.
        #[arg(long)]
        csv: Option<std::path::PathBuf>,
    },
    /// A raw message, as it came.
    Raw {
        /// Its hash, as a timeline shows it.
        hash: String,
    },
    /// What a person must look at.
    #[command(subcommand)]
    Exceptions(ExceptionQuestion),
    /// Quality holds.
    #[command(subcommand)]
    Hold(HoldQuestion),
    /// The books of ERPs and warehouses beside ours.
    Reconcile(Books),
    /// Sites, and what waits for them.
    Sites {
        /// What else about them; left out, all of them.
        #[command(subcommand)]
        question: Option<SiteQuestion>,
        /// Sites are known as they are now: the answer says what to ask instead.
        #[arg(long, hide = true)]
        at: Option<String>,
    },
    /// The nodes that run this mesh: since when, what each does, and how far its lists are behind.
    Nodes,
    /// The shards of every region: which node runs each, and how much waits to be decided.
    Shards,
    /// The roads to regions that run in other processes: whether each is up, and what waits for it.
    Links,
    /// Public events, as anybody may subscribe to them.
    Events(EventQuestion),
    /// The contracts of public events: what each says.
    Contracts {
        /// One of them, such as `order.released.v1`, as a JSON Schema; left out, all of them.
        id: Option<String>,
    },
    /// Master data: materials, recipes, equipment and closed days, as their owners stated them.
    #[command(subcommand)]
    Data(DataQuestion),
    /// Everything that any system knows by this number.
    Search {
        /// The number.
        text: String,
    },
}

/// When it is looked at.
#[derive(Clone, Debug, Args)]
pub struct Then {
    /// A moment in the past, such as 2026-11-24T03:12:00+01:00: the thing as it was by what was recorded until then, and the
    /// step that made it so. Left out, now.
    #[arg(long)]
    pub(super) at: Option<String>,
}

/// Which part of what is told of one thing.
#[derive(Clone, Debug, Args)]
pub struct Stretch {
    /// Now, or then.
    #[command(flatten)]
    pub(super) then: Then,
    /// Behind this place; the end of a part says it.
    #[arg(long)]
    pub(super) after: Option<String>,
    /// Steps or rows of the part, up to 200.
    #[arg(long, default_value_t = 200)]
    pub(super) most: u32,
    /// Every part to the end, however long that is.
    #[arg(long, conflicts_with = "most")]
    pub(super) all: bool,
}

/// Which events.
#[derive(Clone, Debug, Args)]
pub struct EventQuestion {
    /// Go on as they happen.
    #[arg(long, short)]
    pub(super) follow: bool,
    /// Begin behind this place, or `now`; left out, at the beginning.
    #[arg(long)]
    pub(super) after: Option<String>,
    /// Only types that begin so, such as `order.` or `lot.held`.
    #[arg(long = "type")]
    pub(super) types: Option<String>,
    /// Only those of this site.
    #[arg(long)]
    pub(super) site: Option<String>,
}

/// About orders.
#[derive(Clone, Debug, Subcommand)]
pub enum OrderQuestion {
    /// All of them, or some; those that matter first.
    List(OrderFilter),
    /// One, whole.
    Show {
        /// The order, by any of its names.
        order: String,
        /// Now, or then.
        #[command(flatten)]
        then: Then,
    },
    /// Correct a count of one, also after the final confirmation.
    Correct(Correction),
    /// What may be asked of one.
    #[command(flatten)]
    Verb(OrderVerb),
    /// What happened to one, step by step, and who said so.
    Timeline {
        /// The order, by any of its names.
        order: String,
        /// All of it, or a part.
        #[command(flatten)]
        stretch: Stretch,
    },
    /// Its postings, each with the reports behind it and the raw message behind each report.
    Postings {
        /// The order, by any of its names.
        order: String,
        /// Only what this raw message led to: its hash.
        #[arg(long)]
        raw: Option<String>,
        /// Now, or then.
        #[command(flatten)]
        then: Then,
    },
    /// What went into it and what came out of it, with where each lot came from and went to.
    Genealogy {
        /// The order, by any of its names.
        order: String,
        /// Now, or then.
        #[command(flatten)]
        then: Then,
    },
    /// The raw messages behind it.
    Raw {
        /// The order, by any of its names.
        order: String,
        /// All of them, or a part.
        #[command(flatten)]
        stretch: Stretch,
    },
    /// One, from its beginning and on as things happen.
    Watch {
        /// The order, by any of its names.
        order: String,
    },
}

/// Which orders.
#[derive(Clone, Debug, Args)]
pub struct OrderFilter {
    /// Only those of this plant.
    #[arg(long)]
    pub(super) plant: Option<String>,
    /// Only those that are not over: not done at the plant, or with an open exception.
    #[arg(long)]
    pub(super) open: bool,
    /// Only those that should have begun or ended by now, and have not.
    #[arg(long)]
    pub(super) late: bool,
    /// Only those that their plant has not taken yet.
    #[arg(long)]
    pub(super) unacked: bool,
    /// A list is known as it is now: the answer says what to ask instead.
    #[arg(long, hide = true)]
    pub(super) at: Option<String>,
}

/// Which lots.
#[derive(Clone, Debug, Args)]
pub struct LotFilter {
    /// Only those of this plant.
    #[arg(long)]
    pub(super) plant: Option<String>,
    /// Only those of this material.
    #[arg(long)]
    pub(super) material: Option<String>,
    /// Only those that are held.
    #[arg(long)]
    pub(super) held: bool,
    /// Only those that wait for a sample, or for its verdict.
    #[arg(long)]
    pub(super) in_inspection: bool,
    /// A list is known as it is now: the answer says what to ask instead.
    #[arg(long, hide = true)]
    pub(super) at: Option<String>,
    /// Which part of the list.
    #[command(flatten)]
    pub(super) part: Part,
}

/// Which shipments.
#[derive(Clone, Debug, Args)]
pub struct ShipmentFilter {
    /// Only those of this warehouse.
    #[arg(long)]
    pub(super) warehouse: Option<String>,
    /// Only those that have not left.
    #[arg(long)]
    pub(super) open: bool,
    /// Only those that have not left and that a hold or a gate keeps.
    #[arg(long)]
    pub(super) blocked: bool,
    /// A list is known as it is now: the answer says what to ask instead.
    #[arg(long, hide = true)]
    pub(super) at: Option<String>,
    /// Which part of the list.
    #[command(flatten)]
    pub(super) part: Part,
}

/// Which part of a list.
#[derive(Clone, Debug, Args)]
pub(super) struct Part {
    /// Behind this place; the end of a part says it.
    #[arg(long)]
    pub(super) after: Option<String>,
    /// One part of so many rows, up to 200.
    #[arg(long, default_value_t = 200)]
    pub(super) most: u32,
}

/// About lots.
#[derive(Clone, Debug, Subcommand)]
pub enum LotQuestion {
    /// All of them, or some: held ones, then those in inspection, then the rest; the newest first.
    List(LotFilter),
    /// One, whole.
    Show {
        /// The lot, as `material/lot@plant`, or our id.
        lot: String,
        /// Now, or then.
        #[command(flatten)]
        then: Then,
    },
    /// What happened to one, step by step, and who said so.
    Timeline {
        /// The lot, as `material/lot@plant`, or our id.
        lot: String,
        /// All of it, or a part.
        #[command(flatten)]
        stretch: Stretch,
    },
    /// How far a hold on it would reach: lots, quantities, trucks. Holds nothing.
    Reach {
        /// The lot, as `material/lot@plant`, or our id.
        lot: String,
        /// Now, or then.
        #[command(flatten)]
        then: Then,
    },
    /// What it was made from, what was made from it, and which shipments left with any of it.
    Trace {
        /// The lot, as `material/lot@plant`, or our id.
        lot: String,
        /// All of it, or a part.
        #[command(flatten)]
        stretch: Stretch,
    },
}

/// About handling units.
#[derive(Clone, Debug, Subcommand)]
pub enum UnitQuestion {
    /// One, whole: what is on it, where it stands, what left of it.
    Show {
        /// Its number, or our id.
        unit: String,
        /// Now, or then.
        #[command(flatten)]
        then: Then,
    },
    /// What happened to one, step by step, and who said so.
    Timeline {
        /// Its number, or our id.
        unit: String,
        /// All of it, or a part.
        #[command(flatten)]
        stretch: Stretch,
    },
}

/// About shipments.
#[derive(Clone, Debug, Subcommand)]
pub enum ShipmentQuestion {
    /// All of them, or some: blocked ones, then those that have not left, then those that left.
    List(ShipmentFilter),
    /// What may be asked of one.
    #[command(flatten)]
    Verb(ShipmentVerb),
    /// What happened to one, step by step, and who said so.
    Timeline {
        /// The shipment, by its delivery's number, or our id.
        shipment: String,
        /// All of it, or a part.
        #[command(flatten)]
        stretch: Stretch,
    },
    /// One, whole.
    Show {
        /// The shipment, by its delivery's number, or our id.
        shipment: String,
        /// Now, or then.
        #[command(flatten)]
        then: Then,
    },
}

/// About master data.
#[derive(Clone, Debug, Subcommand)]
pub enum DataQuestion {
    /// All of a kind, by site and name.
    List {
        /// material, recipe, equipment or calendar.
        kind: String,
        /// Only those of this site.
        #[arg(long)]
        of: Option<String>,
        /// Behind this place; the end of a list says it.
        #[arg(long)]
        after: Option<String>,
        /// Rows at most, up to 200.
        #[arg(long, default_value_t = 200)]
        most: usize,
    },
    /// One, with every version.
    Show {
        /// material, recipe, equipment or calendar.
        kind: String,
        /// Its name, as `FG-100@nord`, or alone where only one site has it.
        id: String,
    },
}
