//! Links over MQTT: a broker that can be found, filters that mean one thing each, promises that can be kept, and no way around the rules
//! by which telemetry becomes something that an ERP may hear of.

use serde_saphyr::Spanned;
use takt_actors::link::mapping::INPUT_BYTES_MAX;
use takt_actors::link::mqtt::{filter, sparkplug};
use takt_actors::link::telemetry;
use takt_protocol::outbox::Class;

use super::Checks;
use crate::links::broker;
use crate::text::{MqttText, SiteText};

/// All topics of Sparkplug B.
const TELEMETRY: &str = "spBv1.0/#";

impl Checks<'_> {
    pub(super) fn mqtt(&mut self, file: &str, site: &SiteText, mqtt: &MqttText) {
        self.asked(file, &mqtt.send, &site.classes);
        for (verb, class) in site.classes.iter().filter(|(verb, _)| mqtt.send.contains_key(*verb)) {
            if matches!(class.value, Class::ProbeWithSettle { .. }) {
                let what = format!("nobody can ask what became of {verb}: a broker does not know what it passed on");
                let remedy = "write at_most_once; or dedup_by_key, where who reads it knows our reference again";
                self.say(file, class.referenced, what, remedy);
            }
        }
        for mapping in mqtt.told().chain(mqtt.rules().map(|(_, rule)| &rule.value.mapping)) {
            self.has(file, mapping, &["inputs"], "what is received");
        }
        self.are_there(file, mqtt.mapping_files());
        self.broker(file, mqtt);
        self.filters(file, mqtt);
        if mqtt.send.is_empty() && mqtt.topics.is_empty() && mqtt.sparkplug.is_none() {
            let what = "the link over MQTT neither sends nor listens".to_owned();
            self.say_at(file, &["link", "mqtt"], what, "add verbs to `send`, or `topics`, or `sparkplug`");
        }
        if let Some(plant) = &mqtt.sparkplug {
            self.telemetry(file, site, plant);
        }
        self.tables(file, &["link", "mqtt", "tables"], &mqtt.tables);
    }

    fn broker(&mut self, file: &str, mqtt: &MqttText) {
        let address = &mqtt.broker;
        let url = reqwest::Url::parse(&address.value).ok();
        if url.as_ref().is_some_and(|url| url.password().is_some() || !url.username().is_empty()) {
            let what = "an address has credentials in it, and addresses stand in logs".to_owned();
            self.say(file, address.referenced, what, "write `user` and `password: ${NAME}` beside `broker`, and set NAME outside");
        } else if !address.value.is_empty() && broker(&address.value).is_none() {
            let what = format!("`{}` is no broker", address.value.escape_debug());
            self.say(file, address.referenced, what, "write mqtt://host or, over TLS, mqtts://host; a port may stand behind it");
        }
        let is_tls = broker(&address.value).is_none_or(|(_, _, is_tls)| is_tls);
        let files = [&mqtt.root_certificates, &mqtt.client_certificate, &mqtt.client_key];
        for path in files.into_iter().flatten() {
            self.certificates(file, Some(path));
            if !is_tls {
                let what = "a certificate is named, and the broker is not spoken to over TLS".to_owned();
                self.say(file, path.referenced, what, "write mqtts:// in `broker`, or leave it out");
            }
        }
        if let (Some(one), None) | (None, Some(one)) = (&mqtt.client_certificate, &mqtt.client_key) {
            let what = "a certificate of ours and its key belong together, and one is missing".to_owned();
            self.say(file, one.referenced, what, "name both, `client_certificate` and `client_key`, or none");
        }
        let told = self.findings.iter().any(|found| found.file == file && found.what.contains("variable"));
        if mqtt.client.value.trim().is_empty() && !told {
            let what = "the client has no name, so the broker could keep nothing for it".to_owned();
            self.say(file, mqtt.client.referenced, what, "write a `client` that nobody else at this broker has, such as takt-nord");
        }
        if mqtt.password.is_some() && mqtt.user.is_none() {
            let what = "a password is given, and no user".to_owned();
            self.say_at(file, &["link", "mqtt", "password"], what, "write `user` beside it");
        }
        if let Some(most) = mqtt.payload_bytes_max.as_ref().filter(|most| most.value.get() > INPUT_BYTES_MAX) {
            let what = format!("payloads of {} bytes are to be understood, and mappings take {INPUT_BYTES_MAX} at most", most.value);
            self.say(file, most.referenced, what, format!("write {INPUT_BYTES_MAX} or less"));
        }
    }

    fn filters(&mut self, file: &str, mqtt: &MqttText) {
        let mut before: Vec<&str> = Vec::new();
        for (name, topic) in &mqtt.topics {
            let place = topic.referenced;
            self.format(file, &["link", "mqtt", "topics", name, "format"], &topic.value.format);
            if let Some(wrong) = filter::wrong_with(name) {
                self.say(file, place, format!("`{}` is no topic filter: {wrong}", name.escape_debug()), "write one such as plant/+/orders");
            } else if filter::meet(name, TELEMETRY) {
                let what = format!("`{name}` takes telemetry in Sparkplug B, which would go around the rules by which it becomes counts");
                self.say(file, place, what, "narrow the filter, and write `sparkplug:` with a rule for each metric that is wanted");
            } else if name.starts_with(telemetry::TOPICS) {
                let what = format!("`{name}` is what rules over telemetry tell under");
                self.say(file, place, what, "write the filter of topics that a system publishes");
            } else if let Some(other) = before.iter().find(|other| filter::meet(other, name)) {
                let what = format!("a message may be one of `{name}` and of `{other}`, and would mean two things");
                self.say(file, place, what, "narrow one of them");
            }
            before.push(name);
            self.quality(file, topic.value.qos, topic);
        }
    }

    fn quality<T>(&mut self, file: &str, qos: u8, topic: &Spanned<T>) {
        let (what, remedy) = match qos {
            1 => return,
            0 => (
                "what comes with `qos: 0` may be lost on the way: that is telemetry, and nothing that is booked may come of it",
                "leave `qos` out: 1 is asked for, also where a publisher gives less; telemetry comes by `sparkplug:` and its rules",
            ),
            _ => (
                "there is no other quality than 1 here: what comes twice has one effect, because it is known by its key",
                "leave `qos` out; publishers may use 2 all the same",
            ),
        };
        self.say(file, topic.referenced, what.to_owned(), remedy);
    }

    /// That groups and the host can stand in topics.
    pub(super) fn levels(&mut self, file: &str, plant: &Spanned<crate::text::SparkplugText>) {
        let is_level = |text: &str| !text.is_empty() && !text.contains(['/', '+', '#']) && text != "STATE";
        let text = &plant.value;
        if !is_level(&text.host) {
            let what = format!("`{}` cannot be the id of a Sparkplug host", text.host.escape_debug());
            self.say_at(file, &["link", "mqtt", "sparkplug", "host"], what, "write one word without / + #, such as takt-nord");
        }
        if text.groups.is_empty() {
            self.say_at(
                file,
                &["link", "mqtt", "sparkplug", "groups"],
                "no group is listened to".to_owned(),
                "name the groups of the plant",
            );
        }
        for group in text.groups.iter().filter(|group| !is_level(&group.value)) {
            let what = format!("`{}` is no Sparkplug group below {}", group.value.escape_debug(), sparkplug::SPACE);
            self.say(file, group.referenced, what, "write one word without / + #");
        }
        self.once(file, "group", text.groups.iter());
    }
}
