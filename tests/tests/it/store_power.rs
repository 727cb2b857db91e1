//! Promise T1 against a power cut: the writer is stopped, its disk is copied as it stands, and the copy is opened. With a
//! control that must fail, because a method that never fails proves nothing. Needs root and loop devices; elsewhere it
//! says so, loudly.

use crate::draw::Draw;
use crate::loop_disk::LoopDisk;
use crate::skipped::{POWER, skipped};
use crate::store_account::{Account, lost_by_sled};
use crate::store_writer::{Writer, Writes, write_if_ordered};

const CUTS: u64 = 10;
const THINGS_SAID_MAX: u64 = 200;
const DISK_MIB: u64 = 256;

/// Cuts the power again and again while `test` writes; each time `judge` gets the disk and what was acknowledged before.
fn cuts(test: &str, writes: Writes, mut judge: impl FnMut(&Account, &LoopDisk)) {
    let disk = match LoopDisk::make(DISK_MIB) {
        Ok(disk) => disk,
        Err(why) => return skipped(test, POWER, &why),
    };
    let mut draw = Draw::of(4711);
    let mut account = Account::default();
    // Declared after its disk, and so gone before it.
    let writer = Writer::start(test, writes, &disk.root());
    for _ in 0..CUTS {
        account.note(&writer.hear(usize::try_from(1 + draw.below(THINGS_SAID_MAX)).unwrap()));
        writer.freeze();
        account.note(&writer.heard());
        judge(&account, &disk.cut());
        writer.thaw();
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_is_cut() {
    write_if_ordered();
    let mut cut = 0;
    cuts("store_power::nothing_acknowledged_is_lost_when_the_power_is_cut", Writes::Engine, |account, disk| {
        cut += 1;
        let found = account.audit(&disk.root());
        assert!(found.broken.is_empty(), "cut {cut}: {:#?}", found.broken);
        assert!(cut < CUTS || account.sizes().iter().all(|size| *size > 20), "too little was acknowledged: {:?}", account.sizes());
    });
}

#[test]
fn a_store_that_flushes_without_fsync_is_caught_by_the_power_cut() {
    write_if_ordered();
    let (mut cut, mut caught) = (0, 0);
    cuts("store_power::a_store_that_flushes_without_fsync_is_caught_by_the_power_cut", Writes::PlainSled, |account, disk| {
        cut += 1;
        caught += u64::from(lost_by_sled(account, &disk.root()) > 0);
        assert!(cut < CUTS || caught > 0, "ten power cuts lost nothing of a store that never calls fsync: the cuts are none");
    });
}
