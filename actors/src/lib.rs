//! Who on this node does what. A thing belongs here if it owns a mailbox or a task: entities, sites, intake, dispatcher,
//! couriers, and the supervision over them. Nobody here decides anything about an order: that is `takt_protocol::kernel`.
//!
//! The road of a report: [`intake`] pulls it, [`hall`] finds or loads its entity, [`entity`] decides and commits through
//! the [`committer`], [`dispatcher`] hands on what was recorded, [`site`] carries it out through a [`link`]. Beside it, from
//! the same [`tape`]: the [`index`] for lists and names, and the [`publisher`] of public events.
//!
//! Where several nodes run a region, each does part of it ([`duties`]); what is asked at one and decided by another is carried there.
//! A region that was [`restored`] from a backup sends nothing until it was compared with the world outside.
//! Regions that run in other processes are [`abroad`]: mail goes there by the [`courier`], requests and questions over the same road.

pub mod abroad;
pub mod committer;
pub mod courier;
mod cursor;
pub mod dispatcher;
pub mod doors;
pub mod duties;
pub mod entity;
pub mod exporter;
pub mod hall;
pub mod index;
pub mod intake;
mod leases;
pub mod link;
pub mod node;
pub mod publisher;
mod reach;
pub mod region;
mod relay;
pub mod restored;
pub mod roll;
pub mod site;
pub mod supervision;
pub mod tape;
