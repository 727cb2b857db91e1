//! What a report from the floor says in numbers, and of which material.

use super::{Amount, Confirmation, Report};
use crate::posting::Use;
use crate::qty::Qty;
use crate::words::MaterialId;

impl Report {
    /// Each quantity in it, as it was reported, and what it is for.
    pub fn quantities(&self) -> Vec<(Use, Qty)> {
        match self {
            Self::Consumed { amount, .. } => vec![(Use::Consumed, amount.qty)],
            Self::Produced { amount, .. } => vec![(Use::Produced, amount.qty)],
            Self::CountCorrected { purpose, difference, .. } => vec![(*purpose, *difference)],
            Self::Confirmed(work) => work.amounts().into_iter().filter_map(|(purpose, amount)| Some((purpose, amount?.qty))).collect(),
            Self::JobAccepted { .. }
            | Self::JobRejected { .. }
            | Self::WishRefused { .. }
            | Self::OperationStarted { .. }
            | Self::OperationHeld { .. }
            | Self::OperationResumed { .. }
            | Self::OperationAborted { .. }
            | Self::SampleTaken { .. }
            | Self::Completed
            | Self::Staged { .. } => Vec::new(),
        }
    }

    /// The material that it names.
    pub fn material(&self) -> Option<&MaterialId> {
        match self {
            Self::Consumed { material, .. } => Some(material),
            Self::Produced { material, .. } => material.as_ref(),
            Self::Confirmed(_)
            | Self::CountCorrected { .. }
            | Self::JobAccepted { .. }
            | Self::JobRejected { .. }
            | Self::WishRefused { .. }
            | Self::OperationStarted { .. }
            | Self::OperationHeld { .. }
            | Self::OperationResumed { .. }
            | Self::OperationAborted { .. }
            | Self::SampleTaken { .. }
            | Self::Completed
            | Self::Staged { .. } => None,
        }
    }
}

impl Confirmation {
    /// What it confirms; missing is not zero.
    pub(super) fn amounts(&self) -> [(Use, Option<&Amount>); 5] {
        [
            (Use::Yield, self.good.as_ref()),
            (Use::Scrap, self.scrap.as_ref()),
            (Use::Rework, self.rework.as_ref()),
            (Use::Labour, self.labour.as_ref()),
            (Use::Machine, self.machine.as_ref()),
        ]
    }
}
