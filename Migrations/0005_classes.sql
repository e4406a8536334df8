-- migrate:up

create table groups (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    kind text not null,
    name text not null,
    grade_level smallint,
    class_id uuid,
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    constraint groups_year_key unique (school_id, id, academic_year_id),
    constraint groups_kind check (kind in ('class', 'part', 'cross', 'individual')),
    constraint groups_name check (name <> ''),
    constraint groups_grade_level check (grade_level between 1 and 11),
    constraint groups_class check ((class_id is not null) = (kind in ('class', 'part')))
);
comment on table groups is 'Who studies together: a class, a part of one, pupils across classes, one pupil.';
comment on column groups.grade_level is 'Null: pupils of several grade levels. Decides which holidays and terms hold for its lessons.';
comment on column groups.class_id is 'The class whose own group (kind class) or part (kind part) this is.';
create index groups_by_class on groups (school_id, class_id);
create index groups_by_year on groups (school_id, academic_year_id);
create unique index groups_external_id on groups (school_id, external_id) where external_id is not null;
call lyceum.protect('groups', 'select, insert, update, delete');
create trigger version before update on groups for each row execute function lyceum.version();
create trigger deletion after delete on groups for each row execute function lyceum.record_deletion();

create table classes (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    grade_level smallint not null,
    letter text not null,
    name text not null,
    group_id uuid not null,
    profile text,
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, group_id, academic_year_id) references groups (school_id, id, academic_year_id),
    constraint classes_name_key unique (school_id, academic_year_id, name),
    constraint classes_group_key unique (school_id, group_id),
    constraint classes_grade_level check (grade_level between 1 and 11),
    constraint classes_name check (name <> '')
);
comment on table classes is 'A grade level and a letter in one year. Grade level and year never change (M1 rests on them).';
comment on column classes.name is 'As people say it: 7А.';
comment on column classes.group_id is 'The class''s own group; made by a trigger with the id of the class when left out.';
create index classes_by_grade_level on classes (school_id, academic_year_id, grade_level);
create unique index classes_external_id on classes (school_id, external_id) where external_id is not null;

-- A class and its own group name each other, so one of the two keys waits for the end of the transaction.
alter table groups
    add constraint groups_class_fkey foreign key (school_id, class_id) references classes deferrable initially deferred;
call lyceum.protect('classes', 'select, insert, update, delete');

create function lyceum.keep_class_group() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        if new.group_id is null then
            new.group_id := new.id;
            insert into public.groups (school_id, id, academic_year_id, kind, name, grade_level, class_id)
            values (new.school_id, new.id, new.academic_year_id, 'class', new.name, new.grade_level, new.id);
        end if;
        return new;
    end if;
    if tg_op = 'DELETE' then
        delete from public.groups g where g.school_id = old.school_id and g.id = old.group_id;
        return null;
    end if;
    if (new.grade_level, new.academic_year_id, new.group_id)
        is distinct from (old.grade_level, old.academic_year_id, old.group_id) then
        raise exception using
            errcode = 'LYE01', message = 'class_not_movable', detail = 'Grade level, year and group of a class never change.';
    end if;
    if new.name <> old.name then
        update public.groups g set name = new.name where g.school_id = new.school_id and g.id = new.group_id;
    end if;
    return new;
end
$$;
create trigger own_group before insert or update on classes for each row execute function lyceum.keep_class_group();
create trigger own_group_deleted after delete on classes for each row execute function lyceum.keep_class_group();
create trigger version before update on classes for each row execute function lyceum.version();
create trigger deletion after delete on classes for each row execute function lyceum.record_deletion();

create function lyceum.guard_class_group() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYE01', message = 'class_not_movable', detail = 'Kind, class and grade level of a group never change.';
end
$$;
create trigger guard before update on groups
    for each row
    when ((new.kind, new.class_id, new.grade_level) is distinct from (old.kind, old.class_id, old.grade_level)
        and (old.kind = 'class' or new.kind = 'class'))
    execute function lyceum.guard_class_group();

create table class_teachers (
    school_id integer not null,
    id uuid not null,
    class_id uuid not null,
    teacher_id uuid not null,
    starts_on date not null,
    ends_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, class_id) references classes,
    foreign key (school_id, teacher_id) references staff,
    constraint class_teachers_dates check (ends_on >= starts_on),
    constraint class_teachers_one_at_a_time exclude using gist (
        school_id with =,
        coalesce(class_id, class_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table class_teachers is 'Class teachers of a class, one at a time.';
comment on column class_teachers.ends_on is 'Last day, inclusive; null while it lasts.';
create index class_teachers_by_class on class_teachers (school_id, class_id, starts_on);
create index class_teachers_by_teacher on class_teachers (school_id, teacher_id, class_id);
call lyceum.protect('class_teachers', 'select, insert, update, delete');
create trigger version before update on class_teachers for each row execute function lyceum.version();
create trigger audit after insert or update or delete on class_teachers for each row execute function lyceum.audit();
create trigger deletion after delete on class_teachers for each row execute function lyceum.record_deletion();

create table enrollments (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    class_id uuid not null,
    starts_on date not null,
    ends_on date,
    in_class_group boolean not null default true,
    reason text,
    end_reason text,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, class_id) references classes,
    constraint enrollments_dates check (ends_on >= starts_on),
    constraint enrollments_no_overlap exclude using gist (
        school_id with =,
        coalesce(student_id, student_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table enrollments is 'In which class a pupil stands and when; one at a time. Says the pupil''s grade level on a day (M1).';
comment on column enrollments.in_class_group is 'False for a pupil of the class who is taught alone (at home): not a member of the class''s group.';
comment on column enrollments.ends_on is 'Last day, inclusive; null while it lasts.';
comment on column enrollments.reason is 'Why the pupil came: order, transfer.';
comment on column enrollments.end_reason is 'Why the pupil left: transfer, graduation.';
create index enrollments_by_student on enrollments (school_id, student_id, starts_on);
create index enrollments_by_class on enrollments (school_id, class_id, starts_on);
create unique index enrollments_external_id on enrollments (school_id, external_id) where external_id is not null;
call lyceum.protect('enrollments', 'select, insert, update, delete');

create table group_members (
    school_id integer not null,
    id uuid not null,
    group_id uuid not null,
    student_id uuid not null,
    starts_on date not null,
    ends_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, group_id) references groups,
    foreign key (school_id, student_id) references students,
    constraint group_members_dates check (ends_on >= starts_on),
    constraint group_members_no_overlap exclude using gist (
        school_id with =,
        coalesce(group_id, group_id) with =,
        coalesce(student_id, student_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table group_members is
    'Pupils of a group, dated. Rows of a class''s own group follow enrollments and have the id of the enrollment.';
comment on column group_members.ends_on is 'Last day, inclusive; null while it lasts.';
create index group_members_by_group on group_members (school_id, group_id, student_id, starts_on, ends_on);
create index group_members_by_student on group_members (school_id, student_id, group_id, starts_on, ends_on);
call lyceum.protect('group_members', 'select, insert, update, delete');
create trigger version before update on group_members for each row execute function lyceum.version();
create trigger deletion after delete on group_members for each row execute function lyceum.record_deletion();

create function lyceum.guard_member() returns trigger
    language plpgsql
as $$
declare
    v_row record := case tg_op when 'DELETE' then old else new end;
begin
    if tg_op = 'UPDATE' and (new.group_id, new.student_id) is distinct from (old.group_id, old.student_id) then
        raise exception using
            errcode = 'LYE01', message = 'membership_not_movable', detail = 'Group and pupil of a membership never change.';
    end if;
    if pg_trigger_depth() = 1 and exists (
        select from public.groups g where g.school_id = v_row.school_id and g.id = v_row.group_id and g.kind = 'class'
    ) then
        raise exception using
            errcode = 'LYE01', message = 'class_group_follows_enrollments',
            detail = 'Members of a class''s own group change through enrollments.';
    end if;
    return v_row;
end
$$;
create trigger guard before insert or update or delete on group_members
    for each row execute function lyceum.guard_member();

create function lyceum.follow_enrollment() returns trigger
    language plpgsql
as $$
declare
    v_group uuid;
begin
    if tg_op = 'DELETE' then
        delete from public.group_members m where m.school_id = old.school_id and m.id = old.id;
        return null;
    end if;
    if tg_op = 'UPDATE' then
        if (new.student_id, new.class_id) is distinct from (old.student_id, old.class_id) then
            raise exception using
                errcode = 'LYE01', message = 'enrollment_not_movable',
                detail = 'Pupil and class of an enrollment never change: end it and make another.';
        end if;
        if (new.starts_on, new.ends_on, new.in_class_group)
            is not distinct from (old.starts_on, old.ends_on, old.in_class_group) then
            return null;
        end if;
    end if;

    select c.group_id into v_group
    from public.classes c
    where c.school_id = new.school_id and c.id = new.class_id;

    if not new.in_class_group then
        delete from public.group_members m where m.school_id = new.school_id and m.id = new.id;
    else
        update public.group_members m set starts_on = new.starts_on, ends_on = new.ends_on
        where m.school_id = new.school_id and m.id = new.id;
        if not found then
            insert into public.group_members (school_id, id, group_id, student_id, starts_on, ends_on)
            values (new.school_id, new.id, v_group, new.student_id, new.starts_on, new.ends_on);
        end if;
    end if;

    -- Who leaves the class leaves its parts. Groups across classes are for the school to decide.
    if tg_op = 'UPDATE' and new.ends_on is not null and new.ends_on is distinct from old.ends_on then
        delete from public.group_members m
        using public.groups g
        where g.school_id = new.school_id and g.class_id = new.class_id and g.kind = 'part'
            and m.school_id = g.school_id and m.group_id = g.id and m.student_id = new.student_id
            and m.starts_on > new.ends_on;
        update public.group_members m set ends_on = new.ends_on
        from public.groups g
        where g.school_id = new.school_id and g.class_id = new.class_id and g.kind = 'part'
            and m.school_id = g.school_id and m.group_id = g.id and m.student_id = new.student_id
            and m.starts_on >= new.starts_on
            and (m.ends_on is null or m.ends_on > new.ends_on);
    end if;
    return null;
end
$$;
create trigger membership after insert or update or delete on enrollments
    for each row execute function lyceum.follow_enrollment();
create trigger version before update on enrollments for each row execute function lyceum.version();
create trigger audit after insert or update or delete on enrollments for each row execute function lyceum.audit();
create trigger deletion after delete on enrollments for each row execute function lyceum.record_deletion();

create function lyceum.grade_level_on(p_school integer, p_student uuid, p_date date) returns smallint
    language plpgsql stable
as $$
begin
    return (
        select c.grade_level
        from public.enrollments e
        join public.classes c on c.school_id = e.school_id and c.id = e.class_id
        where e.school_id = p_school
            and e.student_id = p_student
            and e.starts_on <= p_date
            and (e.ends_on is null or e.ends_on >= p_date)
    );
end
$$;
comment on function lyceum.grade_level_on(integer, uuid, date) is 'Grade level of a pupil on a day; null when not enrolled.';

create function lyceum.is_class_teacher(p_school integer, p_user uuid, p_student uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.enrollments e
        join public.class_teachers t on t.school_id = e.school_id and t.class_id = e.class_id
        where e.school_id = p_school
            and e.student_id = p_student
            and e.starts_on <= p_date
            and (e.ends_on is null or e.ends_on >= p_date)
            and t.teacher_id = p_user
            and t.starts_on <= p_date
            and (t.ends_on is null or t.ends_on >= p_date)
    );
end
$$;
comment on function lyceum.is_class_teacher(integer, uuid, uuid, date) is 'A4: whether the person is the pupil''s class teacher on the day.';

-- migrate:down

drop function lyceum.is_class_teacher(integer, uuid, uuid, date);
drop function lyceum.grade_level_on(integer, uuid, date);
drop table group_members;
drop function lyceum.guard_member();
drop table enrollments;
drop function lyceum.follow_enrollment();
drop table class_teachers;
alter table groups drop constraint groups_class_fkey;
drop table classes;
drop function lyceum.keep_class_group();
drop table groups;
drop function lyceum.guard_class_group();
