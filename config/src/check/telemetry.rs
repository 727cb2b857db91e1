//! Telemetry reaches no ERP but as a count by a rule that has a name, knows the running order, and was tried: whatever would let it through
//! otherwise is refused here. What the rule itself guards at run time says `takt_actors::link::telemetry`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_saphyr::Spanned;
use takt_actors::link::telemetry::{Came, Rule, Run, Said};
use takt_protocol::book::SiteKind;
use takt_protocol::instant::Instant;
use takt_protocol::site::{Seen, Tally};

use super::advice::identifiers;
use super::{Checks, word};
use crate::text::{BecomesText, ReadingText, RuleTestText, RuleText, SiteText, SparkplugText};

/// What a mapping says that reports a number which may be booked.
const BOOKED: [&str; 8] = ["confirmed", "produced", "consumed", "scrapped", "returned", "count_corrected", "material_returned", "reworked"];

impl Checks<'_> {
    pub(super) fn telemetry(&mut self, file: &str, site: &SiteText, plant: &Spanned<SparkplugText>) {
        if site.kind != SiteKind::Plant {
            let what = format!("a site of kind {} listens to machines: telemetry stays where the machines are", word(&site.kind));
            self.say(file, plant.referenced, what, "move `sparkplug:` to the file of the plant");
        }
        self.levels(file, plant);
        for (name, rule) in &plant.value.rules {
            self.rule_over_telemetry(file, name, rule, &plant.value);
        }
        if plant.value.rules.is_empty() {
            let what = "what the machines say becomes nothing: there is no rule".to_owned();
            self.note(file, plant.referenced, what, "write `rules:` under `sparkplug:`, where counts or states are wanted");
        }
    }

    fn rule_over_telemetry(&mut self, file: &str, name: &str, rule: &Spanned<RuleText>, plant: &SparkplugText) {
        let (place, text) = (rule.referenced, &rule.value);
        let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'));
        if !is_name {
            let what = format!("a rule over telemetry cannot be called `{}`", name.escape_debug());
            self.say(file, place, what, "write letters, digits, `-`, `_` and `.`");
        }
        if text.counts.is_some() == text.states.is_some() {
            let what = format!("the rule {name} makes neither counts nor states, or both");
            self.say(file, place, what, "write one of `counts: {per_hour_max: …}` and `states: {}`");
            return;
        }
        if text.counts.is_some() && text.order.is_none() {
            let what = format!("the rule {name} does not know which order runs, so its counts could be booked on none");
            self.say(file, place, what, "name as `order` the metric in which the machine says the number of its order");
        }
        let Some(made) = text.rule(name) else {
            let what = format!("`{}` is no source of metrics", text.source.value.escape_debug());
            self.say(file, text.source.referenced, what, "write group/node, or group/node/device");
            return;
        };
        if !plant.groups.iter().any(|group| group.value == made.source.group) {
            let what = format!("nobody listens to the group {} of the rule {name}", made.source.group);
            self.say(file, text.source.referenced, what, "add it to `groups`");
        }
        if text.states.is_some() {
            self.counts_nothing(file, name, text);
        }
        self.tried(file, name, rule, &made);
    }

    /// That a rule of states reports no number: it would be one that no rule has counted.
    fn counts_nothing(&mut self, file: &str, name: &str, text: &RuleText) {
        let Some(content) = self.folder.file(&text.mapping.value) else { return };
        if let Some(found) = identifiers(content).find(|found| BOOKED.contains(found)) {
            let what = format!("{} reports `{found}` of the states of the rule {name}, and a state is no count", text.mapping.value);
            self.say(file, text.mapping.referenced, what, "report quantities by a rule with `counts`, in a mapping of its own");
        }
    }

    /// That somebody said what it is to do, and that it does.
    fn tried(&mut self, file: &str, name: &str, rule: &Spanned<RuleText>, made: &Rule) {
        if rule.value.tests.is_empty() {
            let what = format!("nobody tried the rule {name}, and what comes of it may be booked");
            self.say(file, rule.referenced, what, "write `tests:`: readings as `given`, and as `then` what they become");
        }
        let tests = rule.value.mapping.value.strip_suffix(".jq").map(|stem| format!("{stem}.test.yaml"));
        if let Some(tests) = tests.filter(|tests| self.folder.file(tests).is_none()) {
            let what = format!("nobody tried the mapping of the rule {name}");
            self.say(file, rule.value.mapping.referenced, what, format!("write {tests}"));
        }
        for test in &rule.value.tests {
            if let Err(why) = holds(made, &test.value) {
                let what = format!("the test `{}` of the rule {name} fails: {why}", test.value.name);
                self.say(file, test.referenced, what, "mend the rule, or what the test wants of it");
            }
        }
    }
}

/// Whether the readings of a test become what it wants; if not, what they become.
fn holds(rule: &Rule, test: &RuleTestText) -> Result<(), String> {
    let mut run = Run::from(rule.clone(), Tally::default());
    let mut now = Instant::EPOCH;
    let (mut became, mut doubted) = (Vec::new(), 0);
    for reading in &test.given {
        now = now.plus(Duration::from_secs(reading.after_s.unwrap_or(60)));
        // What stood until now may have stood for long enough.
        collect(&mut run, now, &mut became, &mut doubted);
        run.hear(&metrics(rule, reading)?, if reading.anew { Came::Anew } else { Came::Live }, now);
        collect(&mut run, now, &mut became, &mut doubted);
    }
    collect(&mut run, now.plus(Duration::from_hours(1)), &mut became, &mut doubted);
    let (became, wanted) = (summed(became), summed(test.then.clone()));
    if became != wanted {
        return Err(format!("it gives {} and not {}", told(&became), told(&wanted)));
    }
    if doubted != test.doubted {
        return Err(format!("{doubted} are counted for nobody, and not {}", test.doubted));
    }
    Ok(())
}

/// What a reading says, the order first: it runs from now on.
fn metrics(rule: &Rule, reading: &ReadingText) -> Result<Vec<(String, Said)>, String> {
    let order = match (&reading.order, reading.no_order) {
        (Some(order), false) => Some(Said::Text(order.clone())),
        (None, true) => Some(Said::Nothing),
        (None, false) => None,
        (Some(_), true) => return Err("a reading has an order and none".to_owned()),
    };
    let value = match &reading.value {
        None => None,
        Some(serde_json::Value::Bool(flag)) => Some(Said::Flag(*flag)),
        Some(serde_json::Value::String(text)) => Some(Said::Text(text.clone())),
        Some(serde_json::Value::Number(number)) => {
            let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
            Some(whole.map_or_else(|| Said::Number(number.as_f64().unwrap_or_default()), Said::Whole))
        }
        Some(serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_)) => {
            return Err("a reading is a number, a text, or yes or no".to_owned());
        }
    };
    let order = rule.order.clone().zip(order);
    Ok(order.into_iter().chain(value.map(|value| (rule.metric.clone(), value))).collect())
}

fn collect(run: &mut Run, now: Instant, became: &mut Vec<BecomesText>, doubted: &mut u64) {
    let Some(tally) = run.due(now) else { return };
    for parcel in tally.parcels {
        run.told(&parcel);
        match &parcel.what {
            Seen::Count { count, .. } if parcel.doubt.is_some() => *doubted += count,
            Seen::Count { count, .. } => became.push(BecomesText { order: parcel.order.clone(), count: Some(*count), state: None }),
            Seen::State { state } => became.push(BecomesText { order: parcel.order.clone(), count: None, state: Some(state.clone()) }),
        }
    }
}

/// Counts summed by order, and states in their order.
fn summed(became: Vec<BecomesText>) -> Became {
    let (mut counts, mut states) = (BTreeMap::new(), Vec::new());
    for one in became {
        match (one.count, one.state) {
            (Some(count), _) => *counts.entry(one.order).or_default() += count,
            (None, Some(state)) => states.push((one.order, state)),
            (None, None) => {}
        }
    }
    (counts, states)
}

type Became = (BTreeMap<Option<String>, u64>, Vec<(Option<String>, String)>);

fn told((counts, states): &Became) -> String {
    let order = |order: &Option<String>| order.clone().unwrap_or_else(|| "no order".to_owned());
    let counts = counts.iter().map(|(of, count)| format!("{count} of {}", order(of)));
    let all: Vec<String> = counts.chain(states.iter().map(|(of, state)| format!("{state} of {}", order(of)))).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
