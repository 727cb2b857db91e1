//! A file of a backup: records of some fields each, and a hash over all of them in their order. Written and read record by record, so
//! that a backup may be larger than memory.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use takt_protocol::envelope::RawRef;

/// The longest record: the longest message, and what stands beside it.
const RECORD_BYTES_MAX: usize = 64 << 20;

/// What a part held when it was whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    /// The hash over its records, in their order.
    pub(super) digest: RawRef,
    /// How many.
    pub(super) records: u64,
    /// How long they are together.
    pub(super) bytes: u64,
}

impl Default for Sum {
    fn default() -> Self {
        Self { digest: RawRef::from_bytes([0; 32]), records: 0, bytes: 0 }
    }
}

impl Sum {
    fn add(&mut self, record: &[u8]) {
        self.digest = RawRef::of(&[self.digest.bytes().as_slice(), RawRef::of(record).bytes().as_slice()].concat());
        self.records += 1;
        self.bytes += record.len() as u64;
    }
}

/// A part that is being written.
pub(super) struct Writer {
    file: BufWriter<File>,
    path: PathBuf,
    sum: Sum,
}

impl Writer {
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::options().write(true).create_new(true).open(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), sum: Sum::default() })
    }

    pub(super) fn put(&mut self, fields: &[&[u8]]) -> anyhow::Result<()> {
        let mut record = Vec::with_capacity(fields.iter().map(|field| field.len() + 4).sum());
        for field in fields {
            record.extend(length(field.len())?);
            record.extend_from_slice(field);
        }
        let written = length(record.len())?;
        self.file
            .write_all(&written)
            .and_then(|()| self.file.write_all(&record))
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        self.sum.add(&record);
        Ok(())
    }

    /// Durable, and what it holds.
    pub(super) fn end(mut self) -> anyhow::Result<Sum> {
        let ended = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        ended.with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(self.sum)
    }
}

/// A part that is being read.
pub(super) struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    sum: Sum,
}

impl Reader {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { file: BufReader::new(file), path: path.to_owned(), sum: Sum::default() })
    }

    /// The fields of the next record; `None` behind the last.
    pub(super) fn next<const N: usize>(&mut self) -> anyhow::Result<Option<[Vec<u8>; N]>> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", self.path.display())),
        }
        let length = u32::from_be_bytes(length) as usize;
        if length > RECORD_BYTES_MAX {
            bail!("{} is damaged at record {}: use another backup", self.path.display(), self.sum.records + 1);
        }
        let mut record = vec![0; length];
        let damaged = || format!("{} is damaged at record {}: use another backup", self.path.display(), self.sum.records + 1);
        self.file.read_exact(&mut record).with_context(damaged)?;
        let fields = fields(&record).with_context(damaged)?;
        self.sum.add(&record);
        Ok(Some(fields))
    }

    /// What was read so far.
    pub(super) fn sum(&self) -> Sum {
        self.sum
    }
}

fn length(length: usize) -> anyhow::Result<[u8; 4]> {
    Ok(u32::try_from(length).context("a record is too long")?.to_be_bytes())
}

fn fields<const N: usize>(mut record: &[u8]) -> Option<[Vec<u8>; N]> {
    let mut found = Vec::with_capacity(N);
    for _ in 0..N {
        let (length, rest) = record.split_first_chunk::<4>()?;
        let (field, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        found.push(field.to_vec());
        record = rest;
    }
    if record.is_empty() { found.try_into().ok() } else { None }
}
