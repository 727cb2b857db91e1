//! Letters as this MES writes them: windows-1252, one byte each.
//!
//! Apart because its files are bytes. In here a file is a text whose characters are its bytes, U+0000 to U+00FF, so that the books can
//! hold it; what people read is decoded, and what they wrote is encoded again.

/// What stands at 0x80 to 0x9F; the five places without a letter stay what they are.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–',
    '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The letters of a file.
pub(crate) fn decoded(file: &str) -> String {
    let letter = |byte: char| match u32::from(byte).checked_sub(0x80).and_then(|at| usize::try_from(at).ok()) {
        Some(at) => HIGH.get(at).copied().unwrap_or(byte),
        None => byte,
    };
    file.chars().map(letter).collect()
}

/// A file with these letters; one that the charset does not have is a question mark.
pub(crate) fn encoded(letters: &str) -> String {
    let byte = |letter: char| match HIGH.iter().position(|known| *known == letter) {
        Some(at) => char::from(0x80 + u8::try_from(at).unwrap_or(0)),
        None if u32::from(letter) < 0x80 || (0xa0..=0xff).contains(&u32::from(letter)) => letter,
        None => '?',
    };
    letters.chars().map(byte).collect()
}

/// Bytes as the text that stands for them in here.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes that a text stands for; a character that is no byte is a question mark.
pub(crate) fn to_bytes(file: &str) -> Vec<u8> {
    file.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap_or(b'?')).collect()
}
