-- M11: the marks of certificates.

create or replace function lyceum.student_years(p_school integer, p_year uuid, p_students uuid[])
    returns table (student_id uuid, academic_year_id uuid, grade_level smallint, starts_on date)
    language sql stable rows 200
as $$
    with last as materialized (
        select s.student_id, y.starts_on, lyceum.grade_level_in(p_school, s.student_id, p_year) as grade_level
        from unnest(p_students) s (student_id)
        join public.academic_years y on y.school_id = p_school and y.id = p_year
    ), enrolled as materialized (
        select distinct on (e.student_id, c.academic_year_id) e.student_id, c.academic_year_id, c.grade_level, y.starts_on
        from last l
        join public.enrollments e on e.school_id = p_school and e.student_id = l.student_id
        join public.classes c on c.school_id = p_school and c.id = e.class_id
        join public.academic_years y on y.school_id = p_school and y.id = c.academic_year_id and y.starts_on <= l.starts_on
        order by e.student_id, c.academic_year_id, e.starts_on desc
    )
    select e.student_id, e.academic_year_id, e.grade_level, e.starts_on from enrolled e
    union all
    -- M10: years in another school, one grade level each.
    select l.student_id, y.id, (
            l.grade_level - (
                select count(*) from public.academic_years b
                where b.school_id = p_school and b.starts_on > y.starts_on and b.starts_on <= l.starts_on
            )
        )::smallint, y.starts_on
    from last l
    join public.academic_years y on y.school_id = p_school and y.starts_on < l.starts_on
    where exists (
            select from public.final_marks f
            where f.school_id = p_school and f.student_id = l.student_id and f.academic_year_id = y.id and f.source = 'transferred'
        )
        and not exists (
            select from enrolled e where e.student_id = l.student_id and e.academic_year_id = y.id
        )
$$;
comment on function lyceum.student_years(integer, uuid, uuid[]) is
    'The academic years of the students until p_year, with the grade level of each. Years that have only marks of another school count '
    'back from the grade level of p_year.';

create or replace function lyceum.upper_years(p_school integer, p_year uuid, p_students uuid[])
    returns table (student_id uuid, academic_year_id uuid, grade_level smallint, starts_on date)
    language sql stable rows 50
as $$
    select distinct on (y.student_id, y.grade_level) y.student_id, y.academic_year_id, y.grade_level, y.starts_on
    from lyceum.student_years(p_school, p_year, p_students) y
    where y.grade_level in (10, 11) and lyceum.grade_level_in(p_school, y.student_id, p_year) = 11
    order by y.student_id, y.grade_level, y.starts_on desc
$$;
comment on function lyceum.upper_years(integer, uuid, uuid[]) is
    'M11: the years in grades 10 and 11 of those students who are in grade 11 in p_year. Who repeats a grade level has the last year in it.';

create or replace function lyceum.learned_subjects(p_school integer, p_year uuid, p_students uuid[])
    returns table (student_id uuid, subject_id uuid)
    language sql stable rows 200
as $$
    select m.student_id, s.subject_id
    from public.group_members m
    join public.sections s on s.school_id = p_school and s.group_id = m.group_id and s.academic_year_id = p_year and s.grading <> 'none'
    where m.school_id = p_school and m.student_id = any (p_students)
    union
    select f.student_id, f.subject_id
    from public.final_marks f
    where f.school_id = p_school and f.student_id = any (p_students) and f.academic_year_id = p_year and f.value_kind is not null
$$;
comment on function lyceum.learned_subjects(integer, uuid, uuid[]) is
    'The subjects with marks that the students have in a year, by sections or by final marks.';

create or replace function lyceum.carried_marks(p_school integer, p_year uuid, p_students uuid[], p_published boolean)
    returns table (
        student_id uuid, subject_id uuid, academic_year_id uuid, grade_level smallint, kind text, value_kind text, number smallint,
        code text
    )
    language sql stable rows 50
as $$
    with learned as materialized (
        select l.student_id, l.subject_id from lyceum.learned_subjects(p_school, p_year, p_students) l
    ), present as materialized (
        select l.student_id, l.subject_id from learned l
        union
        select l.student_id, p.subject_id
        from learned l
        join public.subject_parts p on p.school_id = p_school and p.academic_year_id = p_year and p.part_id = l.subject_id
    )
    select distinct on (f.student_id, f.subject_id) f.student_id, f.subject_id, f.academic_year_id, y.grade_level, f.kind, f.value_kind,
        f.number, f.code
    from lyceum.student_years(p_school, p_year, p_students) y
    join public.final_marks f on f.school_id = p_school and f.student_id = y.student_id and f.academic_year_id = y.academic_year_id
        and f.kind in ('year', 'final') and f.value_kind is not null and (not p_published or f.published_at <= now())
    where y.grade_level between 5 and 8 and lyceum.grade_level_in(p_school, y.student_id, p_year) = 9
        and not exists (
            select from present n where n.student_id = f.student_id and n.subject_id = f.subject_id
        )
    order by f.student_id, f.subject_id, y.starts_on desc, f.kind
$$;
comment on function lyceum.carried_marks(integer, uuid, uuid[], boolean) is
    'M11: subjects that ended in grades 5 to 8 have their last mark in the certificate of grade 9. Empty in other grade levels. '
    'p_published: leaves out marks that are held back (M12).';

create or replace function lyceum.certificate_marks(p_school integer, p_year uuid, p_students uuid[])
    returns table (
        student_id uuid, subject_id uuid, basis text, value_kind text, number smallint, code text, total integer, marks integer
    )
    language sql stable rows 400
    set plan_cache_mode = force_generic_plan
as $$
    with standing as materialized (
        select s.student_id, lyceum.grade_level_in(p_school, s.student_id, p_year) as grade_level
        from unnest(p_students) s (student_id)
    ), years as materialized (
        select s.student_id, p_year as academic_year_id, y.starts_on, least(y.ends_on, lyceum.today()) as last
        from standing s
        join public.academic_years y on y.school_id = p_school and y.id = p_year
        where s.grade_level = 9
        union all
        select u.student_id, u.academic_year_id, u.starts_on, least(y.ends_on, lyceum.today())
        from lyceum.upper_years(p_school, p_year, p_students) u
        join public.academic_years y on y.school_id = p_school and y.id = u.academic_year_id
    ), finals as materialized (
        select f.student_id, f.subject_id, f.academic_year_id, f.kind, f.value_kind, f.number, f.code, f.source, y.starts_on
        from years y
        join public.final_marks f on f.school_id = p_school and f.student_id = y.student_id and f.academic_year_id = y.academic_year_id
            and f.value_kind is not null
    ), learned as materialized (
        select distinct on (l.student_id, l.subject_id) l.student_id, l.subject_id, l.academic_year_id
        from (
            select y.student_id, s.subject_id, y.academic_year_id, y.starts_on
            from years y
            join public.group_members m on m.school_id = p_school and m.student_id = y.student_id
                and lyceum.holds_between(m.starts_on, m.ends_on, y.last, y.last)
            join public.sections s on s.school_id = p_school and s.group_id = m.group_id and s.academic_year_id = y.academic_year_id
                and s.grading <> 'none' and s.kind = 'curricular'
            union
            select f.student_id, f.subject_id, f.academic_year_id, f.starts_on
            from finals f
            where f.kind = 'final' or f.source = 'transferred' and f.kind = 'year'
        ) l
        order by l.student_id, l.subject_id, l.starts_on desc
    ), gathered as materialized (
        select f.student_id, f.subject_id,
            -- Of the last year of the subject; the mark that closes it is of the certificate's year.
            max(f.value_kind) filter (where f.kind = 'final' and f.academic_year_id = p_year) as final_kind,
            max(f.number) filter (where f.kind = 'final' and f.academic_year_id = p_year) as final_number,
            max(f.code) filter (where f.kind = 'final' and f.academic_year_id = p_year) as final_code,
            max(f.value_kind) filter (where f.kind = 'year' and f.academic_year_id = l.academic_year_id) as year_kind,
            max(f.number) filter (where f.kind = 'year' and f.academic_year_id = l.academic_year_id) as year_number,
            max(f.code) filter (where f.kind = 'year' and f.academic_year_id = l.academic_year_id) as year_code,
            max(f.number) filter (where f.kind = 'exam' and f.academic_year_id = p_year) as exam_number,
            sum(f.number) filter (where f.kind in ('term', 'year'))::integer as total,
            count(f.number) filter (where f.kind in ('term', 'year'))::integer as marks
        from finals f
        left join learned l on l.student_id = f.student_id and l.subject_id = f.subject_id
        group by f.student_id, f.subject_id
    ), single as materialized (
        select l.student_id, l.subject_id, g.year_number,
            case
                when g.final_kind is not null then 'final'
                when g.year_kind is null then null
                when g.year_number is null or s.grade_level = 9 and g.exam_number is null then 'year'
                when s.grade_level = 9 then 'year_and_exam'
                else 'terms_and_years'
            end as basis,
            coalesce(g.final_kind, g.year_kind) as value_kind,
            case
                when g.final_kind is not null then g.final_number
                when g.year_number is null then null
                when s.grade_level = 11 then lyceum.half_up(g.total, g.marks)
                when g.exam_number is not null then lyceum.half_up(g.year_number + g.exam_number, 2)
                else g.year_number
            end::smallint as number,
            case when g.final_kind is not null then g.final_code else g.year_code end as code,
            case when g.final_kind is null and g.year_number is not null then
                case
                    when s.grade_level = 11 then g.total
                    when g.exam_number is not null then g.year_number + g.exam_number
                    else g.year_number
                end
            end as total,
            case when g.final_kind is null and g.year_number is not null then
                case when s.grade_level = 11 then g.marks when g.exam_number is not null then 2 else 1 end
            end as marks
        from learned l
        join standing s on s.student_id = l.student_id
        left join gathered g on g.student_id = l.student_id and g.subject_id = l.subject_id
        union all
        select c.student_id, c.subject_id, null, 'carried', c.value_kind, c.number, c.code, null, null
        from lyceum.carried_marks(p_school, p_year, p_students, false) c
    ), composite as materialized (
        select s.student_id, p.subject_id, sum(s.number)::integer as total, count(s.number)::integer as marks,
            sum(s.year_number)::integer as year_total, count(s.year_number)::integer as year_marks,
            bool_or(s.value_kind is null) as is_incomplete,
            max(s.code) filter (where s.code in ('not_assessed', 'owed', 'fail')) as failed_code, max(s.code) as code
        from single s
        join public.subject_parts p on p.school_id = p_school and p.academic_year_id = p_year and p.part_id = s.subject_id
        group by s.student_id, p.subject_id
    ), means as (
        select c.student_id, c.subject_id, g.final_kind is not null as is_given, g.final_kind, g.final_number, g.final_code,
            not c.is_incomplete and c.failed_code is null and c.marks > 0 as is_mean,
            s.grade_level = 9 and g.exam_number is not null and c.year_marks > 0 as has_exam,
            lyceum.half_up(c.year_total, c.year_marks) + g.exam_number as year_and_exam,
            c.total, c.marks, c.is_incomplete, coalesce(c.failed_code, c.code) as code
        from composite c
        join standing s on s.student_id = c.student_id
        left join gathered g on g.student_id = c.student_id and g.subject_id = c.subject_id
    )
    select s.student_id, s.subject_id, s.basis, s.value_kind, s.number, s.code, s.total, s.marks
    from single s
    where not exists (
            select from public.subject_parts p
            where p.school_id = p_school and p.academic_year_id = p_year and p.part_id = s.subject_id
        )
        and not exists (
            select from composite c where c.student_id = s.student_id and c.subject_id = s.subject_id
        )
    union all
    select m.student_id, m.subject_id,
        case when m.is_given then 'final' when not m.is_mean then null when m.has_exam then 'year_and_exam' else 'parts' end,
        case
            when m.is_given then m.final_kind when m.is_mean then 'number' when m.is_incomplete then null
            when m.code is not null then 'code'
        end,
        case
            when m.is_given then m.final_number
            when not m.is_mean then null
            when m.has_exam then lyceum.half_up(m.year_and_exam, 2)
            else lyceum.half_up(m.total, m.marks)
        end::smallint,
        case when m.is_given then m.final_code when not m.is_mean and not m.is_incomplete then m.code end,
        case when m.is_given or not m.is_mean then null when m.has_exam then m.year_and_exam else m.total end::integer,
        case when m.is_given or not m.is_mean then null when m.has_exam then 2 else m.marks end::integer
    from means m
$$;
comment on function lyceum.certificate_marks(integer, uuid, uuid[]) is
    'M11: the marks in the certificates of students who are in grade 9 or 11 in p_year; a subject without one has a null value_kind. '
    'basis: final (given by the teacher), year, year_and_exam (the mean of both), terms_and_years (grade 11: the mean of all semester and '
    'year marks of grades 10 and 11), parts (a composite subject: the mean over its parts), carried. total and marks: the sum and the '
    'number of the marks that a mean is made of.';

create or replace function lyceum.lacks_certificate_mark(p_value_kind text, p_number smallint, p_code text) returns boolean
    language sql immutable parallel safe
    return p_value_kind is null or coalesce(p_number <= 2, false) or coalesce(p_code in ('not_assessed', 'owed', 'fail'), false);
comment on function lyceum.lacks_certificate_mark(text, smallint, text) is
    'A certificate needs another mark in the subject: there is none, 2 or below, not_assessed, a debt or fail.';

create or replace function lyceum.certificate_award(
    p_grade_level integer, p_fives bigint, p_fours bigint, p_others bigint, p_lacking bigint, p_results_70 bigint, p_results_60 bigint
) returns text
    language sql immutable parallel safe
    return case
        when p_lacking > 0 or p_others > 0 or p_fives = 0 then null
        when p_grade_level = 9 then case when p_fours = 0 then 'honours' end
        when p_fours = 0 and p_results_70 >= 2 then 'medal_first'
        when p_fours <= 2 and p_results_60 >= 2 then 'medal_second'
    end;
comment on function lyceum.certificate_award(integer, bigint, bigint, bigint, bigint, bigint, bigint) is
    'M11: the award that the certificate marks allow, see docs/decisions/0069. p_others: numbers that are neither 5 nor 4. p_results_70 and '
    'p_results_60: results of state exams with at least so many points.';
