-- Announcements with their receipts (C2), and consultations (C4).

-- migrate:up

-- A1: whom an announcement reaches is logged by its addresses, so that the feeds of others do not learn of it.
alter table changes
    drop constraint changes_circle,
    add constraint changes_circle check (
        circle in ('school', 'office', 'person', 'student', 'diary', 'class', 'group', 'section', 'journal', 'address')
    );
comment on column changes.circle is
    'The readers whose answers the change affects. school: the set-up, which all answers use; office: what only the administration '
    'reads; person: a person''s account, roles and posts; student: a student''s data, class, groups and guardians; diary: what is recorded '
    'about a student; class; group; section: its lessons, columns, teachers and homework for all; journal: what is recorded about the '
    'students of a section; address: whom an announcement reaches (lyceum.address_circle).';
comment on column changes.circle_id is
    'The person, student, class, group or section; the zero id for school and office; for address the id that lyceum.address_circle returns.';

alter table school_settings
    add column questions_per_day smallint not null default 20,
    add column desk_questions_per_day smallint not null default 200,
    add constraint school_settings_questions_per_day check (questions_per_day between 1 and 1000),
    add constraint school_settings_desk_questions_per_day check (desk_questions_per_day between 1 and 10000);
comment on column school_settings.questions_per_day is
    'C4: questions to the administrators, first and further ones, that a person may ask in 24 hours.';
comment on column school_settings.desk_questions_per_day is
    'C4: questions that an administrator may write down for others in 24 hours.';

create function lyceum.are_addresses(p_addresses text[]) returns boolean
    language sql immutable parallel safe
    return cardinality(p_addresses) between 1 and 300 and (
        select bool_and(
            a.address is not null
            and a.address ~ ('^(?:(?:students|guardians|staff)/(?:school|grade_level/(?:[1-9]|1[01])|(?:class|group)/[0-9a-f-]{36})'
                '|staff/role/(?:administrator|head|deputy_head|teacher|class_teacher))$')
        )
        from unnest(p_addresses) as a (address)
    );
comment on function lyceum.are_addresses(text[]) is
    'Whether the texts are addresses of announcements: who, of what. For example guardians/class/<id>, students/grade_level/7, '
    'staff/school, staff/role/teacher.';

create function lyceum.shown_until(p_starts_at timestamptz, p_ends_at timestamptz, p_withdrawn_at timestamptz) returns timestamptz
    language sql immutable parallel safe
    return least(p_withdrawn_at, p_ends_at, (p_starts_at at time zone 'UTC' + interval '366 days') at time zone 'UTC');
comment on function lyceum.shown_until(timestamptz, timestamptz, timestamptz) is
    'When an announcement ends: when it was withdrawn, at its end, or after 366 days.';

create table announcements (
    school_id integer not null references schools,
    id uuid not null,
    author_id uuid not null default lyceum.current_user_id(),
    title text not null,
    text text not null,
    audience text[] not null,
    is_pinned boolean not null default false,
    asks_acknowledgement boolean not null default false,
    starts_at timestamptz not null default now(),
    ends_at timestamptz,
    withdrawn_at timestamptz,
    text_version integer not null default 1,
    text_changed_at timestamptz,
    created_at timestamptz not null default now(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, author_id) references users,
    constraint announcements_title check (title <> ''),
    constraint announcements_text check (text <> ''),
    constraint announcements_audience check (lyceum.are_addresses(audience)),
    constraint announcements_dates check (ends_at > starts_at),
    constraint announcements_length check (ends_at <= starts_at + interval '366 days'),
    constraint announcements_text_version check (text_version between 1 and version)
);
comment on table announcements is
    'C2: announcements. Whom one reaches is decided when it is read (lyceum.addresses). People withdraw one; only its time ends it (K1).';
comment on column announcements.audience is
    'Addresses (lyceum.are_addresses). They are no foreign keys: an address of a class that is gone reaches nobody.';
comment on column announcements.starts_at is 'Shown from then on. Fixed once it has come.';
comment on column announcements.ends_at is 'Shown until then; null: until it is withdrawn, at most for 366 days.';
comment on column announcements.text_version is
    'The version of title and text, for acknowledgements: it counts changes of these two only.';
comment on column announcements.text_changed_at is 'When title or text last changed; null: never.';
create index announcements_by_start on announcements (school_id, starts_at, id);
create index announcements_by_author on announcements (school_id, author_id, id);
create index announcements_by_end on announcements (school_id, (lyceum.shown_until(starts_at, ends_at, withdrawn_at)));
call lyceum.protect('announcements', 'select, insert, update, delete');
create policy retention on announcements as restrictive for delete to lyceum_app
    using (
        lyceum.shown_until(starts_at, ends_at, withdrawn_at) < now() - interval '3 years' and created_at < now() - interval '3 years'
    );

create table announcement_receipts (
    school_id integer not null,
    announcement_id uuid not null,
    person_id uuid not null default lyceum.current_user_id(),
    text_version integer not null,
    read_at timestamptz not null default now(),
    acknowledged_at timestamptz,
    primary key (school_id, announcement_id, person_id, text_version),
    foreign key (school_id, announcement_id) references announcements on delete cascade,
    foreign key (school_id, person_id) references users,
    constraint announcement_receipts_order check (acknowledged_at >= read_at)
);
comment on table announcement_receipts is
    'C2: who has read an announcement, and has acknowledged it: a row for each version of the text. Everybody writes only their own.';
create index announcement_receipts_by_person on announcement_receipts (school_id, person_id, announcement_id);
call lyceum.protect('announcement_receipts', 'select, insert, update (acknowledged_at)');

create table consultations (
    school_id integer not null references schools,
    id uuid not null,
    asker_id uuid,
    visitor_name text,
    phone text,
    recorded_by uuid,
    category text not null,
    subject text not null,
    state text not null default 'open',
    assigned_to uuid,
    opened_at timestamptz not null default now(),
    waiting_since timestamptz not null default now(),
    answered_at timestamptz,
    closed_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, asker_id) references users,
    foreign key (school_id, recorded_by) references users,
    foreign key (school_id, assigned_to) references users,
    constraint consultations_asker check (num_nonnulls(asker_id, visitor_name) = 1),
    constraint consultations_visitor check (visitor_name is null or recorded_by is not null),
    constraint consultations_visitor_name check (visitor_name <> ''),
    constraint consultations_phone check (phone <> ''),
    constraint consultations_category check (category in ('access', 'profile', 'records', 'timetable', 'usage', 'other')),
    constraint consultations_subject check (subject <> ''),
    constraint consultations_state check (state in ('open', 'in_progress', 'answered', 'closed')),
    constraint consultations_closed check ((state = 'closed') = (closed_at is not null)),
    constraint consultations_answered check (state <> 'answered' or answered_at is not null)
);
comment on table consultations is 'C4: questions to the administrators. The asker and the administrators see one.';
comment on column consultations.asker_id is 'Null: a visitor without an account, who is named in visitor_name.';
comment on column consultations.phone is 'Where to call back.';
comment on column consultations.recorded_by is 'The administrator who wrote it down at the desk; null: the asker wrote it.';
comment on column consultations.assigned_to is 'The administrator who works on it.';
comment on column consultations.waiting_since is 'When the question came that waits for an answer, or was answered last.';
comment on column consultations.answered_at is 'When the last answer was given; null while a question waits.';
create index consultations_by_asker on consultations (school_id, asker_id, id);
create index consultations_by_waiting on consultations (school_id, waiting_since, id);
create index consultations_waiting on consultations (school_id, waiting_since, id) where state in ('open', 'in_progress');
create index consultations_by_desk on consultations (school_id, recorded_by, opened_at) where recorded_by is not null;
create index consultations_by_change on consultations (school_id, changed_at);

create table consultation_messages (
    school_id integer not null,
    id uuid not null,
    consultation_id uuid not null,
    kind text not null,
    text text not null,
    author_id uuid not null default lyceum.current_user_id(),
    written_at timestamptz not null default now(),
    primary key (school_id, id),
    foreign key (school_id, consultation_id) references consultations on delete cascade,
    foreign key (school_id, author_id) references users,
    constraint consultation_messages_kind check (kind in ('question', 'answer', 'note')),
    constraint consultation_messages_text check (text <> '')
);
comment on table consultation_messages is 'C4: what was asked and answered. Rows never change.';
comment on column consultation_messages.kind is
    'question: from the asker; answer: from an administrator; note: from an administrator, but the question still waits.';
create index consultation_messages_by_consultation on consultation_messages (school_id, consultation_id, written_at, id);
create index consultation_messages_by_author on consultation_messages (school_id, author_id, written_at) where kind = 'question';
call lyceum.protect('consultation_messages', 'select, insert');

-- K1: after this time a consultation is deleted with its messages and its history: three years after the last word, a visitor's, with
-- name and phone, after one.
call lyceum.protect('consultations', 'select, insert, update, delete');
create policy retention on consultations as restrictive for delete to lyceum_app
    using (
        changed_at < now() - case when visitor_name is null then interval '3 years' else interval '1 year' end
        and opened_at < now() - interval '1 year'
        and not exists (
            select from consultation_messages m
            where m.school_id = consultations.school_id and m.consultation_id = consultations.id
                and m.written_at >= now() - case when visitor_name is null then interval '3 years' else interval '1 year' end
        )
    );

create table consultation_history (
    school_id integer not null,
    consultation_id uuid not null,
    version integer not null,
    state text not null,
    assigned_to uuid,
    changed_by uuid,
    changed_at timestamptz not null,
    request_id text,
    primary key (school_id, consultation_id, version),
    foreign key (school_id, consultation_id) references consultations on delete cascade
);
comment on table consultation_history is
    'C4, A5: every version of every consultation, append-only: the server''s role may only read. It goes with its consultation (K1).';
call lyceum.protect('consultation_history', 'select');

-- A withdrawn announcement and an answered question close their notifications.
create index notifications_of_talk on notifications (school_id, entity_id) where kind in ('announcement', 'consultation');

-- migrate:down

delete from pending where kind = 'begin_announcement';
drop index notifications_of_talk;
drop table consultation_history, consultation_messages, consultations, announcement_receipts, announcements;
drop function lyceum.shown_until(timestamptz, timestamptz, timestamptz);
drop function lyceum.are_addresses(text[]);
alter table school_settings
    drop constraint school_settings_desk_questions_per_day,
    drop constraint school_settings_questions_per_day,
    drop column desk_questions_per_day,
    drop column questions_per_day;
delete from changes where circle = 'address';
alter table changes
    drop constraint changes_circle,
    add constraint changes_circle check (
        circle in ('school', 'office', 'person', 'student', 'diary', 'class', 'group', 'section', 'journal')
    );
comment on column changes.circle is
    'The readers whose answers the change affects. school: the set-up, which all answers use; office: what only the administration '
    'reads; person: a person''s account, roles and posts; student: a student''s data, class, groups and guardians; diary: what is recorded '
    'about a student; class; group; section: its lessons, columns, teachers and homework for all; journal: what is recorded about the '
    'students of a section.';
comment on column changes.circle_id is 'The person, student, class, group or section; the zero id for school and office.';
