use super::*;

const REBIRTH: u64 = 10_000;

fn host() -> Host {
    Host::new(REBIRTH, 60_000)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn metric(name: Option<&str>, alias: Option<u64>, datatype: Option<u32>, held: Held) -> Metric {
    Metric { name: name.map(str::to_owned), alias, datatype, value: Some(held), ..Metric::default() }
}

fn bytes(seq: Option<u64>, metrics: Vec<Metric>) -> Vec<u8> {
    Payload { timestamp: Some(1), metrics, seq }.encode_to_vec()
}

fn node_birth(bd_seq: u64) -> Vec<u8> {
    bytes(
        Some(0),
        vec![metric(Some("bdSeq"), None, Some(4), Held::Long(bd_seq)), metric(Some("State"), Some(9), Some(12), Held::Text("up".into()))],
    )
}

fn press_birth(seq: u64) -> Vec<u8> {
    bytes(
        Some(seq),
        vec![metric(Some("Count"), Some(1), Some(6), Held::Int(5)), metric(Some("Order"), Some(2), Some(12), Held::Text("A".into()))],
    )
}

fn heard(findings: &[Finding]) -> Vec<(String, Said)> {
    findings.iter().flat_map(|finding| if let Finding::Heard { metrics, .. } = finding { metrics.clone() } else { Vec::new() }).collect()
}

fn asked(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| matches!(finding, Finding::Ask { .. })).count()
}

fn wrong_words(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter_map(|finding| if let Finding::Wrong { called, why } = finding { Some(format!("{called}: {why}")) } else { None })
        .collect()
}

const NODE: &str = "spBv1.0/nord/NBIRTH/line-1";
const PRESS: &str = "spBv1.0/nord/DBIRTH/line-1/press-1";
const DATA: &str = "spBv1.0/nord/DDATA/line-1/press-1";

/// A host to which the node and the press are known; the next number is 2.
fn known() -> Host {
    let mut host = host();
    assert!(wrong_words(&host.hear(NODE, &node_birth(3), secs(0))).is_empty());
    let born = host.hear(PRESS, &press_birth(1), secs(0));
    assert_eq!(heard(&born), [("Count".to_owned(), Said::Whole(5)), ("Order".to_owned(), Said::Text("A".into()))]);
    host
}

fn count(seq: u64, value: u32) -> Vec<u8> {
    bytes(Some(seq), vec![metric(None, Some(1), None, Held::Int(value))])
}

#[test]
fn what_a_birth_introduced_is_known_by_its_alias() {
    let mut host = known();
    let found = host.hear(DATA, &count(2, 7), secs(1));
    let source = Source { group: "nord".into(), node: "line-1".into(), device: Some("press-1".into()) };
    assert_eq!(found, [Finding::Heard { source, metrics: vec![("Count".to_owned(), Said::Whole(7))], came: Came::Live }]);
    let old = Metric { is_historical: Some(true), ..metric(None, Some(1), None, Held::Int(6)) };
    assert_eq!(host.hear(DATA, &bytes(Some(3), vec![old]), secs(1)), [], "where it stands now has that in it");
    // 255 is followed by 0.
    for seq in 4..=256 {
        assert_eq!(asked(&host.hear(DATA, &count(seq % 256, 8), secs(1))), 0, "{seq}");
    }
}

#[test]
fn who_was_not_born_is_not_read_and_asked_and_after_a_while_a_case() {
    let mut host = host();
    let first = host.hear(DATA, &count(7, 1), secs(0));
    assert_eq!((heard(&first).len(), asked(&first), wrong_words(&first).len()), (0, 1, 0));
    let again = host.hear(DATA, &count(8, 1), secs(1));
    assert_eq!((heard(&again).len(), asked(&again)), (0, 0), "it was asked");
    let later = host.hear(DATA, &count(9, 1), secs(10));
    assert_eq!(asked(&later), 1);
    assert!(wrong_words(&later)[0].starts_with("spBv1.0/nord/line-1/press-1: the birth of its node was not seen"), "{later:?}");
    host.hear(NODE, &node_birth(0), secs(11));
    let unborn = host.hear(DATA, &count(1, 1), secs(11));
    assert!(heard(&unborn).is_empty(), "the device was not born");
    let born = host.hear(PRESS, &press_birth(2), secs(12));
    assert!(born.contains(&Finding::Right { called: "spBv1.0/nord/line-1/press-1".into() }));
    assert_eq!(heard(&host.hear(DATA, &count(3, 4), secs(12))), [("Count".to_owned(), Said::Whole(4))]);
}

#[test]
fn after_a_gap_nothing_is_read_before_everything_is_said_again() {
    let mut host = known();
    let gap = host.hear(DATA, &count(3, 9), secs(20));
    assert_eq!((heard(&gap).len(), asked(&gap), wrong_words(&gap).len()), (0, 1, 0), "what is missing may be another order");
    assert_eq!(heard(&host.hear(DATA, &count(4, 10), secs(21))), []);
    host.hear(NODE, &node_birth(3), secs(22));
    host.hear(PRESS, &press_birth(1), secs(22));
    assert_eq!(heard(&host.hear(DATA, &count(2, 11), secs(22))).len(), 1);
}

#[test]
fn a_death_of_another_connection_is_none_of_this_one() {
    let mut host = known();
    let death = |bd_seq| bytes(None, vec![metric(Some("bdSeq"), None, Some(4), Held::Long(bd_seq))]);
    assert_eq!(host.hear("spBv1.0/nord/NDEATH/line-1", &death(2), secs(1)), []);
    assert_eq!(heard(&host.hear(DATA, &count(2, 7), secs(1))).len(), 1);
    let died = host.hear("spBv1.0/nord/NDEATH/line-1", &death(3), secs(2));
    assert!(matches!(&died[..], [Finding::Node { node, trouble: Some(_) }] if node == "nord/line-1"), "{died:?}");
    assert!(heard(&host.hear(DATA, &count(3, 8), secs(3))).is_empty());
    assert_eq!(host.look(secs(1_000)), [], "the dead may be silent");
}

#[test]
fn a_device_that_died_is_not_read_and_the_others_are() {
    let mut host = known();
    assert_eq!(host.hear("spBv1.0/nord/DDEATH/line-1/press-1", &bytes(Some(2), Vec::new()), secs(1)), []);
    assert!(heard(&host.hear(DATA, &count(3, 8), secs(2))).is_empty());
    let data = bytes(Some(4), vec![metric(None, Some(9), None, Held::Text("down".into()))]);
    assert_eq!(heard(&host.hear("spBv1.0/nord/NDATA/line-1", &data, secs(2))), [("State".to_owned(), Said::Text("down".into()))]);
}

#[test]
fn who_is_silent_though_it_lives_is_seen_and_asked() {
    let mut host = known();
    assert_eq!(host.look(secs(59)), []);
    let silent = host.look(secs(61));
    assert_eq!(asked(&silent), 1);
    assert!(matches!(&silent[0], Finding::Node { trouble: Some(why), .. } if why.contains("61 s")), "{silent:?}");
    assert_eq!(asked(&host.look(secs(62))), 0, "not at once again");
    assert_eq!(asked(&host.look(secs(72))), 1);
}

#[test]
fn nonsense_is_told_and_nothing_more() {
    let mut host = known();
    for (topic, payload, word) in [
        ("spBv1.0/nord", Vec::new(), "its topic"),
        ("spBv1.0/nord/XDATA/line-1", Vec::new(), "no message of Sparkplug B"),
        (DATA, vec![0xFF; 40], "no payload"),
        (NODE, bytes(None, Vec::new()), "no number"),
        (NODE, bytes(Some(0), vec![metric(None, Some(1), Some(3), Held::Int(1))]), "has no name"),
        (
            NODE,
            bytes(Some(0), vec![metric(Some("a"), Some(1), Some(3), Held::Int(1)), metric(Some("b"), Some(1), Some(3), Held::Int(1))]),
            "one alias",
        ),
        (NODE, bytes(Some(0), vec![metric(Some("a"), None, Some(99), Held::Int(1))]), "99"),
    ] {
        let found = host.hear(topic, &payload, secs(1));
        assert!(wrong_words(&found).iter().any(|told| told.contains(word)), "{topic} {word}: {found:?}");
    }
    assert_eq!(host.hear("spBv1.0/nord/NCMD/line-1", &[1], secs(1)), [], "a command is for others");
    let huge = host.hear("spBv1.0/nord/NDATA/line-1", &bytes(Some(u64::MAX), Vec::new()), secs(1));
    assert!(heard(&huge).is_empty());
}

/// Whatever bytes come, it ends.
#[test]
fn any_bytes_end() {
    let mut seed = 7_u64;
    for round in 0..20_000_u64 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round);
        let mut payload = press_birth(1);
        let at = usize::try_from(seed >> 33).unwrap() % payload.len();
        payload[at] = seed.to_be_bytes()[2];
        payload.truncate(at + usize::try_from(seed >> 50).unwrap() % 64 + 1);
        drop(known_once(&payload));
    }
}

fn known_once(payload: &[u8]) -> Vec<Finding> {
    let mut host = host();
    host.hear(NODE, &node_birth(3), secs(0));
    host.hear(PRESS, payload, secs(0))
}
