-- Current marks that a student brings from another school (M10).

-- migrate:up

create table transferred_marks (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    subject_id uuid not null,
    academic_year_id uuid not null,
    date date not null,
    work text,
    ordinal smallint not null default 1,
    category_id uuid,
    kind text,
    number smallint,
    code text,
    weight numeric(5, 2) not null default 1,
    school_name text not null,
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, category_id) references categories,
    constraint transferred_marks_key unique nulls not distinct (school_id, student_id, subject_id, date, work, ordinal),
    constraint transferred_marks_work check (work <> ''),
    constraint transferred_marks_ordinal check (ordinal between 1 and 20),
    constraint transferred_marks_weight check (weight >= 0),
    constraint transferred_marks_school_name check (school_name <> ''),
    constraint transferred_marks_value check (
        case
            when kind is null then number is null and code is null
            when kind = 'number' then number is not null and number between 1 and 5 and code is null
            when kind = 'code' then number is null and code is not null and code in ('pass', 'fail', 'exempt')
            else false
        end
    )
);
comment on table transferred_marks is
    'M10: current marks from another school. They have no lesson here, follow the student, and count in M6 and M7. A cleared mark keeps '
    'its row with a null value and a new version (M5); rows are never deleted.';
comment on column transferred_marks.academic_year_id is 'The year of the date.';
comment on column transferred_marks.work is 'The kind of work, as the other school calls it.';
comment on column transferred_marks.ordinal is 'Tells several marks of a day for the same kind of work apart.';
comment on column transferred_marks.category_id is 'The kind of work of this school that has the same name.';
comment on column transferred_marks.kind is 'number or code; null: cleared.';
comment on column transferred_marks.school_name is 'The other school.';
comment on column transferred_marks.recorded_by is 'Who last wrote the value. No foreign key: the record outlives everything.';
create index transferred_marks_by_year on transferred_marks (school_id, academic_year_id, subject_id, student_id);
call lyceum.protect('transferred_marks', 'select, insert, update');

create table transferred_mark_history (
    school_id integer not null,
    transferred_mark_id uuid not null,
    version integer not null,
    student_id uuid not null,
    old_kind text,
    old_number smallint,
    old_code text,
    old_weight numeric(5, 2),
    new_kind text,
    new_number smallint,
    new_code text,
    new_weight numeric(5, 2),
    changed_by uuid,
    changed_at timestamptz not null,
    reason text,
    request_id text,
    changed_xid xid8 not null default pg_current_xact_id(),
    client_id uuid default lyceum.current_client_id(),
    primary key (school_id, transferred_mark_id, version)
);
comment on table transferred_mark_history is
    'A5: every version of every transferred mark, append-only: the server''s role may only read.';
comment on column transferred_mark_history.version is 'The version the change led to.';
comment on column transferred_mark_history.client_id is 'As in mark_history.';
call lyceum.protect('transferred_mark_history', 'select');

-- migrate:down

drop table transferred_mark_history, transferred_marks;
