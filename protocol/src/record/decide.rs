//! What its owner says of a record. What was approved is not changed in place: orders were made by it, and the plant's own
//! system may have it as it was. Word that is older than what is known changes nothing.

use super::{Content, Edition, Fact, Input, Mail, Record, Report, Standing, Statement};
use crate::answer::Answer;
use crate::book::{Book, SiteKind};
use crate::case::{CaseKind, Proposal};
use crate::draft::{Draft, NewCase};
use crate::envelope::Envelope;
use crate::fact::Fact as Noted;
use crate::id::{EntityId, Kind};
use crate::input::Body;
use crate::kernel::{Context, not_owner};
use crate::name::{Region, SiteId};
use crate::native::Ref;
use crate::words::Version;

impl Record {
    pub(crate) fn decide(&self, input: &Input, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        match input {
            Input::Report(Report::Stated(statement)) => self.stated(statement, envelope, context, draft),
            // Its home has looked at it.
            Input::Mail(Mail::Copied { of, version, edition }) => {
                if self.versions.get(version).is_none_or(|known| known.as_of <= edition.as_of && *known != **edition) {
                    Self::note(of, version, edition, draft);
                }
                Answer::Accepted
            }
        }
    }

    fn stated(&self, said: &Statement, envelope: &Envelope, context: &Context<'_>, draft: &mut Draft) -> Answer {
        let me = draft.me();
        if context.book.record_entity(&said.of) != Some(me) || said.content.native_kind() != said.of.kind || !names_itself(said) {
            let what = format!("what was said about {} {} is no {} of it", said.of, said.version, kind_word(&said.content));
            return discrepant(draft, what, "send one name in `to` and in `of`, one version in both places, and content of that kind");
        }
        let source = envelope.key.source;
        if !may_state(context.book, said, source) {
            let owner = owner_of(context.book, said);
            return not_owner(draft, source, owner, &format!("master data of {}", said.of));
        }
        let edition = Edition {
            standing: said.standing,
            from: said.from,
            until: said.until,
            content: said.content.clone(),
            source,
            as_of: envelope.occurred_at,
        };
        if let Some(known) = self.versions.get(&said.version) {
            if edition.as_of < known.as_of || known.says(&edition) {
                return Answer::Accepted;
            }
            if known.standing != Standing::Draft && known.content != edition.content {
                let what =
                    format!("{} was changed in place: version {} says something else than when it was approved", said.of, said.version);
                return discrepant(draft, what, "release what it says now as a version of its own; until then the approved one stands");
            }
        }
        if self.of.is_none() {
            // Only at its home: elsewhere its name would lead to the copy.
            draft.note(Noted::Named(said.of.clone()));
        }
        Self::note(&said.of, &said.version, &edition, draft);
        for region in others_who_need(context.book, said.of.system, me.region()) {
            let copied = Mail::Copied { of: said.of.clone(), version: said.version.clone(), edition: Box::new(edition.clone()) };
            let there = EntityId::born(Kind::Record, region, me.generation(), &said.of);
            draft.tell(there, Body::Record(Input::Mail(copied)));
        }
        Answer::Accepted
    }

    fn note(of: &Ref, version: &Version, edition: &Edition, draft: &mut Draft) {
        let fact = Fact::Stated { of: of.clone(), version: version.clone(), edition: Box::new(edition.clone()) };
        draft.note(Noted::Record(Box::new(fact)));
    }
}

impl Edition {
    /// Whether both say the same; who said it when is another matter.
    fn says(&self, other: &Self) -> bool {
        self.standing == other.standing && self.from == other.from && self.until == other.until && self.content == other.content
    }
}

/// Whether content that has a name and a version of its own has the record's.
fn names_itself(said: &Statement) -> bool {
    match &said.content {
        Content::Recipe(recipe) => recipe.version == said.version,
        Content::Equipment(equipment) => equipment.id.as_str() == said.of.id.as_str(),
        Content::Material(_) | Content::ClosedDays(_) => true,
    }
}

fn kind_word(content: &Content) -> &'static str {
    match content {
        Content::Material(_) => "material",
        Content::Recipe(_) => "recipe",
        Content::Equipment(_) => "equipment",
        Content::ClosedDays(_) => "calendar",
    }
}

/// Who may say so: the system whose data it is, the ERP of a plant, and a product data system.
fn may_state(book: &Book, said: &Statement, source: SiteId) -> bool {
    let (Some(of), Some(from)) = (book.sites.get(&said.of.system), book.sites.get(&source)) else { return false };
    let own = source == said.of.system;
    let erp = of.erp == Some(source);
    match &said.content {
        Content::Material(_) => of.kind == SiteKind::Erp && (own || from.kind == SiteKind::ProductData),
        Content::Recipe(_) => of.kind == SiteKind::Plant && (erp || from.kind == SiteKind::ProductData),
        Content::Equipment(_) | Content::ClosedDays(_) => of.kind == SiteKind::Plant && (own || erp),
    }
}

/// For a sentence.
fn owner_of(book: &Book, said: &Statement) -> String {
    let erp = book.sites.get(&said.of.system).and_then(|site| site.erp).map(|erp| erp.to_string());
    let erp = erp.unwrap_or_else(|| "its ERP".to_owned());
    match &said.content {
        Content::Material(_) => format!("{} or a product data system", said.of.system),
        Content::Recipe(_) => format!("{erp} or a product data system"),
        Content::Equipment(_) | Content::ClosedDays(_) => format!("{} or {erp}", said.of.system),
    }
}

fn discrepant(draft: &mut Draft, what: String, remedy: &str) -> Answer {
    let case = NewCase::new(CaseKind::Discrepancy, "production", what);
    Answer::Discrepant { case: draft.open_case(case.offers(vec![Proposal::Do(remedy.to_owned()), Proposal::Acknowledge])) }
}

/// The other regions in which something is decided by a site's data: of an ERP those of its plants, of a plant that of its ERP.
fn others_who_need(book: &Book, system: SiteId, home: Region) -> Vec<Region> {
    let plants = book.sites.values().filter(|site| site.erp == Some(system)).map(|plant| plant.region);
    let erp = book.sites.get(&system).and_then(|site| site.erp).and_then(|erp| book.sites.get(&erp)).map(|erp| erp.region);
    let mut regions: Vec<Region> = plants.chain(erp).filter(|region| *region != home).collect();
    regions.sort_unstable();
    regions.dedup();
    regions
}
