//! The words about one site: their shapes and their help.

use clap::Subcommand;

use super::Stretch;

/// About one site.
#[derive(Clone, Debug, Subcommand)]
pub enum SiteQuestion {
    /// One, whole: how fresh its systems are and what waits for them, recipes, equipment, the orders of its shift.
    Show {
        /// The site, by its name.
        site: String,
        /// A site is known as it is now: the answer says what to ask instead.
        #[arg(long, hide = true)]
        at: Option<String>,
    },
    /// What happened to one, step by step, and who said so.
    Timeline {
        /// The site, by its name.
        site: String,
        /// All of it, or a part.
        #[command(flatten)]
        stretch: Stretch,
    },
    /// What went to it and came from it lately, newest first: every try, and what became of it.
    Deliveries {
        /// The site, by its name.
        site: String,
        /// Rows at most, up to 200.
        #[arg(long, default_value_t = 50)]
        most: usize,
        /// Only rows with this in what was sent or told, its reference, or what was said about it: a topic, a verb, the name of a file.
        #[arg(long)]
        find: Option<String>,
        /// Only what became of it, such as accepted or lost; `failed` for all that did not become what it was tried for.
        #[arg(long)]
        outcome: Option<String>,
        /// What the last part said to send for more.
        #[arg(long)]
        after: Option<String>,
    },
    /// Where a plant's own system has other recipes than its master data says.
    Drift {
        /// The plant.
        plant: String,
    },
}
