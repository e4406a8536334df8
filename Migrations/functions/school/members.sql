create or replace function lyceum.guard_member() returns trigger
    language plpgsql
as $$
declare
    v_row record := case tg_op when 'DELETE' then old else new end;
begin
    if tg_op = 'UPDATE' and (new.group_id, new.student_id) is distinct from (old.group_id, old.student_id) then
        raise exception using
            errcode = 'LYE01', message = 'not_movable', detail = 'Group and student of a membership never change.';
    end if;
    -- The log of changes names all groups of the student, and a final mark is logged in the journals of these groups. Writers of both take
    -- turns, or each would leave out what the other has not committed yet. The lock comes before those of rows.
    perform lyceum.lock_timetable(v_row.school_id);
    perform from public.students s where s.school_id = v_row.school_id and s.id = v_row.student_id for no key update;
    if pg_trigger_depth() = 1 and exists (
        select from public.groups g where g.school_id = v_row.school_id and g.id = v_row.group_id and g.kind = 'class'
    ) then
        raise exception using
            errcode = 'LYE01', message = 'class_group_follows_enrollments',
            detail = 'Members of a class''s own group change through enrollments.';
    end if;
    -- Somebody deletes the membership: the enrollment does not restore it.
    if tg_op = 'DELETE' and pg_trigger_depth() = 1 then
        delete from public.ended_memberships d where d.school_id = old.school_id and d.id = old.id;
    end if;
    return v_row;
end
$$;

create or replace trigger guard before insert or update or delete on group_members
    for each row execute function lyceum.guard_member();

create or replace function lyceum.follow_enrollment() returns trigger
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
                detail = 'Student and class of an enrollment never change: end it and make another.';
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
        return null;
    end if;
    update public.group_members m set starts_on = new.starts_on, ends_on = new.ends_on
    where m.school_id = new.school_id and m.id = new.id;
    if not found then
        insert into public.group_members (school_id, id, group_id, student_id, starts_on, ends_on)
        values (new.school_id, new.id, v_group, new.student_id, new.starts_on, new.ends_on);
    end if;
    return null;
end
$$;
comment on function lyceum.follow_enrollment() is
    'The membership in the class''s own group has the id and the days of the enrollment.';

create or replace trigger membership after insert or update or delete on enrollments
    for each row execute function lyceum.follow_enrollment();

create or replace function lyceum.grade_level_on(p_school integer, p_student uuid, p_date date) returns smallint
    language plpgsql stable
as $$
begin
    return (
        select c.grade_level
        from public.enrollments e
        join public.classes c on c.school_id = e.school_id and c.id = e.class_id
        where e.school_id = p_school
            and e.student_id = p_student
            and lyceum.holds(e.starts_on, e.ends_on, p_date)
    );
end
$$;
comment on function lyceum.grade_level_on(integer, uuid, date) is
    'Grade level of a student on a day; null when not enrolled.';

create or replace function lyceum.grade_level_in(p_school integer, p_student uuid, p_year uuid) returns smallint
    language plpgsql stable
as $$
begin
    return (
        select c.grade_level
        from public.enrollments e
        join public.classes c on c.school_id = e.school_id and c.id = e.class_id
        where e.school_id = p_school and e.student_id = p_student and c.academic_year_id = p_year
        order by e.starts_on desc
        limit 1
    );
end
$$;
comment on function lyceum.grade_level_in(integer, uuid, uuid) is
    'Grade level of a student in an academic year, by the last class in it; null if there was none.';

create or replace function lyceum.is_member(p_school integer, p_section uuid, p_student uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.sections s
        join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
        where s.school_id = p_school and s.id = p_section and m.student_id = p_student
            and lyceum.holds(m.starts_on, m.ends_on, p_date)
    );
end
$$;
comment on function lyceum.is_member(integer, uuid, uuid, date) is
    'M3: whether the student belongs to the section''s group on the day.';
