//! The simulated world, with text that ships with the product between it and the mesh. Each module is a way to look at it.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking, in what it calls too")]

mod files;
mod swap;
mod verbs;
