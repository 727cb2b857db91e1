//! Promise T1 against `kill -9`: a real process writes, is killed at a moment drawn from a seed, and whatever had been
//! acknowledged to it is there. The next writer goes on with the same store.

use std::os::unix::process::ExitStatusExt as _;

use crate::draw::Draw;
use crate::store_account::Account;
use crate::store_writer::{Writer, Writes, write_if_ordered};

const ROUNDS: u64 = 25;
const THINGS_SAID_MAX: u64 = 300;

#[test]
fn nothing_acknowledged_is_lost_in_twenty_five_kills() {
    write_if_ordered();
    let dir = tempfile::tempdir().unwrap();
    let mut draw = Draw::of(4711);
    let (mut account, mut messages, mut views_kept) = (Account::default(), 0, 0);
    for round in 0..ROUNDS {
        let writer = Writer::start("store_kill::nothing_acknowledged_is_lost_in_twenty_five_kills", Writes::Engine, dir.path());
        // In every fifth round it has only just begun to open the store, which still has to recover from the last kill.
        let until = if round % 5 == 4 { opening(&writer) } else { draw.below(THINGS_SAID_MAX) };
        account.note(&writer.hear(usize::try_from(until).unwrap()));
        let (last_words, status) = writer.kill();
        account.note(&last_words);
        assert_eq!(status.signal(), Some(9), "round {round}: the writer was not killed but ended with {status}");
        let found = account.audit(dir.path());
        assert!(found.broken.is_empty(), "round {round}: {:#?}", found.broken);
        assert!(found.messages >= messages, "round {round}: the log became shorter");
        messages = found.messages;
        views_kept += u32::from(found.views_kept);
    }
    let sizes = account.sizes();
    assert!(sizes.iter().all(|size| *size > 50), "too little was acknowledged to prove anything: {sizes:?}");
    assert!(views_kept > 10, "views survived only {views_kept} kills: they ought to survive every one that leaves the disk alone");
}

/// Listens until the writer is about to open the store.
fn opening(writer: &Writer) -> u64 {
    while writer.hear(1) != ["opening"] {}
    0
}

#[test]
fn a_writer_that_acknowledges_before_it_has_written_is_caught() {
    write_if_ordered();
    let lost = (0..ROUNDS).any(|_| {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::start("store_kill::a_writer_that_acknowledges_before_it_has_written_is_caught", Writes::Hasty, dir.path());
        let mut account = Account::default();
        while account.sizes() == [0; 4] {
            account.note(&writer.hear(1));
        }
        account.note(&writer.kill().0);
        account.audit(dir.path()).broken.iter().any(|sentence| sentence.ends_with("is lost"))
    });
    assert!(lost, "the kills find nothing, not even in a writer that lies");
}
