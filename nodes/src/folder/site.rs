//! The command line about one system: bring a new one in from a template and its own messages, hold its link to what it has to be able
//! to do, and compare what we would have posted with what its old interface posted.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;
use takt_config::observed;
use takt_config::onboard::{self, Gap, TEMPLATES, Unwritten, Wanted};
use takt_config::trial::conform;
use takt_protocol::name::{Region, SiteId};

use super::{Trouble, variables};
use crate::screens;

/// About one system.
#[derive(Clone, Debug, Subcommand)]
pub enum SiteWork {
    /// Writes the file of a new system from a template, with mappings of its own and their tests. With samples of its messages it says what
    /// of them nobody reads yet, and drafts a mapping for those that none takes.
    New {
        /// The name of the new site.
        name: String,
        /// The template; `takt site templates` lists them.
        #[arg(long)]
        from: String,
        /// A folder with messages of the system, as it sends them, each in a file that is called after its topic.
        #[arg(long)]
        samples: Option<PathBuf>,
        /// The region it is at home in; left out, the only one.
        #[arg(long)]
        region: Option<String>,
        /// Of a plant: the ERP that owns its orders; left out, the only one.
        #[arg(long)]
        erp: Option<String>,
        /// The folder that holds mesh.yaml.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Lists the templates.
    Templates,
    /// Holds the link of a site to its contract: what its kind is asked for, what each mapping makes of answers that are none, and the
    /// tests of its mappings.
    Test {
        /// The site.
        name: String,
        /// The folder that holds mesh.yaml.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Compares what we would have posted for a site that is only observed with what its old interface posted: a CSV or JSON file with
    /// `order`, `movement`, `material`, `lot`, `qty` and `unit` in each row.
    Observed {
        /// The file that the site's `observe` names.
        ours: PathBuf,
        /// What the old interface posted.
        #[arg(long)]
        against: PathBuf,
    },
}

pub(super) fn work(work: &SiteWork, as_json: bool) -> Result<bool, Trouble> {
    match work {
        SiteWork::New { name, from, samples, region, erp, dir } => {
            let site = |text: &str| SiteId::parse(text).map_err(|wrong| wrong.to_string());
            let wanted = Wanted {
                name: site(name)?,
                template: from.clone(),
                region: region.as_deref().map(Region::parse).transpose().map_err(|wrong| wrong.to_string())?,
                erp: erp.as_deref().map(site).transpose()?,
                samples: samples.clone(),
            };
            new(dir, &wanted, as_json)
        }
        SiteWork::Templates => {
            templates(as_json);
            Ok(true)
        }
        SiteWork::Test { name, dir } => test(name, dir, as_json),
        SiteWork::Observed { ours, against } => compared(ours, against, as_json),
    }
}

fn templates(as_json: bool) {
    if as_json {
        let all = TEMPLATES.iter().map(|(name, text)| json!({ "name": name, "about": onboard::about(text) }));
        return screens::print(&screens::pretty(&Value::Array(all.collect())));
    }
    for (name, text) in TEMPLATES {
        screens::print(&format!("{name:<10} {}", onboard::about(text)));
    }
}

fn new(dir: &Path, wanted: &Wanted, as_json: bool) -> Result<bool, Trouble> {
    let clock = SystemClock::start();
    let written = onboard::onboard(dir, wanted).map_err(|why| match why {
        Unwritten::Said(why) => Trouble::Said(why),
        Unwritten::Found(findings) => Trouble::Found(findings),
    })?;
    let took_ms = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    if as_json {
        let gaps: Vec<Value> = written.gaps.iter().map(gap_json).collect();
        let all = json!({ "files": written.files, "gaps": gaps, "next": written.next, "took_ms": took_ms });
        screens::print(&screens::pretty(&all));
        return Ok(true);
    }
    let mut lines = vec![format!("{} from {}: {} files in {took_ms} ms", wanted.name, wanted.template, written.files.len())];
    lines.extend(written.files.iter().map(|file| format!("  {file}")));
    if !written.gaps.is_empty() {
        lines.push("GAPS".to_owned());
        lines.extend(written.gaps.iter().flat_map(gap_lines));
    }
    lines.push("NEXT".to_owned());
    lines.extend(written.next.iter().map(|next| format!("  {next}")));
    screens::print(&lines.join("\n"));
    Ok(true)
}

fn gap_json(gap: &Gap) -> Value {
    let ids: Vec<Value> = gap.ids.iter().map(|(kind, id)| json!({ "kind": kind, "id": id })).collect();
    json!({ "sample": gap.sample, "topic": gap.taken.as_ref().map(|(topic, _)| topic), "mapping": gap.taken.as_ref().map(|(_, file)| file),
        "inputs": gap.inputs, "not_mapped": gap.left, "unknown_units": gap.units, "unknown_ids": ids, "why": gap.why, "drafted": gap.drafted })
}

fn gap_lines(gap: &Gap) -> Vec<String> {
    let mut lines = vec![match &gap.taken {
        Some((topic, file)) => format!("  {}  {topic}, by {file}: {} inputs", gap.sample, gap.inputs),
        None => format!("  {}  NOT TAKEN: {}", gap.sample, gap.why.as_deref().unwrap_or("nobody knows why")),
    }];
    let mut say = |what: &str, all: Vec<String>| {
        if !all.is_empty() {
            lines.push(format!("      {what}: {}", all.join(", ")));
        }
    };
    say("fields not mapped", gap.left.clone());
    say("unknown units, to be added to `tables.unit`", gap.units.iter().cloned().collect());
    say("ids of things that nobody named here", gap.ids.iter().map(|(kind, id)| format!("{kind} {id}")).collect());
    say("drafted, to be looked at", gap.drafted.iter().cloned().collect());
    lines
}

fn test(name: &str, dir: &Path, as_json: bool) -> Result<bool, Trouble> {
    let site = SiteId::parse(name).map_err(|wrong| wrong.to_string())?;
    let done = conform::site(dir, &variables(), site).map_err(Trouble::Found)?;
    if as_json {
        let all: Vec<Value> = done.iter().map(|one| json!({ "what": one.what, "well": one.wrong.is_none(), "wrong": one.wrong })).collect();
        screens::print(&screens::pretty(&json!({ "site": name, "right": done.iter().all(|one| one.wrong.is_none()), "checks": all })));
    } else {
        for one in &done {
            match &one.wrong {
                None => screens::print(&format!("ok     {}", one.what)),
                Some(why) => screens::print(&format!("WRONG  {}: {why}", one.what)),
            }
        }
        let wrong = done.iter().filter(|one| one.wrong.is_some()).count();
        screens::print(&if wrong == 0 {
            format!("RIGHT  {name} keeps its contract in {} checks", done.len())
        } else {
            format!("WRONG  {wrong} of {} checks of {name}", done.len())
        });
    }
    Ok(done.iter().all(|one| one.wrong.is_none()))
}

fn compared(ours: &Path, against: &Path, as_json: bool) -> Result<bool, Trouble> {
    let read = |file: &Path| std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()));
    let rows = observed::compared(&read(ours)?, &read(against)?)?;
    let same = rows.iter().all(|row| row.ours == row.theirs);
    if as_json {
        let all: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({ "order": row.order, "movement": row.movement, "material": row.material, "lot": row.lot,
            "unit": row.unit, "ours": row.ours.to_string(), "theirs": row.theirs.to_string() })
            })
            .collect();
        screens::print(&screens::pretty(&json!({ "same": same, "rows": all })));
        return Ok(same);
    }
    for row in &rows {
        let word = if row.ours == row.theirs { "same " } else { "DIFFERS" };
        let lot = if row.lot.is_empty() { String::new() } else { format!("/{}", row.lot) };
        screens::print(&format!(
            "{word:<7} order {} {} {}{lot}: ours {}, theirs {} {}",
            row.order, row.movement, row.material, row.ours, row.theirs, row.unit
        ));
    }
    let differ = rows.iter().filter(|row| row.ours != row.theirs).count();
    screens::print(&format!("{differ} of {} sums differ", rows.len()));
    Ok(same)
}
