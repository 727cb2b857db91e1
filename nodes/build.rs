//! Compiles the `.proto` files without `protoc`, and gives the messages the attributes that make each of them the JSON body
//! of its HTTP path too. Never generates anything into the source tree.

use std::path::PathBuf;

/// What the program serves over gRPC.
const FILES: [&str; 3] = ["takt/v1/mesh.proto", "takt/v1/requests.proto", "takt/v1/answers.proto"];

/// The messages that are HTTP bodies.
const BODIES: [&str; 16] = [
    "ReleaseOrder",
    "ConfirmCompletion",
    "IssueMaterial",
    "CorrectCount",
    "PlaceHold",
    "Decision",
    "RecordDisposition",
    "ReleaseHold",
    "ChangeQuantity",
    "Redispatch",
    "CancelOrder",
    "CompleteTechnically",
    "CloseOrder",
    "BlockShipment",
    "ReleaseShipment",
    "ActOnException",
];

/// Fields a path names, which are not repeated in the body.
const IN_PATH: [&str; 8] = [
    "ChangeQuantity.order",
    "Redispatch.order",
    "CancelOrder.order",
    "CompleteTechnically.order",
    "CloseOrder.order",
    "BlockShipment.shipment",
    "ReleaseShipment.shipment",
    "ActOnException.exception",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true).open_files(FILES)?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("takt.v1.bin"), compiler.encode_file_descriptor_set())?;
    let mut build = tonic_prost_build::configure();
    for body in BODIES {
        let path = format!("takt.v1.{body}");
        build = build
            .message_attribute(&path, "#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]")
            .message_attribute(&path, "#[serde(deny_unknown_fields)]")
            .field_attribute(format!("{path}.cover"), "#[serde(skip)]");
    }
    for field in IN_PATH {
        build = build.field_attribute(format!("takt.v1.{field}"), "#[serde(skip)]");
    }
    build
        .field_attribute("takt.v1.PlaceHold.units", "#[serde(default)]")
        .message_attribute("takt.v1.Outcome", "#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]")
        .message_attribute("takt.v1.Complaint", "#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]")
        .field_attribute("takt.v1.Outcome.case", "#[serde(default, skip_serializing_if = \"Option::is_none\")]")
        .field_attribute("takt.v1.Complaint.retry_after_s", "#[serde(default, skip_serializing_if = \"Option::is_none\")]")
        .field_attribute("takt.v1.Complaint.choices", "#[serde(default, skip_serializing_if = \"Vec::is_empty\")]")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
