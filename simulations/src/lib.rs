//! Takt simulations.
pub mod world;
