-- Notifications: what happened to a child, or concerns a person.

-- migrate:up

create table notifications (
    school_id integer not null,
    id uuid not null default gen_random_uuid(),
    person_id uuid,
    student_id uuid,
    kind text not null,
    entity text not null,
    entity_id uuid not null,
    once text,
    is_urgent boolean not null default false,
    created_at timestamptz not null default now(),
    closed_at timestamptz,
    xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint notifications_audience check (num_nonnulls(person_id, student_id) > 0)
);
comment on table notifications is
    'C3: one row for each thing to tell, written in the transaction in which it happens. Whom a row reaches is decided when it is read, so '
    'that the end of a guardianship closes it at once (A3). There are no foreign keys: the trigger on the log of changes writes ids of rows '
    'that exist, and every key would make each mark slower; only functions of the database write rows, so a kind needs no check.';
comment on column notifications.person_id is
    'The only person who is told. Null: the student and all guardians with access are told.';
comment on column notifications.student_id is 'The student whom this is about; null: no student.';
comment on column notifications.entity is 'The table of the row that tells more, as in the log of changes.';
comment on column notifications.once is 'There is at most one notification with the same kind, audience and value of this column.';
comment on column notifications.is_urgent is 'Passes quiet hours.';
comment on column notifications.closed_at is 'When the matter was settled, for example by a note about an absence.';
comment on column notifications.xid is 'The transaction that wrote the row: streams and outboxes read what is new, as in the log of changes.';
create index notifications_of_families on notifications (school_id, student_id, created_at, id) where person_id is null;
create index notifications_of_persons on notifications (school_id, person_id, created_at, id) where person_id is not null;
create index notifications_by_xid on notifications (xid);
create index notifications_by_age on notifications (school_id, created_at);
create unique index notifications_once
    on notifications (school_id, kind, coalesce(person_id, student_id), once) where once is not null;
call lyceum.protect('notifications', 'select, delete');
create policy retention on notifications as restrictive for delete to lyceum_app
    using (created_at < now() - interval '90 days');

-- migrate:down

delete from pending where kind = 'forget_notifications';
drop table notifications;
