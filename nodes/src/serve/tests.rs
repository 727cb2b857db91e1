//! What a node starts with, and what is put in force while it runs.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use takt_config::start;

use super::*;

#[tokio::test]
async fn a_folder_whose_own_tests_fail_is_not_started() {
    let dir = tempfile::tempdir().unwrap();
    let (config, data) = (dir.path().join("config"), dir.path().join("data"));
    start::write_to(&config).unwrap();
    let mapping = config.join("mappings/mes-json/reports.jq");
    let text = std::fs::read_to_string(&mapping).unwrap();
    let broken = text.replacen("mark: { number: .body.sequence }", "mark: { number: 1 }", 1);
    assert_ne!(text, broken);
    std::fs::write(&mapping, broken).unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let serve = Serve { config, region: Vec::new(), node: None, data: data.clone(), listen, port: None };
    let why = run(&serve).await.unwrap_err().to_string();
    assert!(why.contains("cannot be used") && why.contains("mappings/mes-json/reports.test.yaml:5:"), "{why}");
    assert!(!data.exists(), "nothing was begun");
}

/// A clock that nobody waits for, and how often somebody did.
#[derive(Default)]
struct Quick {
    looks: AtomicUsize,
}

impl Clock for Quick {
    fn now(&self) -> takt_protocol::instant::Instant {
        takt_protocol::instant::Instant::EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep<'clock, 'wait>(&'clock self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'wait>>
    where
        'clock: 'wait,
    {
        self.looks.fetch_add(1, Ordering::Relaxed);
        Box::pin(tokio::task::yield_now())
    }
}

#[tokio::test]
async fn a_change_that_waited_for_its_test_is_put_in_force_with_it_and_one_that_is_wrong_never_is() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config");
    start::write_to(&config).unwrap();
    let save = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(config.join(file)).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed, "{file} does not say `{from}`");
        std::fs::write(config.join(file), changed).unwrap();
    };
    let (clock, before) = (Quick::default(), Folder::read(&config).unwrap().hash());
    let book = {
        let folder = Folder::read(&config).unwrap();
        let (variables, _) = trial::filled(&folder, &BTreeMap::new());
        load_read(&folder, &variables, None).unwrap().book
    };
    let put = std::sync::Mutex::new(Vec::new());
    let renew = async |folder: &Folder| {
        put.lock().unwrap().push(folder.hash());
        Ok(String::new())
    };
    let looks = async |count: usize| {
        let until = clock.looks.load(Ordering::Relaxed) + count;
        while clock.looks.load(Ordering::Relaxed) < until {
            tokio::task::yield_now().await;
        }
    };
    let saving = async {
        looks(2).await;
        let (mapping, test) = ("mappings/mes-json/reports.jq", "mappings/mes-json/reports.test.yaml");
        save(mapping, "error(\"the topic \\(.topic) is not known here\")", "error(\"nobody here knows the topic \\(.topic)\")");
        let wanted = Folder::read(&config).unwrap().hash();
        looks(6).await;
        assert_eq!(*put.lock().unwrap(), Vec::<String>::new(), "its test fails");
        save(test, "fails: the topic step.paused is not known here", "fails: nobody here knows the topic step.paused");
        assert_eq!(Folder::read(&config).unwrap().hash(), wanted, "a test is no part of what is in force");
        looks(6).await;
        assert_eq!(*put.lock().unwrap(), [wanted]);
        let recipe = "recipes/plant-1-fg-150.yaml";
        save(recipe, "qty: 500 KGM", "qty: 510 KGM");
        looks(6).await;
        assert_eq!(put.lock().unwrap().len(), 1, "orders are made to version 3, and it is another one");
        save(recipe, "version: \"3\"", "version: \"4\"");
        looks(6).await;
        assert_eq!(put.lock().unwrap().len(), 2);
    };
    tokio::select! {
        () = watch(&clock, &config, before, |folder| against(&book, folder), renew) => unreachable!("it looks for ever"),
        () = saving => {}
    }
}

#[test]
fn what_waits_for_the_next_start_is_said_with_its_file() {
    let hash = "0123456789abcdef";
    assert_eq!(in_force(hash, &[]), "configuration 01234567 is in force");
    let told = in_force(hash, &["sites/wms-na.yaml"]);
    assert!(told.ends_with("in force after the next start: sites/wms-na.yaml"), "{told}");
}

#[test]
fn a_promise_that_is_saved_for_another_link_comes_with_that_link() {
    let dir = tempfile::tempdir().unwrap();
    start::write_to(dir.path()).unwrap();
    let loaded = || {
        let folder = Folder::read(dir.path()).unwrap();
        let (variables, _) = trial::filled(&folder, &BTreeMap::new());
        load_read(&folder, &variables, None).unwrap()
    };
    let (started, erp) = (classes(&loaded()), SiteId::parse("erp").unwrap());
    assert!(matches!(started[&erp]["post"], Class::ProbeWithSettle { .. }));
    let file = dir.path().join("sites/erp.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let other = text.replacen("post: {probe_with_settle: {settle_ms: 1500}}", "post: dedup_by_key", 1);
    assert_ne!(text, other);
    std::fs::write(&file, other).unwrap();
    let book = loaded().book;
    assert_eq!(book.sites[&erp].classes["post"], Class::DedupByKey);
    assert_eq!(promised(book.as_ref().clone(), &started).sites[&erp].classes["post"], started[&erp]["post"]);
}
