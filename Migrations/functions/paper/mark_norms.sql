-- M7: how many marks are expected. Without a mark, with one mark.

create or replace function lyceum.mark_norms(p_school integer, p_first date, p_last date)
    returns table (section_id uuid, term_id uuid, norm integer, due integer, lessons integer, expected numeric)
    language plpgsql stable rows 1000
    set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    return query
    with spans as materialized (
        select t.id as term_id, t.starts_on, t.ends_on, greatest(t.starts_on, p_first) as first, least(t.ends_on, p_last) as last,
            t.academic_year_id, t.grade_levels, y.second_half_starts_on,
            lyceum.least_marks(p_school, t.kind) as least_marks
        from public.terms t
        join public.academic_years y on y.school_id = p_school and y.id = t.academic_year_id
        where t.school_id = p_school and t.starts_on <= p_last and t.ends_on >= p_first and t.starts_on <= lyceum.today()
    ), courses as materialized (
        select s.id as section_id, t.term_id, t.starts_on, t.ends_on, t.first, t.last,
            t.least_marks[case when h.hours >= 3 then 3 when h.hours >= 2 then 2 else 1 end] as norm
        from spans t
        join public.groups g on g.school_id = p_school and g.academic_year_id = t.academic_year_id and g.grade_level = any (t.grade_levels)
        join public.sections s on s.school_id = p_school and s.group_id = g.id and s.grading = 'marks'
        cross join lateral (
            select coalesce(s.hours_per_week, lyceum.weekly_hours(p_school, s.id, least(t.last, lyceum.today()))) as hours
        ) h
        where not lyceum.is_before_marks(g.grade_level, t.ends_on, t.second_half_starts_on)
    ), made as materialized (
        select c.section_id, c.term_id,
            count(*) filter (where l.date between c.first and c.last and lyceum.is_over(l.date, l.ends_at)) as due, count(*) as lessons,
            max(l.timetable_date) as made_until
        from courses c
        join public.lessons l on l.school_id = p_school and l.section_id = c.section_id and l.date between c.starts_on and c.ends_on
            and l.state <> 'cancelled'
        group by c.section_id, c.term_id
    ), wanted as materialized (
        -- Lessons of the running term that are not made from the timetable yet.
        select w.section_id, w.date
        from (select max(lyceum.today()) + 1 as first, max(t.ends_on) as last from spans t) t
        cross join lateral lyceum.timetabled_lessons(p_school, t.first, t.last, null) w
        where t.first <= t.last
    ), unmade as materialized (
        select c.section_id, c.term_id, count(*) as lessons
        from courses c
        left join made m on m.section_id = c.section_id and m.term_id = c.term_id
        join wanted w on w.section_id = c.section_id and w.date between c.starts_on and c.ends_on
            and (m.made_until is null or w.date > m.made_until)
        group by c.section_id, c.term_id
    ), counted as (
        select c.section_id, c.term_id, c.norm, coalesce(m.due, 0) as due, coalesce(m.lessons, 0) + coalesce(u.lessons, 0) as lessons
        from courses c
        left join made m on m.section_id = c.section_id and m.term_id = c.term_id
        left join unmade u on u.section_id = c.section_id and u.term_id = c.term_id
    )
    select c.section_id, c.term_id, c.norm, c.due::integer, c.lessons::integer, c.norm * c.due::numeric / nullif(c.lessons, 0)
    from counted c;
end
$$;
comment on function lyceum.mark_norms(integer, date, date) is
    'M7: the marks that a student of each section was to get in these days, by term: norm x due lessons / lessons of the term, those of the '
    'timetable that are not made yet included. No row for sections without marks and for terms before marks (M1).';

create or replace function lyceum.marked_seats(p_school integer, p_first date, p_last date)
    returns table (section_id uuid, student_id uuid, marks integer)
    language plpgsql stable rows 5000
    set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    return query
    with given as materialized (
        select k.student_id, s.subject_id, s.academic_year_id, count(*) as marks
        from public.lessons l
        join public.sections s on s.school_id = p_school and s.id = l.section_id
        join public.line_items i on i.school_id = p_school and i.lesson_id = l.id and i.deleted_at is null
        join public.marks k on k.school_id = p_school and k.line_item_id = i.id and (k.kind = 'number' or k.code in ('pass', 'fail'))
        where l.school_id = p_school and l.date between p_first and p_last and l.state <> 'cancelled'
        group by k.student_id, s.subject_id, s.academic_year_id
    ), brought as materialized (
        select t.student_id, t.subject_id, t.academic_year_id, count(*) as marks
        from public.transferred_marks t
        where t.school_id = p_school and t.date between p_first and p_last and (t.kind = 'number' or t.code in ('pass', 'fail'))
        group by t.student_id, t.subject_id, t.academic_year_id
    )
    select s.id, m.student_id, (coalesce(g.marks, 0) + coalesce(b.marks, 0))::integer
    from public.sections s
    join public.academic_years y on y.school_id = p_school and y.id = s.academic_year_id
    join public.groups c on c.school_id = p_school and c.id = s.group_id
    cross join lateral (select least(p_last, y.ends_on, lyceum.today()) as day) d
    join public.group_members m on m.school_id = p_school and m.group_id = s.group_id
        and lyceum.holds_between(m.starts_on, m.ends_on, d.day, d.day)
    left join given g on g.student_id = m.student_id and g.subject_id = s.subject_id and g.academic_year_id = y.id
    left join brought b on b.student_id = m.student_id and b.subject_id = s.subject_id and b.academic_year_id = y.id
    where s.school_id = p_school and s.grading = 'marks' and y.starts_on <= p_last and y.ends_on >= p_first
        and c.grade_level is not null
        and exists (
            select from public.terms t
            where t.school_id = p_school and t.academic_year_id = y.id and c.grade_level = any (t.grade_levels)
                and t.starts_on <= d.day and t.ends_on >= p_first
                and not lyceum.is_before_marks(c.grade_level, t.ends_on, y.second_half_starts_on)
        );
end
$$;
comment on function lyceum.marked_seats(integer, date, date) is
    'Students by section, as members on the last of these days (today at most), and their marks in the subject in these days (M10): numbers, '
    'pass and fail; exempt and owed are no marks. Only sections with marks, and only where marks are given (M1).';
