//! The real thing, from outside. A thing belongs here if it needs running processes, or looks at the tree as a whole. All
//! of it is one test binary: `tests/it/main.rs`.
