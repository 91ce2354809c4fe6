//! The managed PostgreSQL + PostGIS: finding its programs, making a cluster, running it, and looking at an external one.
//!
//! This module knows no table. [`Cluster::start`] gives a database with PostGIS on a unix socket under the data
//! directory and keeps it running until [`Cluster::stop`]; [`inspect`] says what an external database lacks.
//!
//! ```text
//! DATA_DIR/lock          held by the one process that runs this cluster (`lock`)
//! DATA_DIR/pg/           of the user that runs PostgreSQL, mode 0700
//!            data/       the cluster
//!            run/        its socket, unless the path is longer than a socket's may be
//!            log, log.1  what PostgreSQL says
//! ```
//!
//! **Who may connect.** The socket lies in a directory of mode 0700 and the cluster admits `peer` only: the kernel tells
//! PostgreSQL the connecting process's user, and a map admits the user that runs the cluster and, where root started
//! it, root. So there is no password to store, to leak into a process list or a log, or to rotate, and the server
//! that runs as root connects without stepping down.

mod account;
mod binaries;
mod cluster;
mod error;
mod inspect;
mod keeper;
mod leftovers;
mod lock;

pub use binaries::Binaries;
pub use cluster::{Attached, Cluster, Options, attach, running_url};
pub use error::PgError;
pub use inspect::{Finding, Inspection, inspect, install_postgis};
pub use keeper::Status;

/// The oldest major version of PostgreSQL that serves.
pub const OLDEST_MAJOR: u32 = 15;

/// The oldest PostGIS that serves, as major and minor version.
pub const OLDEST_POSTGIS: (u32, u32) = (3, 1);
