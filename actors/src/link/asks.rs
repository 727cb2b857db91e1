//! What a link can be asked for besides its errands: the questions of polls, and of messages that tell only keys. Apart from the
//! transports because a mapping asks any of them alike; what a question looks like, only the transport knows.

use async_trait::async_trait;
use serde_json::Value;

/// Why a question has no answer that could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The system did not answer, or put it off: it is asked again.
    Silent(String),
    /// The system answers, and not to this: whether asking again helps, nobody can tell.
    Refused(String),
    /// The system answered that it does not know what is asked for.
    NotKnown(String),
    /// It can never be asked as it is: a person must look.
    Wrong(String),
}

/// A way to ask a system.
#[async_trait]
pub trait Asks: Send + Sync {
    /// Asks what a mapping says. Changes nothing there, as far as the transport can hold that.
    async fn ask(&self, question: Value) -> Result<Value, Unanswered>;

    /// Asks for what stands in the configuration as one text: a document that is read whole.
    async fn whole(&self, what: &str) -> Result<Value, Unanswered>;

    /// Tells the system, in the words of a mapping, that we have what it showed us.
    async fn tell(&self, told: Value) -> Result<(), Unanswered>;
}
