//! The hot path: one stream, many requests in flight, answers by key in whatever order they become durable. Each request runs
//! apart from who reads its answer, so that a reader who stops holds no place that others need. Never holds more than its
//! limit: while so many answers are not taken, nothing more is read, and the sender's own flow control slows it.

use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::{Status, Streaming};

use super::status::unserved;
use crate::ask::v1::answer::Result as Outcome;
use crate::ask::{Client, Denied, Reception, Sort, Verb, v1};

/// What the stream answers.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<v1::Answer, Status>> + Send>>;

/// Answers what comes in on a stream, until it ends, the door closes or the token is taken away; what was read is answered.
pub(super) fn answers(reception: &Arc<Reception>, client: Client, told: Streaming<v1::Request>) -> Answers {
    let (sender, mut receiver) = mpsc::channel(reception.limits().stream_in_flight_max.max(1));
    tokio::spawn(read(Arc::clone(reception), client, told, sender));
    Box::pin(futures::stream::poll_fn(move |context| receiver.poll_recv(context)))
}

/// Reads a request for each place among the answers; ends when the stream does, the door closes, the client's token is taken away, or nobody is left to answer.
async fn read(
    reception: Arc<Reception>,
    client: Client,
    mut told: Streaming<v1::Request>,
    answers: mpsc::Sender<Result<v1::Answer, Status>>,
) {
    let (mut over, client, mut under_way) = (Box::pin(reception.over_for(&client)), Arc::new(client), JoinSet::new());
    loop {
        let heard = async {
            let place = answers.clone().reserve_owned().await.ok()?;
            Some((told.next().await, place))
        };
        let heard = tokio::select! {
            biased;
            () = &mut over => break,
            () = answers.closed() => return,
            heard = heard => heard,
        };
        let Some((heard, place)) = heard else { return };
        match heard {
            None => break,
            Some(Ok(request)) => {
                let (reception, client) = (Arc::clone(&reception), Arc::clone(&client));
                under_way.spawn(async move { place.send(Ok(answer(&reception, &client, request).await)) });
            }
            Some(Err(status)) => {
                place.send(Ok(denied(String::new(), unserved(&status))));
                break;
            }
        }
        while under_way.try_join_next().is_some() {}
    }
    while under_way.join_next().await.is_some() {}
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
    v1::Answer { key, replayed: no.replayed, result: Some(Outcome::Complaint(*no.complaint)) }
}

pub(super) fn nothing_asked() -> Denied {
    let remedy = "send one of the choices; a newer client may know more verbs than this server";
    Denied::new(Sort::Malformed, "UNKNOWN_VERB", "the request carries no verb that is known here", remedy)
        .at("verb")
        .choose(Verb::NAMES.iter().map(|name| (*name).to_owned()))
}
