//! The command line: what each word of it starts, in one place.

use std::process::ExitCode;

use crate::backup::{self, Compared, Taken};
use crate::bench::{self, Idle, Load, OnMappings, OnServers};
use crate::client::{self, Question, Reach};
use crate::demo::{self, Play};
use crate::doctor::{self, Visit};
use crate::folder::{self, Work};
use crate::render::{self, Render};
use crate::screens;
use crate::serve::{self, Serve};
use clap::{Parser, Subcommand};

/// Keeps ERPs, plants and warehouses in step.
#[derive(Parser)]
#[command(version, about)]
struct Words {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays a mesh of three regions with simulated systems: orders from release to cleared departure, then the account.
    Demo(Play),
    /// Runs a node over a configuration folder, until Ctrl-C. Several nodes over one folder whose regions are on JetStream share the
    /// work of these regions.
    Node(Serve),
    /// Looks at the servers of every region that is on JetStream, as a start would: what is unsafe, and what mends it.
    Doctor(Visit),
    /// Writes a region's log, its queues and its raw payloads into a folder. One on servers may run meanwhile; the node of one on a disk
    /// has to be stopped.
    Backup(Taken),
    /// Restores regions from such a folder into empty places. A restored region sends nothing until `takt reconciled`.
    Restore(Taken),
    /// Says that restored regions were compared with the world outside, and may send again.
    Reconciled(Compared),
    /// Writes configuration for the programs beside Takt, from its own text.
    #[command(subcommand)]
    Render(Render),
    /// Measures this machine.
    #[command(subcommand)]
    Bench(Bench),
    #[command(flatten)]
    Folder(Work),
    #[command(flatten)]
    Ask(Question),
}

#[derive(Subcommand)]
enum Bench {
    /// Whole commands a second on the embedded engine, beside the bare store's own group commit in the same run.
    Embedded(Load),
    /// Whole commands a second on three nats-servers of this machine, beside raw fenced appends and the engine's own in the same run.
    Jetstream(OnServers),
    /// Many orders that nobody asks for: their memory, and how fast one of them, a list and a search answer.
    Idle(Idle),
    /// How fast messages are read and mapped, format by format and mapping by mapping, beside a plain parse of the same bytes.
    Mappings(OnMappings),
}

/// Reads the command line of this process and does what it says; the code is for whoever started it. What kept it from starting or
/// going on is told to people.
pub fn run() -> ExitCode {
    // One provider for every TLS connection of the process; only a second call could fail, and there is none.
    drop(rustls::crypto::ring::default_provider().install_default());
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_writer(std::io::stderr).init();
    match carried_out(Words::parse()) {
        Ok(code) => code,
        Err(error) => {
            screens::wrong(&told(&error));
            ExitCode::FAILURE
        }
    }
}

/// Why it did not go on, without the places in our code: whoever reads it has written something, and no program.
fn told(error: &anyhow::Error) -> String {
    format!("✘ {error:#}")
}

fn carried_out(words: Words) -> anyhow::Result<ExitCode> {
    match words.command {
        Command::Demo(play) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let kept = runtime.block_on(demo::run(&play))?;
            Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Ask(question) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(client::ask(&words.reach, &question)))
        }
        Command::Node(what) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(serve::run(&what))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor(visit) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(doctor::visit(&visit, words.reach.json)))
        }
        Command::Backup(what) => Ok(on_runtime()?.block_on(backup::backup(&what, words.reach.json))),
        Command::Restore(what) => Ok(on_runtime()?.block_on(backup::restore(&what, words.reach.json))),
        Command::Reconciled(what) => Ok(on_runtime()?.block_on(backup::reconciled(&what, words.reach.json))),
        Command::Render(what) => Ok(render::render(&what, words.reach.json)),
        Command::Folder(work) => Ok(folder::work(&work, words.reach.json)),
        Command::Bench(Bench::Idle(load)) => bench::idle(&load).map(|()| ExitCode::SUCCESS),
        Command::Bench(Bench::Mappings(load)) => bench::mappings(&load).map(|()| ExitCode::SUCCESS),
        Command::Bench(Bench::Jetstream(load)) => bench::jetstream(&load).map(|()| ExitCode::SUCCESS),
        Command::Bench(Bench::Embedded(load)) => bench::embedded(&load).map(|()| ExitCode::SUCCESS),
    }
}

fn on_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn an_error_of_use_is_told_with_its_causes_and_no_backtrace() {
        let cause = std::io::Error::other("no such folder");
        let error = anyhow::Error::new(cause).context("the stores did not open");
        assert_eq!(told(&error), "✘ the stores did not open: no such folder");
    }

    #[test]
    fn no_orders_at_all_are_nothing_to_play_or_to_measure() {
        for words in [&["takt", "demo", "--orders", "0"][..], &["takt", "bench", "idle", "--orders", "0"]] {
            let error = Words::try_parse_from(words).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::ValueValidation);
            assert!(error.to_string().contains("0 is not in 1.."), "{error}");
        }
        assert!(Words::try_parse_from(["takt", "demo", "--orders", "1"]).is_ok());
    }
}
