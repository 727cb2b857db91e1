//! Runs days of the gate from the command line: the seed first, then what took effect, and on failure the sentence that
//! reproduces it.

#![expect(clippy::print_stdout, reason = "this is what a person reads")]

use takt_simulations::gate::{Trial, run};

const USAGE: &str = "usage: gate [--seed S | --seeds N]   days with lost replies, duplicates and crashes, drawn from their seeds";

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &str| text.parse::<u64>().map_err(|_| anyhow::anyhow!("`{text}` is not a number\n{USAGE}"));
    let seeds = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => 0..20,
        ["--seeds", count] => 0..number(count)?,
        ["--seed", seed] => number(seed)?..number(seed)?.saturating_add(1),
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return Ok(());
        }
        other => anyhow::bail!("unknown words: {}\n{USAGE}", other.join(" ")),
    };
    let mut broken = 0;
    for seed in seeds {
        let verdict = run(Trial { seed, trouble_one_in: 25, crash_one_in: 300, habits: true, ..Trial::default() })?;
        let faults: Vec<String> = verdict.faults.iter().map(|(name, count)| format!("{name} {count}")).collect();
        println!(
            "seed {seed:4}  {} documents, {} departure, {} crashes survived, {} operations, {:.1} s of virtual time; {}",
            verdict.documents,
            verdict.departures,
            verdict.crashes,
            verdict.operations,
            verdict.took.as_secs_f64(),
            faults.join(", ")
        );
        for sentence in &verdict.broken {
            println!("          BROKEN {sentence}");
        }
        if !verdict.broken.is_empty() {
            broken += 1;
            println!("          again: cargo run --package takt-simulations --bin gate -- --seed {seed}");
        }
    }
    anyhow::ensure!(broken == 0, "{broken} days broke a promise");
    println!("every promise held");
    Ok(())
}
