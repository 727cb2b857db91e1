//! `takt doctor`: looks at the servers of every region that is on JetStream, as a start would, and says of each thing how it stands
//! and what mends it. Starts nothing and changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use takt_actors::restored::{self, Restored};
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::{Check, JetStream, Settings, Verdict, examine};
use takt_cluster::seam::Clock;
use takt_config::folder::Folder;
use takt_config::load::{Mesh, load};
use takt_config::text::EngineText;
use takt_config::{Finding, trial};
use takt_protocol::name::Region;

use crate::{engine, screens};

/// What to look at.
#[derive(Clone, Debug, clap::Args)]
pub struct Visit {
    /// The folder that holds mesh.yaml and regions.yaml. What regions.yaml leaves open as `${NAME}` is taken from the environment.
    #[arg(default_value = ".")]
    config: PathBuf,
}

/// Looks, prints, and says by its exit code how it stands: 0 as it must be, 1 not.
pub async fn visit(visit: &Visit, as_json: bool) -> ExitCode {
    let text = match read(&visit.config, &std::env::vars().collect(), &["regions.yaml"]) {
        Ok(text) => text,
        Err(findings) => {
            screens::findings(&findings, as_json);
            return ExitCode::FAILURE;
        }
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let mut found = Vec::new();
    for region in &text.regions {
        found.push((*region, look(*region, text.engines.get(region), &clock).await));
    }
    screens::doctor(&told(&found), as_json);
    let well = found.iter().flat_map(|(_, checks)| checks.iter().flatten()).all(|check| check.verdict == Verdict::Good);
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the servers of a region are like; `None` for one that has none.
async fn look(region: Region, text: Option<&EngineText>, clock: &Arc<dyn Clock>) -> Option<Vec<Check>> {
    match text {
        Some(EngineText::Jetstream(text)) => {
            let settings = engine::settings(region, text);
            let mut found = examine(&settings, Arc::clone(clock)).await;
            found.extend(restoring(settings, &found, clock).await);
            Some(found)
        }
        Some(EngineText::Embedded(_)) | None => None,
    }
}

/// Whether the region was restored and nobody has said that it was compared. Looked at only where everything is there, so that nothing
/// is made.
async fn restoring(settings: Settings, found: &[Check], clock: &Arc<dyn Clock>) -> Option<Check> {
    let whole = found.iter().all(|check| check.verdict != Verdict::Unsafe && !check.says.contains("the first start makes it"));
    if !whole {
        return None;
    }
    let about = format!("region {}", settings.region);
    let check = |verdict, says: String| Some(Check { about: about.clone(), what: "restored", verdict, says });
    let engine = JetStream::open(settings, Arc::clone(clock)).await.ok()?;
    let standing = restored::standing(&engine.seams()).await;
    engine.stop().await;
    match standing {
        Ok(Some(Restored::Reconciling)) => {
            let says = format!(
                "{about} was restored from a backup and sends nothing: have its books compared (`takt reconcile --every`), then say \
                 `takt reconciled`"
            );
            check(Verdict::Warning, says)
        }
        Ok(Some(Restored::Compared) | None) => None,
        Err(error) => check(Verdict::Unsafe, error.to_string()),
    }
}

/// The folder. Only what these files want must be set here: addresses and tokens of sites are another matter.
pub(crate) fn read(config: &Path, variables: &BTreeMap<String, String>, files: &[&str]) -> Result<Mesh, Vec<Finding>> {
    if let Err(findings) = load(config, variables) {
        let ours: Vec<Finding> = findings.into_iter().filter(|finding| files.contains(&finding.file.as_str())).collect();
        if !ours.is_empty() {
            return Err(ours);
        }
    }
    let (filled, _) = trial::filled(&Folder::read(config)?, variables);
    load(config, &filled)
}

/// What was found, as a program reads it.
fn told(found: &[(Region, Option<Vec<Check>>)]) -> Value {
    let word = |verdict| match verdict {
        Verdict::Good => "good",
        Verdict::Warning => "warning",
        Verdict::Unsafe => "unsafe",
    };
    let check = |check: &Check| json!({ "about": check.about, "what": check.what, "verdict": word(check.verdict), "says": check.says });
    let region = |(region, checks): &(Region, Option<Vec<Check>>)| {
        let engine = if checks.is_some() { "jetstream" } else { "embedded" };
        let all = checks.iter().flatten();
        let worst = all.clone().map(|check| check.verdict).max().unwrap_or(Verdict::Good);
        json!({ "region": region, "engine": engine, "verdict": word(worst), "checks": all.map(check).collect::<Vec<_>>() })
    };
    json!({ "regions": found.iter().map(region).collect::<Vec<_>>() })
}
