//! Takt simulations.
