//! Logins against a system that ends sessions, over a carrier that counts.

use std::sync::Mutex as Lock;
use std::sync::atomic::{AtomicU64, Ordering};

use takt_cluster::clock::SystemClock;
use takt_protocol::name::SiteId;

use super::super::{Answered, HttpSpec};
use super::*;

/// A system that gives a session by a POST to `/login`, and knows only the latest.
#[derive(Default)]
struct System {
    logins: AtomicU64,
    /// Whether it refuses to let anybody in.
    closed: std::sync::atomic::AtomicBool,
    /// Every request besides logins: its path, and whether it was listened to.
    heard: Lock<Vec<(String, bool)>>,
    /// Whether it says that a session has ended in the body, and 200.
    polite: bool,
}

#[async_trait::async_trait]
impl Carrier for System {
    async fn carry(&self, request: Carried) -> Result<Answered, Silence> {
        let answer = |status: u16, body: Value| Answered { status, headers: BTreeMap::new(), body: body.to_string().into_bytes() };
        let header = |name: &str| request.headers.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
        if request.path == "/login" || request.path == "/token" {
            if self.closed.load(Ordering::Relaxed) {
                self.logins.fetch_add(1, Ordering::Relaxed);
                return Ok(answer(401, json!({ "error": "invalid_client" })));
            }
            // "id:se cret" as a form writes it.
            assert!(request.path == "/login" || header("authorization") == Some("Basic aWQ6c2UlMjBjcmV0"), "{:?}", request.headers);
            let number = self.logins.fetch_add(1, Ordering::Relaxed) + 1;
            return Ok(answer(200, json!({ "access_token": format!("T{number}"), "token_type": "bearer", "expires_in": 3600 })));
        }
        let number = self.logins.load(Ordering::Relaxed);
        let known = header("authorization") == Some(format!("Bearer T{number}").as_str());
        self.heard.lock().unwrap().push((request.path.clone(), known));
        Ok(match (known, self.polite) {
            (true, _) => answer(200, json!({ "well": true })),
            (false, true) => answer(200, json!({ "error": "session" })),
            (false, false) => answer(401, json!({})),
        })
    }
}

const LOGIN: &str = r#"def login: { method: "POST", path: "/login", body: { password: .secrets.password } };
def session: if .status == 200 then { headers: { authorization: "Bearer \(.body.access_token)" } } else empty end;
def expired: .body.error? == "session";"#;

fn link(system: &Arc<System>, credential: Credential) -> HttpLink {
    let spec = HttpSpec {
        base: String::new(),
        bearer: None,
        credential: Some(credential),
        csrf: None,
        signature: None,
        timeout_ms: 5_000,
        tables: json!({}),
    };
    HttpLink::over(
        SiteId::parse("erp").unwrap(),
        spec,
        BTreeMap::new(),
        Arc::clone(system) as Arc<dyn Carrier>,
        Arc::new(SystemClock::start()),
    )
}

fn by_login() -> Credential {
    Credential::Login { mapping: Mapping::compile("login.jq", LOGIN).unwrap(), secrets: json!({ "password": "x" }) }
}

fn by_client() -> Credential {
    Credential::Client(Client { token: "/token".into(), id: "id".into(), secret: "se cret".into(), scope: None })
}

async fn ask(link: &HttpLink, path: &str) -> Result<Value, Silence> {
    link.exchange(serde_json::from_value(json!({ "method": "POST", "path": path, "body": {} })).unwrap()).await
}

#[tokio::test]
async fn one_login_serves_many_and_a_session_that_ended_is_renewed_once() {
    for (credential, polite) in [(by_login(), false), (by_login(), true), (by_client(), false)] {
        let system = Arc::new(System { polite, ..System::default() });
        let link = link(&system, credential);
        let (one, other) = tokio::join!(ask(&link, "/a"), ask(&link, "/b"));
        assert_eq!((one.unwrap()["status"].clone(), other.unwrap()["status"].clone()), (json!(200), json!(200)));
        assert_eq!(system.logins.load(Ordering::Relaxed), 1, "one login for both");
        // Somebody else logs in, or the system starts anew: ours counts no more.
        system.logins.fetch_add(1, Ordering::Relaxed);
        let answer = ask(&link, "/c").await.unwrap();
        assert_eq!(answer["body"], json!({ "well": true }));
        assert_eq!(system.logins.load(Ordering::Relaxed), 3, "it was renewed");
        let heard: Vec<bool> = system.heard.lock().unwrap().iter().filter(|(path, _)| path == "/c").map(|(_, known)| *known).collect();
        assert_eq!(heard, [false, true], "listened to once");
    }
}

#[tokio::test]
async fn a_refused_login_is_not_tried_again_at_once_and_sends_nothing() {
    for credential in [by_login(), by_client()] {
        let system = Arc::new(System::default());
        system.closed.store(true, Ordering::Relaxed);
        let link = link(&system, credential);
        for _ in 0..5 {
            let silence = ask(&link, "/a").await.unwrap_err();
            assert!(matches!(&silence, Silence::Wrong(why) if why.contains("the login was refused with status 401")), "{silence:?}");
        }
        assert_eq!((system.logins.load(Ordering::Relaxed), system.heard.lock().unwrap().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_name_and_a_password_are_shown_as_the_standard_has_them() {
    // The example of RFC 7617.
    let Credential::Fixed(headers) = Credential::basic("Aladdin", "open sesame") else { panic!("not fixed") };
    assert_eq!(headers, [("authorization".to_owned(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned())]);
}
