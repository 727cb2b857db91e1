//! Transition 20: a person has a document of the order taken back in the ERP. Guarded by role, reason and an open period.

use super::Turn;
use crate::answer::Answer;
use crate::calendar::PeriodBook;
use crate::case::CaseKind;
use crate::instant::Instant;
use crate::kernel::refuse;
use crate::order::Fact;
use crate::posting::{self, PostingFact, Standing, Stuck};
use crate::refusal::Code;
use crate::words::DocNo;

/// How old a reading may be that says that a document is not there.
const READ_LATELY: std::time::Duration = std::time::Duration::from_hours(1);

impl Turn<'_, '_> {
    /// Takes a posted document back.
    pub(super) fn wish_reversal(&mut self, number: u32) -> Answer {
        let finance = &self.context.book.policy.finance_roles;
        let who = self.envelope.who.as_ref().filter(|who| finance.iter().any(|role| role.as_str() == who.role));
        let Some(who) = who else {
            return refuse(Code::NotOwner, "only finance may take a document back".into(), "hand it to finance", "who.role");
        };
        let Some(reason) = &who.reason else {
            return refuse(Code::Schema, "a reversal needs a reason".into(), "say why the document is wrong", "reason");
        };
        let by = format!("{} ({reason})", who.user);
        if let Some(read) = self.never_there(number) {
            return self.disown(number, read, &by);
        }
        if !self.order.business.takes_postings() {
            let text = "the ERP takes no postings for this order in its present state".to_owned();
            return refuse(Code::State, text, "reopen the order in its ERP first", "order");
        }
        let periods = self.order.header.as_ref().and_then(|header| self.context.book.sites.get(&header.erp)).map(|site| &site.periods);
        let today = self.calendar().posting_date(self.context.now);
        match posting::take_back(&self.order.ledger, number, &by, today, periods.unwrap_or(&PeriodBook::default())) {
            Ok(fact) => self.take_back(fact),
            Err(stuck) => refuse(code(&stuck), stuck.to_string(), "look at how the posting stands now", "posting"),
        }
    }

    /// The document that a posting was adopted under on somebody's word, and when the books of its ERP were read that have no such one;
    /// nothing where they were not read twice.
    fn never_there(&self, number: u32) -> Option<(DocNo, Instant)> {
        let Standing::Adopted { document } = &self.order.ledger.posting(number)?.standing else { return None };
        let erp = self.order.header.as_ref()?.erp;
        let read = self.order.books.get(&erp)?.last.as_ref()?;
        let differs = self.common.cases_about(&CaseKind::BooksDiffer, &crate::books::about(erp)).next().is_some();
        (differs && read.rows.iter().any(|row| row.absent.contains(document))).then(|| (document.clone(), read.read_at))
    }

    /// What was adopted by mistake waits again. Nothing is posted: what never was there cannot be taken back there. For ledger and lots
    /// it is a reversal that is done with the word that it is.
    fn disown(&mut self, number: u32, (document, read_at): (DocNo, Instant), by: &str) -> Answer {
        if self.context.now.since(read_at) > READ_LATELY {
            let text = format!("document {document} was not in the ERP at {read_at}, and may be by now");
            return refuse(Code::State, text, "have its books read again first (takt reconcile)", "posting");
        }
        let today = self.calendar().posting_date(self.context.now);
        let fact = match posting::take_back(&self.order.ledger, number, by, today, &PeriodBook::default()) {
            Ok(fact) => fact,
            Err(stuck) => return refuse(code(&stuck), stuck.to_string(), "look at how the posting stands now", "posting"),
        };
        let PostingFact::TakenBack { back, again, .. } = fact else { return Answer::Accepted };
        let why = format!("it was adopted as document {document}, which its ERP does not have; {by} took that word back");
        let (lines, number, waits) = (back.lines.clone(), back.number, again.as_ref().clone());
        self.note(Fact::Posting(PostingFact::TakenBack { back, again, why: why.clone() }));
        self.note(Fact::Posting(PostingFact::Stands { posting: number, standing: Standing::Adopted { document } }));
        self.tell_lots(number, &lines.iter().collect::<Vec<_>>());
        self.park_case(&waits, &why, None, None);
        Answer::Accepted
    }

    fn take_back(&mut self, fact: PostingFact) -> Answer {
        let PostingFact::TakenBack { back, again, why } = &fact else { return Answer::Accepted };
        let (back, again, why) = (back.as_ref().clone(), again.as_ref().clone(), why.clone());
        self.note(Fact::Posting(fact));
        self.send_posting(back);
        self.park_case(&again, &why, None, None);
        Answer::Accepted
    }
}

fn code(stuck: &Stuck) -> Code {
    match stuck {
        Stuck::Closed { .. } | Stuck::Frozen(_) => Code::PeriodClosed,
        Stuck::NotParked(_) | Stuck::NotPosted(_) | Stuck::NothingStands(_) | Stuck::After(_) | Stuck::Uncovered => Code::State,
    }
}
