//! Lists that are read from a place on, by a system whose changes carry the time at which their transactions began.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::link::fixture::{MACHINES, Yard, nord};
use crate::link::format::Format;
use crate::link::http::{HttpLink, HttpSpec};

const LIST: &str = r#"
def ask: if .page > 0 and .body.next == null then empty
         else { path: "/machines", query: { since: (.since // ""), page: "\(.page)" } } end;
def items: .body.rows[] | { id: .machine, modified: .at, version: .state, item: . };
"#;

/// A system with a list of machines: what it holds, and what it was asked.
#[derive(Default)]
struct Shop {
    rows: Mutex<Vec<(String, String, String)>>,
    asked: Mutex<Vec<String>>,
    page_rows: usize,
    /// Answers that may still be given before it says 500.
    answers: Mutex<usize>,
    /// What is changed behind the first page that is read, and when: it stands at the end then.
    moves: Mutex<Option<(String, String)>>,
}

impl Shop {
    fn of(page_rows: usize) -> Arc<Self> {
        Arc::new(Self { page_rows, answers: Mutex::new(usize::MAX), ..Self::default() })
    }

    fn has(&self, machine: &str, state: &str, at: &str) {
        self.rows.lock().unwrap().push((machine.to_owned(), state.to_owned(), format!("2026-11-24T{at}Z")));
    }

    /// Answers a request line such as `GET /machines?since=…&page=0`.
    fn answer(&self, line: &str) -> (u16, String) {
        let mut left = self.answers.lock().unwrap();
        if *left == 0 {
            return (500, "{}".to_owned());
        }
        *left -= 1;
        let query = line.split_whitespace().nth(1).unwrap().split_once('?').unwrap().1.replace("%3A", ":");
        let word = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
        let (since, page) = (word("since").to_owned(), word("page").parse::<usize>().unwrap());
        self.asked.lock().unwrap().push(since.clone());
        if page == 1
            && let Some((machine, at)) = self.moves.lock().unwrap().take()
        {
            let mut rows = self.rows.lock().unwrap();
            let row = rows.iter().position(|(known, ..)| *known == machine).unwrap();
            let (machine, _, _) = rows.remove(row);
            rows.push((machine, "moved".to_owned(), at));
        }
        let at = |text: &str| Instant::parse(text).unwrap();
        let rows = self.rows.lock().unwrap();
        let fits: Vec<_> = rows.iter().filter(|(.., changed)| since.is_empty() || at(changed) >= at(&since)).collect();
        let shown: Vec<Value> = fits
            .iter()
            .skip(page * self.page_rows)
            .take(self.page_rows)
            .map(|(machine, state, at)| json!({ "machine": machine, "state": state, "at": at }))
            .collect();
        let next = if fits.len() > (page + 1) * self.page_rows { json!(page + 1) } else { Value::Null };
        (200, json!({ "rows": shown, "next": next }).to_string())
    }

    async fn open(self: &Arc<Self>) -> HttpLink {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shop = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let read = stream.read(&mut head).await.unwrap();
                let (status, body) = shop.answer(std::str::from_utf8(&head[..read]).unwrap());
                let answer = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let spec = HttpSpec { base, bearer: None, credential: None, csrf: None, signature: None, timeout_ms: 5_000, tables: json!({}) };
        HttpLink::new(nord(), spec, BTreeMap::new()).unwrap()
    }
}

fn door(yard: &Yard) -> Inbound {
    yard.door(&[("machines", Format::Json, &format!("{MACHINES}{LIST}"))])
}

async fn read(yard: &Yard, link: &HttpLink) -> Result<usize, String> {
    read_on(yard, link, &mut None).await
}

async fn read_on(yard: &Yard, link: &HttpLink, passed: &mut Option<Instant>) -> Result<usize, String> {
    super::round(&door(yard), link, "machines", 60_000, passed).await.map_err(|ended| match ended {
        Ended::Silent(why) | Ended::Refused(why) | Ended::Wrong(_, why) => why,
    })
}

#[tokio::test]
async fn an_item_that_stood_on_no_page_because_the_list_moved_is_read_in_the_next_round() {
    let (yard, shop, mut passed) = (Yard::start().await, Shop::of(2), None);
    let link = shop.open().await;
    for (number, at) in (0..6).zip(["03:00:00", "03:01:00", "03:02:00", "03:03:00", "03:04:00", "03:05:00"]) {
        shop.has(&format!("P{number}"), "down", at);
    }
    // After the first page the first item is changed, and stands at the end: all behind it move up by one.
    *shop.moves.lock().unwrap() = Some(("P0".to_owned(), "2026-11-24T03:06:00Z".to_owned()));
    assert_eq!(read_on(&yard, &link, &mut passed).await, Ok(6), "five things, one of them twice, and one on no page");
    assert!(shop.moves.lock().unwrap().is_none(), "the list did not move");
    assert!(!yard.machines().await.contains(&"P2 down".to_owned()), "it stood on a page after all");
    assert_eq!(yard.cursor("machines").await.until, None);
    assert_eq!(read_on(&yard, &link, &mut passed).await, Ok(1));
    assert!(yard.machines().await.contains(&"P2 down".to_owned()));
    assert_eq!(read_on(&yard, &link, &mut passed).await, Ok(0));
    let place = yard.cursor("machines").await.until;
    assert_eq!(place, Some(Instant::parse("2026-11-24T03:06:00Z").unwrap()), "nothing is before it any more");
    // Of a list that always changes the place goes on behind the rounds.
    for (number, at) in (10..16).zip(["03:07:00", "03:08:00", "03:09:00", "03:10:00", "03:11:00", "03:12:00"]) {
        shop.has(&format!("P{number}"), "down", at);
        read_on(&yard, &link, &mut passed).await.unwrap();
    }
    assert!(yard.cursor("machines").await.until > place);
    yard.region.stop().await;
}

#[tokio::test]
async fn a_change_that_appears_late_is_read_and_nothing_is_read_twice() {
    let (yard, shop) = (Yard::start().await, Shop::of(10));
    let link = shop.open().await;
    shop.has("P1", "down", "03:00:00");
    shop.has("P2", "down", "03:10:00");
    assert_eq!(read(&yard, &link).await, Ok(2));
    assert_eq!(read(&yard, &link).await, Ok(0));
    // Its transaction began before the one that was read, and ended after it.
    shop.has("P3", "down", "03:09:30");
    assert_eq!(read(&yard, &link).await, Ok(1));
    assert_eq!(yard.machines().await, ["P1 down", "P2 down", "P3 down"]);
    let asked = shop.asked.lock().unwrap().clone();
    assert_eq!(asked, ["", "2026-11-24T03:09:00Z", "2026-11-24T03:09:00Z"]);
    // Another version of the same thing, changed at the same time.
    shop.has("P3", "broken", "03:09:30");
    assert_eq!(read(&yard, &link).await, Ok(1));
    yard.region.stop().await;
}

#[tokio::test]
async fn the_place_survives_a_crash_and_what_was_read_is_known() {
    let (yard, shop) = (Yard::start().await, Shop::of(10));
    let link = shop.open().await;
    shop.has("P1", "down", "03:00:00");
    shop.has("P2", "down", "03:10:00");
    assert_eq!(read(&yard, &link).await, Ok(2));
    let before = yard.cursor("machines").await;
    assert_eq!(before.until, Some(Instant::parse("2026-11-24T03:10:00Z").unwrap()));
    assert_eq!(before.read.len(), 1, "what lies before the overlap need not be known");
    let yard = yard.crash().await;
    assert_eq!(yard.cursor("machines").await, before);
    assert_eq!(read(&yard, &link).await, Ok(0));
    assert_eq!(yard.machines().await.len(), 2);
    yard.region.stop().await;
}

#[tokio::test]
async fn a_round_that_breaks_between_two_pages_moves_nothing_and_repeats_nothing() {
    let (yard, shop) = (Yard::start().await, Shop::of(2));
    let link = shop.open().await;
    // The system sorts by something else than time.
    for (machine, at) in [("P1", "03:50:00"), ("P2", "03:40:00"), ("P3", "03:00:00"), ("P4", "03:10:00"), ("P5", "03:20:00")] {
        shop.has(machine, "down", at);
    }
    *shop.answers.lock().unwrap() = 1;
    assert!(read(&yard, &link).await.unwrap_err().contains("answered 500"));
    let cursor = yard.cursor("machines").await;
    assert_eq!((cursor.until, cursor.read.len()), (None, 2), "the place is before what was not shown yet");
    *shop.answers.lock().unwrap() = usize::MAX;
    let yard = yard.crash().await;
    assert_eq!(read(&yard, &link).await, Ok(3), "only what was not read before the break");
    assert_eq!(yard.machines().await, ["P1 down", "P2 down", "P3 down", "P4 down", "P5 down"]);
    yard.region.stop().await;
}

#[tokio::test]
async fn what_is_lost_between_taking_and_remembering_happens_once() {
    let (yard, shop) = (Yard::start().await, Shop::of(10));
    let link = shop.open().await;
    shop.has("P1", "down", "03:00:00");
    // As if the process had died after the item was durable, and before that was written down.
    let called = Some(Called::item("machines", "P1", "down"));
    let raw = Bytes::from(json!({ "machine": "P1", "state": "down", "at": "2026-11-24T03:00:00Z" }).to_string());
    door(&yard).take(&Told { topic: "machines", raw, called, file: None, brought: false }).await.unwrap();
    assert_eq!(yard.machines().await.len(), 1);
    assert_eq!(read(&yard, &link).await, Ok(1), "it is told again");
    assert_eq!(yard.machines().await.len(), 1, "and known by its id and version");
    yard.region.stop().await;
}

#[tokio::test]
async fn a_change_from_the_future_does_not_hide_what_is_made_before_it() {
    let (yard, shop) = (Yard::start().await, Shop::of(10));
    let link = shop.open().await;
    shop.rows.lock().unwrap().push(("P1".to_owned(), "down".to_owned(), "2199-01-01T00:00:00Z".to_owned()));
    assert_eq!(read(&yard, &link).await, Ok(1));
    let now = yard.region.node().seams.clock.now();
    assert!(yard.cursor("machines").await.until.unwrap() <= now);
    shop.rows.lock().unwrap().push(("P2".to_owned(), "down".to_owned(), now.to_string()));
    assert_eq!(read(&yard, &link).await, Ok(1));
    yard.region.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_no_list_is_one_case_however_often_it_comes_and_moves_nothing() {
    let (yard, shop) = (Yard::start().await, Shop::of(10));
    let link = shop.open().await;
    shop.rows.lock().unwrap().push(("P1".to_owned(), "down".to_owned(), "2026-11-24T03:00:00Z".to_owned()));
    let wrong = LIST.replace("modified: .at", "modified: .state");
    let (inbound, poll) = (
        yard.door(&[("machines", Format::Json, &format!("{MACHINES}{wrong}"))]),
        Poll { topic: "machines".to_owned(), every_ms: 10, reads: Reads::Changed { overlap_ms: 1 } },
    );
    let enough = async {
        while shop.asked.lock().unwrap().len() < 5 {
            yard.region.node().seams.clock.sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        biased;
        () = enough => {}
        () = run(&inbound, &link, &poll) => {}
    }
    let cases = yard.cases().await;
    assert_eq!(cases.len(), 1, "{cases:?}");
    assert!(cases[0].contains("gives no item: [0].modified"), "{cases:?}");
    assert_eq!(yard.cursor("machines").await, Cursor::default());
    yard.region.stop().await;
}

#[tokio::test]
async fn a_key_that_stands_behind_a_path_is_shown_to_nobody() {
    let (yard, shop) = (Yard::start().await, Shop::of(2));
    let answers = shop.open().await;
    *shop.answers.lock().unwrap() = 0;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let spec = HttpSpec {
        base: format!("http://{free}"),
        bearer: None,
        credential: None,
        csrf: None,
        signature: None,
        timeout_ms: 5_000,
        tables: json!({}),
    };
    let nobody = HttpLink::new(nord(), spec, BTreeMap::new()).unwrap();
    for (link, path, words) in
        [(&answers, "/machines?key=hush", "/machines answered 500"), (&nobody, "/machines?key=hush", "GET /machines: ")]
    {
        let asked = super::whole(&door(&yard), link, "machines", path, &mut None).await;
        let Err(Ended::Silent(why) | Ended::Refused(why) | Ended::Wrong(_, why)) = asked else { panic!("{path} was answered") };
        assert!(why.contains(words) && !why.contains("hush"), "{why}");
    }
    yard.region.stop().await;
}
