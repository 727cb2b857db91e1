//! Lists of what was not marked yet, such as an outbox table: each item is taken, and when it is durable here it is marked there, by the
//! `mark` of the mapping, which sees `.taken`, a list of `id` and `version`. A row whose transaction ends late is seen when it ends,
//! whatever its number is, because nothing is remembered of where the reading stood (`actors/decisions/0015`).
//!
//! Who dies between taking and marking takes the same items again, under the same names: their entities know them.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Ended, Item, PAGES_MAX, answered, ask, items, view};
use crate::link::asks::{Asks, Unanswered};
use crate::link::inbound::{Called, Inbound, Told};
use crate::link::mapping::Mapping;

/// One round over what is not marked: how many items were taken.
pub(super) async fn round(inbound: &Inbound, link: &dyn Asks, topic: &str) -> Result<usize, Ended> {
    let Some(mapping) = inbound.topic(topic).map(|known| known.mapping.clone()) else {
        return Err(Ended::Silent(format!("no mapping takes {topic}")));
    };
    let (mut marked, mut answer) = (BTreeSet::new(), Value::Null);
    for page in 0..PAGES_MAX {
        let Some(asked) = ask(inbound, &mapping, topic, None, page, &answer).await? else { break };
        answer = answered(link, asked, &mapping, (&format!("{topic}, page {page}"), &answer)).await?;
        let shown = items(inbound, &mapping, topic, &answer).await?;
        if shown.is_empty() {
            break;
        }
        let wrong = |why: String| Ended::Wrong(answer.to_string().into_bytes(), why);
        if let Some(again) = shown.iter().find(|item| marked.contains(&(item.id.clone(), item.version()))) {
            let why = format!("{topic} shows {} again, which was marked: have `ask` leave out what `mark` has marked", again.id);
            return Err(wrong(why));
        }
        let (taken, left) = take(inbound, topic, shown).await;
        mark(inbound, link, &mapping, topic, &taken).await?;
        marked.extend(taken);
        if let Some(left) = left {
            return Err(left);
        }
    }
    Ok(marked.len())
}

/// Takes items until one cannot be taken just now: those that are durable, by id and version, and why not the rest.
async fn take(inbound: &Inbound, topic: &str, shown: Vec<Item>) -> (Vec<(String, String)>, Option<Ended>) {
    let mut taken = Vec::new();
    for item in shown {
        let version = item.version();
        let called = Some(Called::item(topic, &item.id, &version));
        let raw = Bytes::from(item.content.to_string());
        if let Err(refused) = inbound.take(&Told { topic, raw, called, file: None, brought: false }).await {
            return (taken, Some(Ended::silent(refused)));
        }
        taken.push((item.id, version));
    }
    (taken, None)
}

/// Marks there what was taken here.
async fn mark(inbound: &Inbound, link: &dyn Asks, mapping: &Mapping, topic: &str, taken: &[(String, String)]) -> Result<(), Ended> {
    if taken.is_empty() {
        return Ok(());
    }
    let taken: Vec<Value> = taken.iter().map(|(id, version)| json!({ "id": id, "version": version })).collect();
    let view = view(inbound.site(), topic, inbound.tables(), &json!({ "taken": taken }));
    let wrong = |why: String| Ended::Wrong(view.to_string().into_bytes(), why);
    let said = mapping.run_bounded("mark", view.to_string().into_bytes()).await.map_err(|error| wrong(error.to_string()))?;
    for told in said {
        link.tell(told).await.map_err(|unanswered| match unanswered {
            Unanswered::Silent(why) => Ended::Silent(format!("{topic} was taken and not marked: {why}")),
            Unanswered::Refused(why) | Unanswered::NotKnown(why) => Ended::Refused(format!("{topic} was taken and not marked: {why}")),
            Unanswered::Wrong(why) => wrong(format!("`mark` of {} cannot be done: {why}", mapping.name())),
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
