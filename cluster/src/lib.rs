//! Takt cluster.
