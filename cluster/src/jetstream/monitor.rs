//! What the servers say of themselves over their monitoring port: whether what they acknowledge is on their disks. Plain
//! HTTP, one answer a connection, bounded in time and bytes.

use std::time::Duration;

use serde_json::Value;
use takt_protocol::instant::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::checkup::{self, Check, Verdict};
use crate::seam::Clock;

/// The oldest servers whose sync and fences are what this engine rests on.
pub(super) const VERSION_MIN: (u64, u64) = (2, 15);
const ANSWER_BYTES_MAX: u64 = 4 << 20;
/// With less room than this left a server may refuse the next message.
const ROOM_BYTES_MIN: u64 = 128 << 20;
/// Clocks further apart than this are told of: timers come due by the servers' clock, and are set by ours.
const APART_MS: u64 = 1_000;
/// And further apart than this no node starts: shifts, closed days and clearances would be other ones here and there.
const APART_MS_MAX: u64 = 60_000;

/// A server, as far as safety goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) syncs_always: bool,
    pub(super) payload_bytes_max: u64,
    /// How much its disk may hold, and how much it holds.
    pub(super) room: Option<(u64, u64)>,
    /// By how many ms its clock is before ours, or behind it; less than the time that the question took is nothing.
    pub(super) ahead_ms: Option<i64>,
}

/// Asks a server's monitoring address.
pub(super) async fn ask(address: &str, clock: &dyn Clock, patience: Duration) -> Result<Server, String> {
    let address = address.strip_prefix("http://").unwrap_or(address).trim_end_matches('/');
    let asked = clock.now();
    match tokio::time::timeout(patience, get(address, "/varz")).await {
        Ok(Ok(answer)) => {
            read(&answer, asked, clock.now()).ok_or_else(|| format!("`{address}` does not answer as a nats-server with JetStream does"))
        }
        Ok(Err(error)) => Err(format!("`{address}` does not answer: {error}")),
        Err(_) => Err(format!("`{address}` does not answer in {} ms", patience.as_millis())),
    }
}

async fn get(address: &str, path: &str) -> std::io::Result<Value> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: application/json\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    let odd = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| odd("it is not HTTP"))?;
    let (head, body) = answer.split_at_checked(end + 4).ok_or_else(|| odd("it is not HTTP"))?;
    let status = String::from_utf8_lossy(head).lines().next().unwrap_or_default().to_owned();
    if status.split_whitespace().nth(1) != Some("200") {
        return Err(odd(&status));
    }
    serde_json::from_slice(body).map_err(|error| odd(&error.to_string()))
}

/// What it answered to a question that was asked then and answered now.
fn read(answer: &Value, asked: Instant, answered: Instant) -> Option<Server> {
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
    let config = answer.get("jetstream")?.get("config")?;
    let number = |path: &str| answer.pointer(path).and_then(Value::as_u64);
    Some(Server {
        name: text("server_name")?,
        version: text("version")?,
        syncs_always: config.get("sync_always").and_then(Value::as_bool).unwrap_or(false),
        payload_bytes_max: number("/max_payload").unwrap_or(0),
        room: number("/jetstream/config/max_storage").zip(number("/jetstream/stats/storage")),
        ahead_ms: text("now").and_then(|now| Instant::parse(&now).ok()).map(|now| ahead_ms(now, asked, answered)),
    })
}

/// How far a clock is ahead of ours that said `now` between two moments of ours; negative when it is behind.
fn ahead_ms(now: Instant, asked: Instant, answered: Instant) -> i64 {
    let after = |later: Instant, earlier: Instant| later.utc_ns().saturating_sub(earlier.utc_ns()).max(0);
    (after(now, answered) - after(asked, now)) / 1_000_000
}

/// Whether a version is new enough; one that cannot be read is not.
pub(super) fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split(['.', '-']).map(|part| part.parse::<u64>().ok());
    matches!((parts.next().flatten(), parts.next().flatten()), (Some(major), Some(minor)) if (major, minor) >= VERSION_MIN)
}

impl Server {
    /// What it is called in what is said of it.
    pub(super) fn about(&self) -> String {
        format!("server `{}`", self.name)
    }

    /// What was looked at, each with the line that mends it.
    pub(super) fn checks(&self) -> Vec<Check> {
        let about = self.about();
        let mut found = vec![checkup::version(&about, &self.version), self.sync(&about), checkup::payload(&about, self.payload_bytes_max)];
        found.extend(self.room.map(|(most, used)| room(&about, most, used)));
        found.extend(self.ahead_ms.map(|ahead| clock(&about, ahead)));
        found
    }

    fn sync(&self, about: &str) -> Check {
        if self.syncs_always {
            return Check::new(about, "sync", Verdict::Good, format!("{about} has on its disk what it acknowledges"));
        }
        let says = format!(
            "{about} acknowledges before it is on the disk, so a power cut loses what was acknowledged: \
             add `sync_interval: always` to `jetstream {{ … }}` in its configuration and restart it"
        );
        Check::new(about, "sync", Verdict::Unsafe, says)
    }
}

fn room(about: &str, most: u64, used: u64) -> Check {
    let left = most.saturating_sub(used);
    let mib = |bytes: u64| bytes >> 20;
    let verdict = match left {
        _ if left < ROOM_BYTES_MIN => Verdict::Unsafe,
        _ if left < most / 10 => Verdict::Warning,
        _ => Verdict::Good,
    };
    let remedy = if verdict == Verdict::Good { "" } else { ": give it a larger disk and raise `max_file`, or delete what is not needed" };
    Check::new(about, "disk", verdict, format!("{about} has {} of {} MiB left for streams{remedy}", mib(left), mib(most)))
}

fn clock(about: &str, ahead_ms: i64) -> Check {
    let verdict = match ahead_ms.unsigned_abs() {
        apart if apart > APART_MS_MAX => Verdict::Unsafe,
        apart if apart > APART_MS => Verdict::Warning,
        _ => Verdict::Good,
    };
    if verdict == Verdict::Good {
        return Check::new(about, "clock", verdict, format!("{about} has the time that we have"));
    }
    let way = if ahead_ms < 0 { "behind" } else { "ahead of" };
    let says = format!("the clock of {about} is {} ms {way} ours: let both hosts keep the time by NTP", ahead_ms.unsigned_abs());
    Check::new(about, "clock", verdict, says)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn answer() -> Value {
        json!({"server_name": "n1", "version": "2.15.1", "max_payload": 33_554_432, "now": "2026-11-28T12:00:00.05Z",
            "jetstream": {"config": {"sync_interval": 120_000_000_000_u64, "sync_always": true, "max_storage": 10_u64 << 30},
                "stats": {"storage": 1 << 30}}})
    }

    fn said(answer: &Value) -> Option<Server> {
        read(answer, at("2026-11-28T12:00:00Z"), at("2026-11-28T12:00:00.1Z"))
    }

    #[test]
    fn what_a_server_says_is_read_and_each_danger_has_the_line_that_mends_it() {
        let good = said(&answer()).unwrap();
        assert!(good.checks().len() == 5 && good.checks().iter().all(|check| check.verdict == Verdict::Good), "{:?}", good.checks());
        let bad = Server {
            version: "2.14.9".to_owned(),
            syncs_always: false,
            payload_bytes_max: 1 << 20,
            room: Some((10 << 30, (10 << 30) - 5)),
            ahead_ms: Some(-61_000),
            ..good
        };
        let checks = bad.checks();
        let remedies = ["2.15", "sync_interval: always", "max_payload: ", "raise `max_file`", "61000 ms behind ours: let both hosts"];
        for (check, remedy) in checks.iter().zip(remedies) {
            assert!(check.is_unsafe() && check.says.contains("`n1`") && check.says.contains(remedy), "{check:?}");
        }
        assert_eq!(checks.len(), 5);
        assert_eq!(said(&json!({"server_name": "n1", "version": "2.15.1", "jetstream": {}})), None, "JetStream is off");
    }

    #[test]
    fn a_disk_that_is_nearly_full_and_a_clock_that_is_a_little_wrong_are_told_of_and_stop_nobody() {
        let good = said(&answer()).unwrap();
        let odd = Server { room: Some((10 << 30, 9 * (1 << 30) + (512 << 20))), ahead_ms: Some(1_500), ..good };
        let told: Vec<String> =
            odd.checks().into_iter().filter(|check| check.verdict == Verdict::Warning).map(|check| check.says).collect();
        assert!(told.len() == 2 && told[0].contains("512 of 10240 MiB") && told[1].contains("1500 ms ahead of ours"), "{told:?}");
    }

    #[test]
    fn a_clock_is_compared_with_the_time_between_question_and_answer() {
        let (asked, answered) = (at("2026-11-28T12:00:00Z"), at("2026-11-28T12:00:01Z"));
        for (now, ahead) in [("12:00:00.4", 0), ("12:00:01.0", 0), ("12:00:03.25", 2_250), ("11:59:58.5", -1_500)] {
            assert_eq!(ahead_ms(at(&format!("2026-11-28T{now}Z")), asked, answered), ahead, "{now}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, enough) in
            [("2.15.1", true), ("2.16.0-RC.1", true), ("3.0.0", true), ("2.9.25", false), ("2.14.3", false), ("v2.15", false), ("", false)]
        {
            assert_eq!(is_new_enough(version), enough, "{version}");
        }
    }
}
