//! What a server's answer means for whoever asked: did it happen, did it not, or does nobody know? Numbers of nats-server
//! 2.15.1, each seen or read (its `errors.json`); a number that is not here is a refusal, and nothing was written.

use crate::Error;

/// Why a request did not bring what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The fence is not where the writer thinks it is, or a write to the same subject is on its way (10071, 10164). Not
    /// written. By itself no proof of another writer: the leader refuses correct ones too, now and then.
    Fence,
    /// Nobody could take it just now: no leader, a stream that is being placed (no responders, 10008, 10059). Not written.
    Absent,
    /// Nobody knows: no answer in time, a lost connection, a proposal without its end (10158, 10201).
    Silent,
    /// No room (10047, 10077, 10023). Not written.
    Full,
    /// There is no such message (10037).
    NoMessage,
    /// There is no such consumer (10014).
    NoConsumer,
    /// A stream or consumer of that name is there, and otherwise (10058, 10013, 10148).
    Otherwise,
    /// An atomic batch did not come whole, or too many are open (10176, 10210, 10211). Not written.
    Busy,
    /// Refused, with the server's words.
    Refused(String),
}

impl Fault {
    /// The fault of an error code of JetStream's API.
    pub(super) fn of(code: u64, words: &str) -> Self {
        match code {
            10071 | 10164 => Self::Fence,
            // 10059 is also said of a stream whose leader is being elected, 10005 and 10009 while too few servers are there.
            10008 | 10059 | 10005 | 10009 => Self::Absent,
            10158 | 10201 => Self::Silent,
            10023 | 10047 | 10077 | 10028 => Self::Full,
            10037 => Self::NoMessage,
            10014 => Self::NoConsumer,
            10058 | 10013 | 10148 => Self::Otherwise,
            10176 | 10210 | 10211 => Self::Busy,
            _ => Self::Refused(format!("{words} ({code})")),
        }
    }

    /// Whether the same may go well a little later, and surely did not happen now.
    pub(super) fn is_not_done(&self) -> bool {
        matches!(self, Self::Absent | Self::Busy)
    }

    /// The error for a caller who asked something of `place`.
    pub(super) fn error(self, place: &str) -> Error {
        let place = place.to_owned();
        match self {
            Self::Absent | Self::Silent | Self::Fence | Self::Busy | Self::NoConsumer => Error::Unreachable { place },
            Self::Full => Error::Full { place },
            Self::NoMessage => Error::Damaged { place, what: "a message that was there is gone".to_owned() },
            Self::Otherwise => Error::Refused { place, what: "something of that name is there, and is made otherwise".to_owned() },
            Self::Refused(words) => Error::Refused { place, what: words },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn both_codes_of_a_conflict_are_a_fence_and_none_of_them_is_an_end() {
        assert_eq!((Fault::of(10071, ""), Fault::of(10164, "")), (Fault::Fence, Fault::Fence));
    }

    #[test]
    fn what_was_surely_not_written_is_told_from_what_nobody_knows() {
        for code in [10008, 10059] {
            assert!(Fault::of(code, "").is_not_done(), "{code}");
        }
        for code in [10158, 10201] {
            assert_eq!(Fault::of(code, ""), Fault::Silent, "{code}");
        }
        assert!(!Fault::Silent.is_not_done());
    }

    #[test]
    fn a_number_nobody_told_us_of_is_a_refusal_with_its_words_and_is_not_tried_again() {
        let refused = Fault::of(10999, "no such thing").error("stream `X`");
        assert!(!refused.is_transient() && refused.to_string().contains("no such thing (10999)"), "{refused}");
    }
}
