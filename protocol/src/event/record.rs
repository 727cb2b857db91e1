//! What the world is told of master data.

use super::{Contract, Shape, Told, always, contract, maybe};
use crate::record::Fact;

const STATED: Contract = contract(
    "record",
    "stated",
    "The owner of master data said how a version of it is.",
    &[
        always("kind", Shape::Word, "What it is: material, recipe, equipment or calendar."),
        always("of", Shape::Text, "The site whose data it is."),
        always("name", Shape::Text, "Its name there."),
        always("version", Shape::Text, "Which version."),
        always("standing", Shape::Word, "How far it is: draft, approved or withdrawn."),
        maybe("from", Shape::Text, "The first day on which it counts, as an ISO date."),
        maybe("until", Shape::Text, "The last day on which it counts, as an ISO date."),
        always("by", Shape::Text, "Who said so."),
        always("as_of", Shape::Time, "When that was so."),
    ],
);

pub(super) const ALL: &[&Contract] = &[&STATED];

pub(super) fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::Stated { of, version, edition } => {
            let data = STATED.with().word("kind", &of.kind).text("of", of.system).text("name", &of.id).text("version", version);
            let data = data.word("standing", &edition.standing).maybe("from", edition.from).maybe("until", edition.until);
            data.text("by", edition.source).text("as_of", edition.as_of).done()
        }
    }
}
