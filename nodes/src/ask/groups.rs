//! Many exceptions at once when one cause is behind them: each is acted on under a key of its own, made of the one key, so that
//! the request may be sent again. Says of each what came of it; what was not granted is said as plainly as what was.

use futures::StreamExt as _;
use futures::stream;
use serde::{Deserialize, Serialize};
use takt_actors::region::Region;
use takt_protocol::case::short;
use takt_protocol::envelope::{KeyText, RawRef};
use takt_protocol::id::EntityId;
use takt_protocol::input::Input;
use takt_protocol::kernel::heard;
use takt_protocol::name::Region as RegionName;

use super::names::not_heard;
use super::neighbours::CAUSED;
use super::v1::request::Verb;
use super::world::missing;
use super::{Client, Denied, Reception, Sort, Taken, Ticket, board, field, v1};
use crate::answers::case::{GroupOutcome, OneOutcome};
use crate::answers::preview::{GroupPreview, OnePreview};

/// Exceptions of one request, at most.
const MEMBERS_MAX: usize = 1_000;

/// How many are under way at once.
const AT_ONCE_MAX: usize = 16;

/// How many are looked at for a preview.
const PREVIEWS_MAX: usize = 20;

/// What makes no sense for many at once.
const ONE_BY_ONE: [&str; 2] = ["adopt", "edit"];

/// An exception of a group, and whether it is open.
#[derive(Serialize, Deserialize)]
pub(super) struct Member {
    entity: EntityId,
    number: u32,
    open: bool,
}

impl Reception {
    /// Acts on every open exception of a cause. What was done under this key before is told again, and not done again.
    pub async fn act_on_group(&self, client: &Client, wish: &v1::ActOnGroup, _ticket: Ticket) -> Result<GroupOutcome, Denied> {
        let key = wish.cover.as_ref().map(|cover| cover.key.clone()).unwrap_or_default();
        field::word("cover.key", &key, KeyText::parse).map_err(Denied::about_the_key)?;
        self.within(async {
            let (members, left) = self.members(wish).await?;
            let each: Vec<_> = members.iter().map(|member| self.one(client, wish, &key, member)).collect();
            let outcomes: Vec<Option<OneOutcome>> = stream::iter(each).buffered(AT_ONCE_MAX).collect().await;
            let outcomes: Vec<OneOutcome> = outcomes.into_iter().flatten().collect();
            if outcomes.is_empty() {
                return Err(board::no_group(&wish.group));
            }
            let done = outcomes.iter().filter(|one| one.message.is_empty()).count();
            Ok(GroupOutcome { key: key.clone(), group: wish.group.clone(), done, refused: outcomes.len() - done, left, outcomes })
        })
        .await
    }

    /// What that would do to the first of them.
    pub async fn preview_group(&self, client: &Client, wish: &v1::ActOnGroup, _ticket: Ticket) -> Result<GroupPreview, Denied> {
        let key = wish.cover.as_ref().map(|cover| cover.key.clone()).unwrap_or_default();
        field::word("cover.key", &key, KeyText::parse).map_err(Denied::about_the_key)?;
        self.within(async {
            let (members, left) = self.members(wish).await?;
            let members: Vec<Member> = members.into_iter().filter(|member| member.open).collect();
            let mut previews = Vec::new();
            for member in members.iter().take(PREVIEWS_MAX) {
                let preview = self.previewed(client, &verb(wish, &key, member)).await?;
                previews.push(OnePreview { exception: short(member.entity, member.number), preview });
            }
            Ok(GroupPreview { group: wish.group.clone(), count: members.len() + left, at_once: members.len(), previews })
        })
        .await
    }

    /// Whom one request is about, and how many more are open.
    async fn members(&self, wish: &v1::ActOnGroup) -> Result<(Vec<Member>, usize), Denied> {
        if ONE_BY_ONE.contains(&wish.action.as_str()) {
            let message = format!("`{}` is for one exception: each has a document or a text of its own", wish.action);
            let remedy = "act on each by itself: POST /v1/exceptions/{id}/actions";
            return Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, remedy).at("action"));
        }
        if !super::desk::ACTIONS.contains(&wish.action.as_str()) {
            return Err(super::desk::no_action(&wish.action));
        }
        if wish.action == "hand_to" {
            self.handed_to(wish.role.as_ref())?;
        }
        self.indexed().await;
        let far = self.gathered::<Vec<Member>>(CAUSED, |_| wish.group.as_bytes().to_vec()).await;
        // What is done is done to all of them, so all of them have to be known.
        let silent: Vec<String> = missing(&far.fresh).iter().map(ToString::to_string).collect();
        if !silent.is_empty() {
            return Err(not_heard(&format!("{} is a cause here", wish.group), &silent).at("group"));
        }
        let here = self.mesh().regions().keys().flat_map(|region| self.members_of(*region, &wish.group));
        let mut members: Vec<Member> = here.chain(far.parts.into_values().flatten()).collect();
        if members.is_empty() {
            return Err(board::no_group(&wish.group));
        }
        // The open ones first; of what is over only what this request may have ended when it was sent before.
        members.sort_by_key(|member| (!member.open, std::cmp::Reverse(member.number)));
        let open = members.iter().filter(|member| member.open).count();
        members.truncate(MEMBERS_MAX);
        Ok((members, open.saturating_sub(MEMBERS_MAX)))
    }

    /// The exceptions of a cause at home in one region that runs here. By the rows of the index: a cause may have a past so long that
    /// nobody could look at each of its things.
    pub(super) fn members_of(&self, region: RegionName, group: &str) -> Vec<Member> {
        let Some(index) = self.mesh().regions().get(&region).map(Region::index) else { return Vec::new() };
        let of = |(entity, number)| Member { entity, number, open: index.is_open(entity, number) };
        index.caused(group).into_iter().map(of).collect()
    }

    /// What comes of it for one; nothing for one that was closed before without this request.
    async fn one(&self, client: &Client, wish: &v1::ActOnGroup, key: &str, member: &Member) -> Option<OneOutcome> {
        let verb = verb(wish, key, member);
        if !member.open && !self.was_told(client, &verb, member.entity).await {
            return None;
        }
        let exception = short(member.entity, member.number);
        Some(match self.decided(client, &verb).await {
            Ok(Taken { outcome, replayed }) => {
                OneOutcome { exception, answer: outcome.answer, replayed, message: String::new(), remedy: String::new() }
            }
            Err(no) => {
                let v1::Complaint { code, message, remedy, .. } = *no.complaint;
                OneOutcome { exception, answer: code, replayed: no.replayed, message, remedy }
            }
        })
    }

    /// Whether an entity was told this before: asking a closed case anew would only be refused, and put on record.
    async fn was_told(&self, client: &Client, verb: &Verb, entity: EntityId) -> bool {
        let Ok((meaning, envelope)) = self.read(client, verb).await else { return false };
        let Ok(state) = self.mesh().show(entity).await else { return false };
        heard(&state, &Input { to: meaning.to.clone(), envelope, body: meaning.body }).is_some()
    }
}

fn verb(wish: &v1::ActOnGroup, key: &str, member: &Member) -> Verb {
    let exception = format!("{}:{}", member.entity, member.number);
    let head: String = key.chars().take(80).collect();
    let tail = RawRef::of(format!("{key}\0{exception}").as_bytes()).to_string();
    let cover = v1::Cover { key: format!("{head}~{}", tail.get(..24).unwrap_or_default()), ..wish.cover.clone().unwrap_or_default() };
    Verb::ActOnException(v1::ActOnException {
        cover: Some(cover),
        exception,
        action: wish.action.clone(),
        entity: wish.entity.clone(),
        role: wish.role.clone(),
        reason: wish.reason.clone(),
        until: wish.until.clone(),
        document: None,
        input: None,
        payload: None,
    })
}
