-- M6, M7, M10: what a final mark is based on.

create or replace function lyceum.weekly_hours(p_school integer, p_section uuid, p_date date) returns numeric
    language plpgsql stable
    set plan_cache_mode = force_generic_plan -- lyceum.mark_norms calls it for each section
as $$
begin
    return coalesce(
        (select s.hours_per_week from public.sections s where s.school_id = p_school and s.id = p_section),
        (
            select sum(case e.week when 'every' then 1 else 0.5 end)
            from public.timetable_entries e
            where e.school_id = p_school and e.section_id = p_section and lyceum.holds(e.starts_on, e.ends_on, p_date)
        )
    );
end
$$;
comment on function lyceum.weekly_hours(integer, uuid, date) is
    'Hours of the section in a week: those of the load, else those of the timetable on the day; null without both.';

create or replace function lyceum.least_marks(p_school integer, p_kind text) returns integer[]
    language sql stable
as $$
    select case p_kind
        when 'semester' then array[
            coalesce(t.min_marks_semester, 5), coalesce(t.min_marks_semester_2h, 8), coalesce(t.min_marks_semester_3h, 11)
        ]
        else array[coalesce(t.min_marks_quarter, 3), coalesce(t.min_marks_quarter_2h, 5), coalesce(t.min_marks_quarter_3h, 7)]
    end
    from (select p_school as id) s
    left join public.school_settings t on t.school_id = s.id
$$;
comment on function lyceum.least_marks(integer, text) is
    'M7: the least number of current marks that a final mark of a term of this kind needs, in sections of one, two, and three or more hours.';

create or replace function lyceum.final_bases(
    p_school integer, p_year uuid, p_subject uuid, p_term uuid, p_students uuid[], p_published boolean
)
    returns table (
        student_id uuid, marks integer, numbers integer, total integer, weighted numeric, weight numeric, minimum integer,
        lessons integer, missed integer
    )
    language plpgsql stable rows 25
    set plan_cache_mode = force_generic_plan -- otherwise arrays of one row are planned at each call
as $$
#variable_conflict use_column
declare
    v_today date := lyceum.today();
    v_kind text;
    v_first date;
    v_last date;
    v_least integer[];
begin
    select t.kind, coalesce(t.starts_on, y.starts_on), coalesce(t.ends_on, y.ends_on),
        lyceum.least_marks(p_school, t.kind)
    into v_kind, v_first, v_last, v_least
    from public.academic_years y
    left join public.terms t on t.school_id = y.school_id and t.academic_year_id = y.id and t.id = p_term
    where y.school_id = p_school and y.id = p_year;

    return query
    with memberships as materialized (
        select m.student_id, s.id as section_id, greatest(m.starts_on, v_first) as first, least(m.ends_on, v_last) as last
        from public.sections s
        join public.group_members m on m.school_id = p_school and m.group_id = s.group_id
        where s.school_id = p_school and s.academic_year_id = p_year and s.subject_id = p_subject
            and m.student_id = any (p_students)
            and lyceum.holds_between(m.starts_on, m.ends_on, v_first, v_last)
    ),
    -- M10: in all sections of the subject.
    places as materialized (
        select m.student_id, l.id, l.date, l.ends_at
        from memberships m
        join public.lessons l
            on l.school_id = p_school and l.section_id = m.section_id and l.date between m.first and m.last and l.state <> 'cancelled'
    ),
    given as (
        select k.student_id,
            count(*) filter (where k.kind = 'number' or k.code in ('pass', 'fail'))::integer as marks,
            count(k.number)::integer as numbers, sum(k.number)::integer as total,
            sum(k.number * k.weight) as weighted, sum(k.weight) filter (where k.kind = 'number') as weight
        from (
            select p.student_id, k.kind, k.number, k.code, i.weight
            from places p
            join public.line_items i on i.school_id = p_school and i.lesson_id = p.id and i.deleted_at is null
            -- OFFSET 0: otherwise PostgreSQL could read the marks of all students in each column, once for each student.
            cross join lateral (
                select k.kind, k.number, k.code
                from public.marks k
                where k.school_id = p_school and k.line_item_id = i.id and k.student_id = p.student_id
                    and (not p_published or k.published_at <= now())
                offset 0
            ) k
            union all
            -- M10: those of another school.
            select t.student_id, t.kind, t.number, t.code, t.weight
            from public.transferred_marks t
            where t.school_id = p_school and t.academic_year_id = p_year and t.subject_id = p_subject
                and t.student_id = any (p_students) and t.date between v_first and v_last
        ) k
        group by k.student_id
    ),
    roll as (
        select p.student_id, count(*)::integer as lessons,
            count(*) filter (
                where lyceum.counted_meaning(a.meaning, a.decided_meaning) in ('absent', 'ill', 'excused', 'unexcused')
            )::integer as missed
        from places p
        left join public.attendance a on a.school_id = p_school and a.lesson_id = p.id and a.student_id = p.student_id
        where p.date <= v_today
        group by p.student_id
    ),
    days as (
        select m.student_id, sum(upper(d.range) - lower(d.range)) as days
        from (
            select m.student_id, range_agg(daterange(m.first, m.last, '[]')) as ranges from memberships m group by m.student_id
        ) m
        cross join lateral unnest(m.ranges) d (range)
        group by m.student_id
    ),
    -- The section that the student is in, or was in last.
    standing as (
        select distinct on (m.student_id) m.student_id,
            lyceum.weekly_hours(p_school, m.section_id, greatest(m.first, least(m.last, v_today))) as hours
        from memberships m
        order by m.student_id, m.last desc, m.first desc, m.section_id
    )
    select s.student_id, coalesce(g.marks, 0), coalesce(g.numbers, 0), coalesce(g.total, 0), coalesce(g.weighted, 0),
        coalesce(g.weight, 0),
        case when v_kind is not null then ceil(
            v_least[case when s.hours >= 3 then 3 when s.hours >= 2 then 2 else 1 end] * d.days / (v_last - v_first + 1)::numeric
        )::integer end,
        coalesce(r.lessons, 0), coalesce(r.missed, 0)
    from standing s
    join days d on d.student_id = s.student_id
    left join given g on g.student_id = s.student_id
    left join roll r on r.student_id = s.student_id;
end
$$;
comment on function lyceum.final_bases(integer, uuid, uuid, uuid, uuid[], boolean) is
    'What the final marks of the students in a subject are based on, in a term, or in the year if p_term is null. Students who were in no '
    'section of the subject are left out. marks: numbers, pass and fail, also those held back unless p_published (M12); numbers and '
    'total: those with a number and their sum; weighted / weight is the average (M6). minimum: M7, rounded up for students who were members for a part of the term; null '
    'for a year. lessons: those until today that were not cancelled; missed: those with an absence (T2).';

create or replace function lyceum.year_bases(p_school integer, p_year uuid, p_subject uuid, p_students uuid[])
    returns table (
        student_id uuid, terms integer, total integer, missing integer, year_number smallint, exam_number smallint,
        upper_marks integer, upper_total integer
    )
    language sql stable rows 25
    set plan_cache_mode = force_generic_plan
as $$
    with grades as materialized (
        select s.student_id, lyceum.grade_level_in(p_school, s.student_id, p_year) as grade_level
        from unnest(p_students) s (student_id)
    ),
    upper as materialized (
        select u.student_id, u.academic_year_id from lyceum.upper_years(p_school, p_year, p_students) u
    ),
    finals as (
        select f.student_id,
            count(f.number) filter (where f.kind = 'term')::integer as terms,
            sum(f.number) filter (where f.kind = 'term')::integer as total,
            max(f.number) filter (where f.kind = 'year') as year_number,
            max(f.number) filter (where f.kind = 'exam') as exam_number
        from public.final_marks f
        where f.school_id = p_school and f.student_id = any (p_students) and f.subject_id = p_subject and f.academic_year_id = p_year
        group by f.student_id
    ),
    upper_finals as (
        select u.student_id, count(f.number)::integer as marks, sum(f.number)::integer as total
        from upper u
        join public.final_marks f
            on f.school_id = p_school and f.student_id = u.student_id and f.subject_id = p_subject
            and f.academic_year_id = u.academic_year_id and f.kind in ('term', 'year')
        group by u.student_id
    )
    select g.student_id, coalesce(f.terms, 0), coalesce(f.total, 0),
        (
            select count(*)
            from public.terms t
            join public.academic_years y on y.school_id = p_school and y.id = p_year
            where t.school_id = p_school and t.academic_year_id = p_year and g.grade_level = any (t.grade_levels)
                and not lyceum.is_before_marks(g.grade_level, t.ends_on, y.second_half_starts_on)
                and exists (
                    select
                    from public.group_members m
                    join public.sections s on s.school_id = p_school and s.group_id = m.group_id
                    where m.school_id = p_school and m.student_id = g.student_id and s.subject_id = p_subject
                        and s.academic_year_id = p_year and lyceum.holds_between(m.starts_on, m.ends_on, t.starts_on, t.ends_on)
                )
                and not exists (
                    select
                    from public.final_marks k
                    where k.school_id = p_school and k.student_id = g.student_id and k.subject_id = p_subject
                        and k.academic_year_id = p_year and k.kind = 'term' and k.term_id = t.id and k.value_kind is not null
                )
        )::integer,
        f.year_number, f.exam_number, u.marks, u.total
    from grades g
    left join finals f on f.student_id = g.student_id
    left join upper_finals u on u.student_id = g.student_id
$$;
comment on function lyceum.year_bases(integer, uuid, uuid, uuid[]) is
    'M11: what the final marks of a year are based on. terms and total: final marks of terms that are numbers, and their sum. missing: '
    'terms in which the student was a member and has no final mark yet. upper_marks and upper_total: the numbers of semesters and years in '
    'grades 10 and 11, for students of grade 11.';

create or replace function lyceum.average_of_final(
    p_school integer, p_student uuid, p_subject uuid, p_year uuid, p_kind text, p_term uuid
) returns numeric
    language plpgsql stable
as $$
begin
    return case p_kind
        when 'term' then (
            select b.weighted / nullif(b.weight, 0) from lyceum.final_bases(p_school, p_year, p_subject, p_term, array[p_student], false) b
        )
        when 'year' then (
            select b.total::numeric / nullif(b.terms, 0) from lyceum.year_bases(p_school, p_year, p_subject, array[p_student]) b
        )
    end;
end
$$;
comment on function lyceum.average_of_final(integer, uuid, uuid, uuid, text, uuid) is
    'M6: the average that belongs to a final mark: the weighted one of the term, or the mean of the final marks of the terms.';

create or replace function lyceum.final_reason_refusal(
    p_school integer, p_student uuid, p_subject uuid, p_year uuid, p_term uuid, p_section uuid, p_value_kind text, p_code text,
    p_reason text, p_order uuid
) returns text
    language plpgsql stable
as $$
declare
    v_base record;
begin
    if p_code = 'exempt' and p_order is null then
        return 'order_required';
    end if;
    if p_term is null or p_reason is not null or p_value_kind is null or (p_value_kind = 'code' and p_code <> 'not_assessed')
        or exists (
            select from public.sections s where s.school_id = p_school and s.id = p_section and s.grading <> 'marks'
        ) then
        return null;
    end if;
    select b.marks, b.minimum, b.lessons, b.missed into v_base
    from lyceum.final_bases(p_school, p_year, p_subject, p_term, array[p_student], false) b;
    if p_value_kind = 'number' and coalesce(v_base.marks < v_base.minimum, true)
        or p_code = 'not_assessed' and coalesce(v_base.missed * 100 <= v_base.lessons * 75, true) then
        return 'reason_required';
    end if;
    return null;
end
$$;
comment on function lyceum.final_reason_refusal(integer, uuid, uuid, uuid, uuid, uuid, text, text, text, uuid) is
    'M7: order_required for exempt without an order; reason_required for a number with fewer marks than the minimum, and for not_assessed '
    'with at most 75 % of the lessons missed; null if the final mark may be given.';
