//! The payload of Sparkplug B as it is on the wire: the fields of its protocol buffers that are used here, by the numbers that the
//! specification (Eclipse Sparkplug 3.0.0, chapter 6.4) gives them. What is not named is skipped by whoever reads.

use prost::{Message, Oneof};

/// A payload.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Payload {
    /// When it was made, in ms since 1970, by the clock of whoever made it.
    #[prost(uint64, optional, tag = "1")]
    pub(super) timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub(super) metrics: Vec<Metric>,
    /// Counts the messages of an edge node, from 0 to 255 and round again.
    #[prost(uint64, optional, tag = "3")]
    pub(super) seq: Option<u64>,
}

/// A metric.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metric {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    /// What stands for its name after its birth.
    #[prost(uint64, optional, tag = "2")]
    pub(super) alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    pub(super) timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub(super) datatype: Option<u32>,
    /// It is of a time that is over, kept while there was no line.
    #[prost(bool, optional, tag = "5")]
    pub(super) is_historical: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(super) is_null: Option<bool>,
    #[prost(oneof = "Held", tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19")]
    pub(super) value: Option<Held>,
}

/// What a metric holds. Sets and templates are not taken apart.
#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Held {
    #[prost(uint32, tag = "10")]
    Int(u32),
    #[prost(uint64, tag = "11")]
    Long(u64),
    #[prost(float, tag = "12")]
    Float(f32),
    #[prost(double, tag = "13")]
    Double(f64),
    #[prost(bool, tag = "14")]
    Boolean(bool),
    #[prost(string, tag = "15")]
    Text(String),
    #[prost(bytes = "vec", tag = "16")]
    Bytes(Vec<u8>),
    #[prost(bytes = "vec", tag = "17")]
    DataSet(Vec<u8>),
    #[prost(bytes = "vec", tag = "18")]
    Template(Vec<u8>),
    #[prost(bytes = "vec", tag = "19")]
    Extension(Vec<u8>),
}
