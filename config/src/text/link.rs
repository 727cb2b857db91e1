//! The `link` of a site: the transport, and which mapping file says what in the system's own words. Over HTTP here; over
//! folders in [`super::files`]; over SQL in [`super::sql`]; over MQTT in [`super::mqtt`].

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_actors::link::format::edi::Standard;
use takt_actors::link::format::{Csv, Format, Quotes};
use takt_protocol::signature::Signature;

use super::credential::CredentialText;
use super::files::FilesText;
use super::fixed::FixedText;
use super::mqtt::MqttText;
use super::sql::SqlText;

/// The transport of a link.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TransportText {
    /// HTTP both ways.
    Http(HttpText),
    /// Folders of files both ways.
    Files(FilesText),
    /// The tables and procedures of a database, both ways.
    Sql(SqlText),
    /// A broker, both ways.
    Mqtt(MqttText),
}

impl TransportText {
    /// Every mapping file it names, with the place of the name.
    pub fn mapping_files(&self) -> Vec<&Spanned<String>> {
        match self {
            Self::Http(http) => http.mapping_files().collect(),
            Self::Files(files) => files.mapping_files().collect(),
            Self::Sql(sql) => sql.mapping_files().collect(),
            Self::Mqtt(mqtt) => mqtt.mapping_files().collect(),
        }
    }

    /// The same, to be changed.
    pub(crate) fn mapping_files_mut(&mut self) -> Vec<&mut Spanned<String>> {
        match self {
            Self::Http(http) => {
                let told = http.inbound.iter_mut().flat_map(|inbound| inbound.topics.values_mut());
                let login = http.credential.iter_mut().filter_map(CredentialText::mapping_mut);
                http.send.values_mut().chain(told).chain(http.polls.values_mut().map(|poll| &mut poll.mapping)).chain(login).collect()
            }
            Self::Files(files) => {
                let told = files.inbound.iter_mut().flat_map(|inbound| inbound.topics.values_mut()).map(|topic| &mut topic.value.mapping);
                files.outbound.iter_mut().flat_map(|outbound| outbound.send.values_mut()).chain(told).collect()
            }
            Self::Sql(sql) => sql.send.values_mut().chain(sql.polls.values_mut().map(|poll| &mut poll.mapping)).collect(),
            Self::Mqtt(mqtt) => mqtt.mapping_files_mut().collect(),
        }
    }

    /// What each mapping file is named for, such as `send.post` or `inbound.*`.
    pub(crate) fn slots(&self) -> Vec<(String, &Spanned<String>)> {
        let named = |what: &str, name: &String| format!("{what}.{name}");
        match self {
            Self::Http(http) => {
                let told = http.inbound.iter().flat_map(|inbound| &inbound.topics);
                let told = told.map(|(topic, file)| (named("inbound", topic), file));
                let polled = http.polls.iter().map(|(topic, poll)| (named("polls", topic), &poll.mapping));
                let login = http.credential.iter().filter_map(CredentialText::mapping).map(|file| ("credential.login".to_owned(), file));
                http.send.iter().map(|(verb, file)| (named("send", verb), file)).chain(told).chain(polled).chain(login).collect()
            }
            Self::Files(files) => {
                let told = files.inbound.iter().flat_map(|inbound| &inbound.topics);
                let told = told.map(|(topic, text)| (named("inbound", topic), &text.value.mapping));
                files.sent().map(|(verb, file)| (named("send", verb), file)).chain(told).collect()
            }
            Self::Sql(sql) => {
                let polled = sql.polls.iter().map(|(topic, poll)| (named("polls", topic), &poll.mapping));
                sql.send.iter().map(|(verb, file)| (named("send", verb), file)).chain(polled).collect()
            }
            Self::Mqtt(mqtt) => mqtt.slots().collect(),
        }
    }

    /// The keys, behind that of the transport, under which it names what is sent.
    pub(crate) fn sends_under(&self) -> &'static [&'static str] {
        match self {
            Self::Http(_) => &["link", "http", "send"],
            Self::Files(_) => &["link", "files", "outbound", "send"],
            Self::Sql(_) => &["link", "sql", "send"],
            Self::Mqtt(_) => &["link", "mqtt", "send"],
        }
    }

    /// The key of the transport.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Files(_) => "files",
            Self::Sql(_) => "sql",
            Self::Mqtt(_) => "mqtt",
        }
    }

    /// Its code tables.
    pub fn tables(&self) -> &BTreeMap<String, BTreeMap<String, String>> {
        match self {
            Self::Http(http) => &http.tables,
            Self::Files(files) => &files.tables,
            Self::Sql(sql) => &sql.tables,
            Self::Mqtt(mqtt) => &mqtt.tables,
        }
    }

    /// What must not be known to everybody, each with the keys that lead to it.
    pub(crate) fn secrets(&self) -> Vec<(&str, Vec<&'static str>)> {
        let http = match self {
            Self::Http(http) => http,
            Self::Sql(sql) => return sql.password.iter().map(|secret| (secret.as_str(), vec!["link", "sql", "password"])).collect(),
            Self::Mqtt(mqtt) => return mqtt.secrets().collect(),
            Self::Files(_) => return Vec::new(),
        };
        let inbound = http.inbound.as_ref();
        let shown = http.credential.iter().flat_map(CredentialText::secrets);
        let shown = shown.map(|(secret, [kind, key])| (secret, vec!["link", "http", "credential", kind, key]));
        let all = [
            (http.bearer.as_deref(), vec!["link", "http", "bearer"]),
            (http.signature.as_ref().map(SignatureText::shared), vec!["link", "http", "signature", "secret"]),
            (inbound.and_then(|inbound| inbound.token.as_deref()), vec!["link", "http", "inbound", "token"]),
            (
                inbound.and_then(|inbound| inbound.signature.as_ref()).map(SignatureText::shared),
                vec!["link", "http", "inbound", "signature", "secret"],
            ),
        ];
        all.into_iter().filter_map(|(secret, path)| Some((secret?, path))).chain(shown).collect()
    }

    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Http(http) => http.each_text(fill),
            Self::Files(files) => files.each_text(fill),
            Self::Sql(sql) => sql.each_text(fill),
            Self::Mqtt(mqtt) => mqtt.each_text(fill),
        }
    }
}

/// A link over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpText {
    /// Where the system listens, such as `https://erp.example.com`.
    pub base: String,
    /// The bearer token we show, if any.
    pub bearer: Option<String>,
    /// How else we show who we are.
    pub credential: Option<CredentialText>,
    /// How what we send is signed, if it is.
    pub signature: Option<SignatureText>,
    /// Where a CSRF token is fetched before writing, as SAP gateways ask for.
    pub csrf: Option<String>,
    /// The mapping file of each verb.
    #[serde(default)]
    pub send: BTreeMap<String, Spanned<String>>,
    /// The bearer token the system shows when it posts to us, and the mapping file of each of its topics.
    pub inbound: Option<InboundText>,
    /// What is asked for regularly, because the system does not tell it.
    #[serde(default)]
    pub polls: BTreeMap<String, PollText>,
    /// Code tables: our word, and theirs.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a system posts to us.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundText {
    /// The bearer token by which it is known: no message can say otherwise.
    pub token: Option<String>,
    /// How its messages are signed; left out, the token is enough. One of the two is there.
    pub signature: Option<SignatureText>,
    /// How its messages are written; left out, as JSON.
    #[serde(default)]
    pub format: FormatText,
    /// The mapping file of each topic.
    pub topics: BTreeMap<String, Spanned<String>>,
}

/// How messages are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FormatText {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
    /// Fields between delimiters.
    Csv(CsvText),
    /// Columns of a fixed width.
    Fixed(FixedText),
    /// ANSI ASC X12.
    X12,
    /// UN/EDIFACT.
    Edifact,
}

/// How rows of fields are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvText {
    /// What stands between two fields; left out, a comma.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Whether the first line names the fields; left out, it does.
    #[serde(default = "yes")]
    pub header: bool,
    /// The charset, by its label such as `windows-1252`; left out, UTF-8.
    pub charset: Option<String>,
    /// What a quotation mark at the beginning of a field means: `none`, `line` or `lines`; left out, `line`.
    #[serde(default)]
    pub quotes: Quotes,
}

fn comma() -> char {
    ','
}

fn yes() -> bool {
    true
}

impl FormatText {
    /// The format. A delimiter that is no ASCII letter was refused before.
    pub fn format(&self) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Xml => Format::Xml,
            Self::Fixed(text) => Format::Fixed(text.fixed()),
            Self::X12 => Format::Edi(Standard::X12),
            Self::Edifact => Format::Edi(Standard::Edifact),
            Self::Csv(text) => {
                let delimiter = u8::try_from(text.delimiter).unwrap_or(b',');
                Format::Csv(Csv { delimiter, header: text.header, charset: text.charset.clone(), quotes: text.quotes })
            }
        }
    }
}

/// How messages are signed: HMAC over the body, or over the stamp, a dot and the body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureText {
    /// The header of the signature, as hexadecimal digits; `sha256=` may stand before them.
    pub header: String,
    /// The secret that both sides know; write `${NAME}` and keep it in the environment.
    pub secret: Spanned<String>,
    /// What it is made with; there is `sha256` only.
    #[serde(default)]
    pub algorithm: AlgorithmText,
    /// When it was signed; left out, a message may be sent again by whoever sees it.
    pub stamp: Option<StampText>,
}

/// What a signature is made with.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlgorithmText {
    /// HMAC with SHA-256.
    #[default]
    Sha256,
}

/// When a message was signed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StampText {
    /// The header of the time, in seconds since 1970.
    pub header: String,
    /// How far it may be from now, in ms; left out, 300000.
    #[serde(default = "five_minutes")]
    pub tolerance_ms: u64,
}

fn five_minutes() -> u64 {
    300_000
}

impl SignatureText {
    fn shared(&self) -> &str {
        &self.secret.value
    }

    /// The rule.
    pub fn signature(&self) -> Signature {
        let AlgorithmText::Sha256 = self.algorithm;
        let stamp = self.stamp.as_ref().map(|stamp| (stamp.header.clone(), Duration::from_millis(stamp.tolerance_ms)));
        Signature { header: self.header.clone(), secret: self.secret.value.clone(), stamp }
    }
}

/// Something that is read regularly: whole, where an answer that is the same as before changes nothing; from a place on; or what was
/// not marked yet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollText {
    /// What to GET, or over SQL the statement to ask; not where there is a cursor or marks, because the mapping says then what to ask for.
    pub path: Option<String>,
    /// How often, in ms.
    pub every_ms: NonZeroU64,
    /// The mapping file of the answer.
    pub mapping: Spanned<String>,
    /// That only what was changed is read.
    pub cursor: Option<CursorText>,
    /// That only what was not marked yet is read, and marked when it was taken.
    #[serde(default)]
    pub marked: bool,
}

impl PollText {
    /// Whether it is read item by item, each with a name of its own.
    pub fn is_of_items(&self) -> bool {
        self.cursor.is_some() || self.marked
    }
}

/// How a list is read that only tells what was changed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CursorText {
    /// From how long before the latest change on it is read again, in ms: longer than any transaction of the system takes.
    pub overlap_ms: NonZeroU64,
}

impl HttpText {
    /// Every mapping file it names, with the place of the name.
    pub fn mapping_files(&self) -> impl Iterator<Item = &Spanned<String>> {
        let login = self.credential.iter().filter_map(CredentialText::mapping);
        self.send.values().chain(self.told()).chain(self.polls.values().map(|poll| &poll.mapping)).chain(login)
    }

    /// The mapping files of what the system posts to us.
    pub(crate) fn told(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.inbound.iter().flat_map(|inbound| inbound.topics.values())
    }

    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        let shared = self.inbound.iter_mut().flat_map(|inbound| {
            inbound.token.as_mut().into_iter().chain(inbound.signature.as_mut().map(|signature| &mut signature.secret.value))
        });
        let secrets = shared.chain(self.signature.as_mut().map(|signature| &mut signature.secret.value));
        let paths = self.polls.values_mut().filter_map(|poll| poll.path.as_mut());
        let words = self.tables.values_mut().flat_map(BTreeMap::values_mut);
        let own = [&mut self.base].into_iter().chain(&mut self.bearer).chain(&mut self.csrf);
        let shown = self.credential.iter_mut().flat_map(CredentialText::texts);
        own.chain(shown).chain(secrets).chain(paths).chain(words).for_each(fill);
    }
}
