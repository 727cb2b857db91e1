//! What a test says that this machine cannot run: past the harness, which shows nothing of a test that passes.

use std::io::Write as _;

/// What the power-cut model needs.
pub(crate) const POWER: &str = "the power-cut model needs root, loop devices and mkfs.ext4";

/// Says so.
pub(crate) fn skipped(test: &str, needs: &str, why: &str) {
    let sentence = format!("\n*** SKIPPED, NOT PASSED: {test}: {needs}: {why}\n\n");
    std::io::stderr().write_all(sentence.as_bytes()).unwrap();
}
