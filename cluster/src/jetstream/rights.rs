//! What a user of a region's account may say and hear, by the prefix of subjects: the region's own nodes, and the region that dials
//! it, which gets no more than its road needs. Here because only the engine knows which of the servers' own subjects it uses.

use takt_protocol::name::Region;
use takt_protocol::subject::{self, class};

use super::api::{INTERFACE, INTERFACE_BY_LEAF};
use super::layout::Names;
use super::queue::{consumer, waiting};
use super::render::Guest;
use crate::seam::QueueName;

/// Everything a region says to itself.
const CLASSES: [&str; 13] = ["log", "in", "due", "out", "fwd", "dead", "timer", "raw", "shelf", "lease", "evt", "cmd", "ask"];

/// What a user may do; all else is refused by the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    /// The subjects it may say something on, beside those on which it is asked to answer.
    pub(super) publish: Vec<String>,
    /// The subjects it may hear.
    pub(super) subscribe: Vec<String>,
}

/// Below which a user gets its answers: nobody else of its account may hear there.
pub(super) fn inbox(user: &str) -> String {
    format!("_INBOX_{}", subject::token(user))
}

impl Rights {
    /// Of the nodes of a region, whose account it is: all that is the region's, and questions to those who dial it.
    pub(super) fn of_nodes(region: Region, user: &str, guests: &[Region]) -> Self {
        let own = CLASSES.map(|name| class(region, name));
        let asked = guests.iter().flat_map(|guest| [class(*guest, "cmd"), class(*guest, "ask")]);
        // The servers' own interface is that of the account.
        let servers = [format!("{INTERFACE}.>"), "$JS.ACK.>".to_owned()];
        Self {
            publish: own.iter().cloned().chain(asked).chain(servers).collect(),
            subscribe: own.into_iter().chain([heard(user)]).collect(),
        }
    }

    /// Of a region that dials this one: its mail into `in`, its own mail out of `fwd`, requests and questions both ways, and the events
    /// that it may tell here.
    pub(super) fn of_guest(region: Region, own_user: &str, Guest { region: guest, user, tells, leaf }: &Guest, shards: u16) -> Self {
        let (guest, user) = (*guest, user.name.as_str());
        // Through a leaf node servers do not allow answers to what was asked. Nobody can guess where one is waited for.
        let answers = leaf.as_ref().map(|_| heard(own_user));
        let js = if leaf.is_some() { INTERFACE_BY_LEAF } else { INTERFACE };
        let work = Names::of(region).work;
        let asks = ["in", "cmd", "ask"].map(|name| class(region, name));
        let room = (0..shards).map(|shard| format!("{js}.CONSUMER.INFO.{work}.{}", consumer(QueueName::In { shard })));
        let own = [true, false].into_iter().flat_map(|urgent| {
            let queue = QueueName::Fwd { region: guest, urgent };
            let (consumer, mail) = (consumer(queue), subject::waiting(region, waiting(queue)));
            [
                // With the subject in it the servers refuse a consumer that reads another one.
                format!("{js}.CONSUMER.CREATE.{work}.{consumer}.{mail}"),
                format!("{js}.CONSUMER.MSG.NEXT.{work}.{consumer}"),
                format!("$JS.ACK.{work}.{consumer}.>"),
                // As servers with a domain write it.
                format!("$JS.ACK.*.*.{work}.{consumer}.>"),
                subject::dead(region, waiting(queue)),
            ]
        });
        Self {
            publish: asks.into_iter().chain(room).chain(own).chain(tells.iter().cloned()).chain(answers).collect(),
            subscribe: [class(guest, "cmd"), class(guest, "ask"), heard(user)].into(),
        }
    }
}

fn heard(user: &str) -> String {
    format!("{}.>", inbox(user))
}

#[cfg(test)]
mod tests {
    use super::super::render::User;
    use super::*;

    fn region(name: &str) -> Region {
        Region::parse(name).unwrap()
    }

    /// Whether one of the patterns means a subject, as the servers read them.
    fn may(patterns: &[String], subject: &str) -> bool {
        patterns.iter().any(|pattern| {
            let (mut wanted, mut found) = (pattern.split('.'), subject.split('.'));
            loop {
                match (wanted.next(), found.next()) {
                    (Some(">"), Some(_)) | (None, None) => return true,
                    (Some(wanted), Some(found)) if wanted == "*" || wanted == found => {}
                    _ => return false,
                }
            }
        })
    }

    #[test]
    fn a_region_that_dials_has_its_road_and_nothing_of_another_one() {
        let (eu, nord) = (region("eu"), region("nord"));
        let user = User { name: "nord".to_owned(), password: String::new() };
        let guest = |leaf| Guest { region: nord, user: user.clone(), tells: vec!["takt.eu.evt.press.order.*".to_owned()], leaf };
        let rights = Rights::of_guest(eu, "eu", &guest(None), 4);
        let through_a_leaf = Rights::of_guest(eu, "eu", &guest(Some(("127.0.0.1".to_owned(), 4_222))), 4);
        assert!(may(&through_a_leaf.publish, "_INBOX_eu.x") && !may(&through_a_leaf.subscribe, "_INBOX_eu.x"));
        let next = |js: &str| may(&through_a_leaf.publish, &format!("{js}.CONSUMER.MSG.NEXT.takt-eu-work.fwd_nord_urgent"));
        assert!(next(INTERFACE_BY_LEAF) && !next(INTERFACE));
        for own in [
            "takt.eu.in.3",
            "takt.eu.cmd.0",
            "takt.eu.ask.region",
            "$JS.API.CONSUMER.MSG.NEXT.takt-eu-work.fwd_nord_urgent",
            "takt.eu.evt.press.order.released",
        ] {
            assert!(may(&rights.publish, own), "{own}");
        }
        for other in [
            "takt.eu.evt.press.lot.held",
            "takt.eu.evt.ohio.order.released",
            "takt.eu.fwd.ohio.urgent",
            "takt.eu.fwd.nord.urgent",
            "takt.eu.log.1.0.order.x",
            "takt.ohio.cmd.0",
            "takt.ohio.ask.region",
            "$JS.API.STREAM.MSG.GET.takt-eu-work",
            "$JS.API.STREAM.INFO.takt-eu-work",
            "$JS.API.CONSUMER.MSG.NEXT.takt-eu-work.fwd_ohio_urgent",
            "$JS.API.CONSUMER.INFO.takt-eu-work.fwd_ohio_urgent",
            "$JS.API.CONSUMER.CREATE.takt-eu-work.fwd_nord_urgent.takt.eu.fwd.ohio.urgent",
            "$JS.API.CONSUMER.CREATE.takt-eu-work.fwd_nord_urgent",
            "$JS.ACK.takt-eu-work.fwd_ohio_urgent.1.2.3.4.5",
            "_INBOX_eu.x",
        ] {
            assert!(!may(&rights.publish, other), "{other}");
        }
        for other in ["takt.eu.fwd.nord.urgent", "takt.ohio.cmd.0", "takt.eu.evt.x.order.y", "_INBOX_eu.x", "_INBOX.x"] {
            assert!(!may(&rights.subscribe, other), "{other}");
        }
        assert!(may(&rights.subscribe, "_INBOX_nord.x.1") && may(&rights.subscribe, "takt.nord.cmd.0"));
    }

    #[test]
    fn the_nodes_of_a_region_have_all_that_is_its_own_and_ask_only_those_who_dial_it() {
        let rights = Rights::of_nodes(region("eu"), "eu", &[region("nord")]);
        for own in ["takt.eu.log.1.0.order.x", "takt.nord.cmd.0", "takt.nord.ask.region", "$JS.API.STREAM.CREATE.takt-eu-log"] {
            assert!(may(&rights.publish, own), "{own}");
        }
        for other in ["takt.ohio.cmd.0", "takt.nord.in.0", "takt.nord.log.1.0.order.x"] {
            assert!(!may(&rights.publish, other) && !may(&rights.subscribe, other), "{other}");
        }
    }
}
