//! Messages posted at least once, in order, until somebody takes them, across restarts.

use serde_json::Value;

use super::{Kind, Listener, NOBODY, RunningWorld, SystemSpec, TempDir, WorldSpec, ask, books, json, launch, start};

async fn dispatch(world: &RunningWorld, pieces: u32) {
    let url = world.url("mes-nord").unwrap();
    ask("PUT", &format!("{url}/stations/PACK-1"), &json!({ "state": "up" })).await;
    let steps = json!([{ "step": 10, "station": "PACK-1", "minutesPerPiece": "0.1" }]);
    ask("PUT", &format!("{url}/recipes/FG-100"), &json!({ "version": "12", "steps": steps })).await;
    ask("PUT", &format!("{url}/_sim/pace"), &json!({ "piecesPerSecond": "2000", "startAfterMs": 0 })).await;
    let job = json!({ "externalKey": "k", "part": "FG-100", "recipeVersion": "12", "pieces": pieces.to_string(), "lot": "N7" });
    assert_eq!(ask("POST", &format!("{url}/jobs"), &job).await.1["verdict"], "accepted");
}

fn in_order(told: &[Value]) -> bool {
    (1..).zip(told).all(|(number, report)| report["sequence"] == number)
}

#[tokio::test]
async fn two_thousand_unit_reports_arrive_in_order_and_are_then_off_the_books() {
    let dir = TempDir::new().unwrap();
    let mut listener = Listener::new(0).await;
    let world = start(dir.path(), "mes-nord", Kind::Mes, &listener.url).await;
    dispatch(&world, 2_000).await;
    let told = listener.until("job.finished").await;
    assert!(told.len() > 2_000 && in_order(&told));
    let counted = told.iter().filter(|report| report["kind"] == "piece.counted").count() as u64;
    assert_eq!(books(&world, "mes-nord").await["jobs"][0]["steps"][0]["good"], counted);
    world.stop().await;
    let world = start(dir.path(), "mes-nord", Kind::Mes, NOBODY).await;
    // The last batch may not have been struck off before the stop; nothing older is left.
    assert!(books(&world, "mes-nord").await["untold"].as_u64().unwrap() <= 32);
    world.stop().await;
}

#[tokio::test]
async fn what_nobody_took_before_the_stop_is_told_after_the_start_and_nothing_is_missing() {
    let dir = TempDir::new().unwrap();
    let world = start(dir.path(), "mes-nord", Kind::Mes, NOBODY).await;
    dispatch(&world, 300).await;
    world.stop().await;
    let mut listener = Listener::new(0).await;
    let world = start(dir.path(), "mes-nord", Kind::Mes, &listener.url).await;
    let told = listener.until("job.finished").await;
    assert!(told.len() > 300 && in_order(&told));
    world.stop().await;
}

#[tokio::test]
async fn a_refused_message_is_offered_again_and_counted() {
    let dir = TempDir::new().unwrap();
    let mut listener = Listener::new(1).await;
    let world = start(dir.path(), "wms-hh", Kind::Wms, &listener.url).await;
    let notice = json!({ "notice_ref": "n", "sscc": "51", "contents": [{ "item": "FG-100", "units": "480" }] });
    ask("POST", &format!("{}/inbound-notices", world.url("wms-hh").unwrap()), &notice).await;
    let told = listener.until("handling_unit.put_away").await;
    assert_eq!(told[0]["topic"], "handling_unit.received");
    assert_eq!(books(&world, "wms-hh").await["effects"]["message_refused"], 1);
    world.stop().await;
}

#[tokio::test]
async fn each_system_tells_at_its_own_address_with_its_own_token() {
    let dir = TempDir::new().unwrap();
    let mut listener = Listener::new(0).await;
    let qms = |name: &str| SystemSpec { token: Some(format!("secret-{name}")), ..SystemSpec::new(name, Kind::Qms, "Asia/Tokyo") };
    let spec = WorldSpec { path: "/in/{system}?about={topic}".to_owned(), ..WorldSpec::of(vec![qms("qms-a"), qms("qms-b")]) };
    let world = launch(&spec, dir.path(), &listener.url).await.unwrap();
    for name in ["qms-a", "qms-b"] {
        let case = json!({ "material": "M", "lot": "N7", "quantity": "1", "unit": "EA", "reason": "weld" });
        ask("POST", &format!("{}/_sim/raise", world.url(name).unwrap()), &case).await;
        let heard = listener.next().await;
        assert_eq!((heard.path, heard.token), (format!("/in/{name}"), Some(format!("Bearer secret-{name}"))));
        assert!(heard.body["at"].as_str().unwrap().ends_with("+09:00"));
    }
    world.stop().await;
}
