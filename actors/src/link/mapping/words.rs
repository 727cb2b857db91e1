//! Reads a jq program word by word, before it is compiled: which functions it defines, and whether it says anything that could
//! run without end. Knows just enough of jq for that: comments, texts with what is put into them, names and brackets.

use std::collections::BTreeSet;

use super::MappingError;

/// What runs for as long as its argument says, or for ever.
const ENDLESS: [&str; 9] = ["range", "repeat", "while", "until", "recurse", "recurse_down", "walk", "limit", "combinations"];

/// Something a program must not say.
pub(super) struct Found {
    at: usize,
    what: String,
    remedy: &'static str,
}

impl Found {
    pub(super) fn in_file(self, name: &str, text: &str) -> MappingError {
        MappingError::at(name, text, self.at, self.what, self.remedy)
    }
}

/// A word or a sign, with its place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Word<'a> {
    at: usize,
    text: &'a str,
}

/// A definition that is being read.
struct Open<'a> {
    name: &'a str,
    depth: usize,
    /// Its parameters are behind it: from here on its own name would be a recursion.
    in_body: bool,
}

/// The names of the functions without parameters that a program defines at its top.
pub(super) fn check(text: &str) -> Result<BTreeSet<String>, Found> {
    let words = words(text)?;
    paired(&words)?;
    flat(&words)?;
    let mut defined = BTreeSet::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut depth = 0_usize;
    let mut previous = "";
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map_or("", |word| word.text);
        match word.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            ":" if open.last().is_some_and(|def| def.depth == depth) => {
                if let Some(def) = open.last_mut() {
                    def.in_body = true;
                }
            }
            ";" if open.last().is_some_and(|def| def.depth == depth && def.in_body) => drop(open.pop()),
            "*" if !multiplies(&words, at) => {
                let what = "`*` repeats what turns out to be a text as often as a message says".to_owned();
                return Err(Found { at: word.at, what, remedy: "write numbers on both sides, each as `1000` or as `(… | tonumber)`" });
            }
            ".." => return Err(Found { at: word.at, what: "`..` may run for ever".to_owned(), remedy: "name the fields that are meant" }),
            name if previous == "def" && MADE.contains(&name) => {
                let what = format!("`{name}` means something else than everywhere");
                return Err(Found { at: word.at, what, remedy: "give the function another name" });
            }
            name if previous == "def" => {
                if open.is_empty() && next == ":" {
                    defined.insert(name.to_owned());
                }
                open.push(Open { name, depth, in_body: false });
            }
            name if is_call(previous, next) => may_call(name, word.at, &open)?,
            _ => {}
        }
        previous = word.text;
    }
    Ok(defined)
}

/// That every bracket is closed by its like.
fn paired(words: &[Word<'_>]) -> Result<(), Found> {
    let mut open: Vec<Word<'_>> = Vec::new();
    for word in words {
        let opens = match word.text {
            "(" | "[" | "{" => {
                open.push(*word);
                continue;
            }
            ")" => "(",
            "]" => "[",
            "}" => "{",
            _ => continue,
        };
        let before = open.pop();
        if before.is_none_or(|before| before.text != opens) {
            let what = before.map_or_else(
                || format!("`{}` closes nothing that is open", word.text),
                |before| format!("`{}` stands where `{}` is to be closed", word.text, before.text),
            );
            return Err(Found { at: word.at, what, remedy: "close every bracket by its like, in turn" });
        }
    }
    match open.first() {
        Some(word) => Err(Found { at: word.at, what: format!("`{}` is never closed", word.text), remedy: "close it where it ends" }),
        None => Ok(()),
    }
}

/// Steps that may stand within each other or in one chain. Whoever reads or runs a program goes down one for each, and a thread has only
/// so much room for that.
const STEPS_MAX: usize = 500;

/// What begins a step, besides brackets.
const STEPS: [&str; 20] =
    ["|", ",", "+", "-", "*", "/", "%", "=", "<", ">", "!", "?", "and", "or", "as", "if", "elif", "reduce", "foreach", "def"];

/// That nothing in it is so long or so deep that reading it would take all room of a thread.
fn flat(words: &[Word<'_>]) -> Result<(), Found> {
    // Of each bracket that is open: what it is, and the steps in it so far.
    let mut open = vec![("", 0_usize)];
    let mut steps = 0_usize;
    for word in words {
        let over = match word.text {
            ")" | "]" | "}" => open.pop().map_or(0, |(_, own)| own + 1),
            // What is behind it is no deeper than what was before.
            ";" => open.last_mut().map_or(0, |(_, own)| std::mem::take(own)),
            "," if open.last().is_some_and(|(bracket, _)| *bracket == "{") => open.last_mut().map_or(0, |(_, own)| std::mem::take(own)),
            bracket @ ("(" | "[" | "{") => {
                open.push((bracket, 0));
                steps += 1;
                0
            }
            step if STEPS.contains(&step) => {
                open.last_mut().iter_mut().for_each(|(_, own)| *own += 1);
                steps += 1;
                0
            }
            _ => 0,
        };
        steps = steps.saturating_sub(over);
        if steps > STEPS_MAX {
            return Err(too_deep(word.at));
        }
    }
    Ok(())
}

fn too_deep(at: usize) -> Found {
    let what = format!("more than {STEPS_MAX} steps stand within each other or in one chain up to here");
    Found { at, what, remedy: "give parts of it names with `def`, and look long lists up in a table" }
}

/// Whether the sign of a product stands between two numbers, or between two objects: an object is never repeated.
fn multiplies(words: &[Word<'_>], at: usize) -> bool {
    let word = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.text);
    let (before, behind) = (at.checked_sub(1), Some(at + 1));
    // What is taken out of an object or a list afterwards may be anything.
    let ends_there = |last: usize| !matches!(word(Some(last + 1)), "." | "[" | "?");
    let is_object = word(behind) == "{" && closed_by(words, at + 1, ("{", "}")).is_some_and(ends_there);
    if word(before) == "}" || is_object {
        return true;
    }
    let is_number = |text: &str| text.starts_with(|letter: char| letter.is_ascii_digit());
    let left = is_number(word(before))
        || before.filter(|close| word(Some(*close)) == ")").is_some_and(|close| {
            let open = opened(words, close);
            open.is_some_and(|open| !is_called(word(open.checked_sub(1))) && makes_number(words, open, close))
        });
    let right = is_number(word(behind))
        || (word(behind) == "-" && is_number(word(Some(at + 2))))
        || (word(behind) == "(" && closed(words, at + 1).is_some_and(|close| ends_there(close) && makes_number(words, at + 1, close)));
    left && right
}

/// What makes a number of anything, or nothing of it.
const MADE: [&str; 6] = ["tonumber", "length", "floor", "ceil", "round", "fabs"];

/// Whether what stands in a pair of brackets is a number whatever it is made of: what its last step makes one of, or what is written
/// with numbers alone.
fn makes_number(words: &[Word<'_>], open: usize, close: usize) -> bool {
    let inside = words.get(open + 1..close).unwrap_or_default();
    if let [.., bar, last] = inside
        && bar.text == "|"
    {
        return MADE.contains(&last.text);
    }
    let plain = |word: &Word<'_>| {
        word.text.starts_with(|letter: char| letter.is_ascii_digit()) || ["+", "-", "*", "/", "(", ")", "."].contains(&word.text)
    };
    !inside.is_empty() && inside.iter().all(plain)
}

/// Whether what stands before a bracket is a function that is given what is in it.
fn is_called(name: &str) -> bool {
    let spoken = ["if", "then", "elif", "else", "and", "or"];
    name.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_') && !spoken.contains(&name)
}

/// Where the bracket that a word closes was opened.
fn opened(words: &[Word<'_>], close: usize) -> Option<usize> {
    let mut depth = 0_usize;
    (0..=close).rev().find(|at| {
        match words.get(*at).map(|word| word.text) {
            Some(")") => depth += 1,
            Some("(") => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// Where the bracket that a word opens is closed.
fn closed(words: &[Word<'_>], open: usize) -> Option<usize> {
    closed_by(words, open, ("(", ")"))
}

fn closed_by(words: &[Word<'_>], open: usize, (opens, closes): (&str, &str)) -> Option<usize> {
    let mut depth = 0_usize;
    (open..words.len()).find(|at| {
        let word = words.get(*at).map_or("", |word| word.text);
        depth += usize::from(word == opens);
        depth = depth.saturating_sub(usize::from(word == closes));
        depth == 0
    })
}

/// A name that is neither a field, a variable nor the key of an object.
fn is_call(previous: &str, next: &str) -> bool {
    previous != "." && previous != "$" && next != ":"
}

fn may_call(name: &str, at: usize, open: &[Open<'_>]) -> Result<(), Found> {
    if ENDLESS.contains(&name) {
        return Err(Found { at, what: format!("`{name}` may run for ever"), remedy: "go through what is there with `[]` or `map`" });
    }
    if open.iter().any(|def| def.in_body && def.name == name) {
        return Err(Found { at, what: format!("`{name}` calls itself"), remedy: "a mapping may not recurse; use `map` or `reduce`" });
    }
    Ok(())
}

/// The words and signs outside comments and texts; what is put into a text by `\(…)` is read like the rest.
fn words(text: &str) -> Result<Vec<Word<'_>>, Found> {
    let mut words = Vec::new();
    let mut rest = text.char_indices().peekable();
    // For each text that something is put into: how many brackets are open inside.
    let mut inside: Vec<usize> = Vec::new();
    let mut quoted = false;
    while let Some((at, letter)) = rest.next() {
        if quoted {
            match letter {
                '\\' if rest.next().is_some_and(|(_, escaped)| escaped == '(') => {
                    inside.push(0);
                    quoted = false;
                    if inside.len() > super::bound::NESTING_MAX {
                        return Err(too_deep(at));
                    }
                }
                '"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match letter {
            '"' => quoted = true,
            '#' => while rest.next_if(|(_, letter)| *letter != '\n').is_some() {},
            ')' if inside.last() == Some(&0) => {
                inside.pop();
                quoted = true;
            }
            _ if letter.is_whitespace() => {}
            _ => {
                if let (Some(open), '(' | ')') = (inside.last_mut(), letter) {
                    *open = if letter == '(' { *open + 1 } else { open.saturating_sub(1) };
                }
                let named = |letter: char| letter.is_alphanumeric() || letter == '_';
                let mut end = at + letter.len_utf8();
                let same = |next: char| (named(letter) && named(next)) || (letter == '.' && next == '.');
                while let Some((place, next)) = rest.next_if(|(_, next)| same(*next)) {
                    end = place + next.len_utf8();
                }
                words.extend(text.get(at..end).map(|text| Word { at, text }));
            }
        }
    }
    Ok(words)
}
