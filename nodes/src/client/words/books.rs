//! The words of reconciliation: their shapes and their help.

use clap::{Args, Subcommand};

/// Compare the books of others with ours, or see what that found.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Books {
    /// Whose: an ERP or a warehouse, by its site name; left out, every system whose books are compared.
    #[arg(long)]
    pub(in crate::client) site: Option<String>,
    /// The cut-off, such as 2026-11-24T22:00:00+01:00: what was entered after that does not count. Left out, now.
    #[arg(long)]
    pub(in crate::client) at: Option<String>,
    /// Everything that is known there, not only what moved since it agreed last.
    #[arg(long)]
    pub(in crate::client) every: bool,
    /// Why.
    #[arg(long)]
    pub(in crate::client) reason: Option<String>,
    /// The key of this request; the same key begins nothing again.
    #[arg(long)]
    pub(in crate::client) key: Option<String>,
    /// What else.
    #[command(subcommand)]
    pub(in crate::client) question: Option<BooksQuestion>,
}

/// About what was compared.
#[derive(Clone, Debug, Subcommand)]
pub(in crate::client) enum BooksQuestion {
    /// The last run over the books of a system, or of all of them in short.
    Show {
        /// The ERP or warehouse, by its site name.
        site: Option<String>,
    },
}
