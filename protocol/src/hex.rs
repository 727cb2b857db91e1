//! Numbers of 128 bits on the wire: 16 bytes in binary, hexadecimal digits where a person may read it.

/// For `#[serde(with = …)]` on a `u128`.
pub(crate) mod u128_hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(&format_args!("{value:032x}"));
        }
        serializer.serialize_bytes(&value.to_be_bytes())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(D::Error::custom("32 hexadecimal digits are expected"));
            }
            return u128::from_str_radix(&text, 16).map_err(D::Error::custom);
        }
        deserializer.deserialize_bytes(Bytes)
    }

    struct Bytes;

    impl<'de> serde::de::Visitor<'de> for Bytes {
        type Value = u128;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("16 bytes")
        }
        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<u128, E> {
            let bytes: [u8; 16] = bytes.try_into().map_err(E::custom)?;
            Ok(u128::from_be_bytes(bytes))
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<u128, A::Error> {
            let mut bytes = [0; 16];
            for byte in &mut bytes {
                *byte = seq.next_element()?.ok_or_else(|| A::Error::custom("16 bytes are expected"))?;
            }
            Ok(u128::from_be_bytes(bytes))
        }
    }
}
