//! What the servers say of themselves over their monitoring port: whether what they acknowledge is on their disks. Plain
//! HTTP, one answer a connection, bounded in time and bytes.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::settings::PAYLOAD_BYTES_MIN;

/// The oldest servers whose sync and fences are what this engine rests on.
pub(super) const VERSION_MIN: (u64, u64) = (2, 15);
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// A server, as far as safety goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) syncs_always: bool,
    pub(super) payload_bytes_max: u64,
}

/// Asks a server's monitoring address.
pub(super) async fn ask(address: &str, patience: Duration) -> Result<Server, String> {
    let address = address.strip_prefix("http://").unwrap_or(address).trim_end_matches('/');
    match tokio::time::timeout(patience, get(address, "/varz")).await {
        Ok(Ok(answer)) => read(&answer).ok_or_else(|| format!("`{address}` does not answer as a nats-server with JetStream does")),
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

fn read(answer: &Value) -> Option<Server> {
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
    let config = answer.get("jetstream")?.get("config")?;
    Some(Server {
        name: text("server_name")?,
        version: text("version")?,
        syncs_always: config.get("sync_always").and_then(Value::as_bool).unwrap_or(false),
        payload_bytes_max: answer.get("max_payload").and_then(Value::as_u64).unwrap_or(0),
    })
}

/// Whether a version is new enough; one that cannot be read is not.
pub(super) fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split(['.', '-']).map(|part| part.parse::<u64>().ok());
    matches!((parts.next().flatten(), parts.next().flatten()), (Some(major), Some(minor)) if (major, minor) >= VERSION_MIN)
}

impl Server {
    /// What is unsafe about it, each with the line that mends it.
    pub(super) fn dangers(&self) -> Vec<String> {
        let name = &self.name;
        let mut found = Vec::new();
        if !is_new_enough(&self.version) {
            let (major, minor) = VERSION_MIN;
            found.push(format!("server `{name}` is version {}: install nats-server {major}.{minor} or newer", self.version));
        }
        if !self.syncs_always {
            found.push(format!(
                "server `{name}` acknowledges before it is on the disk, so a power cut loses what was acknowledged: \
                 add `sync_interval: always` to `jetstream {{ … }}` in its configuration and restart it"
            ));
        }
        if self.payload_bytes_max < PAYLOAD_BYTES_MIN as u64 {
            found.push(format!(
                "server `{name}` takes messages of at most {} bytes: set `max_payload: {PAYLOAD_BYTES_MIN}` or more in its configuration",
                self.payload_bytes_max
            ));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_server_says_is_read_and_each_danger_has_the_line_that_mends_it() {
        let answer = json!({"server_name": "n1", "version": "2.15.1", "max_payload": 33_554_432,
            "jetstream": {"config": {"sync_interval": 120_000_000_000_u64, "sync_always": true}}});
        let good = read(&answer).unwrap();
        assert_eq!(good.dangers(), Vec::<String>::new());
        let bad = Server { version: "2.14.9".to_owned(), syncs_always: false, payload_bytes_max: 1 << 20, ..good };
        let dangers = bad.dangers();
        for (danger, remedy) in dangers.iter().zip(["2.15", "sync_interval: always", "max_payload: "]) {
            assert!(danger.contains("`n1`") && danger.contains(remedy), "{danger}");
        }
        assert_eq!(dangers.len(), 3);
        assert_eq!(read(&json!({"server_name": "n1", "version": "2.15.1", "jetstream": {}})), None, "JetStream is off");
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
