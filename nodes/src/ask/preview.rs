//! What a request would do: the kernel decides it on copies of the states as they are shown, and what one thing would tell
//! another is decided there in turn. Nothing is recorded, kept or sent. Bounded, and it says when there would be more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use takt_protocol::answer::Answer;
use takt_protocol::book::Book;
use takt_protocol::case::{short, stakes};
use takt_protocol::envelope::Envelope;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Input};
use takt_protocol::instant::Instant;
use takt_protocol::intent::{Intent, IntentId, Parcel};
use takt_protocol::kernel::{Context, Own, Reply, State, Stepped, step};
use takt_protocol::lot;
use takt_protocol::outbox::OutboxFact;
use takt_protocol::words::HoldNo;

use super::v1::request::Verb;
use super::{Client, Denied, Reception, Ticket};
use crate::answers::preview::{HoldReach, Preview, Sending, Touched, name_of, reached_lot, reached_shipment, told, words};
use crate::answers::word_of;
use takt_actors::region::AskError;

/// Inputs that are decided for one preview, at most.
const STEPS_MAX: usize = 500;

impl Reception {
    /// What a request would do, for who may ask for it.
    pub async fn preview(&self, client: &Client, verb: &Verb, _ticket: Ticket) -> Result<Preview, Denied> {
        self.within(self.previewed(client, verb)).await
    }

    pub(super) async fn previewed(&self, client: &Client, verb: &Verb) -> Result<Preview, Denied> {
        let (meaning, envelope) = self.read(client, verb).await?;
        let entity = self.mesh().entity(&meaning.to).ok_or_else(|| Denied::asking(&AskError::Unknown))?;
        let input = Input { to: meaning.to.clone(), envelope, body: meaning.body.clone() };
        let mut foresight = Foresight::new(self);
        let reply = foresight.step(entity, &input).await?;
        let known = match reply {
            Reply::Unborn if meaning.quarantine.is_some() && meaning.is_named() => Some("quarantined".to_owned()),
            Reply::Unborn => return Err(Denied::nobody_knows(entity.kind().word(), meaning.field)),
            Reply::Claim(_) => return Err(Denied::ours("a request was answered as a claim")),
            Reply::Known(Answer::Refused(no)) | Reply::Answer(Answer::Refused(no)) => {
                foresight.preview.complaint = Some(*Denied::refused(&no).complaint);
                Some("refused".to_owned())
            }
            Reply::Known(_) => Some("known".to_owned()),
            Reply::Answer(answer) => Some(word_of(&answer)),
        };
        foresight.preview.answer = known.unwrap_or_default();
        foresight.deliver().await?;
        foresight.finished().await
    }
}

/// A mesh in the mind: copies of the states that a request reaches.
struct Foresight<'a> {
    reception: &'a Reception,
    book: Arc<Book>,
    now: Instant,
    states: BTreeMap<EntityId, State>,
    mail: VecDeque<(EntityId, Input)>,
    order: Vec<EntityId>,
    what: BTreeMap<EntityId, Vec<String>>,
    held: BTreeMap<EntityId, BTreeSet<HoldNo>>,
    kept: BTreeSet<EntityId>,
    steps: usize,
    preview: Preview,
}

impl<'a> Foresight<'a> {
    fn new(reception: &'a Reception) -> Self {
        let now = reception.mesh().clock().now();
        let preview = Preview {
            answer: String::new(),
            complaint: None,
            touches: Vec::new(),
            sends: Vec::new(),
            closes: Vec::new(),
            opens: Vec::new(),
            reach: None,
            as_of: now.to_string(),
            cut: false,
        };
        Self {
            reception,
            book: reception.mesh().book(),
            now,
            states: BTreeMap::new(),
            mail: VecDeque::new(),
            order: Vec::new(),
            what: BTreeMap::new(),
            held: BTreeMap::new(),
            kept: BTreeSet::new(),
            steps: 0,
            preview,
        }
    }

    /// Decides one input on the copy of its entity.
    async fn step(&mut self, entity: EntityId, input: &Input) -> Result<Reply, Denied> {
        let mesh = self.reception.mesh();
        // Only numbers of what would be sent come of it, and nothing is sent.
        let incarnation = mesh.home(entity).map(|home| home.node().seams.journal.incarnation()).unwrap_or_default();
        let state = match self.states.remove(&entity) {
            Some(state) => state,
            None => mesh.show(entity).await.map_err(|error| Denied::asking(&error))?,
        };
        let book = Arc::clone(&self.book);
        let unreached = mesh.home(entity).map(|home| home.node().unreached()).unwrap_or_default();
        let context = Context { now: self.now, book: &book, incarnation, unreached: &unreached };
        let Stepped { state, step, reply } = step(state, input, &context);
        if let Some(step) = step {
            if !self.order.contains(&entity) {
                self.order.push(entity);
            }
            for fact in &step.facts {
                self.note(&state, incarnation, fact);
            }
        }
        self.states.insert(entity, state);
        Ok(reply)
    }

    /// What a fact would mean for others.
    fn note(&mut self, state: &State, incarnation: u64, fact: &Fact) {
        let entity = state.id;
        self.what.entry(entity).or_default().extend(words(state, fact));
        match fact {
            Fact::CaseOpened(case) => self.preview.opens.push(case.what.clone()),
            Fact::CaseClosed { case, .. } => self.preview.closes.push(short(entity, *case)),
            Fact::Outbox { number, step: OutboxFact::Released { .. } } => self.sends(state, *number, ""),
            Fact::Intended { number, intent } => match intent.as_ref() {
                Intent::Mail { to, parcel, .. } => {
                    let id = IntentId { entity, incarnation, number: *number };
                    let input = match parcel {
                        Parcel::Forward(input) => Input { to: Address::Entity(*to), ..input.as_ref().clone() },
                        Parcel::Body(body) => {
                            let envelope = Envelope::ours(format_args!("mail/{id}"), self.now);
                            Input { to: Address::Entity(*to), envelope, body: body.as_ref().clone() }
                        }
                    };
                    self.mail.push_back((*to, input));
                }
                Intent::Site { .. } if state.common.outbox.get(*number).is_some_and(|open| open.releases == 0) => {
                    self.sends(state, *number, "what was asked of it before");
                }
                Intent::Site { .. } | Intent::Wake { .. } => {}
            },
            Fact::Lot(fact) => {
                if let lot::Fact::Held { hold, .. } = fact.as_ref() {
                    self.held.entry(entity).or_default().insert(hold.clone());
                }
            }
            Fact::Shipment(fact) if matches!(fact.as_ref(), takt_protocol::shipment::Fact::Held { .. }) => drop(self.kept.insert(entity)),
            Fact::Named(_)
            | Fact::Outbox { .. }
            | Fact::CaseHandedOver { .. }
            | Fact::CaseSnoozed { .. }
            | Fact::CaseGivingUp { .. }
            | Fact::Order(_)
            | Fact::Unit(_)
            | Fact::Shipment(_)
            | Fact::Site(_)
            | Fact::Record(_) => {}
        }
    }

    fn sends(&mut self, state: &State, number: u32, waits_for: &str) {
        let Some(Intent::Site { site, effect, .. }) = state.common.outbox.get(number).map(|open| &open.intent) else { return };
        let here = self.reception.mesh().regions().values().find_map(|region| region.site(*site));
        // A poll that fails keeps no errand waiting.
        let silent = here.filter(|status| !status.trouble_lasts).and_then(|status| status.trouble);
        let waits_for = match silent {
            Some(trouble) => format!("{site} to answer again: {trouble}"),
            None => waits_for.to_owned(),
        };
        let takes = self.reception.mesh().regions().values().find_map(|region| region.takes(*site, effect.verb()));
        let cannot = match takes {
            Some(false) => format!("nothing in {site}'s link sends {}: a person has to do it there", effect.verb()),
            Some(true) | None => String::new(),
        };
        self.preview.sends.push(Sending { site: site.to_string(), what: told(effect), waits_for, cannot });
    }

    /// Everything that would be told on, until nobody has anything to say.
    async fn deliver(&mut self) -> Result<(), Denied> {
        while let Some((to, input)) = self.mail.pop_front() {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                self.preview.cut = true;
                break;
            }
            if self.reception.mesh().home(to).is_err() {
                // At home in a region that does not run here: what it would do there nobody here can tell.
                self.preview.cut = true;
                continue;
            }
            self.step(to, &input).await?;
        }
        Ok(())
    }

    async fn finished(mut self) -> Result<Preview, Denied> {
        for entity in std::mem::take(&mut self.order) {
            let (Some(state), Some(mut what)) = (self.states.get(&entity), self.what.remove(&entity)) else { continue };
            let mut told = BTreeSet::new();
            what.retain(|words| told.insert(words.clone()));
            for words in &mut what {
                *words = self.reception.in_names(words).await;
            }
            if !what.is_empty() {
                let name = self.book.site_of(entity).map_or_else(|| name_of(state), |site| site.to_string());
                let touched = Touched { id: entity.to_string(), kind: entity.kind().to_string(), name, what };
                self.preview.touches.push(touched);
            }
        }
        if !self.held.is_empty() {
            self.preview.reach = Some(self.reach().await?);
        }
        Ok(self.preview)
    }

    /// All that a hold would be on, as it would be then.
    async fn reach(&mut self) -> Result<HoldReach, Denied> {
        let mut reach = HoldReach::default();
        for (entity, holds) in std::mem::take(&mut self.held) {
            let Some(state) = self.states.get(&entity).cloned() else { continue };
            let Own::Lot(lot) = &state.own else { continue };
            let mut names = BTreeMap::new();
            for shipment in lot.left_with() {
                names.insert(shipment, name_of(&self.state(shipment).await?));
                self.kept.insert(shipment);
            }
            let row = reached_lot(&state, lot, &holds, |shipment| names.get(&shipment).cloned().unwrap_or_default());
            reach.blocked_units += row.units.len();
            reach.left_units += row.left.len();
            reach.lots.push(row);
        }
        for entity in self.kept.clone() {
            let state = self.state(entity).await?;
            if let Own::Shipment(shipment) = &state.own {
                reach.shipments.push(reached_shipment(&state, shipment));
            }
        }
        reach.blocked = stakes(reach.lots.iter().map(|lot| lot.blocked.as_str()));
        Ok(reach)
    }

    async fn state(&mut self, entity: EntityId) -> Result<State, Denied> {
        if let Some(state) = self.states.get(&entity) {
            return Ok(state.clone());
        }
        self.reception.mesh().show(entity).await.map_err(|error| Denied::asking(&error))
    }
}
