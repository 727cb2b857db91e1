//! Lets happen what a scenario says, when it says so. Where it says no name, the seed draws one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use takt_protocol::book::SiteKind;
use takt_protocol::instant::Instant;
use takt_protocol::name::Region;

use super::people::People;
use super::scenario::{Blow, Scenario, What};
use super::town::Town;
use crate::gate::Luck;
use crate::world::Request;
use crate::world::system::Kind;

/// Runs until everything has happened.
pub(super) async fn change(scenario: &'static Scenario, seed: u64, people: Arc<People>) {
    let mut luck = Luck::of(seed, "weather");
    let mut blows = Vec::new();
    for (number, blow) in scenario.blows.iter().enumerate() {
        let names = people.yard.regions();
        let region = usize::try_from(luck.below(names.len() as u64)).ok().and_then(|at| names.get(at).copied());
        if people.town.strikes(number) {
            blows.push(strike(*blow, region, Arc::clone(&people)));
        }
    }
    futures::future::join_all(blows).await;
}

async fn strike(blow: Blow, region: Option<Region>, people: Arc<People>) {
    tokio::time::sleep(minutes(blow.at_min)).await;
    let (town, lasts) = (&people.town, minutes(blow.lasts_min));
    draw(town, blow, region);
    match (blow.what, region) {
        (What::WanCut, Some(region)) => cut_off(town, region, lasts).await,
        (What::RebootedOffline, Some(region)) => {
            let reboot = async {
                for _ in 0..3 {
                    tokio::time::sleep(lasts / 4).await;
                    people.yard.lose(region, Duration::from_mins(3));
                    town.count("rebooted while offline");
                }
            };
            futures::future::join(cut_off(town, region, lasts), reboot).await;
        }
        (What::WrongClock { ahead_ms, drift_ppm }, Some(region)) => {
            people.yard.set_clock(region, ahead_ms, drift_ppm);
            tokio::time::sleep(lasts).await;
            people.yard.set_clock(region, 0, 0);
        }
        (What::Disk(wrong), Some(region)) => {
            people.yard.set_disk(region, Some(wrong));
            tokio::time::sleep(lasts).await;
            people.yard.set_disk(region, None);
        }
        (What::PlantCut, _) => super::autonomy::cut(&people, lasts).await,
        (What::Corrections, _) => people.correct(lasts).await,
        (What::RulesChanged, _) => super::rules::strike(&people).await,
        (What::CutOver, _) => super::cutover::strike(&people).await,
        (What::OtherBinary, _) => replace_all(&people, lasts).await,
        (What::FromBackup { behind_min, reconciling_min }, Some(region)) => {
            super::backup::strike(&people, region, minutes(behind_min), minutes(reconciling_min)).await;
        }
        (What::Mistakes, _) => super::mistakes::strike(&people, lasts).await,
        (What::BehindOurBack, _) => super::behind::strike(&people, lasts).await,
        (What::Down(kind), _) => down(town, kind, lasts).await,
        (What::Habits(kind, habits), _) => {
            for house in town.houses().filter(|house| house.of == kind) {
                town.set_habits(house, habits);
            }
            tokio::time::sleep(lasts).await;
            for house in town.houses().filter(|house| house.of == kind) {
                town.usual_habits(house);
            }
        }
        (What::NodeLost, Some(region)) => people.yard.lose(region, lasts),
        (What::PeriodClosed, _) => {
            close(&people, true);
            tokio::time::sleep(lasts).await;
            close(&people, false);
        }
        (What::PostedByHand, _) => people.post_by_hand(lasts).await,
        (
            What::WanCut | What::NodeLost | What::RebootedOffline | What::WrongClock { .. } | What::Disk(_) | What::FromBackup { .. },
            None,
        ) => {}
    }
}

/// Draws what happens, at those that it happens to.
fn draw(town: &Town, blow: Blow, region: Option<Region>) {
    let (from, what) = (town.elapsed(), blow.what.name());
    let until = from + minutes(blow.lasts_min);
    let at = |lane: &str| town.board().span(from, until, lane, what);
    let region = region.map(|region| region.to_string()).unwrap_or_default();
    match blow.what {
        What::WanCut | What::RebootedOffline => at(&format!("links of {region}")),
        What::WrongClock { .. } | What::Disk(_) | What::FromBackup { .. } => at(&format!("node {region}")),
        // When a node is there again is drawn where it is started.
        What::NodeLost => {}
        What::Down(kind) | What::Habits(kind, _) => {
            town.houses().filter(|house| house.of == kind).for_each(|house| at(house.site.as_str()));
        }
        What::PeriodClosed | What::PostedByHand => {
            town.houses().filter(|house| house.of == SiteKind::Erp).for_each(|house| at(house.site.as_str()));
        }
        What::Corrections => town.houses().filter(|house| house.of == SiteKind::Plant).for_each(|house| at(house.site.as_str())),
        What::PlantCut | What::RulesChanged | What::CutOver | What::OtherBinary | What::Mistakes | What::BehindOurBack => {
            at("all");
        }
    }
}

/// One node after the other is replaced by one of another binary.
async fn replace_all(people: &People, lasts: Duration) {
    let regions = people.yard.regions();
    for region in &regions {
        people.yard.replace(*region, Duration::from_mins(1));
        tokio::time::sleep(lasts / u32::try_from(regions.len()).unwrap_or(1)).await;
    }
}

async fn down(town: &Town, kind: SiteKind, lasts: Duration) {
    for house in town.houses().filter(|house| house.of == kind) {
        town.with_reach(|reach| _ = reach.down.insert(house.site));
    }
    tokio::time::sleep(lasts).await;
    for house in town.houses().filter(|house| house.of == kind) {
        town.with_reach(|reach| _ = reach.down.remove(&house.site));
    }
}

async fn cut_off(town: &Town, region: Region, lasts: Duration) {
    town.with_reach(|reach| _ = reach.cut.insert(region));
    tokio::time::sleep(lasts).await;
    town.with_reach(|reach| _ = reach.cut.remove(&region));
}

/// Closes the month of the scenario's begin in every ERP that has months, or opens it again.
fn close(people: &People, closed: bool) {
    let month: String = month(people.town.now()).chars().take(7).collect();
    for erp in people.town.houses().filter(|house| house.of == SiteKind::Erp && house.kind == Kind::Erp) {
        let months = if closed { vec![month.clone()] } else { Vec::new() };
        match people.town.do_there(erp, &Request::put("/_sim/periods", &json!({ "closed": months }))) {
            Ok(_) if closed => people.town.count("period closed"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a month cannot be closed"),
        }
    }
}

/// The month that began before yesterday: that of the scenario, a few hours later.
fn month(now: Instant) -> String {
    now.minus(Duration::from_hours(12)).to_string()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}
