//! The seams: what the actors may ask of the mesh and the disk, as promises without an engine. Every engine keeps them
//! all (`conformance`), and the simulated one may misbehave only in the ways they allow.
//!
//! Groups go in and groups come out, because one durable write costs the same for one message and for five hundred.

mod blobs;
mod bus;
mod clock;
mod journal;
mod lease;
mod queue;
mod shelf;
mod timers;

pub use blobs::{BlobHash, Blobs};
pub use bus::{Bus, Note, Replied, Subscription};
pub use clock::Clock;
pub use journal::{Append, Appended, Entry, Journal};
pub use lease::{Holding, Lease, Leased};
pub use queue::{Delivery, Message, Queue, QueueName, Receipt};
pub use shelf::Shelf;
pub use timers::{Timer, Timers};

use std::sync::Arc;

/// The seams of one region, as its actors hold them. Cheap to clone.
#[derive(Clone)]
pub struct Seams {
    /// The truth.
    pub journal: Arc<dyn Journal>,
    /// Work that waits.
    pub queue: Arc<dyn Queue>,
    /// Inputs for later.
    pub timers: Arc<dyn Timers>,
    /// Raw payloads.
    pub blobs: Arc<dyn Blobs>,
    /// Who usually runs what.
    pub lease: Arc<dyn Lease>,
    /// Requests and public events.
    pub bus: Arc<dyn Bus>,
    /// Snapshots and cursors, which may be lost.
    pub shelf: Arc<dyn Shelf>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}
