//! A delivery that is refused again and again, and no hold or gate says why: somebody has to look, or its warehouse asks for ever.

use super::Stage;
use super::decide::Turn;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::native::NativeId;

/// What such a case is about, beside those of holds.
const ABOUT: &str = "departure";

impl Turn<'_, '_> {
    /// The second refusal in a row opens a case where nothing else is open that says why; a yes closes it.
    pub(super) fn show_refusal(&mut self, delivery: &NativeId, reasons: &[String]) {
        if reasons.is_empty() {
            self.draft.close_about(self.common, &CaseKind::Blocked, ABOUT, "it may leave");
            return;
        }
        let open = self.common.cases_about(&CaseKind::Blocked, ABOUT).next().is_some();
        let shown_elsewhere = !self.shipment.holds.is_empty() || !self.shipment.gates.is_empty();
        // Where nobody could be asked, the attempt is refused at once, and the one before it is still the last.
        let last = self.shipment.departure.as_ref();
        let again = last.is_some_and(|departure| departure.again || departure.told == Some(false));
        if open || shown_elsewhere || !again || self.shipment.stage == Stage::Departed {
            return;
        }
        let what = format!("{delivery} asked twice whether it may leave, and may not: {}", reasons.join("; "));
        let offers = vec![
            Proposal::Do("look what the reasons name; have the warehouse put right what it picked, or the laboratory decide".into()),
            Proposal::DoNot("let the truck go on the word of the warehouse alone".into()),
            Proposal::Acknowledge,
        ];
        let case = NewCase::new(CaseKind::Blocked, "quality", what).because_of(ABOUT);
        self.draft.open_case(case.impact(self.shipment.planned.unwrap_or(self.context.now)).offers(offers));
    }
}
