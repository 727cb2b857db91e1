//! MQTT 3.1.1 in the words of its library.

use std::io::Error as IoError;

use futures::future::BoxFuture;
use mqtt4::{
    AckMode, AsyncClient, ConnectReturnCode, ConnectionError, Event as Said, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet,
    PersistedAckMode, PersistedSession, PublishNoticeError, PublishOptions, QoS, SessionStore, SessionStoreError, SessionStoreKey,
    StateError, SubscribeFilter, SubscribeReasonCode, TlsConfiguration, Transport,
};

use super::trouble::{self, Refusal};
use super::wire::{Came, Event, Granted, Letter, Posted, Receipt, Trouble, UNDER_WAY_MAX};
use super::{MqttSpec, PACKET_BYTES_MAX};

/// A session of ours at the broker, as we know it: nothing of it is under way from us, because every connection begins with nothing.
#[derive(Debug)]
struct Nothing;

impl SessionStore for Nothing {
    fn load<'a>(&'a self, key: &'a SessionStoreKey) -> BoxFuture<'a, Result<Option<PersistedSession>, SessionStoreError>> {
        let session = PersistedSession {
            format_version: 1,
            client_id: key.client_id().to_owned(),
            clean_session: false,
            max_inflight: UNDER_WAY_MAX,
            ack_mode: PersistedAckMode::Manual,
            last_pkid: 0,
            last_puback: 0,
            replay: Vec::new(),
            incoming_qos2: Vec::new(),
        };
        Box::pin(std::future::ready(Ok(Some(session))))
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> BoxFuture<'a, Result<(), SessionStoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> BoxFuture<'a, Result<(), SessionStoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

pub(super) fn open(spec: &MqttSpec, will: Option<&Letter>) -> Result<(AsyncClient, EventLoop), Trouble> {
    let mut options = MqttOptions::new(spec.client.clone(), (spec.host.clone(), spec.port));
    options.set_keep_alive(spec.keep_alive_s).set_ack_mode(AckMode::Manual).set_inflight(UNDER_WAY_MAX);
    options.set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX);
    if spec.session_s > 0 {
        options.set_session_store(Nothing).set_clean_session(false);
    } else {
        options.set_clean_session(true);
    }
    if let Some(user) = &spec.user {
        options.set_credentials(user.clone(), spec.password.clone().unwrap_or_default());
    }
    if let Some(tls) = &spec.tls {
        let tls = match tls.roots()? {
            Some(ca) => TlsConfiguration::Simple { ca, alpn: None, client_auth: tls.identity()? },
            None => TlsConfiguration::try_default_rustls().map_err(|error| Trouble::Wrong(trouble::no_roots(&error)))?,
        };
        options.set_transport(Transport::tls_with_config(tls));
    }
    if let Some(will) = will {
        options.set_last_will(LastWill::new(will.topic.clone(), will.payload.clone(), quality(will.acknowledged), will.retain));
    }
    options.set_socket_connector(connected);
    Ok(AsyncClient::builder(options).capacity(usize::from(spec.waiting_max) + usize::from(UNDER_WAY_MAX)).build())
}

/// A connection of which nothing is sent any more once it is given up.
async fn connected(host: String, network: NetworkOptions) -> Result<tokio::net::TcpStream, IoError> {
    let stream = mqtt4::default_socket_connect(host, network).await?;
    stream.set_nodelay(true)?;
    stream.set_zero_linger()?;
    Ok(stream)
}

fn quality(acknowledged: bool) -> QoS {
    if acknowledged { QoS::AtLeastOnce } else { QoS::AtMostOnce }
}

pub(super) async fn next(line: &mut EventLoop, spec: &MqttSpec) -> Result<Event, Trouble> {
    match line.poll().await {
        Ok(Said::Incoming(Packet::ConnAck(_))) => Ok(Event::Up),
        Ok(Said::Incoming(Packet::Publish(publish))) => {
            let receipt = match publish.qos {
                QoS::AtMostOnce => None,
                QoS::AtLeastOnce => Some(Receipt::V4(mqtt4::ManualAck::PubAck(mqtt4::PubAck::new(publish.pkid)))),
                QoS::ExactlyOnce => Some(Receipt::V4(mqtt4::ManualAck::PubRec(mqtt4::PubRec::new(publish.pkid)))),
            };
            let topic = String::from_utf8_lossy(&publish.topic).into_owned();
            Ok(Event::Came(Came { topic, payload: publish.payload, receipt }))
        }
        Ok(Said::Incoming(_) | Said::Outgoing(_)) => Ok(Event::Other),
        Err(error) => Err(ended(error, spec)),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "of what breaks a connection only that counts which a person can do something about")]
fn ended(error: ConnectionError, spec: &MqttSpec) -> Trouble {
    match error {
        ConnectionError::ConnectionRefused(code) => {
            let refusal = match code {
                ConnectReturnCode::BadUserNamePassword => Refusal::Credentials,
                ConnectReturnCode::NotAuthorized => Refusal::NotAllowed,
                ConnectReturnCode::BadClientId => Refusal::Client,
                ConnectReturnCode::RefusedProtocolVersion => Refusal::Version,
                ConnectReturnCode::ServiceUnavailable | ConnectReturnCode::Success => Refusal::Other(format!("{code:?}")),
            };
            trouble::refused(spec, refusal)
        }
        ConnectionError::MqttState(StateError::AwaitPingResp) => trouble::silent(spec),
        ConnectionError::NetworkTimeout => trouble::unreached(spec),
        ConnectionError::Tls(error) => trouble::tls(spec, &error),
        other => trouble::broken(spec, &other),
    }
}

pub(super) async fn post(sender: &AsyncClient, letter: Letter) -> Posted {
    let options = PublishOptions::new(quality(letter.acknowledged)).retain(letter.retain);
    match sender.publish_tracked(letter.topic, letter.payload, options).await {
        Err(error) => Posted::NotSent(error.to_string()),
        Ok(notice) => match notice.wait_async().await {
            Ok(_) => Posted::Taken,
            Err(PublishNoticeError::Qos0NotFlushed) => Posted::NotSent("the connection broke before it was sent".to_owned()),
            Err(error) => Posted::Unknown(format!("the broker did not acknowledge it: {error}")),
        },
    }
}

pub(super) async fn subscribe(sender: &AsyncClient, filters: &[String]) -> Result<Vec<Granted>, Trouble> {
    let asked = filters.iter().map(|filter| SubscribeFilter::new(filter.clone(), QoS::AtLeastOnce));
    let away = |error: String| Trouble::Away(format!("a subscription was not answered: {error}"));
    let notice = sender.subscribe_many_tracked(asked).await.map_err(|error| away(error.to_string()))?;
    let said = notice.wait_async().await.map_err(|error| away(error.to_string()))?;
    let granted = |code: SubscribeReasonCode| match code {
        SubscribeReasonCode::Success(QoS::AtMostOnce) => Granted::Lossy,
        SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce) => Granted::Whole,
        SubscribeReasonCode::Failure => Granted::Refused("not allowed".to_owned()),
    };
    Ok(said.return_codes.into_iter().map(granted).collect())
}
