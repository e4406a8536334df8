-- T3: how much students missed, in days and in lessons.

create or replace function lyceum.attendance_totals(
    p_school integer, p_students uuid[], p_from date, p_to date, p_class uuid default null
)
    returns table (
        student_id uuid, days integer, missed_days integer, absent_days integer, ill_days integer, excused_days integer,
        unexcused_days integer, lessons integer, missed integer, absent integer, ill integer, excused integer,
        unexcused integer, late integer, unknown integer
    )
    language plpgsql stable rows 25
    set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
    with held as materialized (
        select e.student_id, range_agg(daterange(e.starts_on, e.ends_on, '[]')) as range
        from public.enrollments e
        where e.school_id = p_school and e.class_id = p_class and e.student_id = any (p_students)
        group by e.student_id
    ), attended as materialized (
        select l.student_id, l.date, l.meaning, l.status, l.is_over or l.status is not null as counts, l.is_over
        from lyceum.attended_lessons(p_school, p_students, p_from, p_to) l
        left join held h on h.student_id = l.student_id
        where p_class is null or l.date <@ h.range
    ), days as materialized (
        select l.student_id, l.date, bool_and(coalesce(l.status = 'missed', false)) as is_missed,
            case when bool_and(coalesce(l.status = 'missed', false))
                then mode() within group (order by l.meaning desc) end as meaning
        from attended l
        group by l.student_id, l.date
        having bool_or(l.counts)
    ), by_day as (
        select d.student_id, count(*) as days, count(*) filter (where d.is_missed) as missed,
            count(*) filter (where d.meaning = 'absent') as absent, count(*) filter (where d.meaning = 'ill') as ill,
            count(*) filter (where d.meaning = 'excused') as excused, count(*) filter (where d.meaning = 'unexcused') as unexcused
        from days d
        group by d.student_id
    ), by_lesson as (
        select l.student_id, count(*) filter (where l.counts) as lessons,
            count(*) filter (where l.status = 'missed') as missed,
            count(*) filter (where l.status = 'missed' and l.meaning = 'absent') as absent,
            count(*) filter (where l.status = 'missed' and l.meaning = 'ill') as ill,
            count(*) filter (where l.status = 'missed' and l.meaning = 'excused') as excused,
            count(*) filter (where l.status = 'missed' and l.meaning = 'unexcused') as unexcused,
            count(*) filter (where l.status = 'late') as late,
            count(*) filter (where l.is_over and l.status is null) as unknown
        from attended l
        group by l.student_id
    )
    select s.id, coalesce(d.days, 0)::integer, coalesce(d.missed, 0)::integer, coalesce(d.absent, 0)::integer,
        coalesce(d.ill, 0)::integer, coalesce(d.excused, 0)::integer, coalesce(d.unexcused, 0)::integer,
        coalesce(l.lessons, 0)::integer, coalesce(l.missed, 0)::integer, coalesce(l.absent, 0)::integer,
        coalesce(l.ill, 0)::integer, coalesce(l.excused, 0)::integer, coalesce(l.unexcused, 0)::integer,
        coalesce(l.late, 0)::integer, coalesce(l.unknown, 0)::integer
    from unnest(p_students) s (id)
    left join by_day d on d.student_id = s.id
    left join by_lesson l on l.student_id = s.id;
end
$$;
comment on function lyceum.attendance_totals(integer, uuid[], date, date, uuid) is
    'T2, T3, T4: a row for each student, with the days and lessons that are over or known. With a class, only days in it. A day is '
    'missed if all its lessons are missed; it counts as what most of them count as, of two equally frequent meanings as the first of '
    'unexcused, ill, excused, absent.';
