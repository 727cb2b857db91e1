//! What a SQLSTATE means for an errand whose transaction did not commit. The classes are those of ISO 9075 and of PostgreSQL's
//! appendix A; `HY000` is MySQL's word for everything that has no class, so its number counts there.

use super::desk::Problem;
use crate::link::Sent;

/// Numbers of MySQL and MariaDB that pass by themselves: a lock, too much to do, a time limit, a server that is being changed over.
const PASSING: [u16; 9] = [1040, 1053, 1205, 1206, 1213, 1290, 1836, 1969, 3024];

/// Numbers of MySQL that are about a value that stands in the message: a column without a value, a value that a column cannot hold.
const VALUES: [u16; 5] = [1264, 1265, 1292, 1364, 1366];

/// States that pass by themselves although others of their class do not: a server that only reads, because another one is about to take
/// over from it, and a transaction of ours that idled.
const WAITING: [&str; 2] = ["25006", "25P03"];

/// What becomes of an errand. Nothing was done, so the only question is who has to move: nobody, the one who sent the message, or
/// the one who configured the link.
pub(super) fn sent(problem: &Problem) -> Sent {
    let class = problem.state.get(..2).unwrap_or_default();
    let passes = PASSING.contains(&problem.number);
    match class {
        _ if passes || WAITING.contains(&problem.state.as_str()) => Sent::NotDone { why: problem.to_string() },
        "08" | "40" | "53" | "55" | "57" | "58" | "70" | "XX" => Sent::NotDone { why: problem.to_string() },
        "02" | "21" | "22" | "23" | "44" | "45" | "P0" => refused(problem),
        _ if VALUES.contains(&problem.number) => refused(problem),
        _ => Sent::Misconfigured { why: format!("{problem}: check the statement of the mapping, and the rights of its user") },
    }
}

fn refused(problem: &Problem) -> Sent {
    Sent::Rejected { code: problem.state.clone(), text: problem.text.clone() }
}

/// Whether an error in answer to a commit says that everything was rolled back. Of any other, nobody knows.
pub(super) fn was_rolled_back(state: &str) -> bool {
    state != "40003" && ["22", "23", "40", "44", "45", "P0"].contains(&state.get(..2).unwrap_or_default())
}

/// Whether asking the same again would be answered the same: the statement is wrong, and not the moment.
pub(super) fn is_about_the_question(problem: &Problem) -> bool {
    let class = problem.state.get(..2).unwrap_or_default();
    !PASSING.contains(&problem.number) && ["07", "0A", "21", "22", "23", "25", "28", "3D", "3F", "42", "45", "P0"].contains(&class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(state: &str, number: u16) -> Sent {
        sent(&Problem { state: state.to_owned(), number, text: "x".to_owned(), constraint: None })
    }

    #[test]
    fn who_has_to_move_is_told_by_the_class() {
        for state in ["40001", "40P01", "55P03", "57014", "57P01", "53300", "08006", "XX000", "25006"] {
            assert!(matches!(said(state, 0), Sent::NotDone { .. }), "{state}");
        }
        for state in ["23505", "23514", "22003", "P0001", "45000"] {
            assert!(matches!(said(state, 0), Sent::Rejected { .. }), "{state}");
        }
        for state in ["42P01", "42501", "28P01", "3D000", "25001", ""] {
            assert!(matches!(said(state, 0), Sent::Misconfigured { .. }), "{state}");
        }
        assert!(matches!(said("HY000", 1205), Sent::NotDone { .. }), "a lock");
        assert!(matches!(said("HY000", 1364), Sent::Rejected { .. }), "a column without a value");
        assert!(matches!(said("HY000", 1), Sent::Misconfigured { .. }));
    }

    #[test]
    fn only_what_says_so_was_rolled_back() {
        assert!(was_rolled_back("23505") && was_rolled_back("40001"));
        assert!(!was_rolled_back("40003") && !was_rolled_back("57P01") && !was_rolled_back("08006") && !was_rolled_back(""));
    }
}
