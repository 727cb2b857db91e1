//! A cut-over: from one moment on the orders of every plant are another ERP's. What is open stays with the ERP that has it, confirmed there
//! by half or not at all.

use std::sync::Arc;

use takt_protocol::book::{Book, SiteKind};
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;
use takt_protocol::order::Order;
use takt_protocol::posting::Standing;

use super::people::People;
use super::town::Town;

/// The ERP that takes over from another one: the next by name that plays; nothing where there is no other.
pub(super) fn after(town: &Town, erp: SiteId) -> Option<SiteId> {
    let erps: Vec<SiteId> = town.houses().filter(|house| house.of == SiteKind::Erp).map(|house| house.site).collect();
    let next = erps.iter().find(|other| **other > erp).or_else(|| erps.first()).copied();
    next.filter(|other| *other != erp)
}

/// Every plant's orders go to another ERP from now on.
pub(super) async fn strike(people: &People) {
    people.town.add("orders half confirmed at the cut-over", half_posted(people).await);
    let mut book = Book::clone(&people.yard.book());
    for plant in &people.plants {
        if let Some(site) = book.sites.get_mut(&plant.site) {
            site.erp = site.erp.and_then(|erp| after(&people.town, erp)).or(site.erp);
        }
    }
    book.hash = format!("{}>", book.hash);
    people.yard.put_in_force(Arc::new(book), "cut over").await;
}

/// How many open orders have something posted, and something that is not.
pub(super) async fn half_posted(people: &People) -> u64 {
    let half = people.orders().await.into_values().flatten().filter(|state| matches!(&state.own, Own::Order(order) if by_half(order)));
    half.count() as u64
}

/// Whether some of an open order is posted, and not all.
fn by_half(order: &Order) -> bool {
    !order.completed && order.ledger.postings().any(|entry| matches!(entry.standing, Standing::Posted { .. }))
}
