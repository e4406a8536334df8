-- The school: its years, terms, holidays and bells, its rooms and subjects, the words it uses for work and attendance.

-- migrate:up

create table academic_years (
    school_id integer not null references schools,
    id uuid not null,
    name text not null,
    starts_on date not null,
    ends_on date not null,
    second_half_starts_on date not null,
    state text not null default 'planned',
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint academic_years_name_key unique (school_id, name),
    constraint academic_years_dates check (starts_on < ends_on),
    constraint academic_years_second_half check (second_half_starts_on > starts_on and second_half_starts_on <= ends_on),
    constraint academic_years_state check (state in ('planned', 'open', 'closed')),
    constraint academic_years_no_overlap exclude using gist (
        school_id with =, daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table academic_years is 'Academic years; lessons stand inside one (L1).';
comment on column academic_years.second_half_starts_on is 'M1: grade 2 gets marks from this day on.';
comment on column academic_years.ends_on is 'Last day, inclusive.';
create unique index academic_years_external_id on academic_years (school_id, external_id) where external_id is not null;
call lyceum.protect('academic_years', 'select, insert, update, delete');

create table terms (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    kind text not null,
    ordinal smallint not null,
    name text not null,
    starts_on date not null,
    ends_on date not null,
    marks_close_on date not null,
    grade_levels smallint[] not null,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    constraint terms_kind check (kind in ('quarter', 'trimester', 'semester')),
    constraint terms_ordinal check (
        ordinal between 1 and case kind when 'quarter' then 4 when 'trimester' then 3 else 2 end
    ),
    constraint terms_dates check (starts_on < ends_on),
    constraint terms_marks_close_on check (marks_close_on >= ends_on),
    constraint terms_grade_levels check (
        grade_levels <@ '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[] and cardinality(grade_levels) > 0
    )
);
comment on table terms is 'Quarters, trimesters or semesters. A grade level has at most one term on a day (terms_no_overlap, a trigger).';
comment on column terms.marks_close_on is 'M4: last day on which the term''s marks are written without an unlock.';
comment on column terms.grade_levels is 'Grade levels the term serves, 1 to 11.';
comment on column terms.ends_on is 'Last day, inclusive.';
create index terms_by_year on terms (school_id, academic_year_id, starts_on);
create unique index terms_external_id on terms (school_id, external_id) where external_id is not null;
call lyceum.protect('terms', 'select, insert, update, delete');

create table holidays (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    name text not null,
    starts_on date not null,
    ends_on date not null,
    grade_levels smallint[],
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    constraint holidays_dates check (ends_on >= starts_on),
    constraint holidays_grade_levels check (
        grade_levels <@ '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[] and cardinality(grade_levels) > 0
    )
);
comment on table holidays is 'Days without lessons (L1).';
comment on column holidays.grade_levels is 'Grade levels that rest (grade 1 has a week of its own in winter); null: all.';
comment on column holidays.ends_on is 'Last day, inclusive.';
create index holidays_by_date on holidays (school_id, starts_on, ends_on);
create unique index holidays_external_id on holidays (school_id, external_id) where external_id is not null;
call lyceum.protect('holidays', 'select, insert, update, delete');

create table bell_schedules (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    name text not null,
    shift smallint not null default 1,
    weekday smallint,
    grade_levels smallint[] not null default '{1,2,3,4,5,6,7,8,9,10,11}',
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    constraint bell_schedules_shift check (shift between 1 and 3),
    constraint bell_schedules_weekday check (weekday between 1 and 7),
    constraint bell_schedules_grade_levels check (
        grade_levels <@ '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[] and cardinality(grade_levels) > 0
    )
);
comment on table bell_schedules is 'When lessons begin and end, by shift, grade level and weekday.';
comment on column bell_schedules.weekday is '1 Monday to 7 Sunday; null: every day without a schedule of its own.';
create index bell_schedules_by_year on bell_schedules (school_id, academic_year_id);
create unique index bell_schedules_external_id on bell_schedules (school_id, external_id) where external_id is not null;
call lyceum.protect('bell_schedules', 'select, insert, update, delete');

create table bell_slots (
    school_id integer not null,
    bell_schedule_id uuid not null,
    slot smallint not null,
    starts_at time not null,
    ends_at time not null,
    primary key (school_id, bell_schedule_id, slot),
    foreign key (school_id, bell_schedule_id) references bell_schedules on delete cascade,
    constraint bell_slots_slot check (slot between 0 and 15),
    constraint bell_slots_times check (starts_at < ends_at),
    constraint bell_slots_no_overlap exclude using gist (
        school_id with =,
        coalesce(bell_schedule_id, bell_schedule_id) with =,
        tsrange(date '2000-01-01' + starts_at, date '2000-01-01' + ends_at) with &&
    )
);
comment on table bell_slots is 'Lessons of a bell schedule. Local times; slot 0 is the «zero lesson».';
call lyceum.protect('bell_slots', 'select, insert, update, delete');

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
    is_physical boolean not null default false,
    primary key (school_id, id),
    constraint subjects_name_key unique (school_id, name),
    constraint subjects_name check (name <> '')
);
comment on table subjects is 'Subjects of the curriculum.';
comment on column subjects.area is 'Subject area of the curriculum (предметная область).';
comment on column subjects.position is 'Order in registers and report cards.';
comment on column subjects.is_physical is 'Physical education: its teachers see their pupils'' health groups (K2).';
create unique index subjects_external_id on subjects (school_id, external_id) where external_id is not null;
call lyceum.protect('subjects', 'select, insert, update, delete');

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

-- migrate:down

drop table
    attendance_codes,
    categories,
    subjects,
    rooms,
    bell_slots,
    bell_schedules,
    holidays,
    terms,
    academic_years;
