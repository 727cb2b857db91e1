//! The messages of version 1, made from `proto/takt/v1` when the program is built: what HTTP takes and gives as JSON and
//! gRPC as protobuf. Apart because nobody writes this code. Never holds anything by hand but this include.
#![allow(missing_docs, unreachable_pub, clippy::pedantic, clippy::default_trait_access, reason = "made by a program")]

tonic::include_proto!("takt.v1");

/// The description of all messages and calls, for whoever asks the server what it speaks.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/takt.v1.bin"));
