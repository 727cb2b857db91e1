use super::*;

fn rule(rolls_over_at: Option<u64>) -> Rule {
    let source = Source { group: "nord".into(), node: "line-1".into(), device: Some("press-1".into()) };
    let makes = Makes::Counts { rolls_over_at, per_hour_max: 3_600 };
    Rule { name: "good".into(), source, metric: "Count".into(), order: Some("Order".into()), makes, every_ms: 10_000 }
}

fn at(secs: u64) -> Instant {
    Instant::EPOCH.plus(Duration::from_secs(secs))
}

fn order(name: &str) -> (String, Said) {
    ("Order".to_owned(), Said::Text(name.to_owned()))
}

fn count(value: i128) -> (String, Said) {
    ("Count".to_owned(), Said::Whole(value))
}

/// Everything that is to be told now, and is; what was kept is what another one would begin from.
fn told(run: &mut Run, now: Instant) -> Vec<(Option<String>, u64, bool)> {
    let parcels = run.due(now).map(|tally| tally.parcels).unwrap_or_default();
    for parcel in &parcels {
        run.told(parcel);
    }
    let count = |what: &Seen| if let Seen::Count { count, .. } = what { *count } else { 0 };
    parcels.iter().map(|parcel| (parcel.order.clone(), count(&parcel.what), parcel.doubt.is_some())).collect()
}

fn of(order: &str, count: u64) -> (Option<String>, u64, bool) {
    (Some(order.to_owned()), count, false)
}

#[test]
fn a_counter_counts_for_the_order_that_runs() {
    let mut run = Run::from(rule(None), Tally::default());
    run.hear(&[order("A"), count(1_000)], Came::Anew, at(0));
    assert_eq!(told(&mut run, at(0)), [], "the first reading only says where counting begins");
    run.hear(&[count(1_007)], Came::Live, at(5));
    run.hear(&[count(1_009)], Came::Live, at(6));
    assert_eq!(told(&mut run, at(11)), [of("A", 9)], "in one parcel");
    // In the order of the message: the counter was still the one of the order before.
    run.hear(&[count(1_010), order("B"), count(1_012)], Came::Live, at(12));
    assert_eq!(told(&mut run, at(30)), [of("A", 1), of("B", 2)]);
    run.hear(&[count(1_012)], Came::Live, at(40));
    assert_eq!(told(&mut run, at(90)), [], "nothing was made");
}

#[test]
fn a_counter_that_goes_back_was_full_or_set_back_and_what_is_not_plausible_is_nobodys() {
    let mut run = Run::from(rule(Some(65_536)), Tally::default());
    run.hear(&[order("A"), count(65_530)], Came::Anew, at(0));
    run.hear(&[count(4)], Came::Live, at(1));
    assert_eq!(told(&mut run, at(20)), [of("A", 10)], "it was full");
    // From 4 to the end is far more than can be made in a second: it was set back.
    run.hear(&[count(40)], Came::Live, at(21));
    run.hear(&[count(3)], Came::Live, at(22));
    assert_eq!(told(&mut run, at(40)), [of("A", 39)], "36, then 3 from zero");
    run.hear(&[count(5_000)], Came::Live, at(41));
    assert_eq!(told(&mut run, at(60)), [(Some("A".to_owned()), 4_997, true)], "nobody can have made that");
    run.hear(&[count(5_001)], Came::Live, at(61));
    assert_eq!(told(&mut run, at(80)), [of("A", 1)], "it goes on from there");
    // After an hour an hour's worth is plausible.
    run.hear(&[count(8_000)], Came::Live, at(3_700));
    assert_eq!(told(&mut run, at(3_800)), [of("A", 2_999)]);
    run.hear(&[("Count".to_owned(), Said::Whole(-1)), ("Count".to_owned(), Said::Nothing)], Came::Live, at(3_801));
    assert_eq!(told(&mut run, at(3_900)), [], "that is no reading");
}

#[test]
fn what_nobody_knows_the_order_of_is_nobodys() {
    let mut run = Run::from(rule(None), Tally::default());
    run.hear(&[count(0)], Came::Anew, at(0));
    run.hear(&[count(2)], Came::Live, at(1));
    assert_eq!(told(&mut run, at(20)), [(None, 2, true)], "no order was named");
    run.hear(&[order("A"), count(3)], Came::Live, at(21));
    assert_eq!(told(&mut run, at(40)), [of("A", 1)]);
    // The line was away; the same order runs: they are its. In whatever order its metrics come.
    run.hear(&[count(10), order("A")], Came::Anew, at(41));
    assert_eq!(told(&mut run, at(60)), [of("A", 7)]);
    run.hear(&[count(30), order("B")], Came::Anew, at(61));
    assert_eq!(told(&mut run, at(80)), [(Some("B".to_owned()), 20, true)], "another order runs: nobody can tell");
    run.hear(&[count(31)], Came::Live, at(81));
    assert_eq!(told(&mut run, at(100)), [of("B", 1)]);
    // It changed, and nothing was made meanwhile: there is nothing to doubt.
    run.hear(&[count(31), order("C")], Came::Anew, at(101));
    run.hear(&[count(33)], Came::Live, at(102));
    assert_eq!(told(&mut run, at(130)), [of("C", 2)]);
}

#[test]
fn who_dies_between_keeping_and_telling_tells_the_same_again_and_counts_nothing_twice() {
    let mut run = Run::from(rule(None), Tally::default());
    run.hear(&[order("A"), count(100)], Came::Anew, at(0));
    drop(run.due(at(0)));
    run.hear(&[count(110)], Came::Live, at(1));
    let kept = run.due(at(20)).unwrap();
    assert_eq!(kept.parcels.len(), 1);
    // It goes on, and dies before it has told or kept anything more.
    run.hear(&[count(115)], Came::Live, at(21));
    drop(run);
    let mut other = Run::from(rule(None), kept.clone());
    let again = other.due(at(30)).unwrap();
    assert_eq!(again.parcels, kept.parcels, "word for word, under the same number");
    other.hear(&[order("A"), count(118)], Came::Anew, at(31));
    other.told(&again.parcels[0]);
    assert_eq!(told(&mut other, at(60)), [of("A", 8)], "from where the counter stood when it was kept");
}

#[test]
fn what_could_not_be_kept_or_told_is_due_again() {
    let mut run = Run::from(rule(None), Tally::default());
    run.hear(&[order("A"), count(1)], Came::Anew, at(0));
    assert!(run.due(at(0)).is_some());
    assert!(run.due(at(0)).is_none());
    run.not_kept();
    assert!(run.due(at(0)).is_some());
    run.hear(&[count(2)], Came::Live, at(1));
    let first = run.due(at(20)).unwrap();
    assert_eq!(run.due(at(21)).unwrap().parcels, first.parcels, "until somebody says that it is durable");
}

#[test]
fn a_state_is_told_once_it_stands() {
    let makes = Makes::States { settle_ms: 2_000 };
    let mut run = Run::from(Rule { metric: "State".into(), makes, ..rule(None) }, Tally::default());
    let state = |word: &str| [("State".to_owned(), Said::Text(word.to_owned()))];
    let states = |run: &mut Run, now| {
        let parcels = run.due(now).map(|tally| tally.parcels).unwrap_or_default();
        for parcel in &parcels {
            run.told(parcel);
        }
        parcels.into_iter().map(|parcel| if let Seen::State { state } = parcel.what { state } else { String::new() }).collect::<Vec<_>>()
    };
    run.hear(&state("running"), Came::Anew, at(0));
    assert_eq!(states(&mut run, at(1)), [""; 0]);
    assert_eq!(states(&mut run, at(2)), ["running"]);
    run.hear(&state("stopped"), Came::Live, at(10));
    run.hear(&state("running"), Came::Live, at(11));
    assert_eq!(states(&mut run, at(20)), [""; 0], "it did not stand for long enough");
    run.hear(&state("stopped"), Came::Live, at(21));
    run.hear(&state("stopped"), Came::Live, at(22));
    assert_eq!(states(&mut run, at(23)), ["stopped"], "since it was seen first");
    run.hear(&[("State".to_owned(), Said::Nothing)], Came::Live, at(24));
    assert_eq!(states(&mut run, at(40)), [""; 0], "not known is no state");
}

/// Whatever a press does, and however often who counts dies: what is told and what was made are the same number.
#[test]
fn every_piece_is_counted_once() {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut draw = |most: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % most
    };
    for _ in 0..200 {
        let mut run = Run::from(rule(Some(50)), Tally::default());
        let (mut value, mut now, mut made, mut counted, mut kept) = (7, 0, 0, 0, Tally::default());
        let mut known = std::collections::BTreeSet::new();
        run.hear(&[order("A"), count(7)], Came::Anew, at(now));
        if let Some(tally) = run.due(at(now)) {
            kept = tally;
        }
        for _ in 0..100 {
            now += 1 + draw(20);
            let more = draw(40);
            value = (value + more) % 50;
            made += more;
            match draw(8) {
                // It dies, and whoever comes hears everything anew.
                0 => {
                    run = Run::from(rule(Some(50)), kept.clone());
                    run.hear(&[order("A"), count(i128::from(value))], Came::Anew, at(now));
                }
                _ => run.hear(&[count(i128::from(value))], Came::Live, at(now)),
            }
            // More than once round the counter nobody can see: it is read often enough.
            if let Some(tally) = run.due(at(now)) {
                kept = tally.clone();
                for parcel in tally.parcels {
                    let Seen::Count { count, .. } = parcel.what else { panic!() };
                    counted += if known.insert(parcel.number) { count } else { 0 };
                    // Whether anybody hears that it was told is another matter.
                    if draw(3) > 0 {
                        run.told(&parcel);
                    }
                }
            }
        }
        run.hear(&[order("B")], Came::Live, at(now));
        for parcel in run.due(at(now)).map(|tally| tally.parcels).unwrap_or_default() {
            let Seen::Count { count, .. } = parcel.what else { panic!() };
            counted += if known.insert(parcel.number) { count } else { 0 };
        }
        // A life that ended before it kept may have gone round the counter: then whole rounds are missing, and never a piece too many.
        assert!(counted <= made && (made - counted) % 50 == 0, "{made} made, {counted} counted");
    }
}
