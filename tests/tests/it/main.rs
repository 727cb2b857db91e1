//! The one integration-test binary. Each module is a way of looking at Takt from outside.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in what it calls too"
)]

mod architecture;
mod broker;
mod chaos;
mod databases;
mod demo;
mod desks;
mod draw;
mod edge;
mod edi;
mod federation;
mod foreign;
mod fuzz;
mod given_up;
mod leaf;
mod links;
mod loop_disk;
mod mqtt;
mod namespaces;
mod offline;
mod rendered;
mod restored;
mod restored_servers;
mod servers;
mod servers_power;
mod several;
mod skipped;
mod small_disk;
mod sql;
mod store_account;
mod store_kill;
mod store_power;
mod store_writer;
mod tryton;
mod unreached;
mod wheels;
mod wire;
mod world_files;
mod world_records;
mod world_schedules;
mod world_swap;
mod world_verbs;
