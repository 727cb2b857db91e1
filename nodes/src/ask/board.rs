//! The desk: open exceptions by when they hurt, one by one and by cause, and one with all there is to decide about it. Apart
//! from acting on them. Never changes anything.

use std::collections::BTreeSet;

use takt_actors::index::{Index, OpenCase};
use takt_protocol::case::Case;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;
use takt_protocol::words::Role;

use super::neighbours::CASES;
use super::world::{self, Cursors, missing};
use super::{Denied, ROWS_MAX, Reception, Sort, part};
use crate::answers::Page;
use crate::answers::case::{CaseRow, CaseView, GroupRow, GroupView, NoteRow, Rank, groups, row};
use crate::answers::desk::{Awaited, Desk};
use crate::answers::runbook::{self, Runbook};
use crate::answers::world::{RegionPart, World};

/// Which exceptions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Behind this place in the list.
    pub(crate) after: Option<String>,
    /// Rows at most.
    pub(crate) most: Option<u64>,
    /// Only those of this role.
    pub(crate) owner: Option<String>,
    /// Only those at this site.
    pub(crate) site: Option<String>,
    /// Also those that somebody put away.
    pub(crate) snoozed: bool,
}

/// What is open, in all regions that were reached.
struct Open {
    as_of: Instant,
    cases: Vec<OpenCase>,
    fresh: Vec<RegionPart>,
}

impl world::Place for Rank {
    fn parse(text: &str) -> Option<Self> {
        Rank::parse(text)
    }
}

impl Wanted {
    fn takes(&self, open: &OpenCase) -> bool {
        let case = &open.case;
        let owned = self.owner.as_ref().is_none_or(|owner| case.owner.as_str() == owner);
        let here = self.site.as_ref().is_none_or(|site| case.site.is_some_and(|at| at.as_str() == site));
        owned && here
    }
}

impl Reception {
    /// Open exceptions, by when they start to hurt.
    pub(crate) async fn exceptions(&self, wanted: &Wanted) -> Result<Desk<CaseRow>, Denied> {
        let most = part::most(wanted.most)?;
        let after: Cursors<Rank> = Cursors::behind(wanted.after.as_deref())?;
        let Open { as_of, cases, fresh } = self.open_cases(wanted).await?;
        let (mut shown, put_away) = self.at_hand(cases, wanted);
        let rank = |open: &OpenCase| Rank::of(open.entity, &open.case);
        shown.retain(|open| after.after(open.entity.region()).is_none_or(|after| rank(open) > after));
        shown.sort_by_cached_key(rank);
        let all = self.mesh().regions().keys().copied().chain(self.mesh().all_abroad().into_keys());
        let last = shown.get(most).and_then(|_| shown.get(most - 1)).map(rank);
        let next = last.map(|last| after.moved(all, &missing(&fresh), &last).to_string());
        let rows = shown.iter().take(most).map(|open| row(open.entity, &open.case)).collect();
        let page = Page { rows, next, as_of: Some(as_of.to_string()) };
        let world = World { page, regions: self.with_ours(fresh, as_of) };
        Ok(Desk { world, put_away, awaited: self.awaited_by(wanted).await? })
    }

    /// Open exceptions by cause, by when the first of each starts to hurt.
    pub(crate) async fn exception_groups(&self, wanted: &Wanted) -> Result<Desk<GroupRow>, Denied> {
        let Open { as_of, cases, fresh } = self.open_cases(wanted).await?;
        let (shown, put_away) = self.at_hand(cases, wanted);
        let world = World { page: page(groups(&shown), wanted, as_of)?, regions: self.with_ours(fresh, as_of) };
        Ok(Desk { world, put_away, awaited: self.awaited_by(wanted).await? })
    }

    /// What is asked again by itself; it has no owner, and is told once.
    async fn awaited_by(&self, wanted: &Wanted) -> Result<Vec<Awaited>, Denied> {
        if wanted.owner.is_some() || wanted.after.as_ref().is_some_and(|after| !after.is_empty()) {
            return Ok(Vec::new());
        }
        self.awaited(wanted.site.as_deref()).await
    }

    /// A cause with its open exceptions, also those that somebody put away.
    pub(crate) async fn exception_group(&self, id: &str) -> Result<GroupView, Denied> {
        let Open { as_of, mut cases, .. } = self.open_cases(&Wanted::default()).await?;
        cases.retain(|open| open.case.cause(open.entity).as_str() == id);
        cases.sort_by_cached_key(|open| Rank::of(open.entity, &open.case));
        let (_, group) = groups(&cases).pop().ok_or_else(|| no_group(id))?;
        let exceptions = cases.iter().take(ROWS_MAX).map(|open| row(open.entity, &open.case)).collect();
        Ok(GroupView { row: group, exceptions, as_of: as_of.to_string() })
    }

    /// An exception, open or over; as it is, or as it was.
    pub(crate) async fn exception(&self, id: &str, at: Option<&str>) -> Result<CaseView, Denied> {
        let then = self.moment(at)?;
        let (entity, number) = self.case(id).await?;
        if let Some(then) = then {
            return self.case_then(entity, number, id, then).await;
        }
        let state = self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?;
        let Some(case) = state.common.cases.get(&number) else { return self.ended(entity, number, id).await };
        let case = &Case { owner: self.mesh().book().roles.answering(&case.owner), ..case.clone() };
        let Open { cases, .. } = self.open_cases(&Wanted::default()).await?;
        let cause = case.cause(entity);
        let mine = cases.iter().find(|open| open.entity == entity && open.case.number == number);
        let notes = mine.map(|open| open.notes.iter().map(note).collect()).unwrap_or_default();
        let same_cause = cases.iter().filter(|open| open.case.cause(open.entity) == cause).count();
        let waiting = match &state.own {
            Own::Site(site) => site.quarantine.get(&number).map(|input| (site.as_ref(), input)),
            Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => None,
        };
        let (input, candidates) = match waiting {
            Some((site, input)) => (Some(super::mend::shown(input)), self.candidates(site, input).await),
            None => (None, Vec::new()),
        };
        let about = self.called(&state);
        Ok(CaseView { row: row(entity, case), notes, same_cause: same_cause.max(1), input, about, candidates, closed: None })
    }

    /// What to do about a kind of exception.
    pub(crate) fn runbook(kind: &str) -> Result<Runbook, Denied> {
        runbook::of(kind).ok_or_else(|| {
            let message = format!("`{}` is no kind of exception", kind.escape_debug());
            Denied::new(Sort::NotFound, "UNKNOWN", message, "send one of the choices").at("kind").choose(runbook::kinds())
        })
    }

    /// One of these roles; any other word would be nobody.
    pub(super) fn role(field: &str, text: &str, choices: &BTreeSet<Role>) -> Result<Role, Denied> {
        let role = super::field::word(field, text, Role::parse)?;
        if choices.contains(&role) {
            return Ok(role);
        }
        let message = format!("there is no role {role}");
        let remedy = "send one of the choices, or add it to `roles.yaml` in the configuration folder";
        Err(Denied::new(Sort::NotFound, "UNKNOWN", message, remedy).at(field).choose(choices.iter().map(ToString::to_string)))
    }

    /// The same rows, each with who answers for it in the words of today.
    pub(super) fn answering(&self, mut rows: Vec<CaseRow>) -> Vec<CaseRow> {
        let book = self.mesh().book();
        for row in &mut rows {
            if let Ok(owner) = Role::parse(&row.owner) {
                row.owner = book.roles.answering(&owner).to_string();
            }
        }
        rows
    }

    /// Those that nobody put away, and how many somebody did; all of them where all are wanted.
    fn at_hand(&self, cases: Vec<OpenCase>, wanted: &Wanted) -> (Vec<OpenCase>, usize) {
        if wanted.snoozed {
            return (cases, 0);
        }
        let (now, open) = (self.mesh().clock().now(), cases.len());
        let shown: Vec<OpenCase> = cases.into_iter().filter(|open| !open.case.is_snoozed(now)).collect();
        let put_away = open - shown.len();
        (shown, put_away)
    }

    /// All that are wanted, also those that somebody put away. A site that is not configured, or a role that nobody has, has no exceptions, and to say so would be no answer.
    async fn open_cases(&self, wanted: &Wanted) -> Result<Open, Denied> {
        if let Some(site) = super::field::maybe("site", wanted.site.as_ref(), SiteId::parse)? {
            self.configured(site, "site")?;
        }
        let book = self.mesh().book();
        if let Some(owner) = &wanted.owner {
            Self::role("owner", owner, &book.roles.owners())?;
        }
        let (far, as_of) = tokio::join!(self.gathered::<Vec<OpenCase>>(CASES, |_| Vec::new()), self.indexed());
        let answering = |mut open: OpenCase| {
            open.case.owner = book.roles.answering(&open.case.owner);
            open
        };
        let all = self.indexes().flat_map(Index::cases).chain(far.parts.into_values().flatten());
        Ok(Open { as_of, cases: all.map(answering).filter(|open| wanted.takes(open)).collect(), fresh: far.fresh })
    }
}

/// The part of a list that is wanted.
fn page<T: utoipa::ToSchema>(mut ranked: Vec<(Rank, T)>, wanted: &Wanted, as_of: Instant) -> Result<Page<T>, Denied> {
    let most = part::most(wanted.most)?;
    let after = part::behind(wanted.after.as_deref(), Rank::parse)?;
    ranked.retain(|(rank, _)| after.as_ref().is_none_or(|after| rank > after));
    ranked.sort_by(|(a, _), (b, _)| a.cmp(b));
    let next = ranked.get(most).and_then(|_| ranked.get(most - 1)).map(|(rank, _)| rank.to_string());
    let rows = ranked.into_iter().take(most).map(|(_, row)| row).collect();
    Ok(Page { rows, next, as_of: Some(as_of.to_string()) })
}

fn note(note: &takt_actors::index::Note) -> NoteRow {
    NoteRow { at: note.at.to_string(), what: note.what.clone(), who: note.who.clone(), why: note.why.clone() }
}

pub(super) fn no_group(id: &str) -> Denied {
    let message = format!("no open exceptions are known as the group `{}`", id.escape_debug());
    Denied::new(Sort::NotFound, "UNKNOWN", message, "send it as GET /v1/exception-groups lists it; they may have been closed").at("group")
}
