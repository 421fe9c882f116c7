//! Tables as sea-orm entities, one file a table. A table that only set-based statements use has none: `change_batch`,
//! `count_change`, `idempotency_key`, `presence_hour`, `seat_hold`. Ids and statuses have the types of `domain`. The migrations explain the
//! columns. The audit log shows the fields of a row that are serialized.

pub mod activity;
pub mod api_key;
pub mod audit_entry;
pub mod booking;
pub mod change_log;
pub mod check_in;
pub mod erased_identity;
pub mod imported_session;
pub mod installation;
pub mod person;
pub mod presence;
pub mod queue_place;
pub mod session;
pub mod session_instance;
pub mod session_organizer;
pub mod session_skip;
pub mod sweep_run;
pub mod time_slot;
pub mod uptime;
