//! The control numbers of interchanges that we lay down: each greater than those before, because a partner takes a number that it has
//! seen for the same interchange. The last one stands in a hidden file of the folder itself; where that was lost, the number goes on from
//! the time, in seconds, which is ahead of it as long as fewer than one interchange a second was sent since 2020.
//!
//! What is sent and what is acknowledged may lie in one folder, so that two give numbers for it: one waits for the other within a process, and
//! a lock keeps out another process, which comes again.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde_json::{Value, json};
use takt_protocol::instant::Instant;
use tokio::sync::Mutex;

use super::disk;

/// What the file is called; nobody takes a hidden file.
const NAME: &str = ".takt-control";

/// What is held while a number is given; nothing stands in it.
const LOCK: &str = ".takt-control.lock";

/// Whose turn it is, of whatever folder: a number is given in a moment.
static TURN: Mutex<()> = Mutex::const_new(());

/// The seconds from 1970 to 2020.
const EPOCH_S: i64 = 1_577_836_800;

/// The greatest number of nine digits; behind it they begin again.
const NUMBER_MAX: u64 = 999_999_999;

/// The first of so many numbers in a row, which nobody is given again.
pub(super) async fn next(folder: &Path, now: Instant, count: usize) -> io::Result<u64> {
    let _turn = TURN.lock().await;
    let held = File::create(folder.join(LOCK))?;
    held.try_lock()?;
    let last = match tokio::fs::read_to_string(folder.join(NAME)).await {
        Ok(text) => text.trim().parse::<u64>().ok(),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let by_time = || u64::try_from(now.utc_ns() / 1_000_000_000 - EPOCH_S).unwrap_or(1);
    let further = u64::try_from(count.saturating_sub(1)).unwrap_or(NUMBER_MAX);
    let first = last.map_or_else(by_time, |last| last.saturating_add(1)).max(1);
    let first = if first.saturating_add(further) > NUMBER_MAX { 1 } else { first };
    disk::put(folder, NAME, first.saturating_add(further).to_string().as_bytes()).await?;
    drop(held);
    Ok(first)
}

/// Gives a number and the time to each interchange that a mapping said none of.
pub(super) async fn give(folder: &Path, said: &mut Value, now: Instant) -> io::Result<()> {
    let all = match said.as_array_mut() {
        Some(list) => list.as_mut_slice(),
        None => std::slice::from_mut(said),
    };
    let lacks = |one: &Value, field: &str| one.is_object() && one.get(field).is_none_or(Value::is_null);
    let count = all.iter().filter(|one| lacks(one, "control")).count();
    let first = if count == 0 { 0 } else { next(folder, now, count).await? };
    let mut numbers = first..;
    for one in all {
        let (number, time) = (lacks(one, "control"), lacks(one, "at"));
        let Some(fields) = one.as_object_mut() else { continue };
        if number {
            fields.insert("control".to_owned(), json!(numbers.next()));
        }
        if time {
            fields.insert("at".to_owned(), json!(moment(now)));
        }
    }
    Ok(())
}

/// A moment in UTC, to the minute.
pub(super) fn moment(now: Instant) -> String {
    Instant::new(now.utc_ns(), 0).to_string().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[tokio::test]
    async fn no_number_is_given_twice_and_a_lost_file_does_not_bring_old_ones_back() {
        let dir = tempfile::tempdir().unwrap();
        let now = Instant::parse("2026-11-24T03:12:00Z").unwrap();
        let first = next(dir.path(), now, 1).await.unwrap();
        assert_eq!(next(dir.path(), now, 3).await.unwrap(), first + 1);
        assert_eq!(next(dir.path(), now, 1).await.unwrap(), first + 4, "three were taken at once");
        std::fs::remove_file(dir.path().join(NAME)).unwrap();
        let later = Instant::parse("2026-11-24T03:12:10Z").unwrap();
        assert!(next(dir.path(), later, 1).await.unwrap() > first + 4);
        std::fs::write(dir.path().join(NAME), (NUMBER_MAX - 1).to_string()).unwrap();
        assert_eq!(next(dir.path(), now, 2).await.unwrap(), 1, "nine digits are all there is");
        let gone = dir.path().join("gone");
        assert_eq!(next(&gone, now, 1).await.unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_that_give_numbers_for_one_folder_give_no_number_twice() {
        let dir = tempfile::tempdir().unwrap();
        let now = Instant::parse("2026-11-24T03:12:00Z").unwrap();
        let gives = |_| {
            let folder = dir.path().to_owned();
            tokio::spawn(async move {
                let mut given = Vec::new();
                for _ in 0..25 {
                    given.push(next(&folder, now, 1).await.unwrap());
                }
                given
            })
        };
        let both: Vec<_> = (0..4).map(gives).collect();
        let mut given = Vec::new();
        for one in both {
            given.extend(one.await.unwrap());
        }
        let apart: BTreeSet<u64> = given.iter().copied().collect();
        assert_eq!((apart.len(), given.len()), (100, 100));
        assert_eq!(apart.last().unwrap() - apart.first().unwrap(), 99, "numbers were left out");
    }

    #[tokio::test]
    async fn what_a_mapping_says_itself_is_left_as_it_is_and_each_other_one_has_its_own_number() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(NAME), "8").unwrap();
        let now = Instant::parse("2026-11-24T03:12:59+01:00").unwrap();
        let mut said = json!([{ "control": "7" }, { "control": null, "at": "2026-01-01T00:00" }, {}]);
        give(dir.path(), &mut said, now).await.unwrap();
        let at = "2026-11-24T02:12";
        assert_eq!(said, json!([{ "control": "7", "at": at }, { "control": 9, "at": "2026-01-01T00:00" }, { "control": 10, "at": at }]));
        let mut said = json!({});
        give(dir.path(), &mut said, now).await.unwrap();
        assert_eq!(said, json!({ "control": 11, "at": at }));
    }
}
