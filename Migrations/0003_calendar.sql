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
create trigger version before update on academic_years for each row execute function lyceum.version();
create trigger audit after insert or update or delete on academic_years for each row execute function lyceum.audit();
create trigger deletion after delete on academic_years for each row execute function lyceum.record_deletion();

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

create function lyceum.place_term() returns trigger
    language plpgsql
as $$
declare
    v_starts_on date;
    v_ends_on date;
begin
    -- The lock makes writers of one year's terms take turns, so that the check below sees their rows.
    select y.starts_on, y.ends_on into v_starts_on, v_ends_on
    from public.academic_years y
    where y.school_id = new.school_id and y.id = new.academic_year_id
    for no key update;

    if new.starts_on < v_starts_on or new.ends_on > v_ends_on then
        raise exception using
            errcode = 'check_violation', table = 'terms', constraint = 'terms_inside_year',
            message = 'term_outside_year', detail = 'The term is not inside its academic year.';
    end if;
    if exists (
        select from public.terms t
        where t.school_id = new.school_id
            and t.academic_year_id = new.academic_year_id
            and t.id <> new.id
            and t.starts_on <= new.ends_on
            and t.ends_on >= new.starts_on
            and t.grade_levels && new.grade_levels
    ) then
        raise exception using
            errcode = 'exclusion_violation', table = 'terms', constraint = 'terms_no_overlap',
            message = 'term_overlap', detail = 'Another term of the year serves a grade level of this one on the same days.';
    end if;
    return null;
end
$$;
create constraint trigger place after insert or update on terms
    deferrable initially immediate for each row execute function lyceum.place_term();
create trigger version before update on terms for each row execute function lyceum.version();
create trigger audit after insert or update or delete on terms for each row execute function lyceum.audit();
create trigger deletion after delete on terms for each row execute function lyceum.record_deletion();

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
create trigger version before update on holidays for each row execute function lyceum.version();
create trigger deletion after delete on holidays for each row execute function lyceum.record_deletion();

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
create trigger version before update on bell_schedules for each row execute function lyceum.version();
create trigger deletion after delete on bell_schedules for each row execute function lyceum.record_deletion();

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

-- migrate:down

drop table bell_slots;
drop table bell_schedules;
drop table holidays;
drop table terms;
drop function lyceum.place_term();
drop table academic_years;
