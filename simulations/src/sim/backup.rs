//! A region that loses everything and is restored from a backup that is behind. What came after the backup is forgotten: its declared
//! durability is that of one disk. All the same nothing is done twice, and nothing is sent before a person says that it was compared.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;
use takt_protocol::name::{Region, SiteId};

use super::people::{People, list};
use crate::world::ledger::{Entry, Ledger};
use crate::world::system::Kind;

/// When what was on the road as the region was lost has come to wherever it went.
const ON_THE_ROAD: Duration = Duration::from_mins(2);

/// What was booked and begun in systems that only this region writes to.
struct Done {
    booked: BTreeMap<SiteId, BTreeMap<Entry, Decimal>>,
    jobs: BTreeMap<SiteId, usize>,
}

impl Done {
    /// The first thing that was not there before, if any is.
    fn beyond(&self, before: &Self) -> Option<String> {
        let fresh = |(site, entries): (&SiteId, &BTreeMap<Entry, Decimal>)| {
            let known = before.booked.get(site);
            let entry = entries.iter().find(|(entry, sum)| known.and_then(|known| known.get(entry)) != Some(sum))?;
            Some(format!("{site} has {entry:?}, and had {:?}", known.and_then(|known| known.get(entry.0))))
        };
        let jobs = |(site, count): (&SiteId, &usize)| {
            let known = before.jobs.get(site).copied().unwrap_or_default();
            (known != *count).then(|| format!("{site} has {count} jobs, and had {known}"))
        };
        self.booked.iter().find_map(fresh).or_else(|| self.jobs.iter().find_map(jobs))
    }
}

/// Takes the backup, loses the region, restores it, and has it compared.
pub(super) async fn strike(people: &People, region: Region, behind: Duration, reconciling: Duration) {
    let (town, yard) = (&people.town, &people.yard);
    let Some(backup) = yard.backup(region) else { return };
    let from = town.elapsed();
    tokio::time::sleep(behind).await;
    let forgotten = yard.restore(region, backup);
    town.forgets(region, from);
    town.count("restored from a backup");
    town.add("forgotten with the region", forgotten);
    tokio::time::sleep(ON_THE_ROAD).await;
    let before = done(people, region);
    tokio::time::sleep(reconciling).await;
    if let Some(what) = done(people, region).beyond(&before) {
        town.breaks(format!("T2: {region} was restored from a backup, and sent something before it was compared: {what}"));
    }
    while !yard.compared(region).await {
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    town.count("reconciling, and compared");
}

/// What stands in the books of its own ERPs and plants.
fn done(people: &People, region: Region) -> Done {
    let book = people.yard.book();
    let alone = |erp: SiteId| book.sites.values().filter(|site| site.erp == Some(erp)).all(|site| site.region == region);
    let here = || people.town.houses().filter(|house| house.region == region);
    let booked = here().filter(|house| alone(house.site)).filter_map(|house| {
        let books = house.with(|system| system.books());
        Some((house.site, Ledger::of(house.kind, &books)?.entries))
    });
    let plants = here().filter(|house| house.kind == Kind::Mes);
    let jobs = plants.map(|house| (house.site, list(&house.with(|system| system.books()), "jobs").len()));
    Done { booked: booked.collect(), jobs: jobs.collect() }
}
