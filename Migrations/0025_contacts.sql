-- S5.3: contacts, by which class teachers inform families outside the system, and when the digest of a week is written.

-- migrate:up

create table contacts (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    guardian_id uuid,
    date date not null,
    means text not null,
    outcome text not null,
    text text,
    entity text,
    entity_id uuid,
    author_id uuid not null default lyceum.current_user_id(),
    created_at timestamptz not null default now(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, guardian_id) references guardians,
    constraint contacts_means check (means in ('phone', 'meeting', 'slip', 'letter', 'other')),
    constraint contacts_outcome check (outcome in ('reached', 'not_reached')),
    constraint contacts_entity check (entity in ('notifications', 'announcements')),
    constraint contacts_entity_id check ((entity is null) = (entity_id is null)),
    constraint contacts_subject check (num_nonnulls(text, entity) > 0)
);
comment on table contacts is
    'S5.3: how a class teacher or a deputy head informed a family, or tried to, without the system: a call, a meeting, a slip of paper.';
comment on column contacts.guardian_id is 'Who was informed; null: the family, for example by a slip that the student took home.';
comment on column contacts.outcome is 'Only contacts that reached somebody are proof of informing.';
comment on column contacts.text is 'What it was about, in words.';
comment on column contacts.entity is 'With entity_id, the notification or the announcement that it was about.';
comment on column contacts.author_id is 'Who recorded it, and may correct it; no foreign key, as of all columns that say who.';
create index contacts_by_student on contacts (school_id, student_id, date);
create index contacts_by_day on contacts (school_id, date, id);
call lyceum.protect('contacts', 'select, insert, update, delete');

alter table school_settings add column week_digest_at time default '18:00';
comment on column school_settings.week_digest_at is
    'C3: local time on the last school day of the week from which families get the digest of the week. Null: there is no digest.';

-- migrate:down

delete from pending where kind = 'write_week_digests';
alter table school_settings drop column week_digest_at;
drop table contacts;
