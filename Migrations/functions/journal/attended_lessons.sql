-- T2, T3, T4: how each lesson of a student counts, and each day.

create or replace function lyceum.attended_lessons(p_school integer, p_students uuid[], p_from date, p_to date)
    returns table (
        student_id uuid, date date, lesson_id uuid, section_id uuid, starts_at time, is_over boolean, attendance_id uuid, meaning text,
        minutes smallint, status text
    )
    language plpgsql stable rows 1000
    set plan_cache_mode = force_generic_plan -- otherwise arrays of one student are planned at each call
as $$
#variable_conflict use_column
declare
    -- In order, so that the records of a lesson are one range of the index.
    v_students uuid[] := array(select s from unnest(p_students) s order by s);
begin
    -- OFFSET 0 keeps the joins in this order: from the students to their lessons, and from these to the records. Otherwise
    -- PostgreSQL could read the lessons or the records of the whole school. Each lesson is read once, however many of the
    -- students have it. A student has at most one membership of a group on a day, so no lesson comes twice.
    return query
    with memberships as materialized (
        select m.student_id, s.id as section_id, greatest(m.starts_on, p_from) as first, least(m.ends_on, p_to) as last
        from public.group_members m
        cross join lateral (
            select s.id from public.sections s where s.school_id = p_school and s.group_id = m.group_id offset 0
        ) s
        where m.school_id = p_school
            and m.student_id = any (p_students)
            and lyceum.holds_between(m.starts_on, m.ends_on, p_from, p_to)
    ), held as materialized (
        select l.*, l.date < d.today or l.date = d.today and lyceum.is_over(l.date, l.ends_at) as is_over
        from (select m.section_id, min(m.first) as first, max(m.last) as last from memberships m group by m.section_id) m
        cross join (select lyceum.today() as today offset 0) d
        cross join lateral (
            select l.id, l.section_id, l.date, l.starts_at, l.ends_at, l.attendance_taken_at
            from public.lessons l
            where l.school_id = p_school and l.section_id = m.section_id and l.state <> 'cancelled'
                and l.date between m.first and m.last
            offset 0
        ) l
    ), records as materialized (
        select a.*
        from held l
        cross join lateral (
            select a.id, a.lesson_id, a.student_id, a.meaning, a.minutes, a.decided_meaning, a.decided_minutes
            from public.attendance a
            where a.school_id = p_school and a.lesson_id = l.id
                and a.student_id between v_students[1] and v_students[cardinality(v_students)]
            offset 0
        ) a
    )
    select
        m.student_id, l.date, l.id, l.section_id, l.starts_at, l.is_over, a.id,
        nullif(c.counted, 'present'),
        case
            when c.counted <> 'late' then null
            when a.decided_meaning is null then a.minutes
            else a.decided_minutes
        end,
        case
            when c.counted in ('absent', 'ill', 'excused', 'unexcused') then 'missed'
            when c.counted = 'late' then 'late'
            when c.counted = 'present' or l.attendance_taken_at is not null then 'present'
        end
    from memberships m
    join held l on l.section_id = m.section_id and l.date between m.first and m.last
    left join records a on a.lesson_id = l.id and a.student_id = m.student_id
    left join lateral (
        select d.meaning
        from public.attendance_days d
        where d.school_id = p_school and d.student_id = m.student_id and d.date = l.date
            and l.attendance_taken_at is null and a.meaning is null
        offset 0
    ) d on true
    cross join lateral (
        select case
            -- What will be is not known, whatever was announced.
            when l.is_over or l.attendance_taken_at is not null or a.meaning is not null
                then coalesce(
                    a.decided_meaning,
                    -- The other records have the word for the day already (lyceum.with_days_word).
                    d.meaning,
                    a.meaning
                )
        end as counted
    ) c;
end
$$;
comment on function lyceum.attended_lessons(integer, uuid[], date, date) is
    'The lessons of students that are not cancelled, with what counts (T2). The meaning is null if the student was present, or if it is '
    'not known. The status is missed, late, present, or null: not known, because the roll was not taken and nobody said anything (T4), or '
    'because the lesson is not over.';
