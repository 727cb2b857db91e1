use super::*;

fn nodes(count: usize) -> Vec<NodeName> {
    (1..=count).map(|number| NodeName::parse(&format!("node-{number}")).unwrap()).collect()
}

fn duties() -> Vec<Duty> {
    let sites = (0..64).map(|number| Duty::Site(SiteId::parse(&format!("plant-{number}")).unwrap()));
    (0..960).map(Duty::Shard).chain(sites).collect()
}

#[test]
fn a_node_that_comes_takes_its_part_and_moves_nothing_else() {
    for count in 1..8 {
        let (before, after) = (nodes(count), nodes(count + 1));
        let newcomer = after.last().unwrap();
        let moved: Vec<Duty> = duties().into_iter().filter(|duty| duty.falls_to(&before) != duty.falls_to(&after)).collect();
        assert!(moved.iter().all(|duty| duty.falls_to(&after) == Some(newcomer)), "with {count} nodes something moved between old ones");
        let part = duties().len() / after.len();
        assert!(
            moved.len() <= part + part / 4 && moved.len() >= part - part / 4,
            "{} of {} moved to node {}",
            moved.len(),
            duties().len(),
            count + 1
        );
    }
}

#[test]
fn a_node_that_goes_leaves_the_others_what_they_had() {
    let all = nodes(5);
    for gone in &all {
        let left: Vec<NodeName> = all.iter().filter(|node| *node != gone).cloned().collect();
        for duty in duties() {
            let before = duty.falls_to(&all).unwrap();
            assert!(before == gone || duty.falls_to(&left) == Some(before), "{duty:?} moved although {before} is still there");
        }
    }
}

#[test]
fn who_knows_the_same_nodes_agrees_whatever_their_order_and_nobody_has_what_nobody_is_there_for() {
    let (nodes, mut turned) = (nodes(4), nodes(4));
    turned.reverse();
    for duty in duties() {
        assert_eq!(duty.falls_to(&nodes), duty.falls_to(&turned));
        assert_eq!(duty.falls_to(&[]), None);
    }
    // Frozen: nodes of two versions must agree.
    let told: Vec<&str> = (0..8).filter_map(|shard| Duty::Shard(shard).falls_to(&nodes)).map(NodeName::as_str).collect();
    assert_eq!(told, ["node-1", "node-3", "node-1", "node-4", "node-4", "node-2", "node-3", "node-4"]);
}

#[test]
fn a_duty_is_not_this_nodes_any_more_when_its_lease_has_passed_by_its_own_clock() {
    let duties = Duties::new(2, &[], &[], None);
    let (post, at) = (duties.post(Duty::Shard(1)).unwrap(), Duration::from_secs);
    assert!(!duties.decides(1, at(0)));
    post.begin(Term { epoch: 7, since: Instant::EPOCH }, at(3));
    assert!(duties.decides(1, at(2)) && !duties.decides(1, at(3)) && !duties.decides(0, at(2)));
    post.keep(at(5));
    post.leave();
    assert!(duties.decides(1, at(4)), "who leaves still ends what is under way");
    post.end();
    assert!(!duties.decides(1, at(4)) && post.term().is_none());
    let alone = Duties::new(2, &[], &[], Some(Instant::EPOCH));
    assert!(alone.decides(1, Duration::MAX) && alone.all().count() == 2);
}

#[test]
fn whoever_is_at_work_is_counted_until_it_is_done() {
    let post = Post::new(None);
    let (one, other) = (post.at_work(), post.at_work());
    drop(one);
    assert!(!post.is_quiet());
    drop(other);
    assert!(post.is_quiet());
}
