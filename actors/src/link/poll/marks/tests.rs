//! Rows that are marked when they were taken: those that come late, those whose mark gets lost, and a mark that marks nothing.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::*;
use crate::link::fixture::{MACHINES, Yard};
use crate::link::format::Format;

const LIST: &str = r"
def ask: { unmarked: 2 };
def items: .rows[] | { id: .id, version: .version, item: . };
def mark: { ids: [.taken[].id] };
";

/// A table: rows of id, version and whether they are marked.
#[derive(Default)]
struct Table {
    rows: Mutex<Vec<(String, String, bool)>>,
    /// That marks get lost on their way.
    is_deaf: AtomicBool,
    /// That marks are taken and do nothing.
    is_idle: bool,
}

impl Table {
    fn has(&self, id: &str, version: &str) {
        self.rows.lock().unwrap().push((id.to_owned(), version.to_owned(), false));
    }

    fn unmarked(&self) -> usize {
        self.rows.lock().unwrap().iter().filter(|(_, _, marked)| !marked).count()
    }
}

#[async_trait]
impl Asks for Table {
    async fn ask(&self, question: Value) -> Result<Value, Unanswered> {
        let most = usize::try_from(question["unmarked"].as_u64().unwrap()).unwrap();
        let rows = self.rows.lock().unwrap();
        let shown = rows.iter().filter(|(_, _, marked)| !marked).take(most);
        Ok(
            json!({ "rows": shown.map(|(id, version, _)| json!({ "id": id, "version": version, "machine": id, "state": version })).collect::<Vec<_>>() }),
        )
    }

    async fn whole(&self, _: &str) -> Result<Value, Unanswered> {
        Err(Unanswered::Wrong("it has no documents".to_owned()))
    }

    async fn tell(&self, told: Value) -> Result<(), Unanswered> {
        if self.is_deaf.load(Ordering::Relaxed) {
            return Err(Unanswered::Silent("the line broke".to_owned()));
        }
        if !self.is_idle {
            let ids: Vec<String> = serde_json::from_value(told["ids"].clone()).unwrap();
            self.rows.lock().unwrap().iter_mut().filter(|(id, ..)| ids.contains(id)).for_each(|row| row.2 = true);
        }
        Ok(())
    }
}

async fn read(yard: &Yard, table: &Table) -> Result<usize, String> {
    let door = yard.door(&[("machines", Format::Json, &format!("{MACHINES}{LIST}"))]);
    round(&door, table, "machines").await.map_err(|ended| match ended {
        Ended::Silent(why) | Ended::Refused(why) | Ended::Wrong(_, why) => why,
    })
}

#[tokio::test]
async fn a_row_that_appears_late_is_taken_whatever_its_number_is_and_nothing_twice() {
    let (yard, table) = (Yard::start().await, Table::default());
    for id in ["P3", "P4", "P5"] {
        table.has(id, "down");
    }
    assert_eq!(read(&yard, &table).await, Ok(3), "page by page");
    table.has("P1", "down");
    assert_eq!(read(&yard, &table).await, Ok(1));
    assert_eq!(read(&yard, &table).await, Ok(0));
    // The same thing again in another version is another row.
    table.has("P3", "broken");
    assert_eq!(read(&yard, &table).await, Ok(1));
    assert_eq!(yard.machines().await, ["P1 down", "P3 broken", "P3 down", "P4 down", "P5 down"]);
    assert_eq!(yard.cursor("machines").await.until, None, "a place is remembered");
    yard.region.stop().await;
}

#[tokio::test]
async fn what_was_taken_and_could_not_be_marked_is_known_when_it_comes_again() {
    let (yard, table) = (Yard::start().await, Table { is_deaf: AtomicBool::new(true), ..Table::default() });
    table.has("P1", "down");
    table.has("P2", "down");
    assert_eq!(read(&yard, &table).await, Err("machines was taken and not marked: the line broke".to_owned()));
    assert_eq!((yard.machines().await.len(), table.unmarked()), (2, 2));
    // We die, too, before anything could be marked.
    let yard = yard.crash().await;
    table.is_deaf.store(false, Ordering::Relaxed);
    assert_eq!(read(&yard, &table).await, Ok(2));
    assert_eq!((yard.machines().await, table.unmarked()), (vec!["P1 down".to_owned(), "P2 down".to_owned()], 0));
    yard.region.stop().await;
}

#[tokio::test]
async fn a_mark_that_marks_nothing_is_told_and_not_tried_without_end() {
    let (yard, table) = (Yard::start().await, Table { is_idle: true, ..Table::default() });
    table.has("P1", "down");
    let wrong = read(&yard, &table).await.unwrap_err();
    assert_eq!(wrong, "machines shows P1 again, which was marked: have `ask` leave out what `mark` has marked");
    assert_eq!(yard.machines().await, ["P1 down"]);
    yard.region.stop().await;
}
