//! Names of files: which belong to a topic, which are not finished, and which one of ours may have. Pure.

/// What the names of a topic's files look like: letters that must stand there, and `*` for any others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// What a file's name ends with while somebody still writes it.
const UNFINISHED: [&str; 6] = [".tmp", ".part", ".partial", ".filepart", ".crdownload", "~"];

/// The longest name that a mapping may give a file of ours, in characters.
const NAME_MAX: usize = 100;

impl Pattern {
    /// A pattern as it is written.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether a name fits. Letters count as they are written: two files may differ by nothing else.
    pub fn takes(&self, name: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else { return self.0 == name };
        let Some(mut left) = name.strip_prefix(head) else { return false };
        let mut parts: Vec<&str> = rest.split('*').collect();
        let tail = parts.pop().unwrap_or_default();
        for part in parts {
            match left.find(part) {
                Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        left.ends_with(tail)
    }

    /// How many letters of its own it has: of two that fit, the one with more says more.
    pub fn letters(&self) -> usize {
        self.0.chars().filter(|letter| *letter != '*').count()
    }
}

/// What stands around the name of a file that is on its way out of its folder.
const LEAVING: (&str, &str) = (".", ".takt-leaving");

/// How a file is called while it is on its way out of its folder: nobody else touches it by that name.
pub(super) fn leaving(name: &str) -> String {
    format!("{}{name}{}", LEAVING.0, LEAVING.1)
}

/// The name that a file had before it was on its way out; nothing when it is not.
pub(super) fn left_as(file: &str) -> Option<&str> {
    file.strip_prefix(LEAVING.0)?.strip_suffix(LEAVING.1)
}

/// Whether nobody is to touch it: hidden, or not finished.
pub(super) fn is_unfinished(name: &str) -> bool {
    let lower = name.to_lowercase();
    name.starts_with('.') || UNFINISHED.iter().any(|ending| lower.ends_with(ending))
}

/// Whether a file of ours may be called so: nothing that leads out of its folder, or that a system takes for something else.
pub(super) fn is_plain(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(plain) && !is_unfinished(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_the_names_that_fit_it_whole() {
        for (pattern, fits, not) in [
            ("*.xml", &["a.xml", ".xml"][..], &["a.xml.bak", "a.XML", "xml"][..]),
            ("LOIPRO*.xml", &["LOIPRO01.xml", "LOIPRO.xml"], &["xLOIPRO.xml", "LOIPRO.xm"]),
            ("a*b*c", &["abc", "axxbxxc", "abbcc"], &["ab", "acb", "abcd"]),
            ("*", &["", "anything"], &[]),
            ("one.csv", &["one.csv"], &["one.csv1", "aone.csv"]),
            ("a*a", &["aa", "axa"], &["a"]),
        ] {
            let pattern = Pattern::new(pattern);
            assert!(fits.iter().all(|name| pattern.takes(name)), "{pattern:?}");
            assert!(!not.iter().any(|name| pattern.takes(name)), "{pattern:?}");
        }
        assert!(Pattern::new("LOIPRO*.xml").letters() > Pattern::new("*.xml").letters());
    }

    #[test]
    fn what_is_hidden_or_still_written_is_left_alone_and_nothing_leads_out_of_a_folder() {
        for name in [".a.xml", "a.xml.tmp", "a.XML.PART", "a.filepart", "a.csv~"] {
            assert!(is_unfinished(name), "{name}");
        }
        assert!(!is_unfinished("partial.xml") && !is_unfinished("tmp.csv"));
        for name in ["", "..", "a/b", "../a", ".a", "a b", "a\\b", "ü", &"a".repeat(101), "a.tmp"] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("job-4711_2.v1"));
    }
}
