//! The limit and ours, measured alike: fenced appends of many orders at once, each order's next one only after the last was
//! acknowledged; straight to a stream that is set like the log, and through the journal. Both run in one process against the
//! same servers, so that a figure always stands beside its twin.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use futures::future::join_all;
use serde_json::Value;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::Region;
use takt_protocol::subject;

use super::api::{Api, FENCE, stored};
use super::fault::Fault;
use super::layout;
use super::settings::Settings;
use crate::Error;
use crate::seam::{Append, Appended, Clock, Journal};

/// What is done.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Orders that have an append under way.
    pub in_flight: u32,
    /// Appends of an order before the next one takes its place.
    pub appends: u32,
    /// Bytes of an append.
    pub bytes: usize,
    /// For how long.
    pub time: Duration,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Acknowledged appends a second.
    pub per_second: u64,
    /// Half of the answers came in so many microseconds.
    pub p50_us: u64,
    /// And 99 of 100 in so many.
    pub p99_us: u64,
    /// Answers that were no acknowledgement.
    pub refused: u64,
}

impl Measured {
    /// How many thousandths of another's rate this is.
    pub fn per_mille_of(&self, other: &Self) -> u64 {
        self.per_second.saturating_mul(1_000).checked_div(other.per_second).unwrap_or(0)
    }

    fn of(mut taken: Vec<(Vec<Duration>, u64)>, time: Duration) -> Self {
        let refused = taken.iter().map(|(_, refused)| refused).sum();
        let mut times: Vec<Duration> = taken.iter_mut().flat_map(|(times, _)| times.drain(..)).collect();
        times.sort_unstable();
        let count = times.len();
        let at = |hundredths: usize| times.get((count * hundredths / 100).min(count.saturating_sub(1))).map_or(0, Duration::as_micros);
        let micros = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
        let per_second = (count as u128 * 1_000_000).checked_div(time.as_micros()).unwrap_or(0);
        Self { per_second: micros(per_second), p50_us: micros(at(50)), p99_us: micros(at(99)), refused }
    }
}

/// The limit: what the servers take from a client that does nothing else. The stream is gone afterwards.
pub async fn raw(settings: &Settings, clock: &Arc<dyn Clock>, load: Load) -> Result<Measured, Error> {
    let api = super::api(settings, clock, "probe").await?;
    let name = format!("takt-{}-probe", settings.region);
    let place = format!("stream `{name}`");
    let region = settings.region;
    let log = layout::streams(settings, &layout::Names::of(region)).into_iter().next();
    let Some(request) = log.map(|log| log.copy(&name, &subject::class(region, "probe"))) else {
        return Err(Error::Unreachable { place });
    };
    api.call::<Value>(&format!("STREAM.CREATE.{name}"), &request).await.map_err(|fault| fault.error(&place))?;
    let until = clock.elapsed() + load.time;
    let started = clock.elapsed();
    let taken = join_all((0..load.in_flight).map(|lane| tokio::spawn(lane_raw(api.clone(), region, lane, load, until)))).await;
    let time = clock.elapsed().saturating_sub(started);
    api.call::<Value>(&format!("STREAM.DELETE.{name}"), &Value::Null).await.map_err(|fault| fault.error(&place))?;
    let taken = taken.into_iter().collect::<Result<Result<Vec<_>, Fault>, _>>().map_err(|_| Error::Stopped)?;
    Ok(Measured::of(taken.map_err(|fault| fault.error(&place))?, time))
}

async fn lane_raw(api: Api, region: Region, lane: u32, load: Load, until: Duration) -> Result<(Vec<Duration>, u64), Fault> {
    let bytes = Bytes::from(vec![b'x'; load.bytes]);
    let (mut times, mut refused) = (Vec::new(), 0);
    for order in 0_u32.. {
        let subject = subject::class(region, "probe").replace('>', &format!("{lane}.{order}"));
        let mut last = 0;
        for _ in 0..load.appends {
            let started = api.clock.elapsed();
            last = loop {
                if api.clock.elapsed() >= until {
                    return Ok((times, refused));
                }
                let mut headers = HeaderMap::new();
                headers.insert(FENCE, last.to_string());
                match api.ask(subject.clone(), headers, bytes.clone()).await.and_then(|answer| stored(&answer)) {
                    Ok(sequence) => break sequence,
                    // The leader still has the one before in process.
                    Err(Fault::Fence) => refused += 1,
                    Err(fault) => return Err(fault),
                }
            };
            times.push(api.clock.elapsed().saturating_sub(started));
        }
    }
    Ok((times, refused))
}

/// Ours: the same work through the journal. Its orders are new at every call, and stay in the log.
pub async fn ours(journal: &Arc<dyn Journal>, region: Region, clock: &Arc<dyn Clock>, load: Load) -> Result<Measured, Error> {
    let until = clock.elapsed() + load.time;
    let started = clock.elapsed();
    let run = u128::from(crate::chance::number()) << 64;
    let lane = |lane: u32| lane_ours(Arc::clone(journal), region, Arc::clone(clock), run | u128::from(lane) << 32, load, until);
    let taken = join_all((0..load.in_flight).map(|number| tokio::spawn(lane(number)))).await;
    let time = clock.elapsed().saturating_sub(started);
    let taken = taken.into_iter().collect::<Result<Vec<_>, _>>().map_err(|_| Error::Stopped)?;
    Ok(Measured::of(taken, time))
}

async fn lane_ours(
    journal: Arc<dyn Journal>,
    region: Region,
    clock: Arc<dyn Clock>,
    lane: u128,
    load: Load,
    until: Duration,
) -> (Vec<Duration>, u64) {
    let bytes = Bytes::from(vec![b'x'; load.bytes]);
    let (mut times, mut refused) = (Vec::new(), 0);
    for order in 0_u32.. {
        // The shard is drawn from the upper half of the number.
        let entity = EntityId::from_parts(Kind::Order, region, 1, (lane | u128::from(order)).rotate_left(64));
        let mut after = 0;
        for _ in 0..load.appends {
            let started = clock.elapsed();
            after = loop {
                if clock.elapsed() >= until {
                    return (times, refused);
                }
                match journal.append(vec![Append { entity, after, bytes: bytes.clone() }]).await[..] {
                    [Appended::Committed { sequence }] => break sequence,
                    [Appended::Conflict { last }] => {
                        refused += 1;
                        break last;
                    }
                    _ => refused += 1,
                }
            };
            times.push(clock.elapsed().saturating_sub(started));
        }
    }
    (times, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_and_its_percentiles_are_counted_in_whole_numbers() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_micros).collect();
        let found = Measured::of(vec![(times[..50].to_vec(), 1), (times[50..].to_vec(), 2)], Duration::from_millis(500));
        assert_eq!((found.per_second, found.p50_us, found.p99_us, found.refused), (400, 101, 199, 3));
        assert_eq!(Measured::of(Vec::new(), Duration::ZERO).per_second, 0);
        let half = Measured { per_second: 200, ..found };
        assert_eq!((half.per_mille_of(&found), half.per_mille_of(&Measured::default())), (500, 0));
    }
}
