//! What comes over MQTT: a connection at a time, for ever. It subscribes anew over each, gives what comes to the door of the site, and
//! acknowledges it when it is durable. Where it cannot be taken it is tried again and nothing more is read: the broker keeps it.
//!
//! Messages are taken beside each other, those of one topic one after the other, and acknowledged in the order in which they came, as the
//! standard wants it (MQTT-4.6.0-2).

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::plant::Plant;
use super::sparkplug::SPACE;
use super::wire::{self, Came, Event, Granted, Line, Receipt, Sender, Trouble};
use super::{MqttLink, ms_of, trouble};
use crate::link::inbound::{Inbound, Told};

/// The name under which the standing of a site shows its broker.
const CHANNEL: &str = "broker";

/// How long until a broker is tried again, the first time and at most.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Messages that are taken beside each other.
const BESIDE: usize = 16;

/// Of a message that is too long so much is kept.
const BEGINNING_BYTES: usize = 64 << 10;

/// Keeps a connection, for ever.
pub async fn run(link: &MqttLink, door: &Inbound) {
    let _channel = door.region().channel(door.site(), CHANNEL);
    let plant = Plant::new(link, door);
    let carrying = async {
        let mut pause = PAUSE;
        loop {
            let (trouble, stood) = Session { link, door, plant: plant.as_ref() }.hold().await;
            tracing::debug!(site = %door.site(), why = trouble.why(), "a connection to a broker ended");
            link.stands(Err(trouble.clone()));
            door.region().missed(door.site(), CHANNEL, trouble.why());
            pause = if stood { PAUSE } else { pause.saturating_mul(2).min(PAUSE_MAX) };
            link.clock.sleep(pause).await;
        }
    };
    match &plant {
        Some(plant) => drop(futures::join!(carrying, plant.keep_telling())),
        None => carrying.await,
    }
}

/// One connection.
struct Session<'a> {
    link: &'a MqttLink,
    door: &'a Inbound,
    plant: Option<&'a Plant<'a>>,
}

impl Session<'_> {
    /// Holds it as long as it holds: why it ended, and whether it ever stood.
    async fn hold(&self) -> (Trouble, bool) {
        let since_ms = ms_of(self.link.clock.now());
        let will = self.plant.map(|plant| plant.state(false, since_ms));
        let (sender, line) = match wire::open(&self.link.spec, will.as_ref()) {
            Ok(open) => open,
            Err(trouble) => return (trouble, false),
        };
        let (up, is_up) = oneshot::channel();
        let (slots, came) = mpsc::channel(usize::from(self.link.spec.waiting_max.max(1)));
        let mut stood = false;
        let ended = {
            let reading = pin!(self.read(line, up, slots));
            let working = pin!(self.work(&sender, is_up, came, since_ms, &mut stood));
            tokio::select! {
                biased;
                trouble = reading => trouble,
                trouble = working => trouble,
                () = self.link.cut.notified() => Trouble::Away("the broker did not acknowledge in time, and was left".to_owned()),
            }
        };
        (ended, stood)
    }

    /// Asks the connection what happened, as long as there is room for it.
    async fn read(&self, mut line: Line, up: oneshot::Sender<()>, slots: mpsc::Sender<Came>) -> Trouble {
        let mut up = Some(up);
        loop {
            let Ok(slot) = slots.reserve().await else { return Trouble::Away("it is over".to_owned()) };
            match line.next(&self.link.spec).await {
                Ok(Event::Came(came)) => slot.send(came),
                Ok(Event::Up) => drop(up.take().map(|up| up.send(()))),
                Ok(Event::Other) => {}
                Err(trouble) => return trouble,
            }
        }
    }

    async fn work(
        &self,
        sender: &Sender,
        up: oneshot::Receiver<()>,
        came: mpsc::Receiver<Came>,
        since_ms: u64,
        stood: &mut bool,
    ) -> Trouble {
        if up.await.is_err() {
            return std::future::pending().await;
        }
        if let Err(trouble) = self.subscribe(sender).await {
            return trouble;
        }
        if let Some(plant) = self.plant {
            plant.begin().await;
            drop(sender.post(plant.state(true, since_ms), None).await);
        }
        *stood = true;
        self.link.stands(Ok(sender.clone()));
        self.door.region().heard(self.door.site(), Some(CHANNEL));
        self.take_all(sender, came, since_ms).await
    }

    /// Subscribes to everything, in one question.
    async fn subscribe(&self, sender: &Sender) -> Result<(), Trouble> {
        let spec = &self.link.spec;
        let plants = spec.sparkplug.iter().flat_map(super::sparkplug::SparkplugSpec::filters);
        let filters: Vec<String> = spec.filters.iter().cloned().chain(plants).collect();
        if filters.is_empty() {
            return Ok(());
        }
        for (filter, granted) in filters.iter().zip(sender.subscribe(&filters).await?) {
            match granted {
                Granted::Whole => {}
                Granted::Lossy if filter.starts_with(SPACE) => {}
                Granted::Lossy => {
                    tracing::warn!(site = %self.door.site(), filter, "a broker gives topics without acknowledgement: what comes may be lost");
                }
                Granted::Refused(words) => return Err(trouble::filter(spec, filter, &words)),
            }
        }
        Ok(())
    }

    /// Takes what comes, until nothing comes for longer than is usual.
    async fn take_all(&self, sender: &Sender, mut came: mpsc::Receiver<Came>, since_ms: u64) -> Trouble {
        let lanes: [Mutex<()>; BESIDE] = std::array::from_fn(|_| Mutex::new(()));
        let mut taking = FuturesOrdered::new();
        loop {
            tokio::select! {
                biased;
                Some(receipt) = taking.next(), if !taking.is_empty() => {
                    if let Some(receipt) = receipt {
                        sender.acknowledge(receipt).await;
                    }
                }
                next = came.recv(), if taking.len() < BESIDE => match next {
                    Some(one) => taking.push_back(self.take(sender, one, &lanes, since_ms)),
                    None => return Trouble::Away("it is over".to_owned()),
                },
                // The broker answers, and has nothing for us: it may have lost what we subscribed to.
                seconds = self.silence(), if taking.is_empty() => {
                    return Trouble::Away(format!("nothing came for {seconds} s, and the broker is asked again for everything"));
                }
            }
        }
    }

    /// Passes when nothing came for longer than is usual: after how many seconds.
    async fn silence(&self) -> u64 {
        let Some(ms) = self.link.spec.silent_ms else { return std::future::pending().await };
        self.link.clock.sleep(Duration::from_millis(ms)).await;
        ms / 1_000
    }

    /// Takes one message, however long that takes: what is to be acknowledged then.
    async fn take(&self, sender: &Sender, came: Came, lanes: &[Mutex<()>], since_ms: u64) -> Option<Receipt> {
        let Came { topic, payload, receipt } = came;
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&topic);
        let lane = usize::try_from(hash % BESIDE as u64).unwrap_or_default();
        // What Sparkplug says is read in the order in which it came, whatever its topic is.
        let is_plants = topic.starts_with(SPACE) && self.plant.is_some();
        let _turn = lanes.get(if is_plants { 0 } else { lane })?.lock().await;
        if let Some(plant) = self.plant.filter(|_| is_plants) {
            plant.take(sender, &topic, &payload, since_ms).await;
            return receipt;
        }
        let (mut pause, mut refused_before) = (PAUSE, false);
        loop {
            let most = self.link.spec.payload_bytes_max;
            let taken = if payload.len() > most {
                let why = format!("the message has {} bytes, and {most} are taken; only its beginning is kept", payload.len());
                self.door.take_as_case(&topic, payload.slice(..payload.len().min(BEGINNING_BYTES)), why).await
            } else {
                self.door.take(&Told { topic: &topic, raw: payload.clone(), called: None, file: None, brought: false }).await
            };
            let Err(refused) = taken else {
                if refused_before {
                    self.door.region().heard(self.door.site(), Some(CHANNEL));
                }
                return receipt;
            };
            refused_before = true;
            self.door.region().missed(self.door.site(), CHANNEL, &refused.to_string());
            self.link.clock.sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
    }
}
