//! Imports: files become rows of registers. The reader of the file, the job, the report and the all-or-nothing are here;
//! what a row is, its register's [`crate::registers::Importer`] says.
//!
//! A file goes through twice. The first pass reads its outline only (form, reference system, number of features), so that a
//! file that is broken near its end is refused before anything is written, and progress has an end to move to. The second
//! gives the features one by one; the whole file is never held as a tree.
//!
//! A dry run is the same code as a commit up to the last step, where its act is undone instead of finished.

mod crs;
mod hints;
mod http;
mod mapping;
pub mod reader;
mod run;
mod strict;
mod whole;
mod worker;

pub use crate::platform::crs::Crs;
pub use http::routes;
pub use run::{Mode, OnError, Options, Report, Watch, conclude, importer, noted, run, run_file};
pub use whole::{Elsewhere, elsewhere, features};
pub use worker::{Targets, run_worker, stored_options, submit, work_off};
