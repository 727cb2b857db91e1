//! How a node reaches the others and its own disk: the seams and their engines. It does IO with the mesh or the disk,
//! and nothing else: it never decides, and it reads no fact. Bytes go in, bytes come out.
//!
//! [`seam`] has the promises; one conformance suite holds every engine to them.

pub mod error;
pub mod seam;

pub use error::Error;
