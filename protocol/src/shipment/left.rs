//! It left: whether it might by then, and who has to hear of it. What was cleared when it left and is held since is held after
//! clearance; what was not cleared then is an escape, however it came to that.

use super::decide::Turn;
use super::depart::parts_of;
use super::part::{by_lot, more};
use super::{Fact, Located, Stage, Yes};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::UnitContent;
use crate::input::Body;
use crate::instant::Instant;
use crate::intent::Wake;
use crate::lot;
use crate::unit;
use crate::words::Sscc;

impl Turn<'_, '_> {
    /// It left. Its lots hear of it; without our yes, as it stood at that time, it is an escape.
    pub(super) fn left(&mut self, at: Instant) -> Answer {
        if self.shipment.stage == Stage::Departed {
            return Answer::Accepted;
        }
        self.note(Fact::Stage(Stage::Departed));
        self.close_blocked(None, "it has left");
        self.close_refusals();
        self.draft.wake(self.context.now.plus_ms(self.context.book.policy.names_kept_ms), Wake::Forget);
        let cleared = self.shipment.cleared.filter(|yes| yes.counts_at(at)).map(|yes| yes.attempt);
        if cleared.is_none() {
            self.never_was();
        }
        let (shipment, parts) = (self.draft.me(), self.shipment.split());
        for (lot, units) in self.lots() {
            let gone = lot::Mail::Departed { shipment, attempt: cleared, parts: parts_of(&units, &parts), units };
            self.draft.tell(lot, Body::Lot(lot::Input::Mail(gone)));
        }
        for (sscc, located) in &self.shipment.units {
            let on_it = |located: &&Located| located.via.is_none() || !located.contents.is_empty();
            if let Some(located) = located.as_ref().filter(on_it) {
                self.tell_shipped(sscc, located);
            }
        }
        self.judge_departure(at, cleared)
    }

    /// Whether it might leave at that time, and whether it still might by what is known now.
    fn judge_departure(&mut self, at: Instant, cleared: Option<u32>) -> Answer {
        let stands = self.shipment.departure.as_ref().filter(|departure| departure.told == Some(true)).map(|departure| departure.attempt);
        let free = self.shipment.holds.is_empty() && self.shipment.gates.is_empty();
        let number = self.shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default();
        let (kind, what) = match cleared {
            Some(attempt) if free && stands == Some(attempt) => return Answer::Accepted,
            Some(attempt) if stands == Some(attempt) => {
                (CaseKind::HeldAfterClearance, format!("{number} left although a hold or a gate was in force"))
            }
            Some(attempt) => {
                let known = "and its warehouse had not said by then that it knows that this was taken back";
                (CaseKind::HeldAfterClearance, format!("{number} left at {at} with the clearance of attempt {attempt}, {known}"))
            }
            None => {
                let why = self.shipment.cleared.map(|yes| why_not(&yes, at)).unwrap_or_default();
                (CaseKind::Escape, format!("{number} left without clearance{why}"))
            }
        };
        let offers = vec![Proposal::Do("recall it, and find out how it left".into()), Proposal::Acknowledge];
        let case = NewCase::new(kind, "quality", what).stake(self.load()).impact(self.context.now).offers(offers);
        Answer::Discrepant { case: self.draft.open_case(case) }
    }

    /// Word of what is on a unit, or of how much of it was picked, came after it had left: its lots said nothing to that, and hear
    /// that it is gone. More of the same lot on a unit that was taken whole is for that lot to know already.
    pub(super) fn left_unseen(&mut self, sscc: &Sscc, located: &Located, (was, is): (&[UnitContent], &[UnitContent])) {
        let shipment = self.draft.me();
        let (whole, by_part) = (is == located.contents, self.shipment.parts(sscc).is_some());
        let parts: Vec<Sscc> = if whole { Vec::new() } else { vec![sscc.clone()] };
        let grown = more(was, is);
        for content in by_lot(&grown) {
            let (lot, name, qty) = (content.lot_entity, &content.lot, content.qty);
            let known = was.iter().any(|known| known.lot_entity == lot);
            if known && !by_part {
                continue;
            }
            let gone = lot::Mail::Departed { shipment, attempt: None, units: vec![(sscc.clone(), qty)], parts: parts.clone() };
            self.draft.tell(lot, Body::Lot(lot::Input::Mail(gone)));
            let what = if known {
                format!(
                    "{sscc} had left when it was told that {qty} more of lot {name} were picked from it: nobody asked that lot for so much"
                )
            } else {
                format!("{sscc} had left when it was told that lot {name} is on it, too: nobody asked that lot")
            };
            let offers =
                vec![Proposal::Do("look how that lot stands; recall the unit, or tell the customer".into()), Proposal::Acknowledge];
            let case = NewCase::new(CaseKind::Escape, "quality", what).stake(qty).impact(self.context.now).offers(offers);
            self.draft.open_case(case);
        }
        if was.is_empty() {
            self.tell_shipped(sscc, located);
        } else if by_part && !grown.is_empty() {
            self.tell_part(located, grown);
        }
    }

    /// A handling unit has left, or what was picked of it.
    fn tell_shipped(&mut self, sscc: &Sscc, located: &Located) {
        let on_it = self.shipment.on_it(sscc, located);
        self.tell_part(located, if on_it == located.contents { Vec::new() } else { on_it });
    }

    /// So much of a handling unit has left; nothing for all of it.
    fn tell_part(&mut self, located: &Located, part: Vec<UnitContent>) {
        let Some(unit) = located.unit else { return };
        let shipped = unit::Mail::Shipped { shipment: self.draft.me(), part };
        self.draft.tell(unit, Body::Unit(unit::Input::Mail(shipped)));
    }
}

/// Why a yes that was given does not count for what left then.
fn why_not(yes: &Yes, at: Instant) -> String {
    match yes.over {
        _ if at > yes.until => format!(": the one it had was good until {}, and it left at {at}", yes.until),
        Some(over) => format!(": the one it had was over at {over}, and it left at {at}"),
        None => String::new(),
    }
}
