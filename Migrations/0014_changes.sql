-- The log of changes: what changed, and whose answers the change affects. Feeds read it, and so does the check whether a kept
-- answer is still true.

-- migrate:up

create table changes (
    school_id integer not null,
    xid xid8 not null default pg_current_xact_id(),
    number bigint generated always as identity,
    circle text not null,
    circle_id uuid not null,
    is_home boolean not null,
    entity text not null,
    operation text not null,
    ids uuid[] not null,
    changed_at timestamptz not null default now(),
    constraint changes_circle check (circle in ('school', 'office', 'person', 'student', 'diary', 'class', 'group', 'section', 'journal')),
    constraint changes_operation check (operation in ('made', 'changed', 'deleted', 'hidden', 'concealed'))
) partition by range (xid);
comment on table changes is
    'The log of changes: one row for each statement, circle, entity and operation, with the ids of the changed rows. Triggers write '
    'it (lyceum.log_changes). Partitioned by transaction number, because readers ask by transaction; lyceum.tend_changes adds and drops '
    'partitions. It has no primary key and no foreign keys: nothing refers to its rows, and each index makes every write slower.';
comment on column changes.xid is
    'The transaction that made the change. A reader with a snapshot (a cursor, a kept answer) needs the rows that are not visible in it.';
comment on column changes.number is 'The order of the rows of one transaction.';
comment on column changes.circle is
    'The readers whose answers the change affects. school: the set-up, which all answers use; office: what only the administration '
    'reads; person: a person''s account, roles and posts; student: a student''s data, class, groups and guardians; diary: what is recorded '
    'about a student; class; group; section: its lessons, columns, teachers and homework for all; journal: what is recorded about the '
    'students of a section.';
comment on column changes.circle_id is 'The person, student, class, group or section; the zero id for school and office.';
comment on column changes.is_home is
    'True for the home circle of the change, the first one of the table''s declaration. A reader of the whole school reads these rows and '
    'gets each change once.';
comment on column changes.entity is 'The kind of the changed rows, usually the name of their table.';
comment on column changes.operation is
    'hidden: the row still exists, but the circle no longer sees it. concealed: the circle does not see the row yet (M12), so feeds leave '
    'this change out.';
create index changes_by_circle on changes (school_id, circle_id, circle, xid);
create index changes_by_home on changes (school_id, xid, number) where is_home;
call lyceum.protect('changes', 'select');

create table lyceum.change_partitions (
    lower xid8 primary key,
    upper xid8,
    made_at timestamptz not null default now(),
    filled_at timestamptz
);
comment on table lyceum.change_partitions is 'The partitions of the log of changes. Holds no data of a school.';
comment on column lyceum.change_partitions.lower is
    'The first transaction number. A cursor that needs rows from before the lowest one of all partitions has expired.';
comment on column lyceum.change_partitions.upper is 'The first transaction number after the partition; null for the last partition.';
comment on column lyceum.change_partitions.filled_at is
    'When lyceum.tend_changes first found that all transaction numbers of the partition had been given out.';
grant select on lyceum.change_partitions to lyceum_app;

-- The log replaces it. Old tombstones are not copied: cursors of the old form have expired.
drop table deletions;

-- Rows that are published after they were written: the next publication ends the life of a kept answer.
create index marks_held_back on marks (school_id, student_id, published_at) where published_at > changed_at;
create index feedback_held_back on feedback (school_id, student_id, published_at) where published_at > changed_at;
create index conduct_notes_held_back on conduct_notes (school_id, student_id, published_at) where published_at > changed_at;

-- Partitions are added and dropped while the server runs, so they have a schema of their own, which schema.sql leaves out.
create schema partitions;
comment on schema partitions is 'Partitions of the log of changes. Only the owner has access; all others read public.changes.';

-- The first partition begins with this transaction; the last one has no upper bound.
do $$
declare
    v_lower xid8 := pg_current_xact_id();
    v_upper xid8 := (v_lower::text::numeric + 100000)::text::xid8;
begin
    execute format('create table partitions.changes_%s partition of changes for values from (%L) to (%L)', v_lower, v_lower, v_upper);
    execute format('create table partitions.changes_%s partition of changes for values from (%L) to (maxvalue)', v_upper, v_upper);
    -- For transactions below the first one. They occur in a database that was restored into another cluster.
    create table partitions.changes_default partition of changes default;
    insert into lyceum.change_partitions (lower, upper) values (v_lower, v_upper), (v_upper, null);
end
$$;

create table lyceum.change_days (
    school_id integer primary key references schools,
    day date not null
);
comment on table lyceum.change_days is 'The last day for which lyceum.log_day has logged what begins and ends on it, for each school.';

-- Feeds read the log, so the indexes by student no longer need the transaction of the last change.
drop index marks_by_student;
create index marks_by_student on marks (school_id, student_id);
drop index attendance_by_student;
create index attendance_by_student on attendance (school_id, student_id);
drop index feedback_by_student;
create index feedback_by_student on feedback (school_id, student_id);

-- migrate:down

drop table lyceum.change_days;

drop index marks_by_student;
create index marks_by_student on marks (school_id, student_id, changed_xid);
drop index attendance_by_student;
create index attendance_by_student on attendance (school_id, student_id, changed_xid);
drop index feedback_by_student;
create index feedback_by_student on feedback (school_id, student_id, changed_xid);

create table deletions (
    school_id integer not null references schools,
    entity text not null,
    id uuid not null,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, entity, id)
);
comment on table deletions is
    'Tombstones of deleted rows of other tables, so that feeds and exports can tell of them. Written by triggers only.';
comment on column deletions.entity is 'Name of the table.';
call lyceum.protect('deletions', 'select');

drop index marks_held_back;
drop index feedback_held_back;
drop index conduct_notes_held_back;
drop table lyceum.change_partitions;
drop table changes;
drop schema partitions;
