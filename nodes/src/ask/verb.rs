//! The list of what can be asked, each with its tier: under load, holds and blocks have room of their own. A new verb is
//! a line here, a message in `proto/takt/v1`, and what it means in one of the modules beside.

use takt_protocol::intent::Tier;

use super::v1::request::Verb;
use super::{Denied, v1};

/// A message that takes room under load.
pub trait Ranked {
    /// Whose room.
    const TIER: Tier;
}

impl Ranked for v1::ActOnGroup {
    const TIER: Tier = Tier::Business;
}

/// A message that can be asked.
pub trait Asked: Ranked + Sized {
    /// The whole request, under the cover it carries.
    fn whole(self) -> Verb;

    /// The whole request, under this cover.
    fn under(self, cover: v1::Cover) -> Verb;
}

macro_rules! verbs {
    ($($message:ident $tier:ident $name:literal;)*) => {
        $(impl Ranked for v1::$message {
            const TIER: Tier = Tier::$tier;
        }

        impl Asked for v1::$message {
            fn whole(self) -> Verb {
                Verb::$message(self)
            }

            fn under(mut self, cover: v1::Cover) -> Verb {
                self.cover = Some(cover);
                self.whole()
            }
        })*

        impl Verb {
            /// One of each that says nothing.
            #[cfg(test)]
            pub(crate) fn blanks() -> Vec<Self> {
                vec![$(Self::$message(v1::$message::default())),*]
            }

            /// The names of all of them.
            pub const NAMES: &[&str] = &[$($name),*];

            /// Its name, as `proto/takt/v1/mesh.proto` spells it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$message(_) => $name,)*
                }
            }

            /// Whose room it takes under load.
            pub fn tier(&self) -> Tier {
                match self {
                    $(Self::$message(_) => v1::$message::TIER,)*
                }
            }

            /// What stands around it; an empty one where none was sent.
            pub fn cover(&self) -> &v1::Cover {
                match self {
                    $(Self::$message(message) => message.cover.as_ref().unwrap_or(&NOTHING),)*
                }
            }

            /// What it says, without its cover, as JSON.
            pub(super) fn raw(&self) -> Result<Vec<u8>, Denied> {
                let written = match self {
                    $(Self::$message(message) => serde_json::to_vec(message),)*
                };
                written.map_err(|_| Denied::ours("a request could not be written down"))
            }
        }
    };
}

verbs! {
    ReleaseOrder Business "release_order";
    ConfirmCompletion Business "confirm_completion";
    IssueMaterial Business "issue_material";
    CorrectCount Business "correct_count";
    PlaceHold PlantCritical "place_hold";
    RecordDisposition Business "record_disposition";
    ReleaseHold Business "release_hold";
    ChangeQuantity Business "change_quantity";
    Redispatch Business "redispatch";
    CancelOrder Business "cancel_order";
    CompleteTechnically Business "complete_technically";
    CloseOrder Business "close_order";
    RescheduleOrder Business "reschedule_order";
    ReplaceComponent Business "replace_component";
    ChangeRecipe Business "change_recipe";
    SplitOrder Business "split_order";
    HoldOrder Business "hold_order";
    ResumeOrder Business "resume_order";
    RevokeDispatch Business "revoke_dispatch";
    ReopenOrder Business "reopen_order";
    ReversePosting Business "reverse_posting";
    BlockShipment PlantCritical "block_shipment";
    ReleaseShipment Business "release_shipment";
    ActOnException Business "act_on_exception";
    Reconcile Analytical "reconcile";
}

static NOTHING: v1::Cover = v1::Cover { key: String::new(), not_after: None, on_behalf_of: None, correlation: None };
