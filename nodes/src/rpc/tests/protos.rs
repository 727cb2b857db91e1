//! The published descriptions, as other people read them.

/// `protoc` looks for a name in the innermost scope first, where an rpc of the same name hides the message.
#[test]
fn no_rpc_hides_a_message_from_other_people_s_compilers() {
    let texts = [include_str!("../../../proto/takt/v1/mesh.proto"), include_str!("../../../proto/takt/v1/queries.proto")];
    let calls: Vec<&str> = texts.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| line.starts_with("rpc ")).collect();
    assert!(calls.len() > 50, "{calls:?}");
    for call in calls {
        let named = call.split(['(', ')']).map(|part| part.trim_start_matches("stream ")).skip(1).step_by(2);
        assert!(named.into_iter().all(|name| name.starts_with(".takt.v1.") || name.starts_with("google.")), "{call}");
    }
}
