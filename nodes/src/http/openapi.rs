//! The `OpenAPI` document: its head, and what holds for every path, written once: the cover in headers, the credential, the
//! shape of every trouble, and a line to paste into a shell. Never repeats what a handler declares.

use serde_json::{Value, json};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, KnownFormat, ObjectBuilder, OpenApi, OpenApiBuilder, RefOr, Required, ResponseBuilder,
    SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::ask::{Sort, v1};

const ABOUT: &str = "Business verbs of a Takt mesh. A request is answered when its outcome is durable. It is named by the client \
(`Idempotency-Key`, good for the thing it is about): the same key and content get the same answer again, with `Idempotent-Replayed: true`; the same key with \
other content is refused. Bodies are JSON: `Content-Type` is `application/json`, ends in `+json`, or is left out; any other is answered with 415. \
Quantities are a number, one blank and a UNECE Rec 20 code, such as `40 H87`. Every trouble has the shape `Complaint`.";

/// What a key is good for.
const KEY: &str = "Names this request within the thing it is about (one order, one lot, one exception): repeat it unchanged on every \
retry. The same key about another order is another request, and is carried out: a retry must name the same thing.";

/// The head of the document.
pub(super) fn head() -> OpenApi {
    let info = InfoBuilder::new().title("Takt").version("1").description(Some(ABOUT)).build();
    OpenApiBuilder::new().info(info).build()
}

/// The document with what holds for every path.
pub(super) fn finished(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.insert(v1::Complaint::name().into_owned(), v1::Complaint::schema());
    components.add_security_scheme("client", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    document.security = Some(vec![SecurityRequirement::new("client", Vec::<String>::new())]);
    for (path, item) in &mut document.paths.paths {
        if let Some(post) = item.post.as_mut().filter(|_| path.starts_with("/v1/")) {
            post.parameters.get_or_insert_with(Vec::new).extend(cover().map(RefOr::T));
            paste(post, path);
        }
        let sorts = if path.starts_with("/v1/") {
            &ALL[..]
        } else if path.starts_with("/in/") {
            &INBOUND[..]
        } else {
            &[]
        };
        for operation in operations(item) {
            complain(operation, sorts);
            if path.starts_with("/v1/") && operation.request_body.is_some() {
                complain(operation, &[Sort::MediaType]);
            }
        }
    }
    document
}

/// Every path with its method, for who asks for one that is not there.
pub(super) fn paths(document: &OpenApi) -> Vec<String> {
    let method = |item: &PathItem| if item.post.is_some() { "POST" } else { "GET" };
    document.paths.paths.iter().map(|(path, item)| format!("{} {path}", method(item))).collect()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [item.get.as_mut(), item.post.as_mut()].into_iter().flatten()
}

const NOT_AFTER: &str = "Request-Not-After";

fn cover() -> [Parameter; 4] {
    let header = |name: &str, required, about: &str, example: &str| {
        let moment = (name == NOT_AFTER).then_some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).format(moment).build();
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(required)
            .description(Some(about))
            .schema(Some(text))
            .example(Some(json!(example)))
            .build()
    };
    [
        header("Idempotency-Key", Required::True, KEY, "nord/2026-11-24/0001"),
        header(NOT_AFTER, Required::False, "After this instant the request is refused as EXPIRED.", "2099-11-24T05:00:00+01:00"),
        header("X-On-Behalf-Of", Required::False, "The person for whom the client acts.", "L. Brandt"),
        header("X-Correlation-Id", Required::False, "The thread it belongs to.", "demand-7781"),
    ]
}

/// The troubles of requests and questions.
const ALL: [Sort; 11] = [
    Sort::Malformed,
    Sort::Unauthenticated,
    Sort::Forbidden,
    Sort::NotFound,
    Sort::Conflict,
    Sort::Expired,
    Sort::TooLarge,
    Sort::Unprocessable,
    Sort::Overloaded,
    Sort::Unavailable,
    Sort::Late,
];

/// The troubles of messages: what a system says is taken, whatever it is.
const INBOUND: [Sort; 5] = [Sort::Malformed, Sort::TooLarge, Sort::Overloaded, Sort::Unavailable, Sort::Late];

/// Every trouble has one shape.
fn complain(operation: &mut Operation, sorts: &[Sort]) {
    for &sort in sorts {
        let status = super::reply::status(sort);
        let body = ContentBuilder::new().schema(Some(utoipa::openapi::Ref::from_schema_name(v1::Complaint::name()))).build();
        let response = ResponseBuilder::new().description(about(sort)).content("application/json", body).build();
        operation.responses.responses.entry(status.as_str().to_owned()).or_insert(RefOr::T(response));
    }
}

fn about(sort: Sort) -> &'static str {
    match sort {
        Sort::Malformed => "Its shape cannot be read: JSON, a missing field, a wrong type, no key.",
        Sort::Unprocessable => "It can be read, and cannot be meant: an unknown unit, plant, material or recipe.",
        Sort::Unauthenticated => "No client has this token.",
        Sort::Forbidden => "The client's role may not ask for this, or not at that site: FORBIDDEN, with the roles that may. Not recorded.",
        Sort::NotFound => "Nothing by that name.",
        Sort::WrongMethod => "The path takes another method.",
        Sort::Conflict => "How things stand forbids it: NOT_OWNER, KEY_REUSED, DUPLICATE_ORDER, STATE. Recorded.",
        Sort::Expired => "It came after `Request-Not-After`. Recorded.",
        Sort::TooLarge => "The body is too long; it was not read.",
        Sort::MediaType => "`Content-Type` says that the body is no JSON: MEDIA_TYPE.",
        Sort::Overloaded => "Too much is under way; see `Retry-After`.",
        Sort::Unavailable => "What would decide it cannot be reached just now; see `Retry-After`.",
        Sort::Late => "No answer in time. Send it again under the same key.",
        Sort::Ours => "A fault of ours.",
    }
}

/// A line to paste into a shell, from the example.
fn paste(operation: &mut Operation, path: &str) {
    let declared = serde_json::to_value(&*operation).unwrap_or_default();
    let body = declared.pointer("/requestBody/content/application~1json/example").cloned().unwrap_or_else(|| json!({}));
    let path = path.replace("{id}", example_id(&declared));
    let source = format!(
        "curl -X POST http://127.0.0.1:7400{path} -H \"Authorization: Bearer $TAKT_TOKEN\" -H 'Idempotency-Key: try-1' -H 'Content-Type: application/json' -d '{body}'",
    );
    operation.extensions = Some(ExtensionsBuilder::new().add("x-codeSamples", json!([{ "lang": "shell", "source": source }])).build());
}

fn example_id(declared: &Value) -> &str {
    let parameters = declared.pointer("/parameters").and_then(Value::as_array).into_iter().flatten();
    let mut id = parameters.filter(|parameter| parameter.get("name").is_some_and(|name| name == "id"));
    id.find_map(|parameter| parameter.get("example")?.as_str()).unwrap_or("{id}")
}
