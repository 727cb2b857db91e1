//! What panicked in a run. A supervisor takes an entity that broke for gone and loads it again, so a run may end well all the same; but a
//! panic is a mistake of ours wherever it is seen, and breaks the run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// What panicked on this thread, and how often: a run has one.
    static SEEN: RefCell<BTreeMap<String, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Forgets what was seen, and looks from now on.
pub(super) fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let told = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // One of each is enough to read.
            if note(info) == 1 {
                told(info);
            }
        }));
    });
    SEEN.take();
}

fn note(info: &PanicHookInfo<'_>) -> u64 {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let what = format!("{} at {place}", info.payload_as_str().unwrap_or("a panic"));
    SEEN.with_borrow_mut(|seen| {
        let count = seen.entry(what).or_default();
        *count += 1;
        *count
    })
}

/// What was seen, each a sentence.
pub(super) fn seen() -> Vec<String> {
    let sentence = |(what, count): (String, u64)| format!("T9: what must never happen happened, {count} times: {what}");
    SEEN.take().into_iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_supervisor_would_catch_is_seen_with_its_place_and_how_often() {
        watch();
        for _ in 0..2 {
            assert!(panic::catch_unwind(|| panic!("two at once")).is_err());
        }
        let seen = seen();
        assert!(seen.len() == 1 && seen[0].starts_with("T9: what must never happen happened, 2 times: two at once at "), "{seen:?}");
        assert!(seen[0].contains("panics.rs"), "{seen:?}");
        assert!(super::seen().is_empty());
    }
}
