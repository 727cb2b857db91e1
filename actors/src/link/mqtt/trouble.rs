//! What can be wrong between us and a broker, with what to do about it. The same words over both versions.

use std::fmt::Display;

use super::MqttSpec;
use super::wire::Trouble;

/// Why a broker does not take us.
pub(super) enum Refusal {
    Credentials,
    NotAllowed,
    Client,
    Version,
    Other(String),
}

pub(super) fn refused(spec: &MqttSpec, refusal: Refusal) -> Trouble {
    let whom = spec.user.as_deref().map_or_else(|| "nobody (no `user` is given)".to_owned(), |user| format!("user {user}"));
    let broker = spec.broker();
    Trouble::Wrong(match refusal {
        Refusal::Credentials => format!("the broker {broker} does not know {whom} with this password: check `user` and `password`"),
        Refusal::NotAllowed => {
            format!(
                "the broker {broker} does not let in {whom} as client {}: check `user` and `password`, and its list of rights",
                spec.client
            )
        }
        Refusal::Client => format!("the broker {broker} does not take the client id {}: write another `client`", spec.client),
        Refusal::Version => format!("the broker {broker} does not speak {}: write another `version`", spec.version.word()),
        Refusal::Other(code) => return Trouble::Away(format!("the broker {broker} refused the connection: {code}")),
    })
}

/// It does not answer pings.
pub(super) fn silent(spec: &MqttSpec) -> Trouble {
    Trouble::Away(format!("the broker {} does not answer: nothing came for {} s, not even to a ping", spec.broker(), spec.keep_alive_s))
}

/// Somebody else came with our client id.
pub(super) fn taken_over(spec: &MqttSpec) -> Trouble {
    Trouble::Away(format!(
        "another client of the broker {} has the client id {}, and each ends the other's connection: give each a `client` of its own",
        spec.broker(),
        spec.client
    ))
}

pub(super) fn unreached(spec: &MqttSpec) -> Trouble {
    Trouble::Away(format!("the broker {} is not reached: no answer in time", spec.broker()))
}

pub(super) fn broken(spec: &MqttSpec, error: &dyn std::error::Error) -> Trouble {
    let text = chain(error);
    if text.contains("Cannot receive packet of size") || text.to_lowercase().contains("payload size limit") {
        return Trouble::Wrong(format!(
            "the broker {} sends a message that is too long to be read at all ({text}): have it refuse such messages, and take it out of our session there",
            spec.broker()
        ));
    }
    Trouble::Away(format!("no connection to the broker {}: {text}", spec.broker()))
}

/// TLS did not come about. A certificate that nobody vouches for does not get better by waiting.
pub(super) fn tls(spec: &MqttSpec, error: &dyn std::error::Error) -> Trouble {
    let (text, broker) = (chain(error), spec.broker());
    let remedy = if text.contains("UnknownIssuer") || text.contains("CaUsedAsEndEntity") {
        "nobody whom we trust vouches for its certificate: name the file of its CA as `root_certificates`"
    } else if text.contains("NotValidForName") || text.contains("not valid for name") {
        "its certificate is for another name: write the address that stands in it as `broker`"
    } else if text.contains("Expired") || text.contains("expired") {
        "its certificate is over: have it renewed"
    } else if text.contains("InvalidContentType") || text.contains("CorruptMessage") {
        "it does not speak TLS there: write mqtt:// for a plain connection, or the port for TLS"
    } else if text.contains("CertificateRequired") || text.contains("HandshakeFailure") {
        "it wants a certificate of ours: name `client_certificate` and `client_key`"
    } else {
        return Trouble::Away(format!("no TLS with the broker {broker}: {text}"));
    };
    Trouble::Wrong(format!("no TLS with the broker {broker}: {remedy} ({text})"))
}

/// The host has no certificates to trust.
pub(super) fn no_roots(error: &dyn Display) -> String {
    format!("the certificates that this host trusts cannot be read: {error}; name the file of the broker's CA as `root_certificates`")
}

/// The broker will not send us what we want.
pub(super) fn filter(spec: &MqttSpec, filter: &str, words: &str) -> Trouble {
    let whom = spec.user.as_deref().unwrap_or("nobody");
    Trouble::Wrong(format!(
        "the broker {} does not give {whom} the topics {filter} ({words}): give it the right to read them there, or leave the topic out",
        spec.broker()
    ))
}

/// An error with what is behind it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}
