//! A site, whole: its systems with what waits for them and what is in doubt, and the orders of its shift.

use futures::future::OptionFuture;
use takt_protocol::book::Book;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;

use super::doubts::Doubts;
use super::{Denied, Reception, Sort};
use crate::answers::plant::{self, PlantView};
use crate::answers::system::{self, SystemRow};

/// Orders of a plant that are looked at, at most: those that matter first.
const ORDERS_MAX: usize = 1_000;

impl Reception {
    /// A site, whole.
    pub async fn plant(&self, name: &str) -> Result<PlantView, Denied> {
        let book = self.mesh().book();
        let site = SiteId::parse(name).ok().filter(|site| book.sites.contains_key(site)).ok_or_else(|| {
            let choices = book.sites.keys().map(ToString::to_string);
            let message = format!("there is no site {}", name.escape_debug());
            Denied::new(Sort::NotFound, "UNKNOWN", message, "use the name of a site, such as one of the choices").at("id").choose(choices)
        })?;
        let home = book.sites.get(&site).map(|site| site.region);
        if let Some(view) = OptionFuture::from(home.map(|home| self.site_abroad(home, name))).await.flatten() {
            return Ok(view);
        }
        let book = self.mesh().book_of(site);
        self.indexed().await;
        let now = self.mesh().clock().now();
        let entity = book.site_entity(site).filter(|entity| self.mesh().home(*entity).is_ok());
        let state = match entity {
            Some(entity) => Some(self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?),
            None => None,
        };
        let doubts = self.doubts().await;
        let mut systems = Vec::new();
        for system in system::serving(&book, site) {
            systems.push(self.system(&book, system, (doubts.get(&system), site), now).await?);
        }
        let mut books = Vec::new();
        for system in system::serving(&book, site).into_iter().filter(|system| book.reconcile.contains_key(system)) {
            let kept = self.books_at(&book, system).await?;
            books.push(self.beside(&book, system, kept.as_ref()));
        }
        let orders = self.reached(self.open_orders(site, now, ORDERS_MAX)).await;
        let home = entity.and_then(|entity| Some((entity, self.mesh().home(entity).ok()?)));
        let beside = plant::Beside {
            book: &book,
            systems,
            orders: &orders,
            books,
            down_since: home.map(|(entity, region)| region.index().down_since(entity)).unwrap_or_default(),
            configured_at: self.mesh().activated_at(),
        };
        let view = plant::view(site, state.as_ref(), now, beside);
        let view = view.ok_or_else(|| Denied::ours("a configured site is not in the book"))?;
        Ok(PlantView { exceptions: self.answering(view.exceptions), ..view })
    }

    async fn system(
        &self,
        book: &Book,
        system: SiteId,
        (doubts, plant): (Option<&Doubts>, SiteId),
        now: Instant,
    ) -> Result<SystemRow, Denied> {
        let heard = self.heard(book, system, now);
        let regions = || self.mesh().regions().values();
        let traffic = regions().find_map(|region| region.deliveries(system)).map(|deliveries| deliveries.last_minute(now));
        let limit = regions().find_map(|region| region.site(system)).and_then(|status| status.per_minute_max);
        let doubts = doubts.map(|doubts| (doubts.all(), doubts.at(plant))).unwrap_or_default();
        Ok(system::loaded(heard, traffic.unwrap_or_default(), self.waiting(system).await?, doubts, limit))
    }
}
