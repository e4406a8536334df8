-- The formulas of reports about final marks. Only sections with marks count; M1: no marks, no figures.

create or replace function lyceum.rates(
    p_n5 bigint, p_n4 bigint, p_n3 bigint, p_n2 bigint, p_n1 bigint, p_not_assessed bigint
) returns table (
    assessed bigint, achievement_percent numeric, quality_percent numeric, learning_percent numeric, average numeric
)
    language sql immutable parallel safe rows 1
as $$
    select n.assessed, lyceum.percent(p_n5 + p_n4 + p_n3, n.assessed), lyceum.percent(p_n5 + p_n4, n.assessed),
        lyceum.percent(100 * p_n5 + 64 * p_n4 + 36 * p_n3 + 16 * p_n2 + 7 * (p_n1 + p_not_assessed), 100 * n.assessed),
        lyceum.shown_average(5 * p_n5 + 4 * p_n4 + 3 * p_n3 + 2 * p_n2 + p_n1, p_n5 + p_n4 + p_n3 + p_n2 + p_n1)
    from (select p_n5 + p_n4 + p_n3 + p_n2 + p_n1 + p_not_assessed as assessed) n
$$;
comment on function lyceum.rates(bigint, bigint, bigint, bigint, bigint, bigint) is
    'Figures of final marks in a subject. assessed: N, with not_assessed, without exempt, pass, fail and missing marks. '
    'achievement_percent (успеваемость): 5, 4 and 3 of N; quality_percent (качество знаний): 5 and 4 of N; learning_percent (СОУ): '
    '(100 n5 + 64 n4 + 36 n3 + 16 n2 + 7 (n1 + not_assessed)) / N; average: the mean of the numbers. All are null if they divide by 0.';

create or replace function lyceum.seats(
    p_school integer, p_year uuid, p_kind text, p_term uuid, p_class uuid, p_sections uuid[], p_published boolean
)
    returns table (
        kind text, term_id uuid, student_id uuid, class_id uuid, grade_level smallint, section_id uuid, subject_id uuid,
        final_mark_id uuid, number smallint, code text, is_first boolean
    )
    language sql stable rows 10000
as $$
    with periods as materialized (
        select 'term' as kind, t.id as term_id, t.ends_on as last, t.ends_on as marked_on, t.grade_levels
        from public.terms t
        where t.school_id = p_school and t.academic_year_id = p_year and coalesce(p_kind = 'term', true)
            and (p_term is null or t.id = p_term)
        union all
        select 'year', null, y.ends_on, null, '{1,2,3,4,5,6,7,8,9,10,11}'
        from public.academic_years y
        where y.school_id = p_school and y.id = p_year and coalesce(p_kind = 'year', true)
    ), standing as materialized (
        select p.kind, p.term_id, p.last, e.student_id, c.id as class_id, c.grade_level
        from periods p
        join public.academic_years y on y.school_id = p_school and y.id = p_year
        join public.classes c on c.school_id = p_school and c.academic_year_id = p_year and c.grade_level = any (p.grade_levels)
            and (p_class is null or c.id = p_class)
            and not lyceum.is_before_marks(c.grade_level, p.marked_on, y.second_half_starts_on)
        join public.enrollments e on e.school_id = p_school and e.class_id = c.id
            and lyceum.holds_between(e.starts_on, e.ends_on, p.last, p.last)
    ), given as materialized (
        select f.student_id, f.subject_id, f.kind, coalesce(f.term_id, f.academic_year_id) as period, f.id, f.section_id, f.number,
            f.code
        from public.final_marks f
        where f.school_id = p_school and f.academic_year_id = p_year and f.kind in ('term', 'year') and f.value_kind is not null
            -- M2: a debt is not a mark yet.
            and f.code is distinct from 'owed'
            and (not p_published or f.published_at <= now())
            and (p_class is null or f.student_id in (select s.student_id from standing s))
    )
    select t.kind, t.term_id, t.student_id, t.class_id, t.grade_level, s.id, s.subject_id, g.id, g.number, g.code,
        row_number() over (
            partition by coalesce(t.term_id, p_year), t.student_id, s.subject_id order by s.id is distinct from g.section_id, s.id
        ) = 1
    from standing t
    join public.group_members m on m.school_id = p_school and m.student_id = t.student_id
        and lyceum.holds_between(m.starts_on, m.ends_on, t.last, t.last)
    join public.sections s on s.school_id = p_school and s.group_id = m.group_id and s.academic_year_id = p_year
        and s.grading = 'marks' and (p_sections is null or s.id = any (p_sections))
    left join given g on g.student_id = t.student_id and g.subject_id = s.subject_id and g.kind = t.kind
        and g.period = coalesce(t.term_id, p_year)
$$;
comment on function lyceum.seats(integer, uuid, text, uuid, uuid, uuid[], boolean) is
    'Students by section, as members on the last day of a term or of the year, with their final marks (null: none yet, or a debt). p_kind: '
    'term, year, or null for both; p_term, p_class and p_sections narrow it. A student who is in two sections of a subject has the same '
    'final mark in both; is_first marks one of them, for figures by class and subject. No rows before marks (M1). p_published: only '
    'marks that families see (M12).';

create or replace function lyceum.result_of(
    p_n5 bigint, p_n4 bigint, p_n3 bigint, p_failed bigint, p_missing bigint
) returns text
    language sql immutable parallel safe
    return case
        when p_missing > 0 then 'incomplete'
        when p_failed > 0 then 'failing'
        when p_n3 > 0 then 'satisfactory'
        when p_n4 > 0 then 'good'
        when p_n5 > 0 then 'excellent'
    end;
comment on function lyceum.result_of(bigint, bigint, bigint, bigint, bigint) is
    'How a student ended a term or a year: excellent (отличник), good (хорошист), satisfactory, failing, or incomplete if a final mark is '
    'missing. p_failed: marks 2 and 1, fail and not_assessed. Null for a student with nothing but pass and exempt.';

create or replace function lyceum.student_results(
    p_school integer, p_year uuid, p_kind text, p_term uuid, p_class uuid, p_published boolean
)
    returns table (
        kind text, term_id uuid, student_id uuid, class_id uuid, grade_level smallint, n5 bigint, n4 bigint, n3 bigint, n2 bigint,
        n1 bigint, fail bigint, not_assessed bigint, missing bigint, result text, only_four uuid, only_three uuid
    )
    language sql stable rows 1000
as $$
    select s.kind, s.term_id, s.student_id, s.class_id, s.grade_level, s.n5, s.n4, s.n3, s.n2, s.n1, s.fail, s.not_assessed, s.missing,
        r.result, case when r.result = 'good' and s.n4 = 1 then s.four end,
        case when r.result = 'satisfactory' and s.n3 = 1 then s.three end
    from (
        select s.kind, s.term_id, s.student_id, s.class_id, s.grade_level, count(*) filter (where s.number = 5) as n5,
            count(*) filter (where s.number = 4) as n4, count(*) filter (where s.number = 3) as n3,
            count(*) filter (where s.number = 2) as n2, count(*) filter (where s.number = 1) as n1,
            count(*) filter (where s.code = 'fail') as fail, count(*) filter (where s.code = 'not_assessed') as not_assessed,
            count(*) filter (where s.final_mark_id is null) as missing,
            (array_agg(s.subject_id) filter (where s.number = 4))[1] as four,
            (array_agg(s.subject_id) filter (where s.number = 3))[1] as three
        from lyceum.seats(p_school, p_year, p_kind, p_term, p_class, null, p_published) s
        where s.is_first
        group by s.kind, s.term_id, s.student_id, s.class_id, s.grade_level
    ) s
    cross join lateral (
        select lyceum.result_of(s.n5, s.n4, s.n3, s.n2 + s.n1 + s.fail + s.not_assessed, s.missing) as result
    ) r
$$;
comment on function lyceum.student_results(integer, uuid, text, uuid, uuid, boolean) is
    'How students ended terms and the year, see lyceum.seats and lyceum.result_of. only_four: the subject of the only 4 of a student who '
    'has 5 otherwise; only_three: that of the only 3 of a student who has 5 and 4 otherwise.';
