//! Topics and filters of MQTT: levels between slashes, where a filter may have `+` for one level and `#` for all that follow. Topics that
//! begin with `$` are the broker's own, and no filter that begins with a wildcard takes them.

/// Whether it is a topic that something can be published to.
pub fn is_topic(text: &str) -> bool {
    !text.is_empty() && text.len() <= LEN_MAX && !text.contains(['+', '#', '\0'])
}

/// The longest topic, in bytes.
const LEN_MAX: usize = 65_535;

/// What is wrong with a filter, if anything is.
pub fn wrong_with(filter: &str) -> Option<&'static str> {
    let levels: Vec<&str> = filter.split('/').collect();
    let last = levels.len() - 1;
    if filter.is_empty() || filter.len() > LEN_MAX || filter.contains('\0') {
        Some("it is empty, or too long")
    } else if levels.iter().any(|level| level.len() > 1 && level.contains(['+', '#'])) {
        Some("a + or # stands for whole levels: nothing else stands between its slashes")
    } else if levels.iter().position(|level| *level == "#").is_some_and(|at| at != last) {
        Some("a # stands at the end, and nowhere else")
    } else {
        None
    }
}

/// Whether a filter takes a topic.
pub fn takes(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for level in filter.split('/') {
        match (level, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (level, Some(other)) if level == other => {}
            (_, _) => return false,
        }
    }
    levels.next().is_none()
}

/// Whether some topic is taken by both.
pub fn meet(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.split('/'), other.split('/'));
    loop {
        match (one.next(), other.next()) {
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (Some(level), Some(theirs)) if level == "+" || theirs == "+" || level == theirs => {}
            (_, _) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_what_the_standard_says() {
        for (filter, topic) in
            [("a/b", "a/b"), ("a/+", "a/b"), ("a/#", "a"), ("a/#", "a/b/c"), ("#", "a"), ("+/+", "/a"), ("/+", "/a"), ("a/+/c", "a//c")]
        {
            assert!(takes(filter, topic), "{filter} takes {topic}");
            assert!(meet(filter, topic), "{filter} meets {topic}");
        }
        for (filter, topic) in
            [("a/b", "a/b/c"), ("a/+", "a"), ("+", "/a"), ("#", "$SYS/x"), ("+/x", "$SYS/x"), ("a/+", "a/b/c"), ("A", "a")]
        {
            assert!(!takes(filter, topic), "{filter} does not take {topic}");
        }
        assert!(takes("$SYS/#", "$SYS/x"));
        assert!(meet("a/+/c", "+/b/#") && meet("spBv1.0/#", "+/x") && !meet("a/b", "a/+/c") && !meet("plant/#", "spBv1.0/#"));
    }

    #[test]
    fn a_filter_that_is_none_is_told() {
        for filter in ["", "a#", "a/#/b", "a+/b", "#/"] {
            assert!(wrong_with(filter).is_some(), "{filter}");
        }
        for filter in ["a", "#", "a/+/b", "+", "/", "a/#"] {
            assert_eq!(wrong_with(filter), None, "{filter}");
        }
    }
}
