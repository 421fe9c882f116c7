//! Tables for sessions with their organisers and instances, and for people with their check-ins.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, boolean_null, date, date_null, integer, pk_auto, string, text, text_null,
    time_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
pub(crate) enum Session {
    Table,
    Id,
    Name,
    NameKey,
    Path,
    City,
    State,
    Country,
    Location,
    TimeZone,
    Recurrence,
    ActiveBufferMinutesBefore,
    ActiveBufferMinutesAfter,
    AutoCreateInstances,
    AutoCreateHoursAhead,
    InitiationDate,
    TerminationDate,
    Problem,
    NextCreateAt,
    NeedsRecompute,
    Revision,
    CreatedAt,
}

#[derive(DeriveIden)]
enum SessionOrganizer {
    Table,
    SessionId,
    PersonId,
}

#[derive(DeriveIden)]
pub(crate) enum SessionInstance {
    Table,
    Id,
    SessionId,
    Date,
    StartTime,
    EndTime,
    LocationOverride,
    StartsAt,
    EndsAt,
    OpensAt,
    ClosesAt,
    ListedAt,
    DueAt,
    IsActive,
    IsCancelled,
    OverrideActive,
    OverrideUntil,
    OccurrenceDate,
    OccurrenceStart,
    HasOwnTimes,
    IsCancelledByRecurrence,
    IsRemovedByRecurrence,
    DeletedAt,
    CreatedAt,
}

#[derive(DeriveIden)]
pub(crate) enum Person {
    Table,
    Id,
    DisplayName,
    NameKey,
    City,
    Country,
    IsDeactivated,
    HidesPlace,
    ActiveSessionInstanceId,
    CreatedAt,
}

#[derive(DeriveIden)]
enum CheckIn {
    Table,
    Id,
    SessionInstanceId,
    PersonId,
    Attendance,
    CheckedInAt,
    ArrivedAt,
}

/// A `bigint` primary key that the database assigns in ascending order.
pub(crate) fn big_key<T: IntoIden>(name: T) -> ColumnDef {
    pk_auto(name).big_integer().take()
}

pub(crate) fn foreign_key(
    from: (impl IntoIden, impl IntoIden),
    to: (impl IntoIden, impl IntoIden),
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(from.0.into_iden(), from.1.into_iden())
        .to(to.0.into_iden(), to.1.into_iden())
        .on_delete(on_delete)
        .to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(session()).await?;
        manager.create_table(session_instance()).await?;
        manager.create_table(person()).await?;
        manager.create_table(session_organizer()).await?;
        manager.create_table(check_in()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            // Names sort by code point on both databases, whatever the locale of the PostgreSQL cluster.
            for table in ["session", "person"] {
                let sql = format!(r#"ALTER TABLE "{table}" ALTER COLUMN "name_key" TYPE text COLLATE "C""#);
                manager.get_connection().execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["check_in", "session_organizer", "person", "session_instance", "session"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        Ok(())
    }
}

fn session() -> TableCreateStatement {
    Table::create()
        .table(Session::Table)
        .col(big_key(Session::Id))
        .col(text(Session::Name))
        // The name in lower case, by the rules of Unicode. Sorting and searching use it.
        .col(text(Session::NameKey))
        .col(string(Session::Path).unique_key())
        .col(text_null(Session::City))
        .col(text_null(Session::State))
        .col(text_null(Session::Country))
        .col(text_null(Session::Location))
        .col(text(Session::TimeZone))
        // The JSON form of domain::recurrence. Null means no regular schedule.
        .col(text_null(Session::Recurrence))
        .col(integer(Session::ActiveBufferMinutesBefore).default(60))
        .col(integer(Session::ActiveBufferMinutesAfter).default(60))
        .col(boolean(Session::AutoCreateInstances).default(false))
        .col(integer(Session::AutoCreateHoursAhead).default(24))
        .col(date_null(Session::InitiationDate))
        .col(date_null(Session::TerminationDate))
        // Why the zone or the recurrence is not valid. Null if both are.
        .col(text_null(Session::Problem))
        // The instant at which auto-creation is due (rule 10). Null means never.
        .col(timestamp_with_time_zone_null(Session::NextCreateAt))
        // Set by a save (rule 12). The recompute locks the session, and clears it.
        .col(boolean(Session::NeedsRecompute).default(false))
        .col(big_integer(Session::Revision).default(1))
        .col(timestamp_with_time_zone(Session::CreatedAt))
        .check(Expr::col(Session::ActiveBufferMinutesBefore).between(0, 1440))
        .check(Expr::col(Session::ActiveBufferMinutesAfter).between(0, 1440))
        .check(Expr::col(Session::AutoCreateHoursAhead).between(1, 168))
        .check(
            Expr::col(Session::InitiationDate)
                .is_null()
                .or(Expr::col(Session::TerminationDate).is_null())
                .or(Expr::col(Session::TerminationDate).gte(Expr::col(Session::InitiationDate))),
        )
        .to_owned()
}

fn session_instance() -> TableCreateStatement {
    Table::create()
        .table(SessionInstance::Table)
        .col(big_key(SessionInstance::Id))
        .col(big_integer(SessionInstance::SessionId))
        .col(date(SessionInstance::Date))
        .col(time_null(SessionInstance::StartTime))
        .col(time_null(SessionInstance::EndTime))
        .col(text_null(SessionInstance::LocationOverride))
        // The meeting and its active window as instants (rule 1). They are computed when the instance or its session is
        // written.
        .col(timestamp_with_time_zone_null(SessionInstance::StartsAt))
        .col(timestamp_with_time_zone_null(SessionInstance::EndsAt))
        .col(timestamp_with_time_zone_null(SessionInstance::OpensAt))
        .col(timestamp_with_time_zone_null(SessionInstance::ClosesAt))
        // The sort key of lists: the start, or the beginning of the date if there is no start.
        .col(timestamp_with_time_zone(SessionInstance::ListedAt))
        // The next instant at which the status must be decided again (rule 19). Null means never; the partial index
        // leaves out such rows.
        .col(timestamp_with_time_zone_null(SessionInstance::DueAt))
        .col(boolean(SessionInstance::IsActive).default(false))
        .col(boolean(SessionInstance::IsCancelled).default(false))
        .col(boolean_null(SessionInstance::OverrideActive))
        .col(timestamp_with_time_zone_null(SessionInstance::OverrideUntil))
        // The occurrence from which it was created. Null for instances that were created by hand.
        .col(date_null(SessionInstance::OccurrenceDate))
        .col(time_null(SessionInstance::OccurrenceStart))
        // A person has changed the times. Re-timing keeps them (rule 11).
        .col(boolean(SessionInstance::HasOwnTimes).default(false))
        // Cancelled or removed by re-timing, because the recurrence has no occurrence for it. Re-timing restores it
        // when there is one again (rule 11).
        .col(boolean(SessionInstance::IsCancelledByRecurrence).default(false))
        .col(boolean(SessionInstance::IsRemovedByRecurrence).default(false))
        .col(timestamp_with_time_zone_null(SessionInstance::DeletedAt))
        .col(timestamp_with_time_zone(SessionInstance::CreatedAt))
        .foreign_key(&mut foreign_key(
            (SessionInstance::Table, SessionInstance::SessionId),
            (Session::Table, Session::Id),
            ForeignKeyAction::Cascade,
        ))
        .check(Expr::col(SessionInstance::EndsAt).gt(Expr::col(SessionInstance::StartsAt)))
        .check(Expr::col(SessionInstance::ClosesAt).gt(Expr::col(SessionInstance::OpensAt)))
        .check(Expr::cust("override_until IS NULL OR override_active IS NOT NULL"))
        .check(Expr::cust("(occurrence_date IS NULL) = (occurrence_start IS NULL)"))
        .to_owned()
}

fn person() -> TableCreateStatement {
    Table::create()
        .table(Person::Table)
        .col(big_key(Person::Id))
        .col(text(Person::DisplayName))
        .col(text(Person::NameKey))
        .col(text_null(Person::City))
        .col(text_null(Person::Country))
        .col(boolean(Person::IsDeactivated).default(false))
        .col(boolean(Person::HidesPlace).default(false))
        .col(big_integer_null(Person::ActiveSessionInstanceId))
        .col(timestamp_with_time_zone(Person::CreatedAt))
        .foreign_key(&mut foreign_key(
            (Person::Table, Person::ActiveSessionInstanceId),
            (SessionInstance::Table, SessionInstance::Id),
            ForeignKeyAction::SetNull,
        ))
        .to_owned()
}

fn session_organizer() -> TableCreateStatement {
    Table::create()
        .table(SessionOrganizer::Table)
        .col(big_integer(SessionOrganizer::SessionId))
        .col(big_integer(SessionOrganizer::PersonId))
        .primary_key(Index::create().col(SessionOrganizer::SessionId).col(SessionOrganizer::PersonId))
        .foreign_key(&mut foreign_key(
            (SessionOrganizer::Table, SessionOrganizer::SessionId),
            (Session::Table, Session::Id),
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut foreign_key(
            (SessionOrganizer::Table, SessionOrganizer::PersonId),
            (Person::Table, Person::Id),
            ForeignKeyAction::Cascade,
        ))
        .to_owned()
}

fn check_in() -> TableCreateStatement {
    Table::create()
        .table(CheckIn::Table)
        .col(big_key(CheckIn::Id))
        .col(big_integer(CheckIn::SessionInstanceId))
        .col(big_integer(CheckIn::PersonId))
        .col(text(CheckIn::Attendance))
        .col(timestamp_with_time_zone(CheckIn::CheckedInAt))
        // The instant of the arrival (rule 13). Null if the check-in is no arrival.
        .col(timestamp_with_time_zone_null(CheckIn::ArrivedAt))
        .foreign_key(&mut foreign_key(
            (CheckIn::Table, CheckIn::SessionInstanceId),
            (SessionInstance::Table, SessionInstance::Id),
            ForeignKeyAction::Cascade,
        ))
        .foreign_key(&mut foreign_key(
            (CheckIn::Table, CheckIn::PersonId),
            (Person::Table, Person::Id),
            ForeignKeyAction::Cascade,
        ))
        .check(Expr::col(CheckIn::Attendance).is_in(["YES", "MAYBE", "NO"]))
        .check(Expr::cust("arrived_at IS NULL OR attendance = 'YES'"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str, table: DynIden| Index::create().name(name).table(table).to_owned();
    let instance = |name: &str| index(name, SessionInstance::Table.into_iden());
    vec![
        index("idx_session_name", Session::Table.into_iden()).col(Session::NameKey).col(Session::Id).to_owned(),
        index("idx_session_place", Session::Table.into_iden()).col(Session::Country).col(Session::City).to_owned(),
        index("idx_session_next_create", Session::Table.into_iden())
            .col(Session::NextCreateAt)
            .cond_where(Expr::cust("next_create_at IS NOT NULL"))
            .to_owned(),
        index("idx_session_needs_recompute", Session::Table.into_iden())
            .col(Session::Id)
            .cond_where(Expr::cust("needs_recompute"))
            .to_owned(),
        index("idx_session_problem", Session::Table.into_iden())
            .col(Session::Id)
            .cond_where(Expr::cust("problem IS NOT NULL"))
            .to_owned(),
        instance("idx_session_instance_session")
            .col(SessionInstance::SessionId)
            .col(SessionInstance::ListedAt)
            .col(SessionInstance::Id)
            .to_owned(),
        instance("idx_session_instance_is_active")
            .col(SessionInstance::ListedAt)
            .col(SessionInstance::Id)
            .cond_where(Expr::cust("is_active"))
            .to_owned(),
        instance("idx_session_instance_due")
            .col(SessionInstance::DueAt)
            .cond_where(Expr::cust("due_at IS NOT NULL"))
            .to_owned(),
        instance("idx_session_instance_open_override")
            .col(SessionInstance::Id)
            .cond_where(Expr::cust("override_active IS NOT NULL AND override_until IS NULL"))
            .to_owned(),
        instance("idx_session_instance_deleted")
            .col(SessionInstance::DeletedAt)
            .cond_where(Expr::cust("deleted_at IS NOT NULL"))
            .to_owned(),
        // An occurrence gets one instance, even if several sweeps run at once (rule 10).
        instance("idx_session_instance_occurrence")
            .unique()
            .col(SessionInstance::SessionId)
            .col(SessionInstance::OccurrenceDate)
            .col(SessionInstance::OccurrenceStart)
            .cond_where(Expr::cust(
                "occurrence_date IS NOT NULL AND NOT is_cancelled_by_recurrence AND NOT is_removed_by_recurrence",
            ))
            .to_owned(),
        index("idx_person_name", Person::Table.into_iden()).col(Person::NameKey).col(Person::Id).to_owned(),
        index("idx_person_active_session", Person::Table.into_iden())
            .col(Person::ActiveSessionInstanceId)
            .cond_where(Expr::cust("active_session_instance_id IS NOT NULL"))
            .to_owned(),
        index("idx_session_organizer_person", SessionOrganizer::Table.into_iden())
            .col(SessionOrganizer::PersonId)
            .to_owned(),
        index("idx_check_in_instance_person", CheckIn::Table.into_iden())
            .unique()
            .col(CheckIn::SessionInstanceId)
            .col(CheckIn::PersonId)
            .to_owned(),
        index("idx_check_in_person", CheckIn::Table.into_iden())
            .col(CheckIn::PersonId)
            .col(CheckIn::CheckedInAt)
            .col(CheckIn::Id)
            .to_owned(),
    ]
}
