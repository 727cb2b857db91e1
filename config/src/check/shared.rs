//! What two systems have in common: a folder from which one would take what is the other's, which is wrong; and a secret by which each
//! could speak for the other, which is noted.

use std::collections::BTreeMap;

use takt_protocol::name::SiteId;

use super::Checks;
use crate::text::{FilesText, HttpText, TransportText};

impl Checks<'_> {
    pub(super) fn shared(&mut self) {
        let pages = self.pages;
        let links = || pages.sites.iter().filter_map(|(site, page)| Some((*site, page.file.as_str(), page.value.link.as_ref()?)));
        self.secrets(links().filter_map(|(site, file, link)| match link {
            TransportText::Http(http) => Some((site, file, http)),
            TransportText::Files(_) | TransportText::Sql(_) | TransportText::Mqtt(_) => None,
        }));
        self.watched(links().filter_map(|(site, file, link)| match link {
            TransportText::Files(files) => Some((site, file, files)),
            TransportText::Http(_) | TransportText::Sql(_) | TransportText::Mqtt(_) => None,
        }));
    }

    fn secrets<'b>(&mut self, links: impl Iterator<Item = (SiteId, &'b str, &'b HttpText)>) {
        let clients = self.pages.mesh.iter().flat_map(|mesh| &mesh.clients);
        let mut whose: BTreeMap<&str, String> =
            clients.map(|client| (client.value.token.as_str(), format!("the client {}", client.value.name))).collect();
        for (site, file, http) in links {
            let Some(inbound) = &http.inbound else { continue };
            let token = inbound.token.as_deref().map(|token| ("token", token));
            let secret = inbound.signature.as_ref().map(|signature| ("signature", signature.secret.value.as_str()));
            // One that is empty was told, and a variable that is not set leaves nothing.
            for (key, secret) in token.into_iter().chain(secret).filter(|(_, secret)| !secret.trim().is_empty()) {
                let own = site.to_string();
                if let Some(other) = whose.insert(secret, own.clone()).filter(|other| *other != own) {
                    let what = format!("{site} shows who it is by the same secret as {other}, so each could speak for the other");
                    self.note_at(file, &["link", "http", "inbound", key], what, "give each its own: `${NAME}` with a name for each");
                }
            }
        }
    }

    /// A folder that is looked into is nobody else's; nor is one that files are laid down in.
    fn watched<'b>(&mut self, links: impl Iterator<Item = (SiteId, &'b str, &'b FilesText)>) {
        let plain = |path: &'b str| path.trim_end_matches('/');
        let links: Vec<_> = links.collect();
        for (at, (site, file, files)) in links.iter().enumerate() {
            for (other, _, theirs) in links.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, link)| link) {
                let inbox =
                    files.inbound.as_ref().map(|inbound| &inbound.folder).map(|folder| (folder, theirs.folders().collect::<Vec<_>>()));
                let outbox = files.outbound.as_ref().map(|outbound| &outbound.folder);
                let outbox = outbox.map(|folder| (folder, theirs.outbound.iter().map(|outbound| &outbound.folder).collect()));
                for (folder, others) in inbox.into_iter().chain(outbox) {
                    let same = others.iter().any(|one| plain(&one.value) == plain(&folder.value));
                    // Of two that are told of each other the later is enough.
                    let twice = site > other || !theirs.inbound.iter().any(|inbound| plain(&inbound.folder.value) == plain(&folder.value));
                    if same && twice && !plain(&folder.value).is_empty() {
                        let what = format!("{other} has the folder {} too, so one would take what is the other's", plain(&folder.value));
                        self.say(file, folder.referenced, what, "give each system its own folder");
                    }
                }
            }
        }
    }
}
