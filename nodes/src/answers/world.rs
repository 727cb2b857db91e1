//! Lists that are gathered from several regions, and how fresh the part of each is. Apart from lists because a part may be missing, and
//! a list that does not say so would pass for whole.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Page;

/// The part of one region in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegionPart {
    /// The region.
    pub region: String,
    /// Everything recorded there by then is in the list; absent where the region was not reached, and none of it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// When a region that was not reached was heard last; absent where it never was, or its road is up and it was too slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    /// Why it was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// A list that is gathered from all regions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct World<T: ToSchema> {
    /// The rows.
    #[serde(flatten)]
    pub page: Page<T>,
    /// How fresh the part of each region is; absent where all of them run in the process that answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<RegionPart>,
}
