//! The embedded engine: all seams of a region in one redb file, with nothing to install. One thread writes; it takes what
//! waits into one durable transaction, so that an fsync is shared by all who wait for it, and answers only then. What may
//! be lost (acknowledgements, the shelf) rides along and never causes an fsync of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

use redb::{Database, ReadableDatabase as _, ReadableTable as _};
use takt_protocol::name::Region;
use tokio::sync::{Notify, mpsc};

use crate::Error;
use crate::line::Line;
use crate::memory::Memory;
use crate::seam::{Clock, QueueName, Seams};

mod chunk;
mod job;
mod journal;
mod queue;
mod small;
mod table;
mod timers;
mod writer;

use job::Job;
use table::{QUEUE, disk};

/// How a store is made and bounded.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The region whose entities it keeps.
    pub region: Region,
    /// Shards of the log; fixed when the store is made.
    pub shards: u16,
    /// Requests that wait for the writer before callers have to wait.
    pub waiting_max: usize,
    /// Requests taken into one transaction.
    pub group_max: usize,
    /// Memory for pages of the file, in bytes.
    pub cache_bytes: usize,
}

impl Settings {
    /// What suits a plant or a demo.
    pub fn of(region: Region) -> Self {
        Self { region, shards: 1, waiting_max: 4_096, group_max: 1_024, cache_bytes: 256 << 20 }
    }
}

/// A region's store on disk.
pub struct Embedded {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    bell: tokio::task::JoinHandle<()>,
    bus: Memory,
}

struct Shared {
    /// Gone once the store is stopped, so that the file is free although somebody still holds a seam.
    database: RwLock<Option<Database>>,
    /// The last durable state, opened once for all who read it between two writes.
    reading: Mutex<Option<Arc<redb::ReadTransaction>>>,
    place: PathBuf,
    settings: Settings,
    incarnation: u64,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    lines: Mutex<BTreeMap<QueueName, Line>>,
    appended: Notify,
    queued: Notify,
    timed: Notify,
    clock: Arc<dyn Clock>,
}

impl Embedded {
    /// The format of the file; another one is refused.
    pub const FORMAT: u64 = 1;
    /// The name of the file.
    pub const FILE: &str = "truth.redb";

    /// Opens the store in `dir`, or makes it. Must be called on a tokio runtime, which rings its timers.
    pub fn open(dir: &Path, settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        std::fs::create_dir_all(dir).map_err(|error| disk("make the folder", dir, error))?;
        let place = dir.join(Self::FILE);
        let database = redb::Builder::new().set_cache_size(settings.cache_bytes).create(&place).map_err(|error| refused(&place, error))?;
        let incarnation = table::prepare(&database, &place, settings.shards)?;
        // The file is durable by now; its name in the folder must be so too, or a power cut takes the whole store.
        std::fs::File::open(dir).and_then(|folder| folder.sync_all()).map_err(|error| disk("make durable", dir, error))?;
        let lines = lines(&database, &place)?;
        let (jobs, waiting) = mpsc::channel(settings.waiting_max.max(1));
        let shared = Arc::new(Shared {
            database: RwLock::new(Some(database)),
            reading: Mutex::new(None),
            place,
            settings,
            incarnation,
            jobs: Mutex::new(Some(jobs)),
            lines: Mutex::new(lines),
            appended: Notify::new(),
            queued: Notify::new(),
            timed: Notify::new(),
            clock: Arc::clone(&clock),
        });
        let writer = writer::start(Arc::clone(&shared), waiting)?;
        let bell = tokio::spawn(timers::ring(Arc::clone(&shared)));
        let bus = Memory::new(settings.shards, clock, Box::new(crate::memory::Untroubled));
        Ok(Self { shared, writer: Some(writer), bell, bus })
    }

    /// Its seams.
    pub fn seams(&self) -> Seams {
        let talk = self.bus.seams();
        Seams {
            journal: Arc::clone(&self.shared) as _,
            queue: Arc::clone(&self.shared) as _,
            timers: Arc::clone(&self.shared) as _,
            blobs: Arc::clone(&self.shared) as _,
            shelf: Arc::clone(&self.shared) as _,
            lease: talk.lease,
            bus: talk.bus,
            clock: Arc::clone(&self.shared.clock),
        }
    }

    /// Where it is.
    pub fn place(&self) -> &Path {
        &self.shared.place
    }

    /// Answers what waits, closes the file, and returns when it is closed.
    pub fn stop(mut self) {
        self.shut();
    }

    fn shut(&mut self) {
        self.bell.abort();
        self.shared.close();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!(place = %self.shared.place.display(), "the writer of the store had failed");
        }
        let mut database = self.shared.database.write().unwrap_or_else(PoisonError::into_inner);
        self.shared.written();
        database.take();
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shut();
    }
}

impl Shared {
    fn jobs(&self) -> MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<QueueName, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last durable state.
    fn read(&self) -> Result<Arc<redb::ReadTransaction>, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let open = database.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        let mut reading = self.reading();
        if let Some(transaction) = reading.as_ref() {
            return Ok(Arc::clone(transaction));
        }
        // Begun under the lock: one begun before a write cannot be put here after it.
        let transaction = Arc::new(open.begin_read()?);
        *reading = Some(Arc::clone(&transaction));
        Ok(transaction)
    }

    fn reading(&self) -> MutexGuard<'_, Option<Arc<redb::ReadTransaction>>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is a newer state: it is read from now on, and the pages of the old one may be used again.
    fn written(&self) {
        self.reading().take();
    }

    /// The next state.
    fn write(&self) -> Result<redb::WriteTransaction, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let open = database.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        Ok(open.begin_write()?)
    }

    /// Hands a job to the writer; waits while too many wait.
    async fn hand_over(&self, job: Job) -> Result<(), Error> {
        let sender = self.jobs().clone().ok_or(Error::Stopped)?;
        sender.send(job).await.map_err(|_| Error::Stopped)
    }

    /// Nothing more is written: whoever waits for something new is told.
    fn close(&self) {
        self.jobs().take();
        self.appended.notify_waiters();
        self.queued.notify_waiters();
    }
}

/// The queues as they were when the store was last open.
fn lines(database: &Database, place: &Path) -> Result<BTreeMap<QueueName, Line>, Error> {
    let read = database.begin_read().map_err(|error| disk("read", place, error))?;
    let table = read.open_table(QUEUE).map_err(|error| disk("open the queues", place, error))?;
    let mut lines: BTreeMap<QueueName, Line> = BTreeMap::new();
    for row in table.iter().map_err(|error| disk("read the queues", place, error))? {
        let (key, _) = row.map_err(|error| disk("read the queues", place, error))?;
        let (name, number) = key.value();
        let queue = table::queue_name(name)
            .ok_or_else(|| Error::Damaged { place: place.display().to_string(), what: format!("unknown queue `{name}`") })?;
        lines.entry(queue).or_default().join(number);
    }
    Ok(lines)
}

fn refused(place: &Path, error: redb::DatabaseError) -> Error {
    let what = if matches!(error, redb::DatabaseError::DatabaseAlreadyOpen) {
        "another process has it open: stop that one, or choose another `--data`".to_owned()
    } else if let redb::DatabaseError::UpgradeRequired(version) = error {
        format!("it is of file format {version}, written by another version of Takt")
    } else {
        return disk("open the store", place, error);
    };
    Error::Refused { place: place.display().to_string(), what }
}

#[cfg(test)]
mod tests;
