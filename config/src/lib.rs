//! Takt config.
