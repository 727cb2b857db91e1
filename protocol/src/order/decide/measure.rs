//! An order in another unit than its material is kept in: what its ERP said is brought into that unit once, exactly, when
//! everything the order needs is there, before the plant hears a number. From then on all its quantities have one unit. What is
//! not exactly so many of it is not guessed.

use super::Turn;
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::kernel::refuse;
use crate::order::{Fact, Header, OwnerFact, Request, plausible};
use crate::qty::Qty;
use crate::refusal::Code;
use crate::site::Resolved;

impl Turn<'_, '_> {
    /// The order in the unit its material is kept in, as that was found; an error says why there is no such number.
    pub(super) fn measured(&mut self, header: &Header, resolved: &Resolved) -> Result<Header, String> {
        let Some(known) = resolved.materials.iter().find(|known| known.material == header.material) else { return Ok(header.clone()) };
        if known.base == header.total.uom() {
            return Ok(header.clone());
        }
        let total = known.conversions.to_base(header.total, known.base).map_err(|error| error.to_string())?;
        self.note(Fact::Measured { said: header.total, total });
        Ok(Header { total, ..header.clone() })
    }

    /// What the ERP says, in the unit that the order is kept in since it was measured. `Err` is the answer to what cannot be meant:
    /// the order stays as it is, and the plant hears nothing of it.
    pub(super) fn in_our_unit(&mut self, fact: &OwnerFact) -> Result<OwnerFact, Answer> {
        let header = |turn: &mut Self, header: &Header| Ok(Box::new(Header { total: turn.our_total(header.total)?, ..header.clone() }));
        Ok(match fact {
            OwnerFact::Created(said) => OwnerFact::Created(header(self, said)?),
            OwnerFact::PartlyReleased(said) => OwnerFact::PartlyReleased(header(self, said)?),
            OwnerFact::Released(said) => OwnerFact::Released(header(self, said)?),
            OwnerFact::QuantityChanged { total } => OwnerFact::QuantityChanged { total: self.our_total(*total)? },
            OwnerFact::DatesChanged { .. }
            | OwnerFact::Cancelled
            | OwnerFact::TechnicallyCompleted
            | OwnerFact::Reopened
            | OwnerFact::Closed
            | OwnerFact::Locked(_)
            | OwnerFact::Availability { .. }
            | OwnerFact::ForeignPosting { .. } => fact.clone(),
        })
    }

    fn our_total(&mut self, said: Qty) -> Result<Qty, Answer> {
        let order = self.order;
        let Some(header) = order.header.as_ref().filter(|header| header.total.uom() != said.uom()) else { return Ok(said) };
        // Before it was measured nobody has a number of it: what is said last counts.
        let Some(known) = order.material(&header.material).filter(|known| known.base == header.total.uom()) else { return Ok(said) };
        let why = match known.conversions.to_base(said, known.base) {
            Ok(total) if !plausible::cuts_a_piece(&total) => return Ok(total),
            Ok(total) => format!("which is {total}, a part of a piece"),
            Err(error) => format!("which is no number of {}: {error}", known.base),
        };
        let what =
            format!("{} says that {} is {said} now, {why}; it stays {} here and at the plant", header.erp, header.number, header.total);
        let remedy = format!("have {} say a total that is exactly so many {}, or add the conversion", header.erp, known.base);
        let offers = vec![Proposal::Do(remedy), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::Discrepancy, "planning", what).stake(said).impact(header.start).offers(offers);
        Err(Answer::Discrepant { case: self.draft.open_case(case) })
    }

    /// A new total would reach the ERP as a bare number, and be taken for so many of its own unit.
    pub(super) fn not_in_its_unit(&self, request: &Request) -> Option<Answer> {
        let (said, header) = (self.order.said?, self.order.header.as_ref()?);
        matches!(request, Request::ChangeQuantity { .. } | Request::Split { .. }).then(|| {
            let text = format!("{} keeps this order in {}, and it is kept here in {}", header.erp, said.uom(), header.total.uom());
            let remedy = format!("change it in {}: what it says then counts, and the plant is told", header.erp);
            refuse(Code::UomUnmapped, text, &remedy, "total")
        })
    }
}
