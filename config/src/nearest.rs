//! The word that was probably meant. Apart because every kind of word can be misspelled.

/// How many known words a remedy lists when none of them is near.
const LISTED_MAX: usize = 20;

/// The remedy that names the nearest of the known words, or lists them.
pub(crate) fn nearest(wrong: &str, known: &[&str]) -> String {
    match known.iter().min_by_key(|word| distance(wrong, word)) {
        Some(best) if distance(wrong, best) <= (wrong.chars().count() / 3).clamp(1, 2) => format!("did you mean {best}?"),
        Some(_) => format!("use one of {}", listed(known.get(..known.len().min(LISTED_MAX)).unwrap_or_default())),
        None => "there is none yet: add the first".to_owned(),
    }
}

/// Words with commas between them.
pub(crate) fn listed<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// How many letters have to be changed to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, (other, pair)) in b.iter().zip(row.windows(2)).enumerate() {
            let [diagonal, above] = pair else { continue };
            let left = next.get(j).copied().unwrap_or_default();
            next.push((above + 1).min(left + 1).min(diagonal + usize::from(letter != *other)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
