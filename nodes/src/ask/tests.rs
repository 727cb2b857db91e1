//! The mesh that the tests of both doors ask: real regions in a temporary directory, with sites that do what they are told.

pub(crate) mod fixture;
