//! The log's rows. All messages that one transaction adds to a shard stand in one row, because a tree insert costs more
//! than a message: a row's key is its first sequence, and its messages follow each other without a gap.

use bytes::Bytes;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::Region;

/// An entity's key in the file: kind, generation, local part.
pub(super) const KEY_LEN: usize = 19;
/// Before each message: its entity, the sequence of that entity's message before it, its length.
const HEAD_LEN: usize = KEY_LEN + 8 + 4;

/// A message as it stands in a row.
pub(super) struct Row {
    pub(super) entity: EntityId,
    pub(super) previous: u64,
    pub(super) bytes: Bytes,
}

/// The entity's key.
pub(super) fn key(entity: &EntityId) -> [u8; KEY_LEN] {
    let mut key = [0; KEY_LEN];
    let (kind, rest) = key.split_at_mut(1);
    let (generation, local) = rest.split_at_mut(2);
    kind.copy_from_slice(&[entity.kind() as u8]);
    generation.copy_from_slice(&entity.generation().to_be_bytes());
    local.copy_from_slice(&entity.local().to_be_bytes());
    key
}

/// Adds a message to a row.
pub(super) fn push(row: &mut Vec<u8>, entity: &EntityId, previous: u64, bytes: &[u8]) {
    row.extend_from_slice(&key(entity));
    row.extend_from_slice(&previous.to_be_bytes());
    row.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    row.extend_from_slice(bytes);
}

/// The messages of a row from position `skip` on. A row that ends too early ends the walk: the caller sees the gap.
pub(super) fn walk(row: &[u8], region: Region, skip: usize) -> impl Iterator<Item = Row> {
    let mut rest = row;
    for _ in 0..skip {
        rest = cut(rest).map_or(&[][..], |(_, after)| after);
    }
    std::iter::from_fn(move || {
        let (message, after) = cut(rest)?;
        rest = after;
        read(message, region)
    })
}

/// The first message of what is left, and the rest.
fn cut(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = rest.get(KEY_LEN + 8..HEAD_LEN)?;
    let len = u32::from_be_bytes(len.try_into().ok()?) as usize;
    rest.split_at_checked(HEAD_LEN + len)
}

fn read(message: &[u8], region: Region) -> Option<Row> {
    let kind = Kind::ALL.into_iter().find(|kind| message.first() == Some(&(*kind as u8)))?;
    let generation = u16::from_be_bytes(message.get(1..3)?.try_into().ok()?);
    let local = u128::from_be_bytes(message.get(3..KEY_LEN)?.try_into().ok()?);
    let previous = u64::from_be_bytes(message.get(KEY_LEN..KEY_LEN + 8)?.try_into().ok()?);
    let bytes = Bytes::copy_from_slice(message.get(HEAD_LEN..)?);
    Some(Row { entity: EntityId::from_parts(kind, region, generation, local), previous, bytes })
}
