//! Takt protocol.
