//! What a request means in the words of the protocol: to whom, and what. One `match` over all verbs, each read in the module
//! of the entity it is for.

use takt_protocol::input::{Address, Body};
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;

use super::v1::request::Verb;
use super::{Client, Denied, Reception};

/// What a request means.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    /// To whom.
    pub(super) to: Address,
    /// What.
    pub(super) body: Body,
    /// The field that says to whom.
    pub(super) field: &'static str,
    /// When it happened, when the request says so.
    pub(super) occurred_at: Option<Instant>,
    /// Why.
    pub(super) reason: Option<String>,
    /// What it follows from: for a correction, the report that counted wrong.
    pub(super) causation: Option<String>,
    /// The text that a message was mended with.
    pub(super) mended: Option<String>,
    /// The plant whose quarantine keeps it while nobody knows what it is about: only for what happened.
    pub(super) quarantine: Option<SiteId>,
}

impl Meaning {
    /// A wish.
    pub(super) fn wish(to: Address, body: Body, field: &'static str) -> Self {
        Self { to, body, field, occurred_at: None, reason: None, causation: None, mended: None, quarantine: None }
    }

    /// The same, for a reason.
    pub(super) fn because(mut self, reason: Option<&String>) -> Self {
        self.reason = reason.cloned();
        self
    }

    /// Whether it is addressed by a name, which may become known, and not by an id that we never gave out.
    pub(super) fn is_named(&self) -> bool {
        matches!(self.to, Address::Native { .. })
    }
}

impl Reception {
    /// What is asked for seldom stands in a box of its own: what comes on the stream takes as much memory as the largest of them otherwise.
    pub(super) async fn meaning(&self, client: &Client, verb: &Verb) -> Result<Meaning, Denied> {
        let book = self.mesh().book();
        match verb {
            Verb::ReleaseOrder(wish) => wish.meaning(&book),
            Verb::ConfirmCompletion(report) => report.meaning(self).await,
            Verb::IssueMaterial(report) => report.meaning(self).await,
            Verb::CorrectCount(report) => report.meaning(self).await,
            Verb::PlaceHold(wish) => wish.meaning(&self.book_at(&wish.plant)),
            Verb::RecordDisposition(wish) => wish.meaning(&self.book_at(&wish.plant)),
            Verb::ReleaseHold(wish) => wish.meaning(&self.book_at(&wish.plant)),
            Verb::ChangeQuantity(wish) => Box::pin(wish.meaning(self)).await,
            Verb::Redispatch(wish) => Box::pin(wish.meaning(self)).await,
            Verb::CancelOrder(wish) => Box::pin(wish.meaning(self)).await,
            Verb::CompleteTechnically(wish) => Box::pin(wish.meaning(self)).await,
            Verb::CloseOrder(wish) => Box::pin(wish.meaning(self)).await,
            Verb::RescheduleOrder(wish) => Box::pin(wish.meaning(self)).await,
            Verb::ReplaceComponent(wish) => Box::pin(wish.meaning(self)).await,
            Verb::ChangeRecipe(wish) => Box::pin(wish.meaning(self)).await,
            Verb::SplitOrder(wish) => Box::pin(wish.meaning(self)).await,
            Verb::HoldOrder(wish) => Box::pin(wish.meaning(self)).await,
            Verb::ResumeOrder(wish) => Box::pin(wish.meaning(self)).await,
            Verb::RevokeDispatch(wish) => Box::pin(wish.meaning(self)).await,
            Verb::ReopenOrder(wish) => Box::pin(wish.meaning(self)).await,
            Verb::ReversePosting(wish) => Box::pin(wish.meaning(self)).await,
            Verb::BlockShipment(wish) => Box::pin(wish.meaning(self)).await,
            Verb::ReleaseShipment(wish) => Box::pin(wish.meaning(self)).await,
            Verb::ActOnException(wish) => Box::pin(wish.meaning(self, client)).await,
            Verb::Reconcile(wish) => wish.meaning(&book),
        }
    }
}
