-- M6, M10: averages by subject over the terms of a year.

create or replace function lyceum.term_averages(p_school integer, p_year uuid, p_students uuid[], p_published boolean)
    returns table (
        student_id uuid, subject_id uuid, term_id uuid, marks integer, numbers integer, total integer, weighted numeric, weight numeric,
        lessons integer, missed integer
    )
    language sql stable rows 100
as $$
    with periods as materialized (
        select s.student_id, t.id as term_id, t.starts_on, t.ends_on
        from (select s.student_id, lyceum.grade_level_in(p_school, s.student_id, p_year) as grade_level from unnest(p_students) s (student_id)) s
        join public.academic_years y on y.school_id = p_school and y.id = p_year
        join public.terms t on t.school_id = p_school and t.academic_year_id = p_year and s.grade_level = any (t.grade_levels)
            and not lyceum.is_before_marks(s.grade_level, t.ends_on, y.second_half_starts_on)
    ), places as materialized (
        select p.student_id, p.term_id, s.subject_id, l.id, l.date, l.ends_at
        from periods p
        join public.group_members m on m.school_id = p_school and m.student_id = p.student_id
            and lyceum.holds_between(m.starts_on, m.ends_on, p.starts_on, p.ends_on)
        join public.sections s on s.school_id = p_school and s.group_id = m.group_id and s.academic_year_id = p_year
            and s.grading = 'marks'
        cross join lateral (
            select l.id, l.date, l.ends_at
            from public.lessons l
            where l.school_id = p_school and l.section_id = s.id and l.state <> 'cancelled'
                and l.date between greatest(p.starts_on, m.starts_on) and least(p.ends_on, m.ends_on)
            offset 0
        ) l
    ), given as (
        select k.student_id, k.subject_id, k.term_id,
            count(*) filter (where k.kind = 'number' or k.code in ('pass', 'fail'))::integer as marks,
            count(k.number)::integer as numbers, sum(k.number)::integer as total, sum(k.number * k.weight) as weighted,
            sum(k.weight) filter (where k.kind = 'number') as weight
        from (
            select p.student_id, p.subject_id, p.term_id, k.kind, k.number, k.code, i.weight
            from places p
            join public.line_items i on i.school_id = p_school and i.lesson_id = p.id and i.deleted_at is null
            cross join lateral (
                select k.kind, k.number, k.code
                from public.marks k
                where k.school_id = p_school and k.line_item_id = i.id and k.student_id = p.student_id and k.kind is not null
                    and (not p_published or k.published_at <= now())
                offset 0
            ) k
            union all
            select t.student_id, t.subject_id, p.term_id, t.kind, t.number, t.code, t.weight
            from periods p
            join public.transferred_marks t on t.school_id = p_school and t.academic_year_id = p_year and t.student_id = p.student_id
                and t.date between p.starts_on and p.ends_on and t.kind is not null
        ) k
        group by k.student_id, k.subject_id, k.term_id
    ), roll as (
        select p.student_id, p.subject_id, p.term_id, count(*)::integer as lessons,
            count(*) filter (
                where lyceum.counted_meaning(a.meaning, a.decided_meaning) in ('absent', 'ill', 'excused', 'unexcused')
            )::integer as missed
        from places p
        left join public.attendance a on a.school_id = p_school and a.lesson_id = p.id and a.student_id = p.student_id
        where lyceum.is_over(p.date, p.ends_at)
        group by p.student_id, p.subject_id, p.term_id
    )
    select coalesce(g.student_id, r.student_id), coalesce(g.subject_id, r.subject_id), coalesce(g.term_id, r.term_id),
        coalesce(g.marks, 0), coalesce(g.numbers, 0), coalesce(g.total, 0), coalesce(g.weighted, 0), coalesce(g.weight, 0),
        coalesce(r.lessons, 0), coalesce(r.missed, 0)
    from given g
    full join roll r on r.student_id = g.student_id and r.subject_id = g.subject_id and r.term_id = g.term_id
$$;
comment on function lyceum.term_averages(integer, uuid, uuid[], boolean) is
    'M6, M10: the marks of students by subject and term, all sections of the subject and those from another school together; weighted / '
    'weight is the average. lessons: those that are over; missed: those with an absence (T2). p_published: only marks that families see '
    '(M12). No rows before marks (M1).';
