//! Posting rules that are changed while orders are under way: the same documents, the next version, and flushed at other times.

use std::time::Duration;

use takt_protocol::book::Book;
use takt_protocol::posting::{Rule, RuleBook, Trigger};

use super::cutover;
use super::people::People;

/// How long is waited for an order that some of is posted of, and how often it is looked for.
const WAITS: Duration = Duration::from_mins(40);
const LOOK: Duration = Duration::from_mins(1);

/// Other rules from now on; with an order under way, because a change in an idle hour would show nothing.
pub(super) async fn strike(people: &People) {
    let until = people.town.elapsed() + WAITS;
    while people.town.elapsed() < until && cutover::half_posted(people).await == 0 {
        tokio::time::sleep(LOOK).await;
    }
    people.yard.change_rules().await;
}

/// The book that comes after this one.
pub(super) fn next(book: &Book) -> anyhow::Result<Book> {
    let rules: Vec<Rule> = book.rules.rules().iter().map(changed).collect();
    let rules = RuleBook::new(rules).map_err(|found| anyhow::anyhow!("the changed rules contradict each other: {found:?}"))?;
    let hash = format!("{}+", book.hash);
    Ok(Book { hash, rules, ..book.clone() })
}

/// A rule that posted each report posts groups of five, and one that collected posts each report, but for what a person flushes.
fn changed(rule: &Rule) -> Rule {
    let trigger = if rule.trigger.contains(&Trigger::Hold) {
        rule.trigger.clone()
    } else if rule.trigger.contains(&Trigger::EachReport) {
        vec![Trigger::Count(5), Trigger::Completion]
    } else {
        vec![Trigger::EachReport]
    };
    Rule { version: rule.version + 1, trigger, ..rule.clone() }
}
