-- What a teacher or a deputy head looks at twice: records of the journal that contradict each other, are late, or are missing.

create or replace function lyceum.lead_teachers(p_school integer, p_day date) returns table (section_id uuid, teacher_id uuid)
    language sql stable rows 500
as $$
    select t.section_id, t.teacher_id
    from public.section_teachers t
    where t.school_id = p_school and t.role = 'lead' and lyceum.holds_between(t.starts_on, t.ends_on, p_day, p_day)
$$;
comment on function lyceum.lead_teachers(integer, date) is 'The lead teacher of each section on the day. Inlined.';

create or replace function lyceum.marks_with_absence(p_school integer, p_first date, p_last date)
    returns table (mark_id uuid, lesson_id uuid, section_id uuid, student_id uuid, meaning text, is_made_up boolean)
    language plpgsql stable rows 100
    set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    return query
    select k.id, l.id, l.section_id, k.student_id, lyceum.counted_meaning(a.meaning, a.decided_meaning),
        exists (
            select from public.mark_history h where h.school_id = p_school and h.mark_id = k.id and h.old_code = 'owed'
        )
    from public.lessons l
    join public.attendance a on a.school_id = p_school and a.lesson_id = l.id
        and lyceum.counted_meaning(a.meaning, a.decided_meaning) in ('absent', 'ill', 'excused', 'unexcused')
    join public.line_items i on i.school_id = p_school and i.lesson_id = l.id and i.deleted_at is null
    join public.marks k on k.school_id = p_school and k.line_item_id = i.id and k.student_id = a.student_id
        and (k.kind = 'number' or k.code in ('pass', 'fail'))
    where l.school_id = p_school and l.date between p_first and p_last and l.state <> 'cancelled';
end
$$;
comment on function lyceum.marks_with_absence(integer, date, date) is
    'Marks for work at a lesson that the student missed (T2). is_made_up: the mark paid a debt, so the work was written later.';

create or replace function lyceum.final_seats(p_school integer, p_first date, p_last date)
    returns table (section_id uuid, term_id uuid, student_id uuid, final_id uuid, number smallint, average numeric)
    language plpgsql stable rows 5000
    set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    return query
    with ended as materialized (
        select t.id, t.academic_year_id, t.ends_on, t.grade_levels, y.second_half_starts_on
        from public.terms t
        join public.academic_years y on y.school_id = p_school and y.id = t.academic_year_id
        where t.school_id = p_school and t.ends_on between p_first and p_last and t.ends_on < lyceum.today()
    ), given as materialized (
        select f.id, f.student_id, f.subject_id, f.term_id, f.number, f.average_at_the_time
        from ended t
        join public.final_marks f on f.school_id = p_school and f.academic_year_id = t.academic_year_id and f.kind = 'term'
            and f.term_id = t.id and f.value_kind is not null
            and f.code is distinct from 'owed' -- M2: a debt is not a mark yet
    )
    select s.id, t.id, m.student_id, f.id, f.number, f.average_at_the_time
    from ended t
    join public.groups g on g.school_id = p_school and g.academic_year_id = t.academic_year_id and g.grade_level = any (t.grade_levels)
        and not lyceum.is_before_marks(g.grade_level, t.ends_on, t.second_half_starts_on)
    join public.sections s on s.school_id = p_school and s.group_id = g.id and s.grading <> 'none'
    join public.group_members m on m.school_id = p_school and m.group_id = g.id
        and lyceum.holds_between(m.starts_on, m.ends_on, t.ends_on, t.ends_on)
    left join given f on f.student_id = m.student_id and f.subject_id = s.subject_id and f.term_id = t.id;
end
$$;
comment on function lyceum.final_seats(integer, date, date) is
    'Students by section at the end of each term that ended in these days, with their final mark. final_id is null where it is missing, or a debt.';

create or replace function lyceum.anomalies(
    p_school integer, p_year uuid, p_first date, p_last date, p_reader uuid, p_teacher uuid, p_class uuid, p_section uuid
) returns jsonb
    language plpgsql stable
    -- With generic plans the planner would expect one section, and join each section with all lessons.
    set plan_cache_mode = force_custom_plan
    set jit = off
    set work_mem = '16MB'
as $$
begin
    return (
        with places as materialized (
            select s.id, v.teacher_id,
                p_reader is null or exists (
                    select from public.section_teachers o
                    where o.school_id = p_school and o.section_id = s.id and o.teacher_id = p_reader
                        and lyceum.holds_between(o.starts_on, o.ends_on, p_first, p_last)
                ) as is_own
            from public.sections s
            join public.groups g on g.school_id = p_school and g.id = s.group_id
            left join lyceum.lead_teachers(p_school, least(p_last, lyceum.today())) v on v.section_id = s.id
            where s.school_id = p_school and s.academic_year_id = p_year and (p_class is null or g.class_id = p_class)
                and (p_section is null or s.id = p_section)
        ),
        absences as materialized (
            select a.*, l.teacher_id
            from lyceum.marks_with_absence(p_school, p_first, p_last) a
            join public.lessons l on l.school_id = p_school and l.id = a.lesson_id
            join places p on p.id = a.section_id
            where (p.is_own or l.teacher_id = p_reader) and (p_teacher is null or l.teacher_id = p_teacher)
        ),
        lessons as materialized (
            select k.*, k.counts_homework and not k.has_homework as lacks_homework
            from lyceum.kept_lessons(p_school, p_first, p_last) k
            join places p on p.id = k.section_id
            where (p.is_own or k.teacher_id = p_reader) and (p_teacher is null or k.teacher_id = p_teacher)
        ),
        incomplete as materialized (
            select k.lesson_id, k.section_id, k.teacher_id, not k.has_topic as lacks_topic, k.lacks_homework,
                not k.has_roll as lacks_roll
            from lessons k
            where not k.has_topic or k.lacks_homework or not k.has_roll
        ),
        late as materialized (
            select k.lesson_id, k.section_id, k.teacher_id, k.is_late_topic, k.is_late_homework, k.is_late_roll, k.late_marks
            from lessons k
            where k.is_late_topic or k.is_late_homework or k.is_late_roll or k.late_marks > 0
        ),
        sparse as materialized (
            select p.id as section_id, p.teacher_id, s.seats, s.marks, n.expected * s.seats as expected
            from places p
            join (
                select m.section_id, count(*) as seats, sum(m.marks) as marks
                from lyceum.marked_seats(p_school, p_first, p_last) m
                group by m.section_id
            ) s on s.section_id = p.id
            join (
                select n.section_id, round(sum(n.expected), 10) as expected
                from lyceum.mark_norms(p_school, p_first, p_last) n
                group by n.section_id
            ) n on n.section_id = p.id
            where n.expected >= 1 and s.marks * 10 < 7 * n.expected * s.seats and p.is_own
                and (p_teacher is null or p.teacher_id = p_teacher)
        ),
        finals as materialized (
            select f.*, p.teacher_id
            from lyceum.final_seats(p_school, p_first, p_last) f
            join places p on p.id = f.section_id
            where (f.final_id is null or abs(f.number - f.average) >= 1) and p.is_own
                and (p_teacher is null or p.teacher_id = p_teacher)
        )
        select jsonb_build_object(
            'absences', (select coalesce(jsonb_agg(to_jsonb(a)), '[]') from absences a),
            'incomplete', (select coalesce(jsonb_agg(to_jsonb(i)), '[]') from incomplete i),
            'late', (select coalesce(jsonb_agg(to_jsonb(l)), '[]') from late l),
            'sparse', (select coalesce(jsonb_agg(to_jsonb(s)), '[]') from sparse s),
            'finals', (select coalesce(jsonb_agg(to_jsonb(f)), '[]') from finals f),
            'counts', jsonb_build_object(
                'marks_with_absence', (select count(*) from absences a where not a.is_made_up),
                'incomplete_lessons', (select count(*) from incomplete),
                'late_lessons', (select count(*) from late),
                'sparse_sections', (select count(*) from sparse),
                'far_finals', (select count(f.final_id) from finals f),
                'missing_finals', (select count(*) from finals f where f.final_id is null)
            )
        )
    );
end
$$;
comment on function lyceum.anomalies(integer, uuid, date, date, uuid, uuid, uuid, uuid) is
    'What is worth a second look in these days of an academic year: marks of absent students, lessons that lack records or have late ones, '
    'sections with less than 70 % of the expected marks where at least one was expected of each student, and final marks that are missing '
    'or differ from the average by 1 or more. p_reader: only the sections and lessons of this teacher; p_teacher, p_class and p_section: '
    'those that were asked for. A substitute answers for the lesson of the day, the lead teacher on the last day for the rest.';
