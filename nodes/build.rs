//! Compiles the `.proto` files without `protoc`, and gives the messages the attributes that make each of them the JSON body
//! of its HTTP path too. Never generates anything into the source tree.

use std::path::PathBuf;

use prost_types::DescriptorProto;
use prost_types::field_descriptor_proto::Label;
use tonic_prost_build::Builder;

/// What the program serves over gRPC.
const FILES: [&str; 4] = ["takt/v1/mesh.proto", "takt/v1/queries.proto", REQUESTS, ANSWERS];

/// The file of what is asked for.
const REQUESTS: &str = "takt/v1/requests.proto";

/// The file of what is answered.
const ANSWERS: &str = "takt/v1/answers.proto";

/// Fields a path names, which are not repeated in the body.
const IN_PATH: [&str; 18] = [
    "ChangeQuantity.order",
    "Redispatch.order",
    "CancelOrder.order",
    "CompleteTechnically.order",
    "CloseOrder.order",
    "RescheduleOrder.order",
    "ReplaceComponent.order",
    "ChangeRecipe.order",
    "SplitOrder.order",
    "HoldOrder.order",
    "ResumeOrder.order",
    "RevokeDispatch.order",
    "ReopenOrder.order",
    "ReversePosting.order",
    "BlockShipment.shipment",
    "ReleaseShipment.shipment",
    "ActOnException.exception",
    "ActOnGroup.group",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true).open_files(FILES)?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("takt.v1.bin"), compiler.encode_file_descriptor_set())?;
    let files = compiler.file_descriptor_set();
    let mut build = tonic_prost_build::configure();
    for file in files.file.iter().filter(|file| [REQUESTS, ANSWERS].contains(&file.name())) {
        for message in file.message_type.iter().filter(|message| message.name() != "Cover") {
            build = in_json(build, message, file.name() == REQUESTS);
        }
    }
    build.compile_fds(files)?;
    Ok(())
}

/// Gives a message its JSON form. A request with a field that nobody knows is refused; an answer may have grown.
fn in_json(mut build: Builder, message: &DescriptorProto, strict: bool) -> Builder {
    let path = format!("takt.v1.{}", message.name());
    build = build.message_attribute(&path, "#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]");
    if strict {
        build = build.message_attribute(&path, "#[serde(deny_unknown_fields)]");
    }
    for field in &message.field {
        let within = format!("{}.{}", message.name(), field.name());
        let attribute = match (field.proto3_optional(), field.label()) {
            _ if field.name() == "cover" || IN_PATH.contains(&within.as_str()) => "#[serde(skip)]",
            (true, _) => "#[serde(default, skip_serializing_if = \"Option::is_none\")]",
            (false, Label::Repeated) => "#[serde(default, skip_serializing_if = \"Vec::is_empty\")]",
            (false, Label::Optional | Label::Required) => continue,
        };
        build = build.field_attribute(format!("takt.v1.{within}"), attribute);
    }
    build
}
