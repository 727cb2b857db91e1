//! The `takt` binary as the tests start it: the program itself, built with them and of what they are built of. A test that
//! built it by itself would change files under the tests that run beside it.

use std::process::Termination;

fn main() -> impl Termination {
    takt_nodes::command::run()
}
