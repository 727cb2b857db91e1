//! What a log says beside the state it makes: when something came about, and by whose word. Apart from the views because each
//! of them asks it; reads nothing itself.

use takt_protocol::commit::{Commit, Step};
use takt_protocol::fact::Fact;
use takt_protocol::instant::Instant;

/// A moment of a log, and who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// When it happened, by its source.
    pub(crate) at: Instant,
    /// Who said so and under which key; empty for what the mesh told itself.
    pub(crate) by: String,
}

/// Every fact with the step it stands in, oldest first.
pub(crate) fn facts(commits: &[Commit]) -> impl DoubleEndedIterator<Item = (&Commit, usize, &Fact)> {
    commits.iter().flat_map(|commit| {
        let steps = commit.steps.iter().enumerate();
        steps.flat_map(move |(at, step)| step.facts.iter().map(move |fact| (commit, at, fact)))
    })
}

/// The first fact that is so.
pub(crate) fn first(commits: &[Commit], is: impl Fn(&Fact) -> bool) -> Option<Moment> {
    facts(commits).find(|(.., fact)| is(fact)).and_then(|(commit, at, _)| moment(commit, at))
}

/// The last fact that is so.
pub(crate) fn last(commits: &[Commit], is: impl Fn(&Fact) -> bool) -> Option<Moment> {
    facts(commits).rfind(|(.., fact)| is(fact)).and_then(|(commit, at, _)| moment(commit, at))
}

/// When a step happened, and by whose word.
pub(crate) fn moment(commit: &Commit, at: usize) -> Option<Moment> {
    let step = commit.steps.get(at)?;
    Some(Moment { at: step.occurred_at, by: by(commit, at, step) })
}

/// The person behind a step if there is one, else its source with its key.
fn by(commit: &Commit, at: usize, step: &Step) -> String {
    let source = step.key.source.to_string();
    match commit.said_by(at) {
        Some(who) => super::timeline::person(who),
        None if source == OURS || source.is_empty() => String::new(),
        // A reply to an errand of ours: the key is our own, and says nothing to a person.
        None if step.key_text().starts_with("claim/") => source,
        None => format!("{source} {}", step.key_text()),
    }
}

/// The source of what the mesh tells itself.
const OURS: &str = "takt";
