//! What the demo says while it runs: one line an event, with the plant's local time. Everything it prints goes through here.

use std::sync::Arc;

use takt_cluster::seam::Clock;
use takt_protocol::book::Book;

use super::cast::Plant;

/// The voice of the demo.
#[derive(Clone)]
pub(super) struct Say {
    clock: Arc<dyn Clock>,
    book: Arc<Book>,
}

impl Say {
    pub(super) fn new(clock: Arc<dyn Clock>, book: Arc<Book>) -> Self {
        Self { clock, book }
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
        let time = local.get(11..19).unwrap_or_default();
        out(&format!("{time} {mark} {:<8} {order:<9} {what}", plant.site.as_str()));
    }
}

/// A line for the person at the terminal.
#[expect(clippy::print_stdout, reason = "the demo's own voice")]
pub(super) fn out(line: &str) {
    println!("{line}");
}
