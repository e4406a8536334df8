-- The deputy head's control: how teachers and classes keep the journal (L4, M7, M10, P2), and who takes part.

create or replace function lyceum.journal_control(p_school integer, p_year uuid, p_first date, p_last date) returns jsonb
    language plpgsql stable
    set plan_cache_mode = force_custom_plan
    set jit = off
    set work_mem = '16MB'
as $$
declare
    v_first date;
    v_last date;
    v_day date;
begin
    -- Figures of two years would not fit together.
    select greatest(p_first, y.starts_on), least(p_last, y.ends_on) into v_first, v_last
    from public.academic_years y
    where y.school_id = p_school and y.id = p_year;
    v_day := least(v_last, lyceum.today());

    return (
        with kept as materialized (
            select k.*,
                k.has_topic and k.has_roll and (k.has_homework or not k.counts_homework)
                    and not (k.is_late_topic or k.is_late_homework or k.is_late_roll) as is_complete,
                k.has_topic or k.has_roll or k.has_homework as is_recorded
            from lyceum.kept_lessons(p_school, v_first, v_last) k
        ),
        lessons as (
            select grouping(k.teacher_id, k.class_id) as level, k.teacher_id, k.class_id, count(*) as due_lessons,
                count(*) filter (where k.has_topic) as with_topic, count(*) filter (where k.has_roll) as with_roll,
                count(*) filter (where k.counts_homework) as homework_lessons, count(*) filter (where k.has_homework) as with_homework,
                count(*) filter (where k.is_recorded) as recorded_lessons,
                count(*) filter (where k.is_late_topic) as late_topics, count(*) filter (where k.is_late_homework) as late_homework,
                count(*) filter (where k.is_late_roll) as late_rolls, sum(k.late_marks) as late_marks
            from kept k
            group by grouping sets ((k.teacher_id), (k.class_id), ())
        ),
        days as (
            select d.teacher_id, count(*) as days, count(*) filter (where d.is_complete) as complete_days, bool_or(d.is_recorded) as is_recorded
            from (
                select k.teacher_id, k.date, bool_and(k.is_complete) as is_complete, bool_or(k.is_recorded) as is_recorded
                from kept k
                where k.teacher_id is not null
                group by k.teacher_id, k.date
            ) d
            group by d.teacher_id
        ),
        places as materialized (
            select s.id as section_id, g.class_id, t.teacher_id
            from public.sections s
            join public.groups g on g.school_id = p_school and g.id = s.group_id
            left join public.section_teachers t on t.school_id = p_school and t.section_id = s.id and t.role = 'lead'
                and lyceum.holds(t.starts_on, t.ends_on, v_day)
            where s.school_id = p_school and s.academic_year_id = p_year
        ),
        seats as materialized (select * from lyceum.marked_seats(p_school, v_first, v_last)),
        sections as materialized (
            select p.teacher_id, p.class_id, p.section_id, s.seats, s.marks, s.without_mark, s.with_one_mark, s.seats * n.expected as expected,
                c.plan_id, c.given_hours, c.planned_hours
            from places p
            left join (
                select s.section_id, count(*) as seats, sum(s.marks) as marks, count(*) filter (where s.marks = 0) as without_mark,
                    count(*) filter (where s.marks = 1) as with_one_mark
                from seats s
                group by s.section_id
            ) s on s.section_id = p.section_id
            left join (
                select n.section_id, sum(n.expected) as expected from lyceum.mark_norms(p_school, v_first, v_last) n group by n.section_id
            ) n on n.section_id = p.section_id
            left join lyceum.plan_coverage(p_school, p_year, v_day) c on c.section_id = p.section_id
        ),
        marks as (
            select grouping(s.teacher_id, s.class_id) as level, s.teacher_id, s.class_id, count(*) as sections,
                coalesce(sum(s.seats), 0) as seats, coalesce(sum(s.marks), 0) as marks, round(coalesce(sum(s.expected), 0), 10) as expected,
                coalesce(sum(s.without_mark), 0) as without_mark, coalesce(sum(s.with_one_mark), 0) as with_one_mark,
                count(*) filter (where s.plan_id is null) as without_plan, coalesce(sum(s.given_hours), 0) as given_hours,
                coalesce(sum(s.planned_hours), 0) as planned_hours
            from sections s
            group by grouping sets ((s.teacher_id), (s.class_id), ())
        ),
        people as materialized (
            select e.class_id, p.kind, p.user_id
            from public.enrollments e
            join public.classes c on c.school_id = p_school and c.id = e.class_id and c.academic_year_id = p_year
            cross join lateral (
                select 'student' as kind, e.student_id as user_id
                union all
                select 'guardian', g.guardian_id
                from public.guardianships g
                where g.school_id = p_school and g.student_id = e.student_id and g.access = 'full'
                    and lyceum.holds(g.starts_on, g.ends_on, v_day)
            ) p
            where e.school_id = p_school and lyceum.holds(e.starts_on, e.ends_on, v_day)
        ),
        active as materialized (
            select distinct a.user_id from public.activity_days a where a.school_id = p_school and a.date between v_first and v_last
        ),
        accounts as (
            select grouping(p.class_id) as level, p.class_id,
                count(distinct p.user_id) filter (where p.kind = 'student') as students,
                count(distinct p.user_id) filter (where p.kind = 'student' and u.state <> 'new') as students_issued,
                count(distinct p.user_id) filter (where p.kind = 'student' and u.activated_at is not null) as students_activated,
                count(distinct p.user_id) filter (where p.kind = 'student' and a.user_id is not null) as students_active,
                count(distinct p.user_id) filter (where p.kind = 'guardian') as guardians,
                count(distinct p.user_id) filter (where p.kind = 'guardian' and u.state <> 'new') as guardians_issued,
                count(distinct p.user_id) filter (where p.kind = 'guardian' and u.activated_at is not null) as guardians_activated,
                count(distinct p.user_id) filter (where p.kind = 'guardian' and a.user_id is not null) as guardians_active
            from people p
            join public.users u on u.school_id = p_school and u.id = p.user_id
            left join active a on a.user_id = p.user_id
            group by grouping sets ((p.class_id), ())
        )
        select jsonb_build_object(
            'teachers', (
                select coalesce(jsonb_agg(
                        coalesce(to_jsonb(l), '{}') || coalesce(to_jsonb(m), '{}') || coalesce(to_jsonb(d), '{}')
                            || jsonb_build_object('teacher_id', t.teacher_id) - '{level,class_id}'::text[]
                    ), '[]')
                from (
                    select l.teacher_id from lessons l where l.level = 1 union select m.teacher_id from marks m where m.level = 1
                ) t
                left join lessons l on l.level = 1 and l.teacher_id = t.teacher_id
                left join marks m on m.level = 1 and m.teacher_id = t.teacher_id
                left join days d on d.teacher_id = t.teacher_id
                where t.teacher_id is not null
            ),
            'classes', (
                select coalesce(jsonb_agg(
                        coalesce(to_jsonb(l), '{}') || coalesce(to_jsonb(m), '{}') || coalesce(to_jsonb(a), '{}')
                            || jsonb_build_object('class_id', c.id) - '{level,teacher_id}'::text[]
                    ), '[]')
                from public.classes c
                left join lessons l on l.level = 2 and l.class_id = c.id
                left join marks m on m.level = 2 and m.class_id = c.id
                left join accounts a on a.level = 0 and a.class_id = c.id
                where c.school_id = p_school and c.academic_year_id = p_year and num_nonnulls(l.level, a.level) > 0
            ),
            'school', (
                select to_jsonb(l) || to_jsonb(m) || to_jsonb(a) || to_jsonb(d) - '{level,class_id,teacher_id}'::text[]
                from lessons l
                join marks m on m.level = 3
                join accounts a on a.level = 1
                cross join (
                    select count(*) as teachers, count(*) filter (where d.is_recorded) as teachers_recording,
                        coalesce(sum(d.days), 0) as days, coalesce(sum(d.complete_days), 0) as complete_days
                    from days d
                ) d
                where l.level = 3
            ),
            'seats', (
                select coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object('teacher_id', p.teacher_id)), '[]')
                from seats s
                left join places p on p.section_id = s.section_id
                where s.marks < 2
            )
        )
    );
end
$$;
comment on function lyceum.journal_control(integer, uuid, date, date) is
    'The figures of control for these days of an academic year: by teacher, by class and of the school, with the students who have no or one '
    'mark in a section. Lessons belong to the teacher of the day, marks and plans to the lead teacher on the last day. A class has the sections '
    'of its own groups. Counts only: whoever shows them makes the percentages and reads the names, so a snapshot keeps no name.';

create or replace function lyceum.percent_of(p_part numeric, p_whole numeric) returns numeric
    language sql immutable parallel safe
    -- A whole that is a sum of fractions may be off in its last digits: this must not make 12.25 to 12.2.
    return case when p_whole > 0 then floor(1000 * p_part / p_whole + 0.500000001) / 10 end::numeric(12, 1);
comment on function lyceum.percent_of(numeric, numeric) is
    'Like lyceum.percent, for hours and for sums of fractions. The part may not be negative.';
