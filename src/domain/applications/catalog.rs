//! All applications, in memory: every request to one of them asks here, and
//! none asks the database.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::application::Application;
use super::decide::{Verdict, decide};
use super::draft::{Draft, Fault, Surroundings};
use super::question::Question;
use super::tables::{Column, Entity, VERSION};
use crate::base::error::Result;
use crate::base::host::Authority;
use crate::base::store::numbers;
use crate::base::timestamp::Timestamp;

/// How long the table may go unread before nobody relies on what was read.
const SILENCE: Duration = Duration::from_secs(5);

/// An application that is on record.
#[derive(Clone, Debug)]
pub struct Found {
    /// Never changes.
    pub id: Uuid,
    /// What it is.
    pub application: Application,
    /// How it was written.
    pub draft: Draft,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// An application that is on record and admits nobody, because it cannot be read.
#[derive(Clone, Debug)]
pub struct Unusable {
    /// Its short name.
    pub slug: String,
    /// How it was written with what is wrong with that, or why not even that can be read.
    pub written: Result<(Draft, Vec<Fault>), String>,
}

/// All applications at one moment.
#[derive(Debug, Default)]
pub struct Catalog {
    version: i64,
    /// By short name.
    found: Vec<Arc<Found>>,
    unusable: Vec<Unusable>,
    by_slug: HashMap<String, Arc<Found>>,
    by_host: HashMap<String, Arc<Found>>,
}

impl Catalog {
    fn of(version: i64, found: Vec<Arc<Found>>, unusable: Vec<Unusable>) -> Self {
        let mut catalog = Self { version, unusable, ..Self::default() };
        for one in &found {
            catalog.by_slug.insert(one.application.slug.clone(), Arc::clone(one));
            for host in one.application.hosts.iter().filter_map(|host| host.single()) {
                catalog.by_host.insert(host.host().to_owned(), Arc::clone(one));
            }
        }
        Self { found, ..catalog }
    }

    /// All of them, by short name.
    pub fn all(&self) -> &[Arc<Found>] {
        &self.found
    }

    /// Those that admit nobody, by short name.
    pub fn unusable(&self) -> &[Unusable] {
        &self.unusable
    }

    /// The application of that short name.
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<Found>> {
        self.by_slug.get(slug)
    }

    /// The application that is reached there: a single host goes before those
    /// below another, and of these the longest.
    pub fn by_host(&self, asked: &Authority) -> Option<&Arc<Found>> {
        if let Some(found) = self.by_host.get(asked.host()) {
            return Some(found).filter(|found| found.application.has_host(asked));
        }
        let of = |found: &Arc<Found>| {
            let hosts = found.application.hosts.iter().filter(|host| host.fits_name(asked.host()));
            hosts.map(|host| host.specificity()).max()
        };
        let best = self.found.iter().max_by_key(|found| of(found))?;
        Some(best).filter(|found| found.application.has_host(asked))
    }

    /// The application of that short name, if the request to it passes without signing in.
    pub fn open_to_strangers(
        &self,
        slug: &str,
        question: &Question,
        now: Timestamp,
    ) -> Option<Arc<Found>> {
        let found = self.by_host(&question.host)?;
        let allows = || decide(&found.application, question, None, now).verdict == Verdict::Allow;
        (found.application.slug == slug && allows()).then(|| Arc::clone(found))
    }
}

/// The catalog of one server process, and how it is kept up to date.
#[derive(Debug)]
pub struct Catalogs {
    own_host: String,
    now: RwLock<(Arc<Catalog>, Option<Instant>)>,
}

impl Catalogs {
    /// Of a service at that host. Fill it ([`Catalogs::sync`]) before it is asked.
    pub fn new(own_host: &str) -> Self {
        Self { own_host: own_host.to_owned(), now: RwLock::default() }
    }

    /// What a draft is checked with here.
    pub fn surroundings(&self, registration_is_open: bool) -> Surroundings<'_> {
        Surroundings { own_host: &self.own_host, registration_is_open }
    }

    /// The catalog as it was last read.
    pub fn current(&self) -> Arc<Catalog> {
        Arc::clone(&self.now.read().expect("no panic while the lock is held").0)
    }

    /// The same, if it was read recently enough to be relied on.
    pub fn fresh(&self) -> Option<Arc<Catalog>> {
        let now = self.now.read().expect("no panic while the lock is held");
        let is_fresh = now.1.is_some_and(|at| at.elapsed() < SILENCE);
        is_fresh.then(|| Arc::clone(&now.0))
    }

    /// Reads what has changed since the last time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sync(&self, db: &impl ConnectionTrait) -> Result<()> {
        let began = Instant::now();
        // Before the rows: they are at least as new.
        let version = numbers::get(db, VERSION).await?;
        let present = self.current();
        let is_first = self.now.read().expect("no panic while the lock is held").1.is_none();
        let read = if present.version == version && !is_first {
            present
        } else {
            let (found, unusable) = self.read(db).await?;
            Arc::new(Catalog::of(version, found, unusable))
        };
        let mut now = self.now.write().expect("no panic while the lock is held");
        // Another reading may have begun later and ended earlier.
        if now.0.version <= read.version {
            *now = (read, Some(began));
        }
        Ok(())
    }

    async fn read(&self, db: &impl ConnectionTrait) -> Result<(Vec<Arc<Found>>, Vec<Unusable>)> {
        let rows = Entity::find().order_by_asc(Column::Slug).all(db).await?;
        let (mut found, mut unusable) = (vec![], vec![]);
        for row in rows {
            let written = match Draft::stored(&row.draft) {
                Ok(draft) => match draft.parse(self.surroundings(false)) {
                    Ok(application) => {
                        found.push(Arc::new(Found {
                            id: row.id,
                            application,
                            draft,
                            created_at: row.created_at,
                            changed_at: row.changed_at,
                        }));
                        continue;
                    }
                    Err(faults) => Ok((draft, faults)),
                },
                Err(why) => Err(why.to_string()),
            };
            let first = written.as_ref().map(|(_, faults)| faults.first().map(|one| one.refusal));
            tracing::error!(application = row.slug, why = ?first, "application.unusable");
            unusable.push(Unusable { slug: row.slug, written });
        }
        Ok((found, unusable))
    }
}

/// The short names of those of these applications that still exist.
///
/// # Errors
/// The database failed.
pub async fn slugs(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<Vec<String>> {
    let these = Entity::find().filter(Column::Id.is_in(ids)).order_by_asc(Column::Slug);
    Ok(these.all(db).await?.into_iter().map(|row| row.slug).collect())
}
