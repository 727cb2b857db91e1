//! What a JSON text may be before anything parses it: not too long, not too deep. A parser that recurses would not survive
//! two hundred thousand brackets.

use super::INPUT_BYTES_MAX;

/// The deepest nesting taken.
pub(super) const NESTING_MAX: usize = 64;

/// Says what is wrong with a text, if anything is.
pub(super) fn check(text: &[u8]) -> Result<(), String> {
    if text.len() > INPUT_BYTES_MAX {
        return Err(format!("{} bytes are more than the {INPUT_BYTES_MAX} that a mapping takes", text.len()));
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'[' | b'{') => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Err(format!("nested deeper than the {NESTING_MAX} levels that a mapping takes"));
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            (true | false, _) => {}
        }
    }
    Ok(())
}
