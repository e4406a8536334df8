-- migrate:up

create table sections (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    subject_id uuid not null,
    group_id uuid not null,
    kind text not null default 'curricular',
    grading text not null default 'marks',
    name text not null,
    hours_per_week numeric(4, 1),
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, group_id, academic_year_id) references groups (school_id, id, academic_year_id),
    constraint sections_kind check (kind in ('curricular', 'elective', 'extracurricular')),
    constraint sections_grading check (grading in ('marks', 'pass_fail', 'none')),
    constraint sections_name check (name <> ''),
    constraint sections_hours_per_week check (hours_per_week > 0)
);
comment on table sections is
    'A page of the journal: a subject taught to a group in a year. Subject, group and year never change (L2); a new load is a new section.';
comment on column sections.grading is 'M1: none takes no marks; pass_fail takes pass and fail only.';
create index sections_by_group on sections (school_id, group_id);
create index sections_by_subject on sections (school_id, academic_year_id, subject_id);
create unique index sections_external_id on sections (school_id, external_id) where external_id is not null;
call lyceum.protect('sections', 'select, insert, update, delete');

create function lyceum.guard_section() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYL02', message = 'section_not_movable', detail = 'Subject, group and year of a section never change.';
end
$$;
create trigger guard before update on sections
    for each row
    when ((new.academic_year_id, new.subject_id, new.group_id)
        is distinct from (old.academic_year_id, old.subject_id, old.group_id))
    execute function lyceum.guard_section();
create trigger version before update on sections for each row execute function lyceum.version();
create trigger deletion after delete on sections for each row execute function lyceum.record_deletion();

create table section_teachers (
    school_id integer not null,
    id uuid not null,
    section_id uuid not null,
    teacher_id uuid not null,
    role text not null default 'lead',
    starts_on date not null,
    ends_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, teacher_id) references staff,
    constraint section_teachers_role check (role in ('lead', 'co')),
    constraint section_teachers_dates check (ends_on >= starts_on),
    constraint section_teachers_no_overlap exclude using gist (
        school_id with =,
        coalesce(section_id, section_id) with =,
        coalesce(teacher_id, teacher_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    ),
    constraint section_teachers_one_lead exclude using gist (
        school_id with =,
        coalesce(section_id, section_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    ) where (role = 'lead')
);
comment on table section_teachers is 'Teachers of a section, dated; they write in it on those dates (A4). One lead at a time.';
comment on column section_teachers.ends_on is 'Last day, inclusive; null while it lasts.';
create index section_teachers_by_section on section_teachers (school_id, section_id, teacher_id, starts_on, ends_on);
create index section_teachers_by_teacher on section_teachers (school_id, teacher_id, section_id);
call lyceum.protect('section_teachers', 'select, insert, update, delete');
create trigger version before update on section_teachers for each row execute function lyceum.version();
create trigger audit after insert or update or delete on section_teachers for each row execute function lyceum.audit();
create trigger deletion after delete on section_teachers for each row execute function lyceum.record_deletion();

create table unlocks (
    school_id integer not null,
    id uuid not null,
    section_id uuid not null,
    starts_on date not null,
    ends_on date not null,
    expires_on date not null,
    reason text not null,
    granted_by uuid not null,
    granted_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (school_id, id),
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, granted_by) references staff,
    constraint unlocks_dates check (ends_on >= starts_on),
    constraint unlocks_reason check (reason <> '')
);
comment on table unlocks is 'M4: leave of a deputy head to write after the edit window or the close of a term.';
comment on column unlocks.starts_on is 'First date of the lessons that are opened.';
comment on column unlocks.ends_on is 'Last date of the lessons that are opened, inclusive.';
comment on column unlocks.expires_on is 'Last day on which they may be edited.';
create index unlocks_by_section on unlocks (school_id, section_id, starts_on);
call lyceum.protect('unlocks', 'select, insert, update');
create trigger audit after insert or update or delete on unlocks for each row execute function lyceum.audit();

create function lyceum.unlocked(p_school integer, p_section uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.unlocks u
        where u.school_id = p_school
            and u.section_id = p_section
            and u.starts_on <= p_date
            and u.ends_on >= p_date
            and u.expires_on >= lyceum.today()
            and u.revoked_at is null
    );
end
$$;
comment on function lyceum.unlocked(integer, uuid, date) is 'M4: whether lessons of the section on the date are unlocked today.';

create function lyceum.teaches(p_school integer, p_user uuid, p_section uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.section_teachers t
        where t.school_id = p_school
            and t.section_id = p_section
            and t.teacher_id = p_user
            and t.starts_on <= p_date
            and (t.ends_on is null or t.ends_on >= p_date)
    );
end
$$;
comment on function lyceum.teaches(integer, uuid, uuid, date) is 'A4: whether the person is a teacher of the section on the date.';

-- migrate:down

drop function lyceum.teaches(integer, uuid, uuid, date);
drop function lyceum.unlocked(integer, uuid, date);
drop table unlocks;
drop table section_teachers;
drop table sections;
drop function lyceum.guard_section();
