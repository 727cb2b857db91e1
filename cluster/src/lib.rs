//! How a node reaches the others and its own disk: the seams and their engines. It does IO with the mesh or the disk,
//! and nothing else: it never decides, and it reads no fact. Bytes go in, bytes come out.
//!
//! [`seam`] has the promises; one conformance suite holds every engine to them: [`memory`], which can misbehave, [`embedded`]
//! on a disk of its own, and `jetstream` (a feature) on servers. [`views`] has what may be lost.

mod chance;
pub mod clock;
pub mod conformance;
pub mod embedded;
pub mod error;
#[cfg(feature = "jetstream")]
pub mod jetstream;
mod line;
pub mod memory;
pub mod seam;
pub mod views;

pub use error::Error;
