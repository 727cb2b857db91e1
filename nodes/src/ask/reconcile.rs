//! The books of systems beside ours: a run that somebody wants, and what the last one found.

use takt_protocol::book::Book;
use takt_protocol::books::Books;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;
use takt_protocol::site::{Input, Request};

use super::field::maybe;
use super::meaning::Meaning;
use super::{Denied, ROWS_MAX, Reception, Sort, v1};
use crate::answers::reconcile::{self, Reconciliation};
use crate::answers::{Page, word_of};

impl v1::Reconcile {
    pub(super) fn meaning(&self, book: &Book) -> Result<Meaning, Denied> {
        let site = compared(book, &self.site)?;
        let entity = book.site_entity(site).ok_or_else(|| Denied::ours("a configured site is not in the book"))?;
        let cut_off = maybe("at", self.at.as_ref(), Instant::parse)?;
        let request = Request::Reconcile { cut_off, every: self.every.unwrap_or_default() };
        let to = Address::Entity(entity);
        Ok(Meaning::wish(to, Body::Site(Input::Request(request)), "site").because(self.reason.as_ref()))
    }
}

impl Reception {
    /// Every system whose books are compared with ours, and how that stands.
    pub async fn reconciliations(&self) -> Result<Page<Reconciliation>, Denied> {
        let book = self.mesh().book();
        let mut rows = Vec::with_capacity(book.reconcile.len());
        for site in book.reconcile.keys() {
            let books = self.books_at(&book, *site).await?;
            rows.push(self.beside(&book, *site, books.as_ref()));
        }
        Ok(Page { rows, next: None, as_of: Some(self.mesh().clock().now().to_string()) })
    }

    /// The same of one system, with what is more than equal.
    pub async fn reconciliation(&self, name: &str) -> Result<Reconciliation, Denied> {
        let book = self.mesh().book();
        let site = compared(&book, name)?;
        let books = self.books_at(&book, site).await?;
        let mut view = self.beside(&book, site, books.as_ref());
        let Some(run) = books.as_ref().and_then(|(_, books)| books.as_ref()).and_then(|books| books.last.as_ref()) else { return Ok(view) };
        for (entity, found) in reconcile::worth_showing(run, ROWS_MAX) {
            // What is at home elsewhere and does not answer is counted all the same.
            if let Ok(state) = self.mesh().show(entity).await {
                view.rows.push(reconcile::thing(&state, site, found));
            }
        }
        Ok(view)
    }

    /// What a site keeps; absent while its region does not answer here.
    pub(super) async fn books_at(&self, book: &Book, site: SiteId) -> Result<Option<(EntityId, Option<Books>)>, Denied> {
        let Some(entity) = book.site_entity(site) else { return Ok(None) };
        let state = match self.mesh().show(entity).await {
            Ok(state) => state,
            Err(error) if self.mesh().home(entity).is_ok() => return Err(Denied::asking(&error)),
            Err(_) => return Ok(None),
        };
        match state.own {
            Own::Site(own) => Ok(Some((entity, own.books.map(|books| *books)))),
            Own::Order(_) | Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Record(_) => Err(super::queries::other_kind(&state)),
        }
    }

    pub(super) fn beside(&self, book: &Book, site: SiteId, books: Option<&(EntityId, Option<Books>)>) -> Reconciliation {
        let kind = book.sites.get(&site).map(|site| word_of(&site.kind)).unwrap_or_default();
        let kept = books.and_then(|(_, books)| books.as_ref());
        reconcile::view(site, &kind, self.mesh().clock().now().to_string(), books.is_some(), kept)
    }
}

/// A site whose books are compared.
fn compared(book: &Book, name: &str) -> Result<SiteId, Denied> {
    let site = SiteId::parse(name).ok().filter(|site| book.sites.contains_key(site));
    let choices = || book.reconcile.keys().map(ToString::to_string);
    let Some(site) = site else {
        let message = format!("there is no site {}", name.escape_debug());
        return Err(Denied::new(Sort::NotFound, "UNKNOWN", message, "use the name of a site, such as one of the choices")
            .at("site")
            .choose(choices()));
    };
    if book.reconcile.contains_key(&site) {
        return Ok(site);
    }
    let message = format!("the books of {site} are not compared with ours");
    let remedy = "use one of the choices; or add `reconcile:` to the site's file, and `read_books` to what its link sends";
    Err(Denied::new(Sort::NotFound, "UNKNOWN", message, remedy).at("site").choose(choices()))
}
