//! A site that is only observed: that nothing at all is written there.

use super::Checks;
use crate::text::{SiteText, TransportText};

impl Checks<'_> {
    pub(super) fn observe(&mut self, file: &str, site: &SiteText) {
        let Some(folder) = &site.observe else { return };
        let place = folder.referenced;
        // A variable that is not set was told.
        if !folder.value.is_empty() && !folder.value.starts_with('/') {
            let what = format!("`{}` is not the whole path of a folder", folder.value.escape_debug());
            self.say(file, place, what, "begin it with a slash; the part that differs from host to host may be a `${NAME}`");
        }
        let polls = match &site.link {
            Some(TransportText::Http(http)) => Some(&http.polls),
            Some(TransportText::Sql(sql)) => Some(&sql.polls),
            Some(TransportText::Files(files)) => {
                if files.inbound.is_some() {
                    let what = "files that are taken from a folder are gone for whoever took them before".to_owned();
                    self.note(file, place, what, "let `folder` be one that copies are laid down in, as long as the site is only observed");
                }
                None
            }
            Some(TransportText::Mqtt(mqtt)) => {
                if let Some(plant) = &mqtt.sparkplug {
                    let what = "a host of Sparkplug B says that it is there and asks nodes for their births, and an observed site is not written to";
                    self.say(file, plant.referenced, what.to_owned(), "leave out `sparkplug` as long as the site is only observed");
                }
                None
            }
            None => return self.say(file, place, "there is no link to be observed".to_owned(), "write `link`, or leave out `observe`"),
        };
        for (topic, poll) in polls.into_iter().flatten().filter(|(_, poll)| poll.marked) {
            let what = format!("{topic} is marked when it was read, and an observed site is not written to");
            self.say(file, poll.mapping.referenced, what, "read it by a `cursor` as long as the site is only observed");
        }
    }
}
