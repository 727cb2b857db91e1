//! Subjects: whatever a thing is called, its subject has the tokens it should have, and leads back to it.

use proptest::prelude::*;

use super::*;
use crate::id::Kind;
use crate::native::{NativeId, NativeKind, Ref};

const NASTY: [&str; 12] = ["", " ", ".", "*", ">", "a.b c", "takt.eu.log.>", "=", "=41", "Größe 4/7", "注文 4711", "\u{202e}gnp\u{0}.\r\n"];

fn eu() -> Region {
    Region::parse("eu").unwrap()
}

#[test]
fn a_name_with_dots_blanks_wildcards_or_unicode_is_one_plain_token_and_comes_back() {
    for name in NASTY {
        let token = token(name);
        assert!(!token.is_empty());
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b)), "{name:?} became {token}");
        assert_eq!(untoken(&token).as_deref(), Some(name));
        assert_eq!(ask(eu(), name).split('.').count(), 4, "{name:?}");
        assert_eq!(event(eu(), SiteId::parse("nord").ok(), "order", name).split('.').count(), 6, "{name:?}");
    }
}

#[test]
fn what_token_never_writes_is_no_token() {
    for text in ["a.b", "a b", "=4", "=zz", "=+1", "=2e", "=41", "=FF", "ü", "", "=="] {
        assert_eq!(untoken(text), None, "{text}");
    }
}

#[test]
fn no_two_names_share_a_token() {
    let tokens: std::collections::BTreeSet<String> = NASTY.iter().map(|name| token(name)).collect();
    assert_eq!(tokens.len(), NASTY.len());
}

#[test]
fn the_log_of_an_order_is_one_literal_subject_whatever_the_erp_calls_the_order() {
    for number in ["4711", "47.11", "47 11", "*", ">", "注文"] {
        let first = Ref::new(SiteId::parse("erp-eu").unwrap(), NativeKind::Order, NativeId::parse(number).unwrap());
        let order = EntityId::born(Kind::Order, eu(), 3, &first);
        let subject = log(&order, order.shard(16));
        assert_eq!(subject.split('.').count(), 7, "{subject}");
        assert!(!subject.contains(['*', '>', ' ']), "{subject}");
        assert_eq!(parse_log(&subject), Some(order));
    }
}

#[test]
fn a_subject_that_is_spelled_otherwise_is_not_a_log() {
    let order = EntityId::from_parts(Kind::Order, eu(), 1, 7);
    let good = log(&order, 5);
    for bad in [
        good.replace(".5.", ".x."),
        good.replace(".5.", ".05."),
        good.replace(".1.", ".01."),
        good.replace("takt", "Takt"),
        good.replace(".log.", ".evt."),
        format!("{good}.x"),
        good.replace("order", "Order"),
    ] {
        assert_ne!(bad, good);
        assert_eq!(parse_log(&bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn every_text_comes_back_from_its_token(text in any::<String>()) {
        let token = token(&text);
        prop_assert!(!token.contains(['.', '*', '>', ' ']) && !token.is_empty());
        prop_assert_eq!(untoken(&token), Some(text));
    }

    #[test]
    fn nothing_is_read_from_a_token_that_would_not_be_written_so(text in "[=0-9A-Fa-f.+ ]{0,8}") {
        if let Some(name) = untoken(&text) {
            prop_assert_eq!(token(&name), text);
        }
    }
}

#[test]
fn an_event_of_no_known_site_has_a_token_all_the_same() {
    assert_eq!(event(eu(), None, "exception", "opened"), "takt.eu.evt.=.exception.opened");
}

#[test]
fn the_subject_of_a_queue_and_of_its_dead_letter_box_lead_back_to_the_queue() {
    let (site, asia) = (SiteId::parse("erp-eu").unwrap(), Region::parse("asia").unwrap());
    let queues =
        [Waiting::Inbox(0), Waiting::Due(65_535), Waiting::Out(site, 2), Waiting::Forward(asia, true), Waiting::Forward(asia, false)];
    for queue in queues {
        let (subject, box_of_it) = (waiting(eu(), queue), dead(eu(), queue));
        assert_eq!((parse_waiting(eu(), &subject), parse_dead(eu(), &subject)), (Some(queue), None), "{subject}");
        assert_eq!((parse_waiting(eu(), &box_of_it), parse_dead(eu(), &box_of_it)), (None, Some(queue)), "{box_of_it}");
        assert_eq!(parse_waiting(asia, &subject), None, "{subject} is not of that region");
    }
    for bad in [
        "takt.eu.in.00",
        "takt.eu.in.x",
        "takt.eu.out.erp-eu.+1",
        "takt.eu.fwd.asia.soon",
        "takt.eu.log.1.0.order.x",
        "takt.eu.dead.dead.in.0",
    ] {
        assert_eq!((parse_waiting(eu(), bad), parse_dead(eu(), bad)), (None, None), "{bad}");
    }
}

#[test]
fn what_has_a_name_has_one_subject_whatever_its_name_is() {
    for name in NASTY {
        for subject in [timer(eu(), 3, name), shelf(eu(), name), lease(eu(), name)] {
            assert!(subject.split('.').count() <= 5 && !subject.contains(['*', '>', ' ']), "{subject}");
        }
    }
    for name in NASTY.iter().map(|name| (*name).to_owned()).chain(NASTY.map(|name| format!("shard/{name}"))) {
        assert_eq!(parse_lease(eu(), &lease(eu(), &name)), Some(name));
    }
    assert_eq!((lease(eu(), "shard/7"), leases(eu(), "shard")), ("takt.eu.lease.shard.7".to_owned(), "takt.eu.lease.shard.*".to_owned()));
    for bad in ["takt.eu.lease.shard.7.1", "takt.na.lease.shard.7", "takt.eu.lease.a=2fb", "takt.eu.lease."] {
        assert_eq!(parse_lease(eu(), bad), None, "{bad}");
    }
    let payload = RawRef::of(b"one");
    assert_eq!(raw(eu(), &payload), format!("takt.eu.raw.{}", &payload.to_string()[..5]));
    let order = EntityId::from_parts(Kind::Order, eu(), 1, 7);
    let prefix = shard_logs(eu(), 5).replace(".*.", ".1.").replace('>', "");
    assert!(log(&order, 5).starts_with(&prefix), "{prefix}");
    assert_eq!(class(eu(), "out"), "takt.eu.out.>");
}
