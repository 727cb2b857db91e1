//! Where in a file something stands of which the shapes keep no place: codes in tables, addresses, tokens. Looked up in the text
//! again, and only when there is something to say of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// A value with what stands below it by name; of a list or a word nothing.
#[derive(Debug, Default)]
struct Node(BTreeMap<String, Spanned<Self>>);

/// Where a path of keys leads in a text, or as far of it as there is.
pub(crate) fn of(text: &str, path: &[&str]) -> Option<Location> {
    let mut node = &read(text)?;
    let mut found = None;
    for key in path {
        let Some(next) = node.0.get(*key) else { break };
        found = Some(next.referenced);
        node = &next.value;
    }
    found
}

/// Whether a path of keys is there to its end.
pub(crate) fn is_there(text: &str, path: &[&str]) -> bool {
    fn below(node: &Node, path: &[&str]) -> bool {
        let Some((key, rest)) = path.split_first() else { return true };
        node.0.get(*key).is_some_and(|next| below(&next.value, rest))
    }
    read(text).is_some_and(|root| below(&root, path))
}

fn read(text: &str) -> Option<Node> {
    serde_saphyr::from_str(text).ok()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reads)
    }
}

/// Takes whatever comes.
struct Reads;

impl<'de> Visitor<'de> for Reads {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut below = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            below.insert(key, value);
        }
        Ok(Node(below))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Node::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::default())
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_keys_leads_to_its_line_and_one_that_ends_early_as_far_as_it_goes() {
        let text = "kind: erp\nlink:\n  http:\n    at: [1, {a: b}]\n    tables:\n      unit: {H87: EA, \"10\": 0.5}\n      none: ~\n";
        let place = |path: &[&str]| of(text, path).map(|place| (place.line(), place.column()));
        assert_eq!(place(&["link", "http", "tables", "unit", "H87"]), Some((6, 19)));
        assert_eq!(place(&["link", "http", "tables", "unit", "10"]), Some((6, 29)));
        assert_eq!(place(&["link", "http", "tables", "unit", "KGM"]), Some((6, 13)));
        assert_eq!(place(&["link", "files"]), Some((3, 3)));
        assert_eq!((place(&["roads"]), of("a: [", &["a"]).is_none()), (None, true));
        for (path, there) in
            [(&["link", "http", "tables"][..], true), (&["link", "http", "tables", "none"], true), (&["link", "files"], false)]
        {
            assert_eq!(is_there(text, path), there, "{path:?}");
        }
    }
}
