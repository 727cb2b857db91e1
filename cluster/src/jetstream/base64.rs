//! Base 64 as JetStream's API writes stored messages in its JSON (RFC 4648, with padding). Strict: what no encoder writes is
//! not read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The bytes of a text; `None` when it is not what an encoder writes.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_examples_of_the_standard_are_read() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(decode("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
    }

    #[test]
    fn what_no_encoder_writes_is_not_read() {
        for text in ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "Zm 9", "Zm-_", "=Zm9"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
