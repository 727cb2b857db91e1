//! Takt tests.
