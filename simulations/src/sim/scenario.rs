//! Scenarios as data: how much work there is, what is a little wrong all the time, and what goes wrong at which minute.

use takt_protocol::book::SiteKind;

use crate::world::habits::Habit;

mod all;

pub use all::ALL;
pub(super) use all::ORDINARY;
#[cfg(test)]
pub(super) use all::WILD;

/// A scenario.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called at the command line.
    pub name: &'static str,
    /// What it is about, in a line.
    pub about: &'static str,
    /// When it begins.
    pub begins: &'static str,
    /// For how many hours people work and things go wrong; then all is healed.
    pub hours: u64,
    /// Minutes between two orders of a plant.
    pub order_every_min: u64,
    /// Pieces of an order, at most.
    pub pieces_max: u64,
    /// Seconds that a machine takes for a piece.
    pub piece_s: u32,
    /// Orders that a planner asks for at once, at the same moment as those of every other plant; 0 for one at a time, by chance.
    pub orders_together: u64,
    /// Plants in the place of each one of the demo's.
    pub sisters: u64,
    /// Minutes between two questions of quality about a lot that is on its way; 0 for none.
    pub hold_every_min: u64,
    /// Whether regions speak over lines that one of the two dials, as where each has machines of its own; else one brings mail to the other.
    pub lines: bool,
    /// What is a little wrong all the time.
    pub odds: Odds,
    /// What happens when.
    pub blows: &'static [Blow],
    /// What must have taken effect at the end, or the run proves nothing: names as they stand in the account.
    pub must: &'static [&'static str],
}

impl Scenario {
    /// Whether a run takes minutes, not seconds.
    pub fn is_long(&self) -> bool {
        self.hours > 100 || self.sisters > 1
    }
}

/// What is a little wrong all the time. Each number is one in so many; 0 is never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Odds {
    /// Requests to a system that are not heard.
    pub request_lost: u64,
    /// Answers of a system that are lost after the effect.
    pub answer_lost: u64,
    /// Requests that are heard after everybody gave up on them.
    pub heard_late: u64,
    /// Messages of a system that are not heard.
    pub message_lost: u64,
    /// Messages whose acknowledgement is lost.
    pub acknowledgement_lost: u64,
    /// Messages that come a second time, up to ten minutes later.
    pub told_twice: u64,
    /// Operations of an engine that are lost, late, or lose their answer.
    pub engine_trouble: u64,
    /// Operations of an engine at which the node dies.
    pub crash: u64,
    /// Chance in a thousand that a message of a system overtakes others, or that an answer is slow.
    pub habits_per_mille: u32,
}

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub struct Blow {
    /// So many minutes after the begin.
    pub at_min: u64,
    /// For so long.
    pub lasts_min: u64,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// A region is cut off from the others, and from all systems that are not its own.
    WanCut,
    /// The systems of a kind do not answer and say nothing.
    Down(SiteKind),
    /// The systems of a kind have bad habits: which, and in how many of a thousand cases.
    Habits(SiteKind, &'static [(Habit, u32)]),
    /// A region has no node.
    NodeLost,
    /// A region is cut off, and its node is started again and again meanwhile.
    RebootedOffline,
    /// The region of the first plant is cut off, and it is counted how it comes through.
    PlantCut,
    /// The clock of a region is wrong: so far ahead, and so much too fast from then on, in parts of a million.
    WrongClock {
        /// How far ahead, in ms.
        ahead_ms: i64,
        /// How much too fast.
        drift_ppm: i64,
    },
    /// The disk under a region's engine.
    Disk(Disk),
    /// Counts are corrected at every plant.
    Corrections,
    /// The plants' posting rules are changed while orders are under way: another version, and other triggers.
    RulesChanged,
    /// From now on the orders of every plant are another ERP's; those that are open stay where they are.
    CutOver,
    /// The node of each region in turn is replaced by one that cannot read its snapshots and views, as after a change of the binary.
    OtherBinary,
    /// A backup of a region is taken; later it loses everything and is restored from that, and compared in the end.
    FromBackup {
        /// How many minutes the backup is behind.
        behind_min: u64,
        /// For how many minutes nothing may go out.
        reconciling_min: u64,
    },
    /// People ask for what cannot be, and machines break.
    Mistakes,
    /// People do at their own systems what they tell nobody.
    BehindOurBack,
    /// The ERPs close the month.
    PeriodClosed,
    /// The ERPs take no goods postings, and somebody posts by hand what waits.
    PostedByHand,
}

impl What {
    /// What it is, in a few words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WanCut => "cut off",
            Self::Down(_) => "down",
            Self::Habits(..) => "bad habits",
            Self::NodeLost => "no node",
            Self::RebootedOffline => "cut off, and rebooted",
            Self::PlantCut => "a plant is cut off",
            Self::WrongClock { .. } => "wrong clock",
            Self::Disk(Disk::Full) => "disk full",
            Self::Disk(Disk::Slow) => "disk slow",
            Self::Disk(Disk::Gone) => "servers gone",
            Self::Disk(Disk::Unsteady) => "servers unsteady",
            Self::Corrections => "counts corrected",
            Self::RulesChanged => "rules changed",
            Self::CutOver => "orders go to another ERP",
            Self::OtherBinary => "nodes replaced",
            Self::FromBackup { .. } => "restored from a backup",
            Self::Mistakes => "people make mistakes",
            Self::BehindOurBack => "done behind our back",
            Self::PeriodClosed => "period closed",
            Self::PostedByHand => "posted by hand",
        }
    }
}

/// What can be wrong with the disk under an engine, or with the servers that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// Nothing can be written.
    Full,
    /// Everything takes long.
    Slow,
    /// Nothing can be written nor read.
    Gone,
    /// The servers elect a leader again and again: of what is asked of them meanwhile, reading or writing, some is refused.
    Unsteady,
}

/// Every scenario.
pub fn every() -> impl Iterator<Item = &'static Scenario> {
    const { &ALL }.iter()
}

/// The runs that a text lists: a seed and a scenario a line, and behind them for people what it was.
pub fn listed(text: &str) -> Result<Vec<(u64, &'static Scenario)>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let run = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse().ok()?, named(words.next()?)?))
    };
    lines.map(|line| run(line).ok_or_else(|| format!("`{line}` is no run: write a seed and the name of a scenario"))).collect()
}

/// The scenario of a name.
pub fn named(name: &str) -> Option<&'static Scenario> {
    const { &ALL }.iter().find(|scenario| scenario.name == name)
}
