//! Servers as `takt render nats` writes them, judged by nats-server itself: over TLS, regions work with no more rights than they were
//! given; and with the credentials of one region nobody reads, writes or queries what is another one's.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use takt_cluster::jetstream::servers::Servers;

use crate::demo::TAKT;
use crate::federation::{asked_both_ways, is_up, two_regions};
use crate::servers;
use crate::several::{Node, SECRETS, until};

const SHARDS: u16 = 4;

/// Ports that are free, none of them twice, and for each those beside it for routes and for leaf nodes.
fn ports() -> [u16; 7] {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    let group = || {
        let client = free(0)?;
        let port = client.local_addr().unwrap().port();
        Some((port, client, free(port.checked_add(2_000)?)?, free(port.checked_add(3_200)?)?))
    };
    // Held until all are found: what was let go is given out again.
    let held: Vec<_> = (0..1_000).filter_map(|_| group()).take(7).collect();
    held.iter().map(|(port, ..)| *port).collect::<Vec<_>>().try_into().expect("no ports are free")
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// Who vouches for the servers, and a certificate that all of them show.
fn vouch(tls: &Path, names: &[String]) {
    std::fs::create_dir_all(tls).unwrap();
    std::fs::write(tls.join("ext"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    let openssl = |line: &str| run(Command::new("openssl").args(line.split(' ')).current_dir(tls));
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.crt -days 30 -subj /CN=vouches"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=server"));
    openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile ext -out server.crt");
    for name in names {
        for ending in ["crt", "key"] {
            std::fs::copy(tls.join(format!("server.{ending}")), tls.join(format!("{name}.{ending}"))).unwrap();
        }
    }
}

/// Two regions that dial `main`, and the servers that were written for that.
pub(crate) struct Place {
    _dir: tempfile::TempDir,
    pub(crate) dir: PathBuf,
    pub(crate) ports: [u16; 3],
    /// Where the leaf node listens, if there is one.
    pub(crate) leaf: u16,
    _servers: Servers,
}

impl Place {
    pub(crate) fn new(by_leaf: bool) -> Self {
        let room = tempfile::tempdir().unwrap();
        let dir = room.path().to_owned();
        let names: Vec<String> = ["main-1", "main-2", "main-3"].map(str::to_owned).into();
        vouch(&dir.join("tls"), &names);
        let [ports @ .., leaf, a, b, c] = ports();
        let monitors = [a, b, c];
        let config = dir.join("config");
        two_regions(&config);
        let mesh = std::fs::read_to_string(config.join("mesh.yaml")).unwrap();
        std::fs::write(config.join("mesh.yaml"), mesh.replace("regions: [main, edge]", "regions: [main, edge, far]")).unwrap();
        // JSON is YAML.
        let engine = json!({ "main": { "jetstream": {
            "servers": ports.map(|port| format!("nats://127.0.0.1:{port}")), "monitors": monitors.map(|port| format!("127.0.0.1:{port}")),
            "user": "main", "password": "${NATS_PASSWORD}", "shards": SHARDS, "root_certificates": dir.join("tls/ca.crt"),
        } } });
        std::fs::write(config.join("regions.yaml"), engine.to_string()).unwrap();
        roads(&dir, by_leaf.then_some(leaf));
        let files = rendered(&dir, &names);
        // Each with its own folder, as each is on its own machine.
        let texts = files.map(|file| std::fs::read_to_string(file).unwrap());
        let at = |at: usize| (names[at].as_str(), texts[at].as_str(), (ports[at], monitors[at]));
        let servers = Servers::written(&servers::program(), &dir, &[at(0), at(1), at(2)]).unwrap();
        Self { _dir: room, dir, ports, leaf, _servers: servers }
    }

    pub(crate) fn comes(&self, port: u16, user: &str) -> Result<Raw, String> {
        let secret = SECRETS[["main", "edge", "far"].iter().position(|known| *known == user).unwrap()].1;
        Raw::connect(port, &self.dir.join("tls/ca.crt"), (user, secret))
    }
}

/// The roads to `main`, each with a user of its own.
fn roads(dir: &Path, leaf: Option<u16>) {
    let mut edge = json!({
        "from": "edge", "to": "main", "user": "edge", "password": "${EDGE_PASSWORD}", "events": [{ "types": ["order.*"], "sites": ["plant-1"] }],
    });
    if let Some(leaf) = leaf {
        edge["leaf"] = json!(true);
        edge["servers"] = json!([format!("nats://127.0.0.1:{leaf}")]);
    } else {
        edge["root_certificates"] = json!(dir.join("tls/ca.crt"));
    }
    let far =
        json!({ "from": "far", "to": "main", "user": "far", "password": "${FAR_PASSWORD}", "root_certificates": dir.join("tls/ca.crt") });
    let roads = json!([edge, far]);
    std::fs::write(dir.join("config/roads.yaml"), roads.to_string()).unwrap();
}

/// Writes the files, as an operator does.
fn rendered(dir: &Path, names: &[String]) -> [PathBuf; 3] {
    let out = dir.join("out");
    let mut command = Command::new(TAKT);
    command.args(["render", "nats"]).arg(&out).arg("--config").arg(dir.join("config")).envs(SECRETS);
    let said = run(command.arg("--store").arg(dir.join("store")).arg("--certificates").arg(dir.join("tls")));
    let files = [0, 1, 2].map(|at| out.join("main").join(format!("{}.conf", names[at])));
    for file in &files {
        let mode = std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{} may be read by others", file.display());
        assert!(said.contains(file.to_str().unwrap()), "{said}");
    }
    assert!(SECRETS[1..].iter().all(|(_, secret)| !said.contains(secret)), "a secret is shown: {said}");
    files
}

/// A client that says what it likes, in the servers' own words.
pub(crate) struct Raw {
    stream: rustls::StreamOwned<rustls::ClientConnection, TcpStream>,
    came: Vec<u8>,
    inbox: String,
    asked: u32,
}

impl Raw {
    fn connect(port: u16, vouches: &Path, (user, secret): (&str, &str)) -> Result<Self, String> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|error| error.to_string())?;
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut info = Vec::new();
        while !info.ends_with(b"\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).unwrap();
            info.extend(byte);
        }
        assert!(String::from_utf8_lossy(&info).contains("\"tls_required\":true"), "it speaks without TLS");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(vouches).unwrap()).unwrap();
        let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = rustls::StreamOwned::new(session, socket);
        let mut raw = Self { stream, came: Vec::new(), inbox: format!("_INBOX_{user}.raw"), asked: 0 };
        let hello = json!({ "verbose": false, "pedantic": false, "tls_required": true, "user": user, "pass": secret, "headers": true, "no_responders": true, "lang": "raw", "version": "1", "protocol": 1 });
        let said = raw.say(&format!("CONNECT {hello}\r\n"));
        if said.contains("-ERR") { Err(said) } else { Ok(raw) }
    }

    /// Says something; all that came until the server had heard it.
    pub(crate) fn say(&mut self, words: &str) -> String {
        self.stream.write_all(format!("{words}PING\r\n").as_bytes()).unwrap();
        self.until(|came| came.contains("PONG\r\n") || came.contains("-ERR 'Authorization"))
    }

    fn until(&mut self, is_there: impl Fn(&str) -> bool) -> String {
        loop {
            let came = String::from_utf8_lossy(&self.came).into_owned();
            if is_there(&came) {
                self.came.clear();
                return came;
            }
            let mut more = [0; 4_096];
            match self.stream.read(&mut more) {
                Ok(0) => panic!("the server left after:\n{came}"),
                Ok(count) => self.came.extend(&more[..count]),
                Err(error) => panic!("{error} after:\n{came}"),
            }
        }
    }

    pub(crate) fn publish(&mut self, subject: &str) -> String {
        self.say(&format!("PUB {subject} 1\r\nx\r\n"))
    }

    pub(crate) fn hear(&mut self, subject: &str) -> String {
        self.asked += 1;
        self.say(&format!("SUB {subject} {}\r\n", self.asked))
    }

    /// Asks, and waits for what is answered.
    fn ask(&mut self, subject: &str, body: &str) -> String {
        self.asked += 1;
        let (inbox, number) = (format!("{}.{}", self.inbox, self.asked), self.asked);
        let words = format!("SUB {inbox} {number}\r\nPUB {subject} {inbox} {}\r\n{body}\r\n", body.len());
        self.stream.write_all(words.as_bytes()).unwrap();
        // A message of a stream comes under its own subject, by the number of the subscription.
        let is_ours = |came: &str| came.contains(&format!(" {number} ")) && came.ends_with("\r\n") && came.matches("\r\n").count() > 1;
        self.until(|came| came.contains("-ERR") || is_ours(came))
    }
}

/// What is another one's is refused, each by its own word of the server.
fn refused(edge: &mut Raw) {
    let create = "$JS.API.CONSUMER.CREATE.takt-main-work";
    let said = [
        "takt.main.fwd.far.urgent",
        "takt.main.fwd.edge.urgent",
        "takt.main.log.1.0.order.x",
        "takt.main.out.erp.0",
        "takt.main.shelf.x",
        "takt.main.lease.x",
        "takt.main.evt.x.order.y",
        "takt.main.evt.plant-2.order.released",
        "takt.main.evt.plant-1.lot.held",
        "takt.edge.evt.plant-1.order.released",
        "takt.far.cmd.0",
        "takt.far.ask.region",
        "takt.far.in.0",
        "_INBOX_main.x",
        "_INBOX_far.x",
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.INFO.takt-main-work",
        "$JS.API.STREAM.MSG.GET.takt-main-work",
        "$JS.API.DIRECT.GET.takt-main-log",
        "$JS.API.STREAM.PURGE.takt-main-work",
        "$JS.API.STREAM.DELETE.takt-main-log",
        "$JS.API.CONSUMER.MSG.NEXT.takt-main-work.fwd_far_urgent",
        "$JS.API.CONSUMER.MSG.NEXT.takt-main-work.in_0",
        "$JS.API.CONSUMER.DELETE.takt-main-work.fwd_far_urgent",
        &format!("{create}.fwd_far_urgent.takt.main.fwd.far.urgent"),
        &format!("{create}.fwd_edge_urgent.takt.main.fwd.far.urgent"),
        &format!("{create}.fwd_edge_urgent"),
        "$JS.ACK.takt-main-work.fwd_far_urgent.1.1.1.1.0",
    ];
    for subject in said {
        let answer = edge.publish(subject);
        assert!(answer.contains(&format!("-ERR 'Permissions Violation for Publish to \"{subject}\"")), "{subject}: {answer}");
    }
    let heard = [
        "takt.main.fwd.far.urgent",
        "takt.main.>",
        "takt.far.cmd.0",
        "takt.far.>",
        "_INBOX.>",
        "_INBOX_main.>",
        "_INBOX_far.>",
        ">",
        "$JS.>",
    ];
    for subject in heard {
        let answer = edge.hear(subject);
        assert!(answer.contains(&format!("-ERR 'Permissions Violation for Subscription to \"{subject}\"")), "{subject}: {answer}");
    }
}

/// The events that the text of its road names are the only ones that it may tell.
fn tells(edge: &mut Raw) {
    let said = edge.publish("takt.main.evt.plant-1.order.released");
    assert!(!said.contains("-ERR"), "{said}");
}

/// Mail for one region is read by that one; another one that says it is its own is refused by JetStream.
fn mail_is_its_readers(place: &Place) {
    let mut main = place.comes(place.ports[0], "main").unwrap();
    let mut far = place.comes(place.ports[1], "far").unwrap();
    let mut edge = place.comes(place.ports[2], "edge").unwrap();
    let stored = main.ask("takt.main.fwd.far.urgent", "for far alone");
    assert!(stored.contains("\"seq\":"), "{stored}");
    let config = |filter: Value| {
        let mut config =
            json!({ "durable_name": "fwd_far_urgent", "name": "fwd_far_urgent", "ack_policy": "explicit", "deliver_policy": "all" });
        config.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        config
    };
    let request = |config: &Value| json!({ "stream_name": "takt-main-work", "config": config, "action": "" }).to_string();
    let own = request(&config(json!({ "filter_subject": "takt.main.fwd.far.urgent" })));
    let made = far.ask("$JS.API.CONSUMER.CREATE.takt-main-work.fwd_far_urgent.takt.main.fwd.far.urgent", &own);
    assert!(!made.contains("\"error\""), "{made}");
    let next = |region: &str| format!("$JS.API.CONSUMER.MSG.NEXT.takt-main-work.fwd_{region}_urgent");
    // Who leads a consumer that was just made is there a moment later.
    let came = (0..200).map(|_| far.ask(&next("far"), r#"{"batch":1,"expires":1000000000}"#)).find(|came| came.contains("for far alone"));
    assert!(came.is_some(), "far does not get its own mail");
    for filter in [
        json!({ "filter_subject": "takt.main.fwd.far.urgent" }),
        json!({ "filter_subjects": ["takt.main.fwd.edge.urgent", "takt.main.fwd.far.urgent"] }),
        json!({}),
    ] {
        let mut config = config(filter);
        config["durable_name"] = json!("fwd_edge_urgent");
        config["name"] = json!("fwd_edge_urgent");
        let said = edge.ask("$JS.API.CONSUMER.CREATE.takt-main-work.fwd_edge_urgent.takt.main.fwd.edge.urgent", &request(&config));
        assert!(said.contains("\"error\""), "{config}: {said}");
    }
    // And what is its own it may ask for: there is no mail.
    let came = edge.ask(&next("edge"), r#"{"batch":1,"no_wait":true}"#);
    assert!(came.contains("NATS/1.0 404"), "{came}");
    let nobody = edge.ask("takt.main.ask.nobody", "");
    assert!(nobody.contains("NATS/1.0 503"), "{nobody}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_does_its_work_with_the_rights_that_were_written_for_it_and_cannot_touch_another_ones() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let place = tokio::task::block_in_place(|| Place::new(false));
    let main = Node::start(&place.dir, "main", &["--region", "main"]);
    let edge = Node::start(&place.dir, "edge", &["--region", "edge"]);
    until("both ends hear each other", async || is_up(&main, true).await && is_up(&edge, true).await).await;
    asked_both_ways(&main, &edge).await;
    tokio::task::block_in_place(|| {
        let wrong = Raw::connect(place.ports[0], &place.dir.join("tls/ca.crt"), ("edge", "guessed")).err();
        assert!(wrong.as_ref().is_some_and(|said| said.contains("Authorization Violation")), "{wrong:?}");
        refused(&mut place.comes(place.ports[0], "edge").unwrap());
        tells(&mut place.comes(place.ports[0], "edge").unwrap());
        mail_is_its_readers(&place);
    });
}
