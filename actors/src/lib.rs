//! Takt actors.
