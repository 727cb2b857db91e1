//! Answers, broken connections, and books that bring everything back.

use std::fs;

use super::{Kind, LaunchError, NOBODY, TempDir, ask, books, json, start, try_start};

fn notice(sscc: &str) -> serde_json::Value {
    json!({ "notice_ref": format!("n-{sscc}"), "sscc": sscc, "contents": [{ "item": "FG-100", "lot": "N7", "units": "480" }] })
}

#[tokio::test]
async fn a_system_that_is_started_again_has_the_same_books_on_the_same_port() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    let url = world.url("wms-hh").unwrap();
    for sscc in ["51", "52"] {
        assert_eq!(ask("POST", &format!("{url}/inbound-notices"), &notice(sscc)).await.0, 201);
    }
    world.stop().await;
    let world = start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    assert_eq!(world.url("wms-hh").unwrap(), url);
    assert_eq!(ask("GET", &format!("{url}/handling-units/52"), &json!({})).await.1["notice_ref"], "n-52");
    assert_eq!(ask("POST", &format!("{url}/inbound-notices"), &notice("52")).await.0, 200);
    world.stop().await;
}

#[tokio::test]
async fn an_answer_is_on_disk_before_it_is_given() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    ask("POST", &format!("{}/inbound-notices", world.url("wms-hh").unwrap()), &notice("51")).await;
    // What a kill at this moment would leave behind, brought to life elsewhere while the first one still runs.
    let elsewhere = TempDir::new().unwrap();
    fs::create_dir(elsewhere.path().join("wms-hh")).unwrap();
    let text = fs::read_to_string(dir.path().join("wms-hh/journal.jsonl")).unwrap();
    let port = world.addresses()["wms-hh"].port();
    fs::write(elsewhere.path().join("wms-hh/journal.jsonl"), text.replace(&format!("\"port\":{port}"), "\"port\":0")).unwrap();
    let twin = start(elsewhere.path(), "wms-hh", Kind::Wms, NOBODY).await;
    assert_eq!(books(&twin, "wms-hh").await["handling_units"][0]["sscc"], "51");
    world.stop().await;
    twin.stop().await;
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off_wherever_it_was_torn_and_the_books_go_on() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "qms-eu", Kind::Qms, NOBODY).await;
    let url = world.url("qms-eu").unwrap();
    ask("PUT", &format!("{url}/_sim/plan"), &json!({ "result_after_ms": 4_000_000, "decide_after_ms": 4_000_000 })).await;
    let hold = |number: u32| json!({ "reference": format!("h-{number}"), "material": "M", "lot": "N7", "quantity": "1", "unit": "EA", "reason": "x" });
    ask("POST", &format!("{url}/holds"), &hold(1)).await;
    world.stop().await;
    let journal = dir.path().join("qms-eu/journal.jsonl");
    let whole = fs::read(&journal).unwrap();
    for torn in [1, 2, 40] {
        let world = start(dir.path(), "qms-eu", Kind::Qms, NOBODY).await;
        assert_eq!(ask("POST", &format!("{url}/holds"), &hold(2)).await.0, 201);
        world.stop().await;
        let longer = fs::read(&journal).unwrap();
        assert!(longer.len() > whole.len() + 40);
        fs::write(&journal, &longer[..longer.len() - torn]).unwrap();
        let world = start(dir.path(), "qms-eu", Kind::Qms, NOBODY).await;
        assert_eq!(books(&world, "qms-eu").await["holds"].as_array().unwrap().len(), 1, "torn by {torn}");
        world.stop().await;
        assert_eq!(fs::read(&journal).unwrap(), whole);
    }
}

#[tokio::test]
async fn damage_before_the_end_of_the_books_is_reported_with_its_line() {
    let dir = TempDir::new().unwrap();
    start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await.stop().await;
    let journal = dir.path().join("wms-hh/journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, format!("{text}not a line\n")).unwrap();
    let refused = try_start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    assert!(matches!(refused, Err(LaunchError::Damaged { line: 2, .. })), "{refused:?}");
}

#[tokio::test]
async fn books_are_not_opened_twice_nor_by_another_sort_of_system() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    let second = try_start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    assert!(matches!(second, Err(LaunchError::InUse { .. })), "{second:?}");
    world.stop().await;
    let other = try_start(dir.path(), "wms-hh", Kind::Mes, NOBODY).await;
    assert!(matches!(other, Err(LaunchError::OtherSystem { .. })), "{other:?}");
    let bad = try_start(dir.path(), "../wms", Kind::Wms, NOBODY).await;
    assert!(matches!(bad, Err(LaunchError::BadName(_))), "{bad:?}");
}

#[tokio::test]
async fn a_port_that_somebody_took_meanwhile_is_an_error_and_not_another_port() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    let address = world.addresses()["wms-hh"];
    world.stop().await;
    let squatter = tokio::net::TcpListener::bind(address).await.unwrap();
    let refused = try_start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    assert!(matches!(refused, Err(LaunchError::PortTaken { port, .. }) if port == address.port()), "{refused:?}");
    drop(squatter);
}

#[tokio::test]
async fn a_lost_reply_breaks_the_connection_and_leaves_the_effect() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "wms-hh", Kind::Wms, NOBODY).await;
    let url = world.url("wms-hh").unwrap();
    ask("PUT", &format!("{url}/_sim/habits"), &json!({ "lost_reply": { "next": 1 } })).await;
    assert_eq!(ask("POST", &format!("{url}/inbound-notices"), &notice("51")).await.0, 0);
    assert_eq!(ask("GET", &format!("{url}/handling-units/51"), &json!({})).await.0, 200);
    assert_eq!(ask("GET", &format!("{url}/_sim/effects"), &json!({})).await.1["lost_reply"], 1);
    world.stop().await;
}

#[tokio::test]
async fn what_is_no_request_at_all_is_refused_at_the_door() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "erp-eu", Kind::Erp, NOBODY).await;
    let url = world.url("erp-eu").unwrap();
    let client = super::super::courier::client().unwrap();
    let statuses = [
        (client.request("OPTIONS".parse().unwrap(), &url), 405),
        (client.post(format!("{url}/_sim/materials")).body(vec![0xff, 0xfe]), 400),
        (client.post(format!("{url}/_sim/materials")).body(vec![b' '; 9 * 1024 * 1024]), 413),
        (client.get(format!("{url}/%zz")), 400),
        (client.post(format!("{url}/_sim/materials")).body("{"), 400),
    ];
    for (request, status) in statuses {
        let shown = format!("{request:?}");
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{shown}");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_encoded_odata_path_means_what_it_says() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "erp-eu", Kind::Erp, NOBODY).await;
    let url = world.url("erp-eu").unwrap();
    ask("POST", &format!("{url}/_sim/materials"), &json!({ "material": "FG-100", "base_unit": "EA" })).await;
    let order = json!({ "order": "1000042", "material": "FG-100", "plant": "1010", "quantity": "5",
                        "operations": [{ "operation": "0010", "work_center": "PRESS-4" }] });
    assert_eq!(ask("POST", &format!("{url}/_sim/production-orders"), &order).await.0, 201);
    let orders = format!("{url}/sap/opu/odata/sap/API_PRODUCTION_ORDER_2_SRV/A_ProductionOrder_2");
    for asked in ["('1000042')", "(%271000042%27)"] {
        assert_eq!(ask("GET", &format!("{orders}{asked}"), &json!({})).await.1["d"]["Material"], "FG-100");
    }
    let found = ask("GET", &format!("{orders}?$filter=Material%20eq%20%27FG-100%27&$top=5"), &json!({})).await.1;
    assert_eq!(found["d"]["results"].as_array().unwrap().len(), 1);
    world.stop().await;
}
