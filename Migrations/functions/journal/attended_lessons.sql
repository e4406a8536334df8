-- T2, T3, T4: how each lesson of a student counts, and each day.

create or replace function lyceum.is_over(p_date date, p_ends_at time) returns boolean
    language sql stable
    return p_date < lyceum.today()
        or p_date = lyceum.today() and (p_date + p_ends_at) at time zone current_setting('lyceum.time_zone') <= now();
comment on function lyceum.is_over(date, time) is 'Whether a lesson with this date and end has ended, in the time zone of the school.';

create or replace function lyceum.attended_lessons(p_school integer, p_students uuid[], p_from date, p_to date)
    returns table (
        student_id uuid, date date, lesson_id uuid, section_id uuid, starts_at time, is_over boolean, attendance_id uuid, meaning text,
        minutes smallint, status text
    )
    language plpgsql stable rows 1000
as $$
#variable_conflict use_column
begin
    return query
    select
        l.student_id, l.date, l.id, l.section_id, l.starts_at, l.is_over, a.id,
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
    from (
        select distinct on (m.student_id, l.id)
            m.student_id, l.id, l.section_id, l.date, l.starts_at, l.attendance_taken_at, lyceum.is_over(l.date, l.ends_at) as is_over
        from public.group_members m
        join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
        join public.lessons l on l.school_id = s.school_id and l.section_id = s.id and l.date between p_from and p_to
            and lyceum.holds(m.starts_on, m.ends_on, l.date)
        where m.school_id = p_school
            and m.student_id = any (p_students)
            and lyceum.holds_between(m.starts_on, m.ends_on, p_from, p_to)
            and l.state <> 'cancelled'
    ) l
    left join public.attendance a on a.school_id = p_school and a.lesson_id = l.id and a.student_id = l.student_id
    left join public.attendance_days d on d.school_id = p_school and d.student_id = l.student_id and d.date = l.date
    cross join lateral (
        select case
            -- What will be is not known, whatever was announced.
            when l.is_over or l.attendance_taken_at is not null or a.meaning is not null
                then coalesce(
                    a.decided_meaning,
                    -- The other records have the word for the day already (lyceum.with_days_word).
                    case when l.attendance_taken_at is null and a.meaning is null then d.meaning end,
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
