//! Troubles as gRPC has them: a status, with the complaint in its details as `google.rpc.Status` carries them, so that any
//! client that knows the reflection of this server can read code, field and remedy.

use axum::response::Response;
use prost::Message;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use crate::ask::{Denied, Sort};

/// `google.rpc.Status`, as far as it is needed: the well-known shape of details.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Rich {
    /// The gRPC code.
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    /// For a person.
    #[prost(string, tag = "2")]
    pub(super) message: String,
    /// What is said beside.
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    /// What it is.
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    /// Its bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// What a complaint is called in details.
pub(super) const COMPLAINT: &str = "type.googleapis.com/takt.v1.Complaint";

/// Bytes of a message, and of all choices together: a status travels in headers, twice over, and clients take 16 KiB of them.
const WORDS_MAX: usize = 1_024;

/// What fits into headers.
fn short(text: &str) -> String {
    match text.char_indices().map(|(at, _)| at).find(|at| *at > WORDS_MAX) {
        Some(end) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl From<Denied> for Status {
    fn from(mut no: Denied) -> Self {
        let code = code(no.sort);
        no.complaint.message = short(&no.complaint.message);
        let mut room = WORDS_MAX;
        no.complaint.choices.retain(|choice| {
            let fits = choice.len() <= room;
            room = room.saturating_sub(choice.len());
            fits
        });
        let message = format!("{}: {}; {}", no.complaint.code, no.complaint.message, no.complaint.remedy);
        let complaint = Any { type_url: COMPLAINT.to_owned(), value: no.complaint.encode_to_vec() };
        let rich = Rich { code: code as i32, message: message.clone(), details: vec![complaint] };
        let mut status = Self::with_details(code, message, rich.encode_to_vec().into());
        if no.replayed {
            status.metadata_mut().insert(super::REPLAYED, MetadataValue::from_static("true"));
        }
        status
    }
}

/// What gRPC itself found wrong with a request.
#[expect(clippy::wildcard_enum_match_arm, reason = "the codes of gRPC, not ours; the rest is about what was sent")]
pub(super) fn unserved(status: &Status) -> Denied {
    let said = status.message();
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => {
            Denied::new(Sort::TooLarge, "TOO_LARGE", said, "send it in smaller parts, each under its own key")
        }
        Code::Unimplemented if said.contains("ompress") => {
            Denied::new(Sort::Malformed, "SCHEMA", said, "send messages as they are, without compression")
        }
        Code::NotFound => Denied::new(Sort::NotFound, "UNKNOWN", said, "ask the reflection of this server for its services"),
        Code::Unimplemented => {
            Denied::new(Sort::WrongMethod, "UNKNOWN_PATH", format!("there is no such method. {said}"), "ask the reflection of this server")
        }
        Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded => {
            Denied::new(Sort::Unavailable, "UNAVAILABLE", said, "send the same request again, under the same key")
        }
        _ => Denied::new(Sort::Malformed, "SCHEMA", said, "send the message as the reflection of this server describes it"),
    }
}

/// Gives an answer that gRPC itself made, such as that a message is too long or cannot be read, the complaint that every
/// other one has.
pub(super) async fn typed(response: Response) -> Response {
    let bare = Status::from_header_map(response.headers()).filter(|status| status.code() != Code::Ok && status.details().is_empty());
    bare.map_or(response, |status| Status::from(unserved(&status)).into_http())
}

/// The gRPC code of a sort.
fn code(sort: Sort) -> Code {
    match sort {
        Sort::Malformed | Sort::Unprocessable | Sort::MediaType => Code::InvalidArgument,
        Sort::Unauthenticated => Code::Unauthenticated,
        Sort::Forbidden => Code::PermissionDenied,
        Sort::NotFound => Code::NotFound,
        Sort::WrongMethod => Code::Unimplemented,
        // Not `DeadlineExceeded`, which clients take for a reason to send it again.
        Sort::Conflict | Sort::Expired => Code::FailedPrecondition,
        Sort::TooLarge => Code::OutOfRange,
        Sort::Overloaded => Code::ResourceExhausted,
        Sort::Unavailable => Code::Unavailable,
        Sort::Late => Code::DeadlineExceeded,
        Sort::Ours => Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_fits_into_headers_whatever_was_sent() {
        for word in ["x".repeat(50_000), "長".repeat(20_000)] {
            let no = Denied::new(Sort::NotFound, "UNKNOWN", format!("`{word}` is unknown"), "send one of the choices").at("kind");
            let status = Status::from(no.choose((0..5_000).map(|number| format!("choice-{number}"))));
            let mut headers = axum::http::HeaderMap::new();
            status.add_header(&mut headers).unwrap();
            let long: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
            assert!(long < 16_384, "{long} bytes");
            assert_eq!(status.code(), Code::NotFound);
            assert!(status.message().contains("is unknown") || status.message().contains('…'), "{}", status.message());
        }
    }
}
