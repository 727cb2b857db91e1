//! The keys of the index's rows: how names, things, moments and places become bytes that sort as they do.

use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};

use super::brief::{Due, Lane, Since};

/// No number contains it.
pub(super) const END: u8 = 0;

/// Where everything begins that is known by a number.
pub(super) fn number_key(number: &NativeId) -> Vec<u8> {
    let mut key = number.normal().as_bytes().to_vec();
    key.push(END);
    key
}

/// A name as it is matched.
pub(super) fn name_key(name: &Ref) -> Vec<u8> {
    let mut key = number_key(&name.id);
    key.push(name.kind as u8);
    key.extend_from_slice(name.system.as_str().as_bytes());
    key
}

/// The name of a key, its number in the form for matching.
pub(super) fn name_of(key: &[u8]) -> Option<Ref> {
    let end = key.iter().position(|byte| *byte == END)?;
    let (number, rest) = key.split_at_checked(end)?;
    let (kind, system) = rest.get(1..)?.split_first()?;
    let kind = *NativeKind::ALL.get(usize::from(*kind))?;
    let text = |bytes| std::str::from_utf8(bytes).ok();
    Some(Ref::new(SiteId::parse(text(system)?).ok()?, kind, NativeId::parse(text(number)?).ok()?))
}

/// Sorts as ids do.
pub(super) fn entity_key(entity: EntityId) -> Vec<u8> {
    let mut key = vec![entity.kind() as u8];
    key.extend_from_slice(entity.region().as_str().as_bytes());
    key.push(END);
    key.extend_from_slice(&entity.generation().to_be_bytes());
    key.extend_from_slice(&entity.local().to_be_bytes());
    key
}

/// The entity of a key that begins with one.
pub(super) fn entity_of(key: &[u8]) -> Option<EntityId> {
    let (kind, rest) = key.split_first()?;
    let kind = *Kind::ALL.get(usize::from(*kind))?;
    let end = rest.iter().position(|byte| *byte == END)?;
    let region = Region::parse(std::str::from_utf8(rest.get(..end)?).ok()?).ok()?;
    let (generation, rest) = rest.get(end + 1..)?.split_first_chunk()?;
    let (local, _) = rest.split_first_chunk()?;
    Some(EntityId::from_parts(kind, region, u16::from_be_bytes(*generation), u128::from_be_bytes(*local)))
}

/// Where the orders of a lane begin; of one plant, or of all.
pub(super) fn lane_key(plant: Option<SiteId>, lane: Lane) -> Vec<u8> {
    let mut key = plant.map_or_else(Vec::new, |plant| called_key(plant.as_str()));
    key.extend([lane.progress as u8, u8::from(lane.taken), u8::from(lane.look)]);
    key
}

/// An order's place in its lane. Sorts as [`Due`] does.
pub(super) fn place_key(plant: Option<SiteId>, lane: Lane, due: Due) -> Vec<u8> {
    let mut key = lane_key(plant, lane);
    key.extend(due_key(due.at_ns));
    key.extend(entity_key(due.order));
    key
}

/// Behind what the wanted part of a lane begins.
pub(super) fn since_key(plant: Option<SiteId>, lane: Lane, since: Since) -> Option<Vec<u8>> {
    match since {
        Since::Start => None,
        // Every place that is due then is longer.
        Since::Due(at_ns) => Some([lane_key(plant, lane), due_key(at_ns).to_vec()].concat()),
        Since::Behind(due) => Some(place_key(plant, lane, due)),
    }
}

/// Sorts as the moments do, those before 1970 first.
pub(super) fn due_key(at_ns: i64) -> [u8; 8] {
    (at_ns ^ i64::MIN).to_be_bytes()
}

/// What [`place_key`] wrote behind its lane.
pub(super) fn due_of(key: &[u8]) -> Option<Due> {
    let (at, order) = key.split_first_chunk()?;
    Some(Due { at_ns: i64::from_be_bytes(*at) ^ i64::MIN, order: entity_of(order)? })
}

/// Where every case begins that people call so.
pub(super) fn called_key(short: &str) -> Vec<u8> {
    let mut key = short.as_bytes().to_vec();
    key.push(END);
    key
}

/// Where every case of a cause begins.
pub(super) fn cause_key(cause: &str) -> Vec<u8> {
    called_key(cause)
}

/// Something that an entity numbers: a case, an intent.
pub(super) fn numbered_key(entity: EntityId, number: u32) -> Vec<u8> {
    let mut key = entity_key(entity);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The number of a lot alone, then its whole name; nothing for names that are not `material/lot`.
pub(super) fn lot_key(name: &Ref) -> Option<Vec<u8>> {
    let number = name.id.as_str().split_once('/').filter(|_| name.kind == NativeKind::Lot)?.1;
    let mut key = number_key(&NativeId::parse(number).ok()?);
    key.extend(name_key(name));
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::super::Brief;
    use super::*;

    #[test]
    fn a_place_is_read_back_from_its_key_and_sorts_by_when_it_is_due() {
        let region = Region::parse("eu").unwrap();
        let lane = Brief::default().lane();
        let key = |at_ns, local| place_key(None, lane, Due { at_ns, order: EntityId::from_parts(Kind::Order, region, 1, local) });
        let sorted = [key(i64::MIN, 3), key(-1, 9), key(0, 1), key(0, 2), key(1, 0), key(i64::MAX, 0)];
        assert!(sorted.is_sorted());
        let order = EntityId::from_parts(Kind::Order, region, 1, 9);
        let behind = sorted[1].strip_prefix(&lane_key(None, lane)[..]).unwrap();
        assert_eq!(due_of(behind), Some(Due { at_ns: -1, order }));
    }

    #[test]
    fn a_name_is_read_back_from_its_key() {
        for kind in NativeKind::ALL {
            let name = Ref::new(SiteId::parse("erp-eu").unwrap(), kind, NativeId::parse("FG-100/N 7").unwrap());
            assert_eq!(name_of(&name_key(&name)), Some(name));
        }
    }
}
