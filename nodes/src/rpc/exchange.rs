//! The hot path: one stream, many requests in flight, answers by key in whatever order they become durable. Never holds more
//! than its limit: while that is reached it stops reading, and the sender's own flow control slows it.

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use tonic::{Status, Streaming};

use crate::ask::v1::answer::Result as Outcome;
use crate::ask::{Client, Denied, Reception, Sort, Verb, v1};

/// What the stream answers.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<v1::Answer, Status>> + Send>>;

/// Answers what comes in on a stream, until it ends or the door closes; what was read is answered.
pub(super) fn answers(reception: &Arc<Reception>, client: Client, told: Streaming<v1::Request>) -> Answers {
    let max = reception.limits().stream_in_flight_max;
    let (reception, client) = (Arc::clone(reception), Arc::new(client));
    let closed = Box::pin(reception.closed());
    let under_way = told.take_until(closed).map(move |request| {
        let (reception, client) = (Arc::clone(&reception), Arc::clone(&client));
        async move { Ok(answer(&reception, &client, request?).await) }
    });
    Box::pin(under_way.buffer_unordered(max.max(1)))
}

async fn answer(reception: &Reception, client: &Client, request: v1::Request) -> v1::Answer {
    let Some(verb) = request.verb else { return denied(String::new(), nothing_asked()) };
    let key = verb.cover().key.clone();
    let taken = async {
        let ticket = reception.admission().wait(verb.tier()).await?;
        reception.take(client, &verb, ticket).await
    };
    match taken.await {
        Ok(taken) => v1::Answer { key, replayed: taken.replayed, result: Some(Outcome::Outcome(taken.outcome)) },
        Err(no) => denied(key, no),
    }
}

fn denied(key: String, no: Denied) -> v1::Answer {
    v1::Answer { key, replayed: false, result: Some(Outcome::Complaint(*no.complaint)) }
}

fn nothing_asked() -> Denied {
    let remedy = "send one of the choices; a newer client may know more verbs than this server";
    Denied::new(Sort::Malformed, "UNKNOWN_VERB", "the request carries no verb that is known here", remedy)
        .at("verb")
        .choose(Verb::NAMES.iter().map(|name| (*name).to_owned()))
}
