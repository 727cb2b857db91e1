//! From a folder of text to what is simulated: everything that a node would run, with mappings that run in place, and without the
//! links that speak in files, whose folders are on a disk that virtual time does not know.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::Path;

use takt_config::demo;
use takt_config::folder::Folder;
use takt_config::load::{self, LinkText, Mesh};
use takt_config::text::TransportText;
use takt_protocol::name::SiteId;

use super::sisters;

/// The shortest time between two rounds of a poll: most of a simulated day would be questions whose answer is the one before.
const POLL_MS: NonZeroU64 = NonZeroU64::new(60_000).unwrap();

/// A configuration that is simulated.
pub(super) struct Loaded {
    pub(super) mesh: Mesh,
    /// What of it is not, for a person.
    pub(super) notes: Vec<String>,
}

impl Loaded {
    /// Its own word of a system for ours; ours where it has none.
    pub(super) fn word(&self, site: SiteId, table: &str, ours: &str) -> String {
        let tables = self.mesh.links.get(&site).map(|link| link.transport.tables());
        tables.and_then(|tables| tables.get(table)?.get(ours)).cloned().unwrap_or_else(|| ours.to_owned())
    }
}

/// Reads a folder, or the demo's own text where there is none, with so many plants in the place of each of its.
pub(super) fn load(config: Option<&Path>, of_each: u64) -> anyhow::Result<Loaded> {
    if let Some(dir) = config {
        return read(dir);
    }
    let dir = std::env::temp_dir().join(format!("takt-sim-{}-{:?}", std::process::id(), std::thread::current().id()));
    demo::write_to(&dir)?;
    sisters::write(&dir, of_each)?;
    let read = read(&dir);
    std::fs::remove_dir_all(&dir)?;
    read
}

fn read(dir: &Path) -> anyhow::Result<Loaded> {
    let mut mesh = load::load(dir, &variables(dir)?).map_err(|found| told(dir, &found))?;
    for mapping in mesh.mappings.values_mut() {
        *mapping = mapping.clone().in_place();
    }
    let mut notes = Vec::new();
    let elsewhere = |link: &LinkText| match link.transport {
        TransportText::Http(_) => None,
        TransportText::Files(_) => Some("files"),
        TransportText::Sql(_) => Some("SQL"),
        TransportText::Mqtt(_) => Some("MQTT"),
    };
    for (site, link) in &mesh.links {
        if let Some(word) = elsewhere(link) {
            notes.push(format!("{site} speaks in {word}, which is not simulated: it gets no orders"));
        }
    }
    mesh.links.retain(|_, link| elsewhere(link).is_none());
    let mut slowed = 0;
    for link in mesh.links.values_mut() {
        if let TransportText::Http(http) = &mut link.transport {
            for poll in http.polls.values_mut().filter(|poll| poll.every_ms < POLL_MS) {
                poll.every_ms = POLL_MS;
                slowed += 1;
            }
        }
    }
    if slowed > 0 {
        notes.push(format!("{slowed} polls ask once in {} s, not as often as is written", POLL_MS.get() / 1_000));
    }
    for region in mesh.engines.keys() {
        notes.push(format!("region {region} is on the simulated engine, whatever regions.yaml says"));
    }
    Ok(Loaded { mesh, notes })
}

fn told(dir: &Path, found: &[takt_config::Finding]) -> anyhow::Error {
    let lines: Vec<String> = found.iter().map(|finding| format!("  {finding}")).collect();
    anyhow::anyhow!("the configuration in {} cannot be used:\n{}", dir.display(), lines.join("\n"))
}

/// What the text leaves to be filled in: nobody is called, so any address will do.
fn variables(dir: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let folder = Folder::read(dir).map_err(|found| told(dir, &found))?;
    let value = |name: &str| {
        if name.ends_with("_URL") {
            return format!("http://{}.sim", name.trim_end_matches("_URL").to_lowercase().replace('_', "-"));
        }
        if name.ends_with("_DIR") { format!("/nowhere/{name}") } else { format!("sim-{}", name.to_lowercase()) }
    };
    Ok(folder.variables().into_iter().map(|name| (name.clone(), value(&name))).collect())
}
