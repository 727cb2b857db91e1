//! What an entity said before its last word is known without being kept.

use super::*;
use crate::envelope::KeyText;
use crate::id::{EntityId, Kind};
use crate::name::Region;

fn mail(sender: u128, number: u32) -> IntentId {
    let entity = EntityId::from_parts(Kind::Unit, Region::parse("eu").unwrap(), 1, sender);
    IntentId { entity, incarnation: 31, number }
}

fn key(mail: IntentId) -> Key {
    Key { source: Source::parse(OURS).unwrap(), epoch: 0, mark: Mark::Text(mail.mail_key()) }
}

fn content() -> ContentHash {
    ContentHash::of(b"a word")
}

fn hear(seen: &mut Seen, mail: IntentId) {
    assert_eq!(seen.ask(&key(mail), content()), Known::Never, "{mail}");
    seen.remember(&key(mail), content(), &Answer::Accepted);
}

#[test]
fn a_mail_is_found_by_its_key_and_no_other_key_is_one() {
    let told = mail(7, 12);
    assert_eq!(IntentId::of_mail(&key(told)), Some(told));
    let theirs = Key { source: Source::parse("nord").unwrap(), ..key(told) };
    assert_eq!(IntentId::of_mail(&theirs), None, "a system may call its message so");
    for text in ["mail/", "mail/unit", "told 7", "mail/x/1f/12"] {
        assert_eq!(IntentId::of_mail(&Key { mark: Mark::Text(KeyText::ours(text)), ..key(told) }), None);
    }
}

#[test]
fn what_an_entity_told_is_known_after_its_last_word_and_what_it_tells_later_is_new() {
    let mut seen = Seen::default();
    for number in [1, 4, 9] {
        hear(&mut seen, mail(7, number));
        hear(&mut seen, mail(8, number));
    }
    seen.last_word(&mail(7, 9));
    assert_eq!(seen.len(), 3, "the other one goes on");
    for number in 1..=9 {
        assert_eq!(seen.ask(&key(mail(7, number)), content()), Known::Same(Answer::Accepted));
    }
    hear(&mut seen, mail(7, 10));
    assert_eq!(seen.ask(&key(mail(8, 4)), content()), Known::Same(Answer::Accepted));
    assert_eq!(seen.ask(&key(mail(8, 5)), content()), Known::Never);
    seen.last_word(&mail(7, 10));
    assert_eq!(seen.len(), 3);
}

#[test]
fn the_memory_of_ten_thousand_that_are_over_is_bounded() {
    let mut seen = Seen::default();
    for sender in 0..10_000 {
        hear(&mut seen, mail(sender, 3));
        hear(&mut seen, mail(sender, 5));
        seen.last_word(&mail(sender, 5));
    }
    let bytes = crate::wire::encode("seen", &seen).unwrap().len();
    assert!(bytes < 40 * Seen::OVER_MAX, "{bytes} bytes");
    assert!(!seen.is_empty(), "who was told anything is born");
    let newest = 10_000 - 1;
    assert_eq!(seen.ask(&key(mail(newest, 3)), content()), Known::Same(Answer::Accepted));
}
