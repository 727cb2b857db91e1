//! Answers and troubles as HTTP has them: status, headers, JSON. Never a bare string.

use axum::Json;
use axum::http::header::{CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::ask::{Denied, Sort, Taken};

/// Says that the answer is the one the request got the first time.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What came of a request.
pub(crate) struct Done(pub(crate) Taken);

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let Taken { outcome, replayed } = self.0;
        let status = if outcome.answer == "quarantined" { StatusCode::ACCEPTED } else { StatusCode::OK };
        let mut response = (status, Json(outcome)).into_response();
        if replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let Self { sort, mut complaint, replayed } = self;
        let retry_after_s = complaint.retry_after_s;
        if let Some(header) = header_of(&complaint.field) {
            complaint.message = complaint.message.replace(&format!("`{}`", complaint.field), &format!("the header `{header}`"));
            header.clone_into(&mut complaint.field);
        }
        let mut response = (status(sort), Json(*complaint)).into_response();
        let headers = response.headers_mut();
        if replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if let Some(after) = retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(after));
        }
        match sort {
            Sort::Unauthenticated => drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Sort::TooLarge => drop(headers.insert(CONNECTION, HeaderValue::from_static("close"))),
            Sort::Malformed
            | Sort::Unprocessable
            | Sort::Forbidden
            | Sort::NotFound
            | Sort::WrongMethod
            | Sort::Conflict
            | Sort::Expired
            | Sort::MediaType
            | Sort::Overloaded
            | Sort::Unavailable
            | Sort::Late
            | Sort::Ours => {}
        }
        response
    }
}

/// The status of a sort.
pub(super) fn status(sort: Sort) -> StatusCode {
    match sort {
        Sort::Malformed => StatusCode::BAD_REQUEST,
        Sort::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Sort::Unauthenticated => StatusCode::UNAUTHORIZED,
        Sort::Forbidden => StatusCode::FORBIDDEN,
        Sort::NotFound => StatusCode::NOT_FOUND,
        Sort::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Sort::Conflict => StatusCode::CONFLICT,
        Sort::Expired => StatusCode::GONE,
        Sort::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Sort::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Sort::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        Sort::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Sort::Late => StatusCode::GATEWAY_TIMEOUT,
        Sort::Ours => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Parts of the cover are headers here.
fn header_of(field: &str) -> Option<&'static str> {
    match field {
        "cover.key" => Some("Idempotency-Key"),
        "cover.not_after" => Some("Request-Not-After"),
        "cover.on_behalf_of" => Some("X-On-Behalf-Of"),
        "cover.correlation" => Some("X-Correlation-Id"),
        _ => None,
    }
}
