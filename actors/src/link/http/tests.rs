//! What goes over the wire besides what a mapping says.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Takes one request, says 200, and gives its headers and body.
async fn one_request(listener: TcpListener) -> (BTreeMap<String, String>, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut read, mut room) = (String::new(), vec![0; 4096]);
    let (head, body) = loop {
        let more = stream.read(&mut room).await.unwrap();
        read.push_str(std::str::from_utf8(&room[..more]).unwrap());
        let Some((head, body)) = read.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    stream.write_all(b"HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let headers = head.lines().filter_map(|line| line.split_once(": ")).map(|(name, text)| (name.to_owned(), text.to_owned()));
    (headers.collect(), body)
}

#[tokio::test]
async fn what_is_sent_is_signed_over_the_bytes_that_go_out_and_what_is_asked_is_not() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let signature = Signature { header: "x-sign".into(), secret: "s".into(), stamp: Some(("x-time".into(), Duration::from_mins(1))) };
    for (method, signed) in [("POST", true), ("DELETE", true), ("GET", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let spec = HttpSpec {
            base,
            bearer: None,
            credential: None,
            csrf: None,
            signature: Some(signature.clone()),
            timeout_ms: 5_000,
            tables: json!({}),
        };
        let link = HttpLink::new(SiteId::parse("nord").unwrap(), spec, BTreeMap::new()).unwrap();
        let body = if method == "POST" { json!({ "Ü": "1.50" }) } else { Value::Null };
        let asked: Asked = serde_json::from_value(json!({ "method": method, "path": "/x", "body": body })).unwrap();
        let (answer, (headers, body)) = tokio::join!(link.exchange(asked), one_request(listener));
        assert!(answer.is_ok(), "{method}");
        let checked = signature.check(|name| headers.get(name).cloned(), body.as_bytes(), link.clock.now());
        assert_eq!(checked.is_ok(), signed, "{method}: {checked:?} of {headers:?}");
    }
}

/// Answers every request with this, and counts them.
async fn answering(listener: TcpListener, answer: &'static str, heard: Arc<std::sync::atomic::AtomicUsize>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut room = vec![0; 4096];
        let read = stream.read(&mut room).await.unwrap();
        assert!(read > 0, "nothing was asked");
        heard.fetch_add(1, Ordering::Relaxed);
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_answer_of_the_system_is_neither_a_yes_nor_a_no_and_is_not_followed() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let page = "content-type: text/html; charset=utf-8\r\nconnection: close\r\ncontent-length: 32\r\n\r\n<html><body>Log in</body></html>";
    let login: &'static str = format!("HTTP/1.1 200 OK\r\n{page}").leak();
    let bare = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 18\r\n\r\n<!DOCTYPE html><p>";
    // Nobody listens there: whoever followed would take the second try for one that was not heard.
    let elsewhere = "HTTP/1.1 303 See Other\r\nlocation: http://127.0.0.1:1/x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let within = "HTTP/1.1 307 Temporary Redirect\r\nlocation: /y\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    for (answer, why) in
        [(login, "log in there"), (bare, "log in there"), (elsewhere, "a redirect to http://127.0.0.1:1/x"), (within, "a redirect to /y")]
    {
        for method in ["POST", "GET"] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base = format!("http://{}", listener.local_addr().unwrap());
            let heard = Arc::new(std::sync::atomic::AtomicUsize::default());
            let system = tokio::spawn(answering(listener, answer, Arc::clone(&heard)));
            let spec = HttpSpec { base, bearer: None, credential: None, csrf: None, signature: None, timeout_ms: 5_000, tables: json!({}) };
            let link = HttpLink::new(SiteId::parse("erp").unwrap(), spec, BTreeMap::new()).unwrap();
            let asked: Asked = serde_json::from_value(json!({ "method": method, "path": "/x" })).unwrap();
            let silence = link.exchange(asked).await.unwrap_err();
            assert!(matches!(&silence, Silence::Unknown(told) if told.contains(why)), "{method} {answer}: {silence:?}");
            assert_eq!(heard.load(Ordering::Relaxed), 1, "{method} {answer}: asked once");
            system.abort();
        }
    }
}

/// A gateway that fetches tokens with cookies and takes a write only with both.
#[tokio::test]
async fn a_token_is_shown_with_the_cookies_that_came_with_it_and_what_only_reads_may_be_posted() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let gateway = tokio::spawn(async move {
        let mut heard = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut room = vec![0; 4096];
            let read = stream.read(&mut room).await.unwrap();
            heard.push(String::from_utf8_lossy(&room[..read]).into_owned());
            let answer = "HTTP/1.1 200 OK\r\nx-csrf-token: T-1\r\nset-cookie: SAP=a; path=/; HttpOnly\r\nset-cookie: usr=b; expires=Wed, 01 Jan 2031 \
                          00:00:00 GMT\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    });
    let spec = HttpSpec {
        base,
        bearer: None,
        credential: None,
        csrf: Some("/token".into()),
        signature: None,
        timeout_ms: 5_000,
        tables: json!({}),
    };
    let link = HttpLink::new(SiteId::parse("erp").unwrap(), spec, BTreeMap::new()).unwrap();
    let asked: Asked = serde_json::from_value(json!({ "method": "POST", "path": "/x", "body": {}, "reads": true })).unwrap();
    assert!(!asked.writes());
    assert_eq!(link.exchange(asked).await.unwrap()["status"], 200);
    let heard = gateway.await.unwrap();
    assert!(heard[0].starts_with("GET /token"), "{heard:?}");
    assert!(heard[1].contains("x-csrf-token: T-1") && heard[1].contains("cookie: SAP=a; usr=b"), "{heard:?}");
    assert!(heard[1].contains("accept-encoding: gzip"), "{heard:?}");
}
