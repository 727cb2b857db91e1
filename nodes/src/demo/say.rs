//! What the demo says while it runs: one line an event, with the plant's local time. Everything it prints goes through here.
//! What was said before a restart is said again with the time it happened at, not as news.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use takt_cluster::seam::Clock;
use takt_protocol::book::Book;

use super::cast::Plant;

/// The voice of the demo.
#[derive(Clone)]
pub(super) struct Say {
    clock: Arc<dyn Clock>,
    book: Arc<Book>,
    /// What was said before this start, with the time that was said beside it, and the file it is kept in.
    said: Arc<BTreeMap<String, String>>,
    file: PathBuf,
}

/// The file in which the demo keeps what it has said.
const SAID: &str = "said.log";

impl Say {
    pub(super) fn new(clock: Arc<dyn Clock>, book: Arc<Book>, data: &Path) -> Self {
        let file = data.join(SAID);
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let said = text.lines().filter_map(|line| line.split_once('\t')).map(|(time, what)| (what.to_owned(), time.to_owned())).collect();
        Self { clock, book, said: Arc::new(said), file }
    }

    /// Something went as it should.
    pub(super) fn line(&self, plant: &Plant, order: &str, what: &str) {
        self.at_plant(' ', plant, order, what);
    }

    /// Something went wrong, as it was meant to.
    pub(super) fn trouble(&self, plant: &Plant, order: &str, what: &str) {
        self.at_plant('▲', plant, order, what);
    }

    fn at_plant(&self, mark: char, plant: &Plant, order: &str, what: &str) {
        let now = self.clock.now();
        let local = self.book.sites.get(&plant.site).map_or(now, |site| site.calendar.local_time(now)).to_string();
        let told = format!("{mark} {:<8} {order:<9} {what}", plant.site.as_str());
        if let Some(then) = self.said.get(&told) {
            return out(&format!("{then} {told}   (said before the restart)"));
        }
        let time = local.get(11..19).unwrap_or_default();
        out(&format!("{time} {told}"));
        self.keep(time, &told);
    }

    /// Keeps what was said. When that fails it is said as news after a restart, and nothing else comes of it.
    fn keep(&self, time: &str, told: &str) {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&self.file);
        drop(file.and_then(|mut file| writeln!(file, "{time}\t{told}")));
    }
}

/// A line for the person at the terminal.
pub(super) fn out(line: &str) {
    crate::screens::print(line);
}
