-- migrate:up

create table rooms (
    school_id integer not null references schools,
    id uuid not null,
    name text not null,
    building text,
    capacity smallint,
    shared boolean not null default false,
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint rooms_name_key unique nulls not distinct (school_id, building, name),
    constraint rooms_name check (name <> ''),
    constraint rooms_capacity check (capacity > 0)
);
comment on table rooms is 'Rooms where lessons are held.';
comment on column rooms.shared is 'L1: several lessons may be held in it at once (a sports hall).';
create unique index rooms_external_id on rooms (school_id, external_id) where external_id is not null;
call lyceum.protect('rooms', 'select, insert, update, delete');
create trigger version before update on rooms for each row execute function lyceum.version();
create trigger deletion after delete on rooms for each row execute function lyceum.record_deletion();

create table subjects (
    school_id integer not null references schools,
    id uuid not null,
    name text not null,
    short_name text,
    area text,
    position smallint not null default 0,
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint subjects_name_key unique (school_id, name),
    constraint subjects_name check (name <> '')
);
comment on table subjects is 'Subjects of the curriculum.';
comment on column subjects.area is 'Subject area of the curriculum (предметная область).';
comment on column subjects.position is 'Order in registers and report cards.';
create unique index subjects_external_id on subjects (school_id, external_id) where external_id is not null;
call lyceum.protect('subjects', 'select, insert, update, delete');
create trigger version before update on subjects for each row execute function lyceum.version();
create trigger deletion after delete on subjects for each row execute function lyceum.record_deletion();

create table categories (
    school_id integer not null references schools,
    id uuid not null,
    name text not null,
    short_name text,
    weight numeric(5, 2) not null default 1,
    is_control boolean not null default false,
    position smallint not null default 0,
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint categories_name_key unique (school_id, name),
    constraint categories_name check (name <> ''),
    constraint categories_weight check (weight >= 0)
);
comment on table categories is 'Kinds of work: answer, independent work, control work, homework.';
comment on column categories.weight is 'M6: weight a new column takes. 0: does not count in the average.';
comment on column categories.is_control is 'M9: the whole group, 30 minutes or more.';
create unique index categories_external_id on categories (school_id, external_id) where external_id is not null;
call lyceum.protect('categories', 'select, insert, update, delete');
create trigger version before update on categories for each row execute function lyceum.version();
create trigger deletion after delete on categories for each row execute function lyceum.record_deletion();

create table attendance_codes (
    school_id integer not null references schools,
    id uuid not null,
    code text not null,
    meaning text not null,
    name text not null,
    is_default boolean not null default false,
    position smallint not null default 0,
    archived_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint attendance_codes_code_key unique (school_id, code),
    constraint attendance_codes_meaning_key unique (school_id, id, meaning),
    constraint attendance_codes_meaning check (meaning in ('absent', 'ill', 'excused', 'unexcused', 'late'))
);
comment on table attendance_codes is 'T1: the school''s labels (Н, Б, УП, НП, ОП) and their fixed meanings.';
comment on column attendance_codes.code is 'Label shown in the journal.';
comment on column attendance_codes.is_default is 'Label for records that name only the meaning.';
create unique index attendance_codes_one_default on attendance_codes (school_id, meaning) where is_default;
call lyceum.protect('attendance_codes', 'select, insert, update, delete');
create trigger version before update on attendance_codes for each row execute function lyceum.version();
create trigger deletion after delete on attendance_codes for each row execute function lyceum.record_deletion();

-- migrate:down

drop table attendance_codes;
drop table categories;
drop table subjects;
drop table rooms;
