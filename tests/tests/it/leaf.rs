//! A leaf node as `takt render nats` writes it, judged by nats-server itself: a region comes through it and does its work; and whoever is
//! beside it gets no further than the user of the road.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::json;

use crate::federation::{asked_both_ways, is_up};
use crate::rendered::Place;
use crate::servers;
use crate::several::{Node, SECRETS, until};

/// How long a client waits for words, and how often until it is sure that they do not come.
const PAUSE: Duration = Duration::from_millis(200);
const TRIES: usize = 10;

/// A leaf node at the edge, as it was written; ends with the test.
struct Leaf(Child);

impl Leaf {
    fn start(place: &Place) -> Self {
        let file = place.dir.join("out/main/leaf-edge-main.conf");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        Self(Command::new(servers::program()).arg("-c").arg(file).stderr(std::process::Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A client at a leaf node in the servers' own words, without TLS: it is on the same machine.
struct Plain {
    socket: TcpStream,
    came: Vec<u8>,
}

impl Plain {
    fn connect(port: u16, (user, secret): (&str, &str)) -> Self {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        socket.set_read_timeout(Some(PAUSE)).unwrap();
        let mut plain = Self { socket, came: Vec::new() };
        let hello = json!({ "verbose": false, "pedantic": false, "user": user, "pass": secret, "headers": true, "no_responders": true, "lang": "raw", "version": "1", "protocol": 1 });
        plain.say(&format!("CONNECT {hello}\r\n"));
        plain
    }

    /// Says something, and waits until the leaf node has heard it.
    fn say(&mut self, words: &str) {
        self.socket.write_all(format!("{words}PING\r\n").as_bytes()).unwrap();
        assert!((0..TRIES).any(|_| self.hears("PONG\r\n")), "the leaf node does not answer: {}", String::from_utf8_lossy(&self.came));
    }

    /// Whether these words come in a moment.
    fn hears(&mut self, words: &str) -> bool {
        loop {
            if String::from_utf8_lossy(&self.came).contains(words) {
                self.came.clear();
                return true;
            }
            let mut more = [0; 4_096];
            match self.socket.read(&mut more) {
                Ok(count) if count > 0 => self.came.extend(&more[..count]),
                Ok(_) | Err(_) => return false,
            }
        }
    }
}

/// Through the leaf node nothing comes in or goes out but what the user of the road may hear and say.
fn sealed(place: &Place) {
    let (mut main, mut edge) = (place.comes(place.ports[0], "main").unwrap(), Plain::connect(place.leaf, ("edge", SECRETS[1].1)));
    let mut is_heard = |subject: &str| {
        let heard = main.hear(subject);
        assert!(!heard.contains("-ERR"), "{heard}");
        // The leaf node learns a moment later that somebody listens.
        (0..TRIES).any(|_| {
            edge.say(&format!("PUB {subject} 1\r\nx\r\n"));
            edge.hears("a pause");
            main.say("").contains(&format!("MSG {subject} "))
        })
    };
    assert!(is_heard("takt.main.evt.plant-1.order.released"), "nothing goes through at all");
    for subject in ["takt.main.evt.plant-2.order.released", "takt.main.log.1.0.order.x", "takt.main.fwd.far.urgent"] {
        assert!(!is_heard(subject), "{subject} goes through the leaf node");
    }
    let mut hears = |subject: &str| {
        edge.say(&format!("SUB {subject} 7\r\n"));
        (0..TRIES).any(|_| {
            let said = main.publish(subject);
            assert!(!said.contains("-ERR"), "{said}");
            edge.hears(&format!("MSG {subject} 7 "))
        })
    };
    assert!(hears("takt.edge.ask.somebody"), "nothing comes through at all");
    for subject in ["takt.main.fwd.far.urgent", "takt.far.ask.somebody", "takt.main.evt.plant-2.order.released"] {
        assert!(!hears(subject), "{subject} comes through the leaf node");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_comes_through_a_leaf_node_as_it_was_written_and_has_no_more_rights_there() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let place = tokio::task::block_in_place(|| Place::new(true));
    let started = Leaf::start(&place);
    let main = Node::start(&place.dir, "main", &["--region", "main"]);
    let edge = Node::start(&place.dir, "edge", &["--region", "edge"]);
    until("both ends hear each other", async || is_up(&main, true).await && is_up(&edge, true).await).await;
    asked_both_ways(&main, &edge).await;
    drop((main, edge));
    tokio::task::block_in_place(|| sealed(&place));
    drop(started);
}
