//! The other nodes that run a region, asked in the words in which regions ask each other: for what each of them alone knows, such as
//! how it hears the systems that it speaks with. Never for what stands in the log, which all of them read.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use takt_cluster::seam::Replied;
use takt_protocol::name::Region;
use takt_protocol::{subject, wire};

use super::words::{QUESTIONS, Question, Raw, Told};
use crate::node::{Node, NodeName, nodes_of};
use crate::region::AskError;

/// What another node of the region answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What it is called.
    pub node: String,
    /// Its answer, or why there is none, for a person.
    pub answer: Result<Vec<u8>, String>,
}

/// Where questions to one node alone are heard.
pub(crate) fn door(region: Region, node: &NodeName) -> String {
    subject::ask(region, &format!("{QUESTIONS}/{node}"))
}

/// Asks every other node that lives a question of the API, by its name.
pub(crate) async fn ask(node: &Node, name: &str, question: &[u8], patience: Duration) -> Result<Vec<Peer>, AskError> {
    let question = Question::Api(name.to_owned(), Raw(question.to_vec()));
    let bytes = Bytes::from(wire::encode("question", &question)?);
    let others = nodes_of(&node.seams).await?.into_iter().filter(|other| *other != node.settings.node);
    let asked = others.map(|other| {
        let bytes = bytes.clone();
        async move { Peer { answer: one(node, &other, bytes, patience).await, node: other.to_string() } }
    });
    Ok(join_all(asked).await)
}

async fn one(node: &Node, other: &NodeName, question: Bytes, patience: Duration) -> Result<Vec<u8>, String> {
    let asked = node.seams.bus.request(&door(node.region, other), question, patience).await.map_err(|error| error.to_string())?;
    let Replied::Answer(bytes) = asked else { return Err("it does not answer".to_owned()) };
    match wire::decode("answer", &bytes).map_err(|error| error.to_string())? {
        Told::Api(Raw(answer)) => Ok(answer),
        Told::No(why) => Err(why),
        Told::State(_) | Told::Log(..) | Told::Found(_) | Told::Kept(_) => {
            Err("it answers something else: it runs another version".to_owned())
        }
    }
}
