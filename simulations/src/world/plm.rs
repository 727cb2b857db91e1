//! A product data system (PLM). This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). It owns how an item is made at a plant: *revisions* of a bill of material with its
//! routing, each effective from a day until a day. Quantities are decimal text, days ISO; effectivity counts whole days of the plant.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `GET /revisions` | all of them; `?item=FG-100`, `?plant=nord`, `?state=released` |
//! | `GET /effective?item=FG-100&plant=nord&on=2026-12-01` | the released revision of that day; 404 `nothing_effective`; **409 `ambiguous`** with their names when there is more than one |
//! | `GET /releases?after=3` | `{"releases":[{"release":4,"what":"released", …the revision…}],"last":4}`: everything that was released, superseded or made obsolete, oldest first, at most 100 |
//!
//! ```json
//! { "item": "FG-100", "plant": "nord", "revision": "C", "state": "released", "effective_from": "2026-12-01", "effective_to": null,
//!   "base": "1000", "unit": "PC", "bom": [{ "pos": "0010", "op": "10", "item": "STEEL-3", "qty": "320", "unit": "KG" }],
//!   "routing": [{ "op": "10", "class": "PRESS", "text": "press" }], "approved_by": "A. Roth" }
//! ```
//! Refusals are `{"error":"…","detail":"…"}`.
//!
//! # What it tells
//!
//! `revision.released`, `revision.superseded`, `revision.obsoleted`: `item`, `plant`, `revision`, `effective_from`, `effective_to`, with `message`,
//! `topic`, `at`; the lane is the item. The bill of material is not in it: read.
//!
//! # Its rules
//!
//! A released revision is never edited. Releasing one ends the one that was open until then on the day before; one that would not have
//! begun by then is refused. No item may be made of itself, whatever is between. Operations that components name exist.
//!
//! # Its habits
//!
//! `overlaps`: a release does not end the one before, so both are effective. `changed_in_place`: a released revision is edited all
//! the same, keeps its name, and nobody is told.
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `POST /_sim/revisions` | a revision without `state` and `approved_by`: a draft; again it replaces the draft |
//! | `POST /_sim/revisions/{item}/{plant}/{revision}/release` | `{"approved_by":"A. Roth"}` |
//! | `POST /_sim/revisions/{item}/{plant}/{revision}/obsolete` | `{}`: effective no more, from the beginning of today |

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::exchange::{Method, Request, Response};
use super::front::{self, Answered, Refusal, Written, listed, no_such_path, read, refusal, shown, unknown, with};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use revisions::{Draft, Revision, Stage};

mod revisions;

/// Releases in one answer.
const PAGE: usize = 100;

/// Item, plant and name of a revision.
type Key = (String, String, String);

/// The product data system's rules and books.
#[derive(Clone, Debug)]
pub struct Plm {
    name: String,
    revisions: BTreeMap<Key, Revision>,
    releases: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    approved_by: String,
}

impl Plm {
    /// A product data system with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        House::new(Self { name: name.to_owned(), revisions: BTreeMap::new(), releases: Vec::new() }, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Answered {
        let key = |item: &str, plant: &str, name: &str| (item.to_owned(), plant.to_owned(), name.to_owned());
        match (request.method, request.segments().as_slice()) {
            (Method::Get, ["revisions"]) => Ok(listed(self.revisions.values().map(Revision::view), &request.query)),
            (Method::Get, ["effective"]) => self.effective(request),
            (Method::Get, ["releases"]) => self.releases_after(request),
            (Method::Post, ["_sim", "revisions"]) => self.draft(desk, read(request)?),
            (Method::Post, ["_sim", "revisions", item, plant, name, "release"]) => {
                self.release(desk, &key(item, plant, name), read::<Approval>(request)?.approved_by)
            }
            (Method::Post, ["_sim", "revisions", item, plant, name, "obsolete"]) => self.obsolete(desk, &key(item, plant, name)),
            _ => Err(no_such_path(request)),
        }
    }

    fn revision(&self, key: &Key) -> Result<&Revision, Refusal> {
        self.revisions.get(key).ok_or_else(|| unknown(&format!("{} {} {}", key.0, key.1, key.2)))
    }

    fn effective(&self, request: &Request) -> Answered {
        let asked = |name: &str| request.query.get(name).ok_or_else(|| refusal(400, "malformed", format!("`{name}` is missing")));
        let (item, plant, on) = (asked("item")?, asked("plant")?, asked("on")?);
        let on: Date = on.parse().map_err(|_| refusal(400, "malformed", format!("`{on}` is no day")))?;
        let here = self.revisions.values().filter(|one| one.is_of(item, plant) && one.is_effective(on));
        match here.collect::<Vec<_>>().as_slice() {
            [] => Err(refusal(404, "nothing_effective", format!("{item} at {plant} on {on}"))),
            [one] => Ok(shown(&one.view())),
            more => Err(refusal(409, "ambiguous", more.iter().map(|one| one.draft.revision.as_str()).collect::<Vec<_>>().join(", "))),
        }
    }

    fn releases_after(&self, request: &Request) -> Answered {
        let after = request.query.get("after").map_or(Ok(0), |text| text.parse::<usize>());
        let after = after.map_err(|_| refusal(400, "malformed", "`after` is the number of a release"))?;
        let page: Vec<&Value> = self.releases.iter().skip(after).take(PAGE).collect();
        Ok(shown(&json!({ "last": page.len() + after.min(self.releases.len()), "releases": page })))
    }

    /// Keeps a draft, in the place of one before it. What was released stays, but for a bad habit.
    fn draft(&mut self, desk: &mut Desk, draft: Draft) -> Answered {
        draft.check()?;
        let key = (draft.item.clone(), draft.plant.clone(), draft.revision.clone());
        let known = self.revisions.get(&key);
        let fresh = Revision { draft, stage: Stage::Draft, approved_by: None };
        let revision = match known.map(|known| (known.stage, known.approved_by.clone())) {
            None | Some((Stage::Draft, _)) => fresh,
            Some((stage, approved_by)) => {
                let place = format!("{} {} {}", key.0, key.1, key.2);
                if desk.habits.takes(Habit::ChangedInPlace, &place).is_none() {
                    return Err(refusal(409, "released", place));
                }
                self.no_circle(&fresh.draft)?;
                Revision { stage, approved_by, ..fresh }
            }
        };
        let view = revision.view();
        self.revisions.insert(key, revision);
        Ok(Response::json(201, &view))
    }

    fn release(&mut self, desk: &mut Desk, key: &Key, approved_by: String) -> Answered {
        let mut revision = self.revision(key)?.clone();
        match revision.stage {
            Stage::Draft => {}
            Stage::Released => return Ok(shown(&revision.view())),
            Stage::Obsolete => return Err(refusal(409, "obsolete", key.2.clone())),
        }
        self.no_circle(&revision.draft)?;
        let overlaps = desk.habits.takes(Habit::Overlaps, &key.0).is_some();
        if !overlaps {
            self.supersede(desk, &revision)?;
        }
        (revision.stage, revision.approved_by) = (Stage::Released, Some(approved_by));
        let view = revision.view();
        self.revisions.insert(key.clone(), revision.clone());
        self.note(desk, &revision, "released");
        Ok(shown(&view))
    }

    /// Ends what is open until now on the day before.
    fn supersede(&mut self, desk: &mut Desk, next: &Revision) -> Result<(), Refusal> {
        let from = next.draft.effective_from;
        let meets = |known: &&Revision| {
            known.is_of(&next.draft.item, &next.draft.plant) && known.stage == Stage::Released && known.draft.overlaps(&next.draft)
        };
        let met: Vec<Revision> = self.revisions.values().filter(meets).cloned().collect();
        let begun = |known: &Revision| known.draft.effective_from < from && known.draft.effective_to.is_none();
        if let Some(other) = met.iter().find(|known| !begun(known)) {
            return Err(refusal(409, "overlapping", other.draft.revision.clone()));
        }
        for mut before in met {
            before.draft.effective_to = from.yesterday().ok();
            self.revisions.insert(before.key(), before.clone());
            self.note(desk, &before, "superseded");
        }
        Ok(())
    }

    fn obsolete(&mut self, desk: &mut Desk, key: &Key) -> Answered {
        let mut revision = self.revision(key)?.clone();
        match revision.stage {
            Stage::Released => revision.stage = Stage::Obsolete,
            Stage::Obsolete => return Ok(shown(&revision.view())),
            Stage::Draft => return Err(refusal(409, "not_released", key.2.clone())),
        }
        let view = revision.view();
        self.revisions.insert(key.clone(), revision.clone());
        self.note(desk, &revision, "obsoleted");
        Ok(shown(&view))
    }

    /// Refuses an item that would be made of itself.
    fn no_circle(&self, draft: &Draft) -> Result<(), Refusal> {
        let (mut open, mut seen) = (draft.materials(), Vec::new());
        while let Some(item) = open.pop() {
            if item == draft.item {
                return Err(refusal(409, "circular", draft.item.clone()));
            }
            if !seen.contains(&item) {
                let inside = self.revisions.values().filter(|one| one.stage == Stage::Released && one.is_of(&item, &draft.plant));
                open.extend(inside.flat_map(|one| one.draft.materials()));
                seen.push(item);
            }
        }
        Ok(())
    }

    /// Something became of a revision: it goes on the list, and is told without what is in it.
    fn note(&mut self, desk: &mut Desk, revision: &Revision, what: &str) {
        let release = with(with(revision.view(), "release", json!(self.releases.len() + 1)), "what", json!(what));
        self.releases.push(release);
        let (draft, now) = (&revision.draft, desk.now);
        let body = json!({ "item": draft.item, "plant": draft.plant, "revision": draft.revision,
            "effective_from": draft.effective_from.to_string(), "effective_to": draft.effective_to.map(|day| day.to_string()) });
        front::tell(desk, &self.name, (&draft.item, &format!("revision.{what}")), (now, Written::Local), body);
    }
}

impl Rules for Plm {
    const KIND: Kind = Kind::Plm;
    const HABITS: &'static [Habit] = &[Habit::Overlaps, Habit::ChangedInPlace];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        self.serve(desk, request).unwrap_or_else(|refusal| refusal.response())
    }

    /// Nothing is released by itself.
    fn tick(&mut self, _desk: &mut Desk) -> bool {
        false
    }

    fn due(&self) -> Option<Moment> {
        None
    }

    fn books(&self) -> Value {
        json!({ "revisions": self.revisions.values().map(Revision::view).collect::<Vec<_>>(), "releases": self.releases })
    }

    fn locked(status: Option<u16>) -> Response {
        front::locked(status)
    }
}

#[cfg(test)]
mod tests;
