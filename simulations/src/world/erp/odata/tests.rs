//! Dates and paths as SAP writes them.

use jiff::civil::date;

use super::super::super::moment::{Moment, Zone};
use super::{day_text, instant_text, predicates, read_day, target, time_text};

#[test]
fn a_day_is_written_as_midnight_utc_and_read_back_in_three_spellings() {
    let day = date(2026, 11, 24);
    assert_eq!(day_text(day), "/Date(1795478400000)/");
    for text in ["/Date(1795478400000)/", "2026-11-24", "2026-11-24T00:00:00"] {
        assert_eq!(read_day(text).unwrap(), day, "{text}");
    }
    assert!(read_day("24.11.2026").is_err());
}

#[test]
fn an_instant_is_utc_and_a_time_of_day_is_local() {
    let moment = Moment::from_millis(1_795_486_331_000);
    assert_eq!(instant_text(moment), "/Date(1795486331000+0000)/");
    assert_eq!(time_text(&Zone::named("Europe/Berlin").unwrap(), moment), "PT03H12M11S");
}

#[test]
fn a_path_names_service_set_key_and_navigation() {
    let path = "/sap/opu/odata/sap/SRV;v=0002/A_Set(Year='2026',No='1')/to_Item";
    let target = target(path).unwrap();
    assert_eq!((target.service, target.set, target.rest), ("SRV", "A_Set", Some("to_Item")));
    assert_eq!(target.key, predicates("Year='2026',No='1'"));
    assert_eq!(target.key.len(), 2);
}
