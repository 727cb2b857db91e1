//! What happens to the nodes.

use super::*;

/// Seeds of each case: the moment differs, and what systems do.
const SEEDS: std::ops::Range<u64> = 0..2;

#[test]
fn a_day_on_two_nodes_ends_as_on_one_and_no_request_is_refused() {
    let ended = play(1, async |_, _| {});
    assert_eq!(ended.asked.refused, Vec::<String>::new());
    assert!(
        ended.asked.sent > 200 && ended.slowest < Duration::from_secs(1),
        "{} requests, the slowest took {:?}",
        ended.asked.sent,
        ended.slowest
    );
}

#[test]
fn what_a_node_did_that_died_at_work_is_done_by_the_other_when_its_leases_have_passed() {
    for seed in SEEDS {
        let ended = play(seed, async |site, _| {
            let had = site.shards("a", "b").await;
            assert!(had > 0);
            let dead = site.nodes.borrow_mut().remove("b").unwrap();
            dead.reins.stop();
            dead.region.kill();
            let died = site.began();
            site.until("the other node has all shards", async || site.shards("a", "a").await == usize::from(SHARDS)).await;
            let took = site.began().saturating_sub(died);
            eprintln!("shared: {had} shards of a dead node were taken after {took:?}");
            assert!(took <= LEASE + LEASE / 2, "the last shard was taken after {took:?}");
        });
        eprintln!("shared: a node died: {:?} without an answer to anybody, {} refused", ended.gap, ended.asked.refused.len());
        assert!(ended.slowest > LEASE / 2, "nobody had to wait, so nothing was asked of what the dead node had: {:?}", ended.slowest);
        assert!(ended.slowest < CALLER + LEASE * 2, "the slowest request took {:?}", ended.slowest);
    }
}

#[test]
fn a_node_that_is_stopped_beyond_its_leases_and_goes_on_where_it_was_breaks_no_promise() {
    for seed in SEEDS {
        play(seed, async |site, luck| {
            let epochs = async |by| site.roll(by).await.shards.iter().map(|row| row.epoch).collect::<Vec<_>>();
            let (before, still) = (epochs("a").await, site.of("b"));
            still.reins.stop();
            site.until("the other node has all shards", async || site.shards("a", "a").await == usize::from(SHARDS)).await;
            assert!(epochs("a").await.iter().zip(&before).any(|(now, then)| now > then), "no epoch grew");
            sleep(Duration::from_millis(luck.below(4_000))).await;
            still.reins.run();
            site.until("it has its part again", async || site.shards("a", "b").await > 0).await;
        });
    }
}

#[test]
fn a_node_that_comes_is_handed_its_part_under_load_and_no_request_is_refused() {
    for seed in SEEDS {
        let ended = play(seed, async |site, _| {
            site.start("d").await.unwrap();
            site.until("the new node has a part", async || {
                let d = site.shards("b", "d").await;
                d > 0 && d + site.shards("b", "a").await + site.shards("b", "b").await == usize::from(SHARDS)
            })
            .await;
        });
        assert_eq!(ended.asked.refused, Vec::<String>::new());
        assert!(ended.slowest <= Duration::from_secs(1), "a request took {:?} while shards were handed over", ended.slowest);
    }
}

#[test]
fn a_node_that_goes_as_planned_hands_over_all_it_has_and_no_request_is_refused() {
    for seed in SEEDS {
        let ended = play(seed, async |site, _| {
            let going = site.of("b");
            going.region.hand_over().await;
            // It stays open for a while, and carries what it is asked.
            sleep(Duration::from_millis(500)).await;
            assert_eq!(site.shards("a", "a").await, usize::from(SHARDS));
            assert_eq!(going.region.loaded(), 0, "an entity stayed where its shard is not");
            site.nodes.borrow_mut().get_mut("b").unwrap().open = false;
            sleep(Duration::from_secs(1)).await;
            going.region.stop().await;
            site.nodes.borrow_mut().remove("b");
        });
        assert_eq!(ended.asked.refused, Vec::<String>::new());
        assert!(ended.slowest <= Duration::from_secs(1), "a request took {:?} while shards were handed over", ended.slowest);
    }
}

#[test]
fn two_nodes_of_one_name_are_not_let_run_together_and_one_whose_namesake_died_waits_for_it() {
    play(3, async |site, _| {
        let (refused, kept) = (site.node("eu", "a").await.err().unwrap(), site.shards("b", "a").await);
        assert!(refused.contains("a node called `a` runs it already") && refused.contains("--node"), "{refused}");
        let dead = site.nodes.borrow_mut().remove("a").unwrap();
        dead.reins.stop();
        dead.region.kill();
        site.start("a").await.unwrap();
        site.until("it has the part of its namesake", async || site.shards("b", "a").await == kept).await;
    });
}
