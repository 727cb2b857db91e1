//! The same key with other content: never "already known". A request is refused; what happened on the floor is kept and
//! shown as a case, once, however often it is repeated.

use super::{Context, Decision, Reply, State, record};
use crate::answer::Answer;
use crate::case::CaseKind;
use crate::commit::Step;
use crate::draft::NewCase;
use crate::envelope::{Key, KeyText, Mark};
use crate::input::Input;
use crate::refusal::{Code, Refusal};
use crate::seen::{ContentHash, Known};

/// Takes an input whose key was used for other content.
pub(super) fn step(state: &mut State, input: &Input, hash: ContentHash, context: &Context<'_>) -> (Option<Step>, Reply) {
    let mut input = Input { to: input.to.clone(), envelope: input.envelope.clone(), body: input.body.clone() };
    let key = input.envelope.key.clone();
    input.envelope.key = apart(&key, hash);
    if let Known::Same(answer) = state.common.seen.ask(&input.envelope.key, hash) {
        return (None, Reply::Known(answer));
    }
    let mut draft = state.draft(context);
    let answer = if input.body.is_request() {
        let text = format!("the key {key} was used before, for another request");
        Answer::Refused(Box::new(
            Refusal::new(Code::KeyReused, text, "repeat the first request unchanged, or send this one under a new key").at("key"),
        ))
    } else {
        let what = format!("{key} came again with other content; the first stands, this one is kept with its raw message");
        Answer::Discrepant { case: draft.open_case(NewCase::new(CaseKind::KeyReused, "it", what)) }
    };
    record(state, &input, hash, true, Decision { answer, facts: draft.into_facts() }, context)
}

/// The key under which the other content is remembered.
fn apart(key: &Key, content: ContentHash) -> Key {
    let mark = match &key.mark {
        Mark::Number(n) => format!("#{n}~{content}"),
        Mark::Text(text) => format!("{content}~{}", text.as_str()),
    };
    Key { source: key.source, epoch: key.epoch, mark: Mark::Text(KeyText::ours(mark)) }
}
