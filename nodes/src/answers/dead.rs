//! A dead letter as a person sees it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An input that was taken and could not be handed to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// How it is called.
    pub id: String,
    /// The region that keeps it.
    pub region: String,
    /// Its name on the way.
    pub message: String,
    /// Why it lies here.
    pub reason: String,
    /// How long it is, in bytes.
    pub bytes: u64,
}
