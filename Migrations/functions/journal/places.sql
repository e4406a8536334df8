-- L1: the place of a lesson
create or replace function lyceum.lock_timetable(p_school integer) returns void
    language sql volatile
as $$
    select pg_advisory_xact_lock(hashtextextended('lyceum.timetable', p_school))
$$;
comment on function lyceum.lock_timetable(integer) is
    'L1: serializes writers of lesson times, memberships and holidays of a school until the end of the transaction. '
    'Needs READ COMMITTED.';

create or replace function lyceum.place_lessons() returns trigger
    language plpgsql
as $$
declare
    v_school integer;
    v_ids uuid[];
    v_lesson record;
begin
    if tg_op = 'INSERT' then
        select array_agg(n.id) into v_ids from new_rows n where n.state <> 'cancelled';
    else
        -- Never a nested loop, as a join could be.
        select array_agg(m.id) into v_ids
        from (
            select n.id, n.date, n.starts_at, n.ends_at, n.merge_id from new_rows n where n.state <> 'cancelled'
            except
            select o.id, o.date, o.starts_at, o.ends_at, o.merge_id from old_rows o where o.state <> 'cancelled'
        ) m;
    end if;
    if v_ids is null then
        return null;
    end if;
    for v_school in select distinct n.school_id from new_rows n loop
        -- Planned anew for each statement, because a plan for one lesson is useless for the ten thousand of a term. The rows have no
        -- school_id: the planner would expect that few of them belong to the school.
        execute $sql$
            with placed as materialized (
                select n.id, coalesce(n.merge_id, n.id) as merge_id, n.date, n.starts_at, n.ends_at, s.group_id, g.grade_level,
                    y.starts_on, y.ends_on
                from new_rows n
                join unnest($2) m (id) on m.id = n.id
                join public.sections s on s.school_id = $1 and s.id = n.section_id
                join public.groups g on g.school_id = $1 and g.id = s.group_id
                join public.academic_years y on y.school_id = $1 and y.id = s.academic_year_id
                where n.school_id = $1
            ),
            -- When two groups have a student in common.
            shared as materialized (
                select p.group_id, b.group_id as other_group,
                    range_agg(daterange(a.starts_on, a.ends_on, '[]') * daterange(b.starts_on, b.ends_on, '[]')) as days
                from (select p.group_id, min(p.date) as first, max(p.date) as last from placed p group by p.group_id) p
                join public.group_members a
                    on a.school_id = $1 and a.group_id = p.group_id and lyceum.holds_between(a.starts_on, a.ends_on, p.first, p.last)
                join public.group_members b
                    on b.school_id = $1 and b.student_id = a.student_id and lyceum.holds_between(b.starts_on, b.ends_on, p.first, p.last)
                group by p.group_id, b.group_id
            ),
            others as materialized (
                select coalesce(o.merge_id, o.id) as merge_id, o.date, o.starts_at, o.ends_at, s.group_id
                from (select distinct p.date from placed p) d
                join public.lessons o on o.school_id = $1 and o.date = d.date and o.state <> 'cancelled'
                join public.sections s on s.school_id = $1 and s.id = o.section_id
            )
            select r.refusal, r.id, r.date
            from (
                select 1 as rank, 'lesson_outside_year' as refusal, p.id, p.date
                from placed p
                where p.date < p.starts_on or p.date > p.ends_on
                union all
                select 2, 'lesson_on_holiday', p.id, p.date
                from placed p
                join public.holidays h
                    on h.school_id = $1
                    and h.starts_on <= p.date
                    and h.ends_on >= p.date
                    and (h.grade_levels is null or p.grade_level = any (h.grade_levels))
                union all
                select 3, 'student_overlap', p.id, p.date
                from placed p
                join shared g on g.group_id = p.group_id
                join others o on o.group_id = g.other_group and o.date = p.date
                where g.days @> p.date and o.starts_at < p.ends_at and o.ends_at > p.starts_at and o.merge_id <> p.merge_id
            ) r
            order by r.rank, r.date, r.id
            limit 1
        $sql$ into v_lesson using v_school, v_ids;
        if v_lesson.refusal is not null then
            raise exception using
                errcode = 'LYL01', message = v_lesson.refusal, detail = format('Lesson %s on %s.', v_lesson.id, v_lesson.date);
        end if;
    end loop;
    return null;
end
$$;
comment on function lyceum.place_lessons() is
    'L1 for all lessons that a statement makes or moves: none outside the year or on a holiday, and none at the same time as another one '
    'of a student. Exclusion constraints refuse overlaps of teacher, room and section. The triggers enter and enter_again have taken '
    'the lock.';

drop trigger if exists place on lessons;
create or replace trigger place after insert on lessons
    referencing new table as new_rows for each statement execute function lyceum.place_lessons();
drop trigger if exists place_again on lessons;
create or replace trigger place_again after update on lessons
    referencing old table as old_rows new table as new_rows for each statement execute function lyceum.place_lessons();

create or replace function lyceum.enter_timetable() returns trigger
    language plpgsql
as $$
begin
    perform lyceum.lock_timetable(new.school_id);
    return new;
end
$$;
comment on function lyceum.enter_timetable() is
    'L1: takes the lock before the row exists. Otherwise two writers that hold rows would wait for each other in the '
    'exclusion constraints.';

create or replace trigger enter before insert on lessons
    for each row when (new.state <> 'cancelled') execute function lyceum.enter_timetable();
create or replace trigger enter_again before update on lessons
    for each row when (
        (new.date, new.starts_at, new.ends_at, new.merge_id, new.teacher_id, new.room_id)
            is distinct from (old.date, old.starts_at, old.ends_at, old.merge_id, old.teacher_id, old.room_id)
        or (old.state = 'cancelled' and new.state <> 'cancelled')
    )
    execute function lyceum.enter_timetable();

create or replace function lyceum.place_member() returns trigger
    language plpgsql
as $$
declare
    v_gained datemultirange := datemultirange(daterange(new.starts_on, new.ends_on, '[]'));
    v_first date;
    v_last date;
begin
    perform lyceum.lock_timetable(new.school_id);
    if tg_op = 'UPDATE' then
        v_gained := v_gained - datemultirange(daterange(old.starts_on, old.ends_on, '[]'));
    end if;
    -- A comparison with the bounds can use an index.
    v_first := lower(v_gained);
    v_last := upper(v_gained) - 1;
    if exists (
        select
        from public.sections s
        join public.lessons l on l.school_id = s.school_id and l.section_id = s.id
        join public.group_members m on m.school_id = s.school_id and m.student_id = new.student_id
        join public.sections os on os.school_id = m.school_id and os.group_id = m.group_id
        join public.lessons o on o.school_id = os.school_id and o.section_id = os.id and o.date = l.date
        where s.school_id = new.school_id
            and s.group_id = new.group_id
            and lyceum.holds(v_first, v_last, l.date)
            and lyceum.holds(old.starts_on, old.ends_on, l.date) is not true
            and l.state <> 'cancelled'
            and m.group_id <> new.group_id
            and lyceum.holds(m.starts_on, m.ends_on, l.date)
            and o.state <> 'cancelled'
            and o.starts_at < l.ends_at
            and o.ends_at > l.starts_at
            and coalesce(o.merge_id, o.id) <> coalesce(l.merge_id, l.id)
    ) then
        raise exception using
            errcode = 'LYL01', message = 'student_overlap',
            detail = format('Student %s would have two lessons at a time in group %s.', new.student_id, new.group_id);
    end if;
    return null;
end
$$;
comment on function lyceum.place_member() is
    'L1: the student has no two lessons at a time on the days that the membership gains.';

drop trigger if exists place on group_members;
create constraint trigger place after insert on group_members
    deferrable initially immediate for each row execute function lyceum.place_member();
drop trigger if exists place_again on group_members;
create constraint trigger place_again after update on group_members
    deferrable initially immediate
    -- A membership that only gets shorter brings no new lessons.
    for each row when (not lyceum.covers(old.starts_on, old.ends_on, new.starts_on, new.ends_on))
    execute function lyceum.place_member();

create or replace function lyceum.place_holiday() returns trigger
    language plpgsql
as $$
begin
    perform lyceum.lock_timetable(new.school_id);
    if exists (
        select
        from public.lessons l
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        join public.groups g on g.school_id = s.school_id and g.id = s.group_id
        where l.school_id = new.school_id
            and l.date between new.starts_on and new.ends_on
            and l.state <> 'cancelled'
            and (new.grade_levels is null or g.grade_level = any (new.grade_levels))
    ) then
        raise exception using
            errcode = 'LYL01', message = 'lesson_on_holiday', detail = 'Lessons stand on these days: cancel them first.';
    end if;
    return null;
end
$$;

-- Deferred to the end of the transaction, so that a holiday and the cancellation of its lessons may come in any order.
drop trigger if exists place on holidays;
create constraint trigger place after insert or update on holidays
    deferrable initially deferred for each row execute function lyceum.place_holiday();

create or replace function lyceum.place_year() returns trigger
    language plpgsql
as $$
begin
    perform lyceum.lock_timetable(new.school_id);
    if exists (
        select
        from public.lessons l
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        where s.school_id = new.school_id
            and s.academic_year_id = new.id
            and (l.date < new.starts_on or l.date > new.ends_on)
            and l.state <> 'cancelled'
    ) then
        raise exception using
            errcode = 'LYL01', message = 'lesson_outside_year', detail = 'Lessons of the year would stand outside it.';
    end if;
    return null;
end
$$;

drop trigger if exists place on academic_years;
create constraint trigger place after update on academic_years
    deferrable initially immediate
    for each row when ((new.starts_on, new.ends_on) is distinct from (old.starts_on, old.ends_on))
    execute function lyceum.place_year();
