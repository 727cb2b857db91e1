//! What a node starts with, and what is put in force while it runs.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use takt_actors::link::deliveries::{Delivered, Outcome, Way};
use takt_config::start;
use takt_protocol::instant::Instant;

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
        () = watch(&clock, &config, before, |folder| against(&Standing::of(&book), folder), renew) => unreachable!("it looks for ever"),
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

/// The folder to start from, and a place for what a node keeps.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let dir = tempfile::tempdir().unwrap();
        start::write_to(&dir.path().join("config")).unwrap();
        Self { dir }
    }

    fn save(&self, file: &str, from: &str, to: &str) {
        let path = self.dir.path().join("config").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed, "{file} does not say `{from}`");
        std::fs::write(path, changed).unwrap();
    }

    fn read(&self) -> (Folder, Text) {
        let folder = Folder::read(&self.dir.path().join("config")).unwrap();
        let (variables, _) = trial::filled(&folder, &BTreeMap::new());
        let text = load_read(&folder, &variables, None).unwrap();
        (folder, text)
    }

    async fn start(&self) -> anyhow::Result<Node> {
        let (config, (folder, text)) = (self.dir.path().join("config"), self.read());
        let source = Source { config: &config, folder: &folder };
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Node::start(&text, source, (&self.data(), &text.regions), listen, &Settings::default()).await
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// What a start is refused with.
    async fn refused(&self) -> String {
        match self.start().await {
            Ok(_) => panic!("it started"),
            Err(why) => format!("{why:#}"),
        }
    }
}

const RECIPE: &str = "recipes/plant-1-fg-150.yaml";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_in_force_before_a_start_is_not_changed_under_its_version() {
    let place = Place::new();
    place.start().await.unwrap().stop().await;
    place.start().await.unwrap().stop().await;
    place.save(RECIPE, "qty: 500 KGM", "qty: 510 KGM");
    let why = place.refused().await;
    assert!(why.contains("cannot be used"), "{why}");
    assert!(
        why.contains(
            "recipes/plant-1-fg-150.yaml:4:10: version 3 of FG-150 at plant-1 is in force with another content. raise its `version`"
        ),
        "{why}"
    );
    assert_eq!(place.refused().await, why, "it is the same when it is tried again");
    place.save(RECIPE, "version: \"3\"", "version: \"4\"");
    place.start().await.unwrap().stop().await;
    // From now on that one is.
    place.save(RECIPE, "qty: 510 KGM", "qty: 520 KGM");
    assert!(place.refused().await.contains("version 4 of FG-150 at plant-1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_before_a_configuration_counts_forgets_neither_it_nor_the_one_before() {
    let place = Place::new();
    place.start().await.unwrap().stop().await;
    place.save(RECIPE, "qty: 500 KGM", "qty: 510 KGM");
    place.save(RECIPE, "version: \"3\"", "version: \"4\"");
    {
        // It came so far, and no further: something may have been decided by it, or nothing.
        let (_, text) = place.read();
        let stores = Stores::open_as(&place.data(), text.regions.iter().copied(), &text.engines).await.unwrap();
        Shelves::of(text.regions.iter().filter_map(|region| stores.seams(*region))).begins(&text.book).await.unwrap();
        stores.stop().await;
    }
    place.save(RECIPE, "qty: 510 KGM", "qty: 520 KGM");
    assert!(place.refused().await.contains("version 4 of FG-150 at plant-1 is in force with another content"));
    place.save(RECIPE, "version: \"4\"", "version: \"3\"");
    assert!(place.refused().await.contains("version 3 of FG-150 at plant-1 is in force with another content"));
    place.save(RECIPE, "version: \"3\"", "version: \"5\"");
    place.start().await.unwrap().stop().await;
    // Both are forgotten: the last that counted is what is held against.
    place.save(RECIPE, "version: \"5\"", "version: \"4\"");
    place.start().await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_went_to_a_site_is_known_after_a_restart() {
    let place = Place::new();
    let node = place.start().await.unwrap();
    let site = SiteId::parse("plant-1").unwrap();
    let row = Delivered {
        at: Instant::from_utc_ms(1_764_000_000_000),
        way: Way::Out,
        what: "dispatch_job".to_owned(),
        reference: "TKT0001".to_owned(),
        attempt: 1,
        outcome: Outcome::Accepted,
        detail: String::new(),
        took_ms: 3,
    };
    node.mesh.region_of(site).unwrap().note(site, row.clone());
    node.stop().await;
    let node = place.start().await.unwrap();
    let known = node.mesh.region_of(site).unwrap().deliveries(site).unwrap().latest(1_000);
    assert_eq!(known.iter().filter(|known| **known == row).count(), 1, "{known:?}");
    node.stop().await;
}
