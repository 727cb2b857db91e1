//! A system that is only observed: everything is decided for it, and nothing is sent. What would have been sent is written down, a line
//! each, to be compared with what its old interface did; and counts as accepted, so that what follows is decided, too. Questions
//! change nothing there and are asked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use takt_protocol::effect::Effect;
use takt_protocol::outbox::Receipt;
use takt_protocol::words::DocNo;
use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;

use super::{Errand, Link, Probed, Sent};

/// What the documents are called that nobody made.
const DOCUMENT: &str = "OBSERVED-";

/// A link that writes down instead of sending.
pub struct Observed {
    inner: Arc<dyn Link>,
    file: PathBuf,
    /// The references that stand in the file, once it was read.
    known: Mutex<Option<BTreeSet<String>>>,
}

impl Observed {
    /// In the place of a link; what would be sent goes into `file`.
    pub fn new(inner: Arc<dyn Link>, file: PathBuf) -> Self {
        Self { inner, file, known: Mutex::new(None) }
    }

    /// Writes an errand down, once; durable when this returns.
    async fn write(&self, errand: &Errand) -> std::io::Result<()> {
        let mut known = self.known.lock().await;
        let known = match known.as_mut() {
            Some(known) => known,
            None => known.insert(references(&self.file).await?),
        };
        let reference = errand.reference.as_str();
        if known.contains(reference) {
            return Ok(());
        }
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).await?;
        }
        let effect = serde_json::to_value(errand.effect.as_ref()).unwrap_or_default();
        let mut line = json!({ "reference": reference, "verb": errand.effect.verb(), "effect": effect }).to_string();
        line.push('\n');
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file).await?;
        file.write_all(line.as_bytes()).await?;
        file.sync_data().await?;
        known.insert(reference.to_owned());
        Ok(())
    }
}

/// The references of the whole lines of a file. What a crash cut off in the middle is no line, and is ended here, so that the
/// next one begins anew.
async fn references(file: &Path) -> std::io::Result<BTreeSet<String>> {
    let bytes = match fs::read(file).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    if bytes.last().is_some_and(|last| *last != b'\n') {
        OpenOptions::new().append(true).open(file).await?.write_all(b"\n").await?;
    }
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    Ok(lines.filter_map(|line| line.get("reference").and_then(Value::as_str).map(str::to_owned)).collect())
}

fn receipt(errand: &Errand) -> Receipt {
    Receipt { document: DocNo::parse(&format!("{DOCUMENT}{}", errand.reference.as_str())).ok(), ..Receipt::default() }
}

/// Whether it only asks what stands there.
fn asks(errand: &Errand) -> bool {
    matches!(errand.effect.as_ref(), Effect::ReadBooks { .. })
}

#[async_trait]
impl Link for Observed {
    fn takes(&self, verb: &str) -> bool {
        self.inner.takes(verb)
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        self.inner.clock_ahead_ms()
    }

    async fn send(&self, errand: &Errand) -> Sent {
        if asks(errand) {
            return self.inner.send(errand).await;
        }
        match self.write(errand).await {
            Ok(()) => Sent::Accepted(receipt(errand)),
            Err(error) => Sent::NotDone { why: format!("{} cannot be written: {error}", self.file.display()) },
        }
    }

    async fn probe(&self, errand: &Errand) -> Probed {
        if asks(errand) {
            return self.inner.probe(errand).await;
        }
        match references(&self.file).await {
            Ok(known) if known.contains(errand.reference.as_str()) => Probed::Found(receipt(errand)),
            Ok(_) => Probed::Absent,
            Err(error) => Probed::NoAnswer { why: format!("{} cannot be read: {error}", self.file.display()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Nothing may come here.
    #[derive(Default)]
    struct Untouched(AtomicUsize);

    #[async_trait]
    impl Link for Untouched {
        fn takes(&self, _: &str) -> bool {
            true
        }

        async fn send(&self, _: &Errand) -> Sent {
            self.0.fetch_add(1, Ordering::Relaxed);
            Sent::NotDone { why: "it was sent".to_owned() }
        }

        async fn probe(&self, _: &Errand) -> Probed {
            self.0.fetch_add(1, Ordering::Relaxed);
            Probed::Absent
        }
    }

    fn errand(reference: &str) -> Errand {
        let effect = json!({ "block_shipment": { "shipment": "wms/S-1", "reasons": ["quality"] } });
        let effect = Box::new(serde_json::from_value(effect).unwrap());
        Errand { reference: serde_json::from_value(json!(reference)).unwrap(), attempt: 1, effect }
    }

    #[tokio::test]
    async fn nothing_is_sent_and_what_would_have_been_stands_there_once_also_after_a_torn_write() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("observed/erp.jsonl");
        let inner = Arc::new(Untouched::default());
        let begin = || Observed::new(Arc::clone(&inner) as Arc<dyn Link>, file.clone());
        let link = begin();
        assert_eq!(link.probe(&errand("REFERENCE0000001")).await, Probed::Absent);
        for _ in 0..2 {
            let sent = link.send(&errand("REFERENCE0000001")).await;
            assert!(matches!(&sent, Sent::Accepted(receipt) if receipt.document.is_some()), "{sent:?}");
        }
        assert!(matches!(link.probe(&errand("REFERENCE0000001")).await, Probed::Found(_)));
        // A line that was cut off, as by a crash.
        let whole = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{whole}{{\"reference\": \"REFER")).unwrap();
        let link = begin();
        for reference in ["REFERENCE0000001", "REFERENCE0000002"] {
            assert!(matches!(link.send(&errand(reference)).await, Sent::Accepted(_)));
        }
        let lines = std::fs::read_to_string(&file).unwrap();
        let read = references(&file).await.unwrap();
        assert_eq!((lines.matches("REFERENCE0000001").count(), read.len()), (1, 2), "{lines}");
        assert_eq!(inner.0.load(Ordering::Relaxed), 0, "something was sent");
    }
}
