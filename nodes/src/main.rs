//! The `takt` binary: reads the command line, and tells the whole story of what it starts.

use clap::{Parser, Subcommand};
use takt_nodes::bench::{self, Load};

/// Keeps ERPs, plants and warehouses in step.
#[derive(Parser)]
#[command(version, about)]
struct Words {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures this machine.
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Subcommand)]
enum Bench {
    /// Whole commands a second on the embedded engine, beside the bare store's own group commit in the same run.
    Embedded(Load),
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_writer(std::io::stderr).init();
    match Words::parse().command {
        Command::Bench(Bench::Embedded(load)) => bench::embedded(&load),
    }
}
