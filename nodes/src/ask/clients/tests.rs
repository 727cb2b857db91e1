use takt_config::text::ClientText;
use takt_protocol::words::Role;

use super::Clients;
use crate::ask::tests::fixture::book;

fn text(name: &str, token: &str) -> ClientText {
    ClientText { name: name.to_owned(), token: token.to_owned(), role: Role::parse("planning").unwrap() }
}

#[test]
fn a_client_is_known_by_its_token_and_by_nothing_else() {
    let clients = Clients::of(&[text("planner", "secret")], &book()).unwrap();
    assert_eq!(clients.who(Some(b"Bearer secret")).unwrap().source.as_str(), "planner");
    assert_eq!(clients.who(Some(b"bearer  secret ")).unwrap().source.as_str(), "planner");
    for wrong in [None, Some(&b"secret"[..]), Some(b"Basic secret"), Some(b"Bearer Secret"), Some(b"Bearer "), Some(b"")] {
        assert_eq!(clients.who(wrong).unwrap_err().complaint.code, "UNAUTHENTICATED");
    }
    assert!(!format!("{clients:?}").contains("secret"));
}

#[test]
fn another_table_is_in_force_for_all_who_share_it() {
    let doors = Clients::of(&[text("planner", "secret"), text("left", "old")], &book()).unwrap();
    let held = doors.clone();
    held.replace(&Clients::of(&[text("planner", "secret"), text("new", "fresh")], &book()).unwrap());
    let known = |token: &str| doors.who(Some(format!("Bearer {token}").as_bytes())).map(|client| client.source.to_string());
    assert_eq!((known("secret").unwrap(), known("fresh").unwrap()), ("planner".to_owned(), "new".to_owned()));
    assert_eq!(known("old").unwrap_err().complaint.code, "UNAUTHENTICATED");
}

#[test]
fn a_table_that_lets_one_pass_for_another_is_refused() {
    let refused = |texts: &[ClientText]| Clients::of(texts, &book()).unwrap_err();
    assert!(refused(&[text("nord", "a")]).contains("name of a site"));
    assert!(refused(&[text("a", "same"), text("b", "same")]).contains("same token"));
    assert!(refused(&[text("a", " ")]).contains("empty token"));
    assert!(refused(&[text("The Planner", "a")]).contains("lower-case"));
}

#[tokio::test]
async fn what_a_token_opened_ends_when_the_token_is_taken_away() {
    let clients = Clients::of(&[text("planner", "secret"), text("left", "old"), text("moved", "first")], &book()).unwrap();
    let came = |token: &str| {
        let client = clients.who(Some(format!("Bearer {token}").as_bytes())).unwrap();
        Box::pin(clients.until_gone(&client))
    };
    let (mut stays, leaves, moves) = (came("secret"), came("old"), came("first"));
    let changed = [text("planner", "secret"), text("moved", "second")];
    clients.replace(&Clients::of(&changed, &book()).unwrap());
    leaves.await;
    moves.await;
    // Who came before, and only now begins to wait.
    let late = clients.who(Some(b"Bearer secret")).unwrap();
    let gone = Clients::of(&[text("left", "old")], &book()).unwrap().who(Some(b"Bearer old")).unwrap();
    clients.until_gone(&gone).await;
    assert!(tokio::time::timeout(std::time::Duration::from_millis(20), clients.until_gone(&late)).await.is_err(), "it was ended");
    // Who comes afterwards is not meant.
    let mut again = came("second");
    clients.replace(&Clients::of(&changed, &book()).unwrap());
    for open in [&mut stays, &mut again] {
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), open).await.is_err(), "it was ended");
    }
}
