//! Jingtu 净土: the registry of contaminated land, construction land and farmland together.
//!
//! One crate, one binary. Everything about a register lies in one folder; below it is a small floor, above it a small roof.
//!
//! # The map
//!
//! | Room | What is in it |
//! |---|---|
//! | [`kernel`] | words of the whole crate, without input or output: ids, [`Day`](kernel::Day) and [`Clock`](kernel::Clock), division codes, geometry, paging, [`Error`](kernel::Error), bilingual text, the form of a citation |
//! | [`standards`] | what an authority printed: the law's articles (one constant each), the calendar of rest days, land-use codes, industries; a table is a CSV beside its file, one row per printed row |
//! | [`config`] | the one typed configuration, and the only reader of the environment |
//! | [`pg`] | the managed PostgreSQL + PostGIS; knows no table |
//! | [`platform`] | what every register stands on: [`Act`](platform::Act) (the only way to write), [`Call`](platform::Call) (who asks), the audit chain, the outbox and those who are told of it, identity and the table of roles |
//! | [`layers`] | maps, generic: a [`Layer`](layers::Layer) is data, and collections, pages and tiles follow from it |
//! | [`registers`] | one folder per register; [`Register`](registers::Register) is what it declares, [`ALL`](registers::ALL) lists them |
//! | [`across`] | what reads many registers at once, such as the land check |
//! | [`api`] | the HTTP shell: router, document, guard, errors, what surrounds every request, the page |
//! | [`cli`] | one file per command |
//!
//! A file names only rooms of lower rank: `kernel` < `standards`, `config` < `pg`, `platform` < `layers` < `registers` <
//! `across` < `api` < `cli`. Inside a register, and inside a part of `across`:
//!
//! ```text
//! rules    pure decisions: facts and a day in, a decision with its articles out
//!   ↑
//! store    all SQL of this register's tables          layer    its layers, as data
//!   ↑
//! actions  use cases: load → rules → store → act.finish
//!   ↑
//! import   rows of a file become rows of a register
//!   ↑
//! http     requests, answers, routes
//! ```
//!
//! `mod.rs` is the register's face: what it is, its law, its life cycle, and all that others may name. Registers meet only
//! there, on a short list with reasons. `tests/architecture.rs` reads the files' tokens and says where this is broken.
//!
//! Where to look: a printed number or an article, [`standards`]; a rule of procedure, `registers/<x>/rules`; a rule that
//! weighs several registers, `across/<x>/rules`; who may do what, [`platform::identity`] and its `roles.txt`. Of a rule
//! only the article is known: search for its constant in [`standards::law`].
//!
//! # Invariants
//!
//! 1. Rules are pure and stated once, never again in SQL or in a handler. A refusal by law carries its articles to the
//!    client.
//! 2. Time enters through [`Act`](platform::Act) and [`Clock`](kernel::Clock) only; SQL does not ask the database's. A due
//!    date is computed from a day and the calendar of rest days, and can be computed again.
//! 3. A life cycle is one enum and one pure `step`; a test walks stage × event and commits the table as text.
//! 4. No commit without audit: transactions that write begin and commit in `platform/act.rs` only, and an act without an
//!    audit line is not committed. The lines are a hash chain.
//! 5. A table has one writer, and its name begins with the writer's. Tables of registers keep every version; nothing is
//!    overwritten or deleted, and no row is written outside an act: the database refuses it.
//! 6. Lists, layers and checks start from a [`Scope`](platform::Scope): which divisions, whose own, or the public. There is
//!    no unscoped list.
//! 7. SQL put together at run time lies in `layers/sql.rs`: identifiers from our constants, values bound. Everything else
//!    is `sqlx::query!`, checked when the crate is compiled (`.sqlx` is committed), save what `pg` says to a cluster, and what
//!    `platform::geofile` asks of a GeoPackage, which is a database of whoever sent it.
//! 8. What goes over the wire are view types in `http.rs`; domain types are not serialised to clients.
//! 9. Every operation declares its permission in `x-permission`; `api::guard` asks for it before anything of the request is
//!    read. Role × permission is a committed table, and an operation without a case in `tests/it/authorization.rs` fails.
//! 10. Errors speak Chinese and English, name the place in the input, and have stable codes.
//! 11. The environment is read by [`config`] only, and an unknown setting is an error.
//! 12. Generated files (`.sqlx`, `openapi/openapi.json`, committed tables) travel in the commit that changes them; one `make
//!     bless` refreshes all.
//!
//! # Adding a register
//!
//! A migration `NNNN_<register>_<what>.sql`; `src/registers/<x>/` with the files it needs, rules and their tests first; one
//! line in [`registers::ALL`]; `tests/it/<x>.rs`, and a case for each of its operations in `tests/it/authorization.rs`;
//! `make bless`, and read the diff as a reviewer would. Routes, collections, queryables, tiles and import targets follow
//! from the declaration.
//!
//! # Tests
//!
//! `tests/architecture.rs` holds the house's rules; `tests/it` is everything else that is tested through public surfaces, in
//! one binary, over HTTP on a real PostGIS: one database per test, cloned from a migrated template, and a clock that the
//! test moves.

// `cli/say.rs` writes to the terminal, and nothing else does: a reader that went away (`| head`) is no panic.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod across;
pub mod api;
pub mod cli;
pub mod config;
pub mod kernel;
pub mod layers;
pub mod pg;
pub mod platform;
pub mod registers;
pub mod standards;
