-- L5: members of a subgroup (a group of kind part) are in its class.

create or replace function lyceum.follow_into_subgroups() returns trigger
    language plpgsql
as $$
declare
    -- Groups across classes are not among them: there the school decides.
    v_parts uuid[] := array(
        select g.id
        from public.groups g
        where g.school_id = old.school_id and g.class_id = old.class_id and g.kind = 'part'
    );
begin
    -- A membership may span two adjoining enrollments of the class. It ends with the first day that leaves them.
    if tg_op = 'DELETE' or new.starts_on > old.starts_on then
        update public.group_members m set ends_on = old.starts_on - 1
        where m.school_id = old.school_id and m.group_id = any (v_parts) and m.student_id = old.student_id
            and m.starts_on < old.starts_on
            and lyceum.lasts(m.ends_on, old.starts_on);
    end if;
    if tg_op = 'DELETE' then
        -- Or it begins with the first day of the enrollment that follows.
        update public.group_members m set starts_on = old.ends_on + 1
        where m.school_id = old.school_id and m.group_id = any (v_parts) and m.student_id = old.student_id
            and lyceum.holds(old.starts_on, old.ends_on, m.starts_on)
            and lyceum.lasts(m.ends_on, old.ends_on + 1)
            and lyceum.class_days(old.school_id, old.student_id, old.class_id) @> old.ends_on + 1;
        delete from public.group_members m
        where m.school_id = old.school_id and m.group_id = any (v_parts) and m.student_id = old.student_id
            and lyceum.holds(old.starts_on, old.ends_on, m.starts_on);
        return null;
    end if;

    -- An enrollment that continues after all restores the memberships that its end changed, unless somebody has changed them since.
    if new.ends_on is null or new.ends_on > old.ends_on then
        update public.group_members m set ends_on = least(d.ends_on, new.ends_on)
        from public.ended_memberships d
        where d.school_id = new.school_id and d.enrollment_id = new.id
            and m.school_id = d.school_id and m.id = d.id and m.ends_on = old.ends_on
            and not exists (
                select
                from public.group_members o
                where o.school_id = m.school_id and o.group_id = m.group_id and o.student_id = m.student_id and o.id <> m.id
                    and lyceum.holds_between(o.starts_on, o.ends_on, m.starts_on, least(d.ends_on, new.ends_on, 'infinity'))
            );
        insert into public.group_members (school_id, id, group_id, student_id, starts_on, ends_on)
        select d.school_id, d.id, d.group_id, d.student_id, d.starts_on, least(d.ends_on, new.ends_on)
        from public.ended_memberships d
        where d.school_id = new.school_id and d.enrollment_id = new.id
            and (new.ends_on is null or d.starts_on <= new.ends_on)
            and not exists (
                select
                from public.group_members o
                where o.school_id = d.school_id and o.group_id = d.group_id and o.student_id = d.student_id
                    and (o.id = d.id or daterange(o.starts_on, o.ends_on, '[]') && daterange(d.starts_on, d.ends_on, '[]'))
            );
        if new.ends_on is null then
            delete from public.ended_memberships d where d.school_id = new.school_id and d.enrollment_id = new.id;
        end if;
    end if;

    -- An enrollment that begins later takes the beginning of its subgroups with it.
    if new.starts_on > old.starts_on then
        delete from public.group_members m
        where m.school_id = new.school_id and m.group_id = any (v_parts) and m.student_id = new.student_id
            and m.starts_on >= old.starts_on and m.ends_on < new.starts_on;
        update public.group_members m set starts_on = new.starts_on
        where m.school_id = new.school_id and m.group_id = any (v_parts) and m.student_id = new.student_id
            and m.starts_on >= old.starts_on and m.starts_on < new.starts_on;
    end if;

    -- A student who leaves the class leaves its subgroups.
    if new.ends_on is not null and new.ends_on is distinct from old.ends_on then
        insert into public.ended_memberships (school_id, enrollment_id, id, group_id, student_id, starts_on, ends_on)
        select m.school_id, new.id, m.id, m.group_id, m.student_id, m.starts_on, m.ends_on
        from public.group_members m
        where m.school_id = new.school_id and m.group_id = any (v_parts) and m.student_id = new.student_id
            and daterange(m.starts_on, m.ends_on, '[]') && daterange(old.starts_on, old.ends_on, '[]')
            and lyceum.lasts(m.ends_on, new.ends_on + 1)
        on conflict (school_id, enrollment_id, id) do update
        set starts_on = excluded.starts_on, ends_on = excluded.ends_on
        -- Else it is still as an earlier end of the enrollment has left it.
        where excluded.ends_on is distinct from old.ends_on;
        delete from public.group_members m
        where m.school_id = new.school_id and m.group_id = any (v_parts) and m.student_id = new.student_id
            and m.starts_on > new.ends_on
            and lyceum.holds(old.starts_on, old.ends_on, m.starts_on);
        update public.group_members m set ends_on = new.ends_on
        where m.school_id = new.school_id and m.group_id = any (v_parts) and m.student_id = new.student_id
            and m.starts_on <= new.ends_on
            and daterange(m.starts_on, m.ends_on, '[]') && daterange(old.starts_on, old.ends_on, '[]')
            and lyceum.lasts(m.ends_on, new.ends_on + 1);
    end if;
    return null;
end
$$;
comment on function lyceum.follow_into_subgroups() is
    'L5: memberships in subgroups end, begin and continue with the enrollment. in_class_group does not matter to them.';

create or replace trigger subgroups after delete on enrollments
    for each row execute function lyceum.follow_into_subgroups();
create or replace trigger subgroups_again after update on enrollments
    for each row when ((new.starts_on, new.ends_on) is distinct from (old.starts_on, old.ends_on))
    execute function lyceum.follow_into_subgroups();

create or replace function lyceum.class_days(p_school integer, p_student uuid, p_class uuid) returns datemultirange
    language plpgsql stable
as $$
begin
    return coalesce(
        (
            select range_agg(daterange(e.starts_on, e.ends_on, '[]'))
            from public.enrollments e
            where e.school_id = p_school and e.student_id = p_student and e.class_id = p_class
        ),
        '{}'
    );
end
$$;
comment on function lyceum.class_days(integer, uuid, uuid) is
    'Days on which the student is enrolled in the class. Adjoining enrollments are one stretch.';

create or replace function lyceum.outside_class(p_school integer)
    returns table (id uuid, student_id uuid, class_id uuid, field text)
    language sql stable
as $$
    select m.id, m.student_id, g.class_id,
        case when isempty(c.days) then 'student_id' when not c.days @> m.starts_on then 'starts_on' else 'ends_on' end
    from public.groups g
    join public.group_members m on m.school_id = p_school and m.group_id = g.id
    cross join lateral (
        -- offset 0: evaluated once per row, although it is read several times.
        select lyceum.class_days(p_school, m.student_id, g.class_id) as days offset 0
    ) c
    where g.school_id = p_school
        and g.kind = 'part'
        and not c.days @> daterange(m.starts_on, m.ends_on, '[]')
$$;
comment on function lyceum.outside_class(integer) is
    'L5: memberships in subgroups with days on which the student is not in the class, and the field that is to blame. Empty if all is '
    'well.';

create or replace function lyceum.keep_in_class() returns trigger
    language plpgsql
as $$
declare
    v_row record := case tg_op when 'DELETE' then old else new end;
    v_days datemultirange;
    v_found record;
begin
    -- The writer of an enrollment and the writer of a membership take turns.
    perform lyceum.lock_timetable(v_row.school_id);
    -- The rows as they are now, at the end of the transaction.
    if tg_table_name = 'group_members' then
        select * into v_found from lyceum.outside_class(v_row.school_id) o where o.id = v_row.id;
    else
        -- The days that the enrollment has lost. A membership that was outside the class before does not hold up this change.
        v_days := datemultirange(daterange(old.starts_on, old.ends_on, '[]'));
        if tg_op = 'UPDATE' then
            v_days := v_days - datemultirange(daterange(new.starts_on, new.ends_on, '[]'));
        end if;
        select o.* into v_found
        from lyceum.outside_class(v_row.school_id) o
        join public.group_members m on m.school_id = v_row.school_id and m.id = o.id
        where o.student_id = v_row.student_id and o.class_id = v_row.class_id
            and v_days && daterange(m.starts_on, m.ends_on, '[]')
        order by o.id
        limit 1;
    end if;
    if v_found.id is not null then
        raise exception using
            errcode = 'LYE05', message = 'not_in_class', constraint = 'group_members_in_class_' || v_found.field,
            detail = format('Membership %s has days on which the student is not in the class of the group.', v_found.id);
    end if;
    return null;
end
$$;
comment on function lyceum.keep_in_class() is
    'L5: raises LYE05 not_in_class. Deferred, so that a transaction can write enrollments and memberships in any order. The constraint '
    'that the error names ends with the field that is to blame.';

drop trigger if exists in_class on group_members;
create constraint trigger in_class after insert on group_members
    deferrable initially deferred for each row execute function lyceum.keep_in_class();
drop trigger if exists in_class_again on group_members;
create constraint trigger in_class_again after update on group_members
    deferrable initially deferred
    for each row when (not lyceum.covers(old.starts_on, old.ends_on, new.starts_on, new.ends_on))
    execute function lyceum.keep_in_class();
-- lyceum.follow_into_subgroups shortens the memberships that it sees. Another transaction may have added one.
drop trigger if exists in_class on enrollments;
create constraint trigger in_class after delete on enrollments
    deferrable initially deferred for each row execute function lyceum.keep_in_class();
drop trigger if exists in_class_again on enrollments;
create constraint trigger in_class_again after update on enrollments
    deferrable initially deferred
    for each row when (not lyceum.covers(new.starts_on, new.ends_on, old.starts_on, old.ends_on))
    execute function lyceum.keep_in_class();
