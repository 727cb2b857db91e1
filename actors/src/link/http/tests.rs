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
        let spec = HttpSpec { base, bearer: None, csrf: None, signature: Some(signature.clone()), timeout_ms: 5_000, tables: json!({}) };
        let link = HttpLink::new(SiteId::parse("nord").unwrap(), spec, BTreeMap::new()).unwrap();
        let body = if method == "POST" { json!({ "Ü": "1.50" }) } else { Value::Null };
        let asked: Asked = serde_json::from_value(json!({ "method": method, "path": "/x", "body": body })).unwrap();
        let (answer, (headers, body)) = tokio::join!(link.exchange(asked), one_request(listener));
        assert!(answer.is_ok(), "{method}");
        let checked = signature.check(|name| headers.get(name).cloned(), body.as_bytes(), link.clock.now());
        assert_eq!(checked.is_ok(), signed, "{method}: {checked:?} of {headers:?}");
    }
}
