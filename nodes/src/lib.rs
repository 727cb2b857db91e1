//! Which of them run here: the `takt` binary, and what a person meets of it. A thing belongs here if it starts or stops
//! something, or a person meets it.

pub mod answers;
pub mod ask;
pub mod backup;
pub mod bench;
pub mod client;
pub mod command;
pub mod demo;
pub mod doctor;
pub mod doors;
mod engine;
pub mod folder;
pub mod http;
pub mod mesh;
pub mod render;
pub mod rpc;
mod screens;
pub mod serve;

/// The allocator of every program that is made of this: many threads free what others took, which the system's does slowly
/// (`decisions/0002`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
