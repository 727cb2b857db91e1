//! Why a request is not granted: one shape for all troubles, whoever found them, each with a code, the field, and what to do
//! instead. Apart because both protocols say it, each in its own numbers. Never carries a cause that only we understand.

use takt_actors::region::AskError;
use takt_protocol::instant::Instant;
use takt_protocol::intent::Tier;
use takt_protocol::malformed::Malformed;
use takt_protocol::name::Region;
use takt_protocol::refusal::{Code, Refusal};

use super::v1::Complaint;

/// Which sort of no: HTTP and gRPC each have a number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Its shape cannot be read.
    Malformed,
    /// It can be read, and cannot be meant.
    Unprocessable,
    /// Nobody known sent it.
    Unauthenticated,
    /// Who sent it may not.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The path takes another method.
    WrongMethod,
    /// How things stand forbids it.
    Conflict,
    /// It came after its own deadline.
    Expired,
    /// It is too long.
    TooLarge,
    /// It is written in another way than is read.
    MediaType,
    /// Too much is under way.
    Overloaded,
    /// What would decide it cannot be reached just now.
    Unavailable,
    /// Nobody knows yet what becomes of it.
    Late,
    /// We did something wrong.
    Ours,
}

/// A request that is not granted, or not yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Denied {
    /// Which sort of no.
    pub sort: Sort,
    /// What its sender is told.
    pub complaint: Box<Complaint>,
    /// Whether this is the answer it got the first time.
    pub replayed: bool,
}

impl Denied {
    /// A no of this sort.
    pub fn new(sort: Sort, code: &str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let complaint = Complaint { code: code.to_owned(), message: message.into(), remedy: remedy.into(), ..Complaint::default() };
        Self { sort, complaint: Box::new(complaint), replayed: false }
    }

    /// The same, about one field.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.complaint.field = field.into();
        self
    }

    /// The same, with what there is to choose from.
    #[must_use]
    pub fn choose(mut self, choices: impl IntoIterator<Item = String>) -> Self {
        self.complaint.choices = choices.into_iter().collect();
        self
    }

    pub(super) fn retry(mut self, after_s: u32) -> Self {
        self.complaint.retry_after_s = Some(after_s);
        self
    }

    /// The past of something is asked for that is known as it is now only: whoever asks would take the answer for that. `instead` says
    /// what is known of the past.
    pub fn now_only(what: &str, instead: &str) -> Self {
        let message = format!("{what} is known as it is now, and not as it was");
        Self::new(Sort::Unprocessable, "NOW_ONLY", message, format!("leave `at` out, or {instead}")).at("at")
    }

    /// A field that has to be there is not.
    pub fn missing(field: &str) -> Self {
        Self::new(Sort::Malformed, "SCHEMA", format!("`{field}` is missing"), "send it; /openapi.json has an example of every request")
            .at(field)
    }

    /// A word that cannot be what it should be.
    pub(super) fn malformed(field: &str, malformed: &Malformed) -> Self {
        let code = if malformed.what == "unit of measure" { "UOM_UNMAPPED" } else { "SCHEMA" };
        let message = format!("`{}` is not a valid {}", malformed.text.escape_debug(), malformed.what);
        Self::new(Sort::Unprocessable, code, message, malformed.remedy).at(field)
    }

    /// A missing or senseless key has a code of its own: retries depend on it.
    pub(super) fn about_the_key(mut self) -> Self {
        "MISSING_KEY".clone_into(&mut self.complaint.code);
        "send 1 to 120 printable characters that name this request, and repeat them on every retry".clone_into(&mut self.complaint.remedy);
        Self { sort: Sort::Malformed, ..self }
    }

    /// The entity said no, and recorded that it did.
    pub fn refused(refusal: &Refusal) -> Self {
        let code = code_word(refusal.code);
        let remedy = match folder(refusal) {
            Some(folder) => format!("{} (`{folder}` in the configuration folder)", refusal.remedy),
            None => refusal.remedy.clone(),
        };
        Self::new(sort(refusal), &code, refusal.text.clone(), remedy).at(field_of(&refusal.field))
    }

    /// The mesh could not have it decided.
    pub fn asking(error: &AskError) -> Self {
        let again = "send the same request again, under the same key";
        match error {
            AskError::Lost(_) => {
                Self::new(Sort::Unavailable, "UNAVAILABLE", "the thing it is about is being loaded or moved", again).retry(1)
            }
            AskError::Unknown => {
                let remedy = "use a site name from the configuration folder (`sites/`)";
                Self::new(Sort::Unprocessable, "UNKNOWN", "no site of that name is configured here", remedy)
            }
            AskError::Elsewhere(region) => {
                let message = format!("this is at home in region {region}, which does not run here");
                Self::new(Sort::Unavailable, "UNREACHABLE", message, format!("ask a node of region {region}")).retry(5)
            }
            AskError::Unreachable { region, heard, may_be_done } => Self::unreachable(*region, *heard, *may_be_done),
            AskError::Answered { region, why } => {
                let message = format!("region {region} answered: {why}");
                Self::new(Sort::Unavailable, "UNAVAILABLE", message, again).retry(5)
            }
            AskError::Store(_) => Self::new(Sort::Unavailable, "UNAVAILABLE", "it could not be written down", again).retry(5),
            AskError::NoNode { .. } => {
                Self::new(Sort::Unavailable, "UNAVAILABLE", "no node decides about it just now, and none has looked at it", again).retry(1)
            }
            AskError::Unanswered => {
                let message = "the node that decides about it did not answer in time; it may still be decided";
                let remedy = "send the same request again under the same key: it has its effect once, and you get its answer";
                Self::new(Sort::Late, "DEADLINE", message, remedy).retry(1)
            }
            AskError::Wire(_) => Self::new(
                Sort::TooLarge,
                "TOO_LARGE",
                "it is too long to be written down",
                "send it in smaller parts, each under its own key",
            ),
            AskError::Start(_) | _ => Self::new(Sort::Unavailable, "UNAVAILABLE", "the region is not at work", again).retry(5),
        }
    }

    /// A region elsewhere did not answer.
    fn unreachable(region: Region, heard: Option<Instant>, may_be_done: bool) -> Self {
        let since = heard.map(|heard| format!("; it was heard last at {heard}")).unwrap_or_default();
        let done = if may_be_done { "it may still be decided there" } else { "nobody there looked at it" };
        let message = format!("this is at home in region {region}, which is not reached from here{since}; {done}");
        let remedy = format!(
            "send the same request again under the same key once the road is up (`takt links`), or ask a node of region {region}; what a \
             system reports or states itself is taken at POST /in/… all the same, and travels when the road is up"
        );
        Self::new(Sort::Unavailable, "UNREACHABLE", message, remedy).retry(5)
    }

    pub(super) fn overloaded(tier: Tier) -> Self {
        let what = match tier {
            Tier::PlantCritical => "holds and blocks",
            Tier::Business => "requests",
            Tier::Analytical => "queries",
        };
        let message = format!("too many {what} are under way");
        Self::new(Sort::Overloaded, "OVERLOADED", message, "send the same request again a little later, under the same key").retry(1)
    }

    /// No more may watch.
    pub(super) fn crowded(message: String) -> Self {
        let remedy = "end a watch that nobody reads, or watch many things at once by GET /v1/events/watch; then come back";
        Self::new(Sort::Overloaded, "OVERLOADED", message, remedy).retry(5)
    }

    pub(super) fn late(deadline_ms: u64) -> Self {
        let message = format!("there was no answer within {deadline_ms} ms; it may still be decided");
        Self::new(
            Sort::Late,
            "DEADLINE",
            message,
            "send the same request again under the same key: it has its effect once, and you get its answer",
        )
        .retry(1)
    }

    pub(super) fn nobody_knows(kind: &str, field: &str) -> Self {
        let remedy = format!("look the {kind} up by any number it has: GET /v1/search?q=…");
        Self::new(Sort::NotFound, "UNKNOWN", format!("no {kind} of that name is known"), remedy).at(field)
    }

    pub(crate) fn ours(what: &str) -> Self {
        tracing::error!(what, "a request met a fault of ours");
        Self::new(Sort::Ours, "INTERNAL", what, "report this; sending it again under the same key is safe")
    }
}

/// The word of a code, as it stands on every wire.
fn code_word(code: Code) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => "OTHER".to_owned(),
    }
}

fn sort(refusal: &Refusal) -> Sort {
    match refusal.code {
        Code::MissingRecipe
        | Code::RecipeVersionMismatch
        | Code::MissingEquipmentMapping
        | Code::EquipmentUnavailable
        | Code::CalibrationOverdue
        | Code::MissingMaterial
        | Code::MissingLot
        | Code::UomUnmapped
        | Code::CalendarClosed
        | Code::Schema
        | Code::Unknown => Sort::Unprocessable,
        Code::PeriodClosed
        | Code::DuplicateOrder
        | Code::StaleVersion
        | Code::Capacity
        | Code::NotOwner
        | Code::KeyReused
        | Code::State
        | Code::Other => Sort::Conflict,
        Code::Expired => Sort::Expired,
    }
}

/// The field of the request that a field of the input came from.
fn field_of(field: &str) -> &str {
    match field {
        "key" => "cover.key",
        "not_after" => "cover.not_after",
        "who.reason" => "reason",
        "who.role" | "who.user" => "authorization",
        other => other,
    }
}

/// The part of the configuration that would have to change.
fn folder(refusal: &Refusal) -> Option<&'static str> {
    match (refusal.code, refusal.field.as_str()) {
        (Code::MissingMaterial | Code::UomUnmapped, _) => Some("materials/"),
        (Code::MissingRecipe, _) => Some("recipes/"),
        (Code::MissingEquipmentMapping, _) => Some("equipment/"),
        (Code::Unknown, "plant" | "erp") | (Code::CalendarClosed, _) => Some("sites/"),
        (_, _) => None,
    }
}
