//! The `takt` binary: `takt_nodes::command` tells the whole story of what it starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    takt_nodes::command::run()
}
