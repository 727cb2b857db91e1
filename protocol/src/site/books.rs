//! The books of the site's own system: when they are due, what of ours moved, and a run over it, so many at once. The things
//! themselves compare; the site only counts what they say.

use super::{Fact, Site, decide::Turn};
use crate::answer::Answer;
use crate::books::{self, Books, Called, Found, Pace, SiteFact};
use crate::common::Common;
use crate::draft::Draft;
use crate::envelope::Envelope;
use crate::id::{EntityId, Kind};
use crate::input::Body;
use crate::instant::Instant;
use crate::intent::Wake;
use crate::kernel::{Context, refuse};
use crate::name::SiteId;
use crate::refusal::Code;
use crate::{order, unit};

/// The oldest cut-off that can be asked for, in ms before now.
const CUT_OFF_PAST_MAX_MS: u64 = 31 * 86_400_000;

impl Site {
    /// The things whose books are read here, by what the site was told to expect.
    pub(super) fn comparable(&self) -> impl Iterator<Item = EntityId> + '_ {
        self.expected.values().copied().filter(|entity| matches!(entity.kind(), Kind::Order | Kind::Unit))
    }

    pub(crate) fn woken(&self, common: &Common, wake: &Wake, context: &Context<'_>, draft: &mut Draft) {
        let mut turn = Turn { site: self, common, context, draft };
        match wake {
            Wake::Reconcile { at } => turn.due(*at),
            Wake::ReconcileEnds { run } => turn.run_ends(*run),
            Wake::Postings
            | Wake::DispatchAnswer { .. }
            | Wake::PlannedStart
            | Wake::FinalGap { .. }
            | Wake::ClearanceExpiry { .. }
            | Wake::Unbooked { .. }
            | Wake::Forget
            | Wake::DispositionDue { .. }
            | Wake::Books { .. } => {}
        }
    }
}

impl Turn<'_, '_> {
    /// Which site it is.
    pub(super) fn me(&self) -> Option<SiteId> {
        self.context.book.site_of(self.draft.me())
    }

    fn pace(&self) -> Option<&Pace> {
        self.context.book.reconcile.get(&self.me()?)
    }

    fn note_books(&mut self, books: &mut Books, fact: SiteFact) {
        books.evolve(&fact, self.site.comparable());
        self.note(Fact::Books(Box::new(fact)));
    }

    /// The configuration is another one, or the node is new: the next run is due by what it says now.
    pub(super) fn schedule(&mut self, now: Instant) {
        let calendar = self.me().map(|me| self.context.book.calendar(me)).unwrap_or_default();
        let next = self.pace().and_then(|pace| pace.next(&calendar, now));
        if next == self.site.books.as_ref().and_then(|books| books.next) {
            return;
        }
        let mut books = self.books();
        self.note_books(&mut books, SiteFact::Scheduled(next));
        if let Some(at) = next {
            self.draft.wake(at, Wake::Reconcile { at });
        }
    }

    /// Another book is in force, which may have another schedule. A run that is due is begun by its clock, which may ring late.
    pub(super) fn schedule_anew(&mut self) {
        let due = self.site.books.as_ref().and_then(|books| books.next).is_some_and(|next| next <= self.context.now);
        if !due || self.pace().is_none() {
            self.schedule(self.context.now);
        }
    }

    fn books(&self) -> Books {
        self.site.books.as_deref().cloned().unwrap_or_default()
    }

    pub(super) fn books_moved(&mut self, entity: EntityId) {
        let known = self.site.books.as_ref().is_some_and(|books| books.moved.contains(&entity));
        if !known && self.pace().is_some() {
            let mut books = self.books();
            self.note_books(&mut books, SiteFact::Moved(entity));
        }
    }

    /// The clock says that it is time; a schedule that is no longer in force says nothing.
    fn due(&mut self, at: Instant) {
        let mut books = self.books();
        if books.next != Some(at) {
            return;
        }
        if !books.last.as_ref().is_some_and(|run| run.is_under_way()) && self.pace().is_some() {
            self.begin(&mut books, at, "schedule", false);
        }
        self.schedule(self.context.now.max(at));
    }

    /// Somebody wants the books compared.
    pub(super) fn wish_run(&mut self, cut_off: Option<Instant>, every: bool, envelope: &Envelope) -> Answer {
        let (now, mut books) = (self.context.now, self.books());
        let cut_off = cut_off.unwrap_or(now);
        if self.pace().is_none() {
            let name = self.me().map(|me| me.to_string()).unwrap_or_default();
            let text = format!("the books of {name} are not compared");
            return refuse(Code::State, text, "add `reconcile:` to its file, and `read_books` to what its link sends", "site");
        }
        if cut_off > now {
            return refuse(Code::Schema, format!("the cut-off {cut_off} has not come"), "name a moment that has passed", "at");
        }
        if cut_off.plus_ms(CUT_OFF_PAST_MAX_MS) < now {
            return refuse(Code::Schema, format!("the cut-off {cut_off} is long past"), "name a moment within the last 31 days", "at");
        }
        if let Some(run) = books.last.as_ref().filter(|run| run.is_under_way()) {
            let text = format!("run {} is under way since {}", run.number, run.began_at);
            return refuse(Code::State, text, "wait until it is over, or look how far it is", "site");
        }
        let by = envelope.who.as_ref().map_or_else(|| envelope.key.source.to_string(), |who| who.user.clone());
        self.begin(&mut books, cut_off, &by, every);
        Answer::Accepted
    }

    fn begin(&mut self, books: &mut Books, cut_off: Instant, by: &str, every: bool) {
        let number = books.last.as_ref().map_or(0, |run| run.number) + 1;
        self.note_books(books, SiteFact::Began { number, cut_off, at: self.context.now, by: by.to_owned(), every });
        let patience_ms = self.pace().map_or(Pace::default().patience_ms, |pace| pace.patience_ms);
        self.draft.wake(self.context.now.plus_ms(patience_ms), Wake::ReconcileEnds { run: number });
        self.go_on(books);
    }

    /// Asks as many as may be asked at once; over when nothing is left.
    fn go_on(&mut self, books: &mut Books) {
        let (at_once, Some(me)) = (self.pace().map_or(Pace::default().at_once, |pace| pace.at_once), self.me()) else { return };
        let Some(run) = books.last.as_ref().filter(|run| run.is_under_way()) else { return };
        let called = Called { run: run.number, cut_off: run.cut_off };
        let asked: Vec<EntityId> = run.waiting.iter().copied().take(at_once.saturating_sub(run.out.len())).collect();
        if !asked.is_empty() {
            self.note_books(books, SiteFact::Asked(asked.clone()));
        }
        for entity in asked {
            let body = if entity.kind() == Kind::Unit {
                Body::Unit(unit::Input::Mail(unit::Mail::ReadBooks { site: me, called }))
            } else {
                Body::Order(order::Input::Mail(order::Mail::ReadBooks { site: me, called }))
            };
            self.draft.tell(entity, body);
        }
        if books.last.as_ref().is_some_and(|run| run.is_done()) {
            self.note_books(books, SiteFact::Ended { at: self.context.now, why: None });
        }
    }

    /// One of the things was compared.
    pub(super) fn books_read(&mut self, entity: EntityId, run: u32, found: &Found) {
        let mut books = self.books();
        // What an earlier run found says nothing of this one's cut-off: whoever is asked anew answers for the run that asked last.
        if !books.last.as_ref().is_some_and(|last| last.takes(entity, run)) {
            return;
        }
        self.note_books(&mut books, SiteFact::Found { entity, found: Box::new(found.clone()) });
        self.go_on(&mut books);
    }

    /// What has not answered by now is not waited for.
    fn run_ends(&mut self, number: u32) {
        let mut books = self.books();
        if books.last.as_ref().is_some_and(|run| run.number == number && run.is_under_way()) {
            let why = Some("it did not answer before the run was over".to_owned());
            self.note_books(&mut books, SiteFact::Ended { at: self.context.now, why });
        }
    }
}

/// What a fact means.
pub(super) fn evolve(site: &mut Site, fact: &books::SiteFact) {
    let mut books = site.books.take().unwrap_or_default();
    books.evolve(fact, site.comparable());
    site.books = Some(books);
}
