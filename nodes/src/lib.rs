//! Takt nodes.
