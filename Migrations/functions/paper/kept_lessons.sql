-- L4: how the journal is kept, lesson by lesson. All reports of control read this.

create or replace function lyceum.kept_lessons(p_school integer, p_first date, p_last date)
    returns table (
        lesson_id uuid, date date, section_id uuid, subject_id uuid, class_id uuid, teacher_id uuid, has_topic boolean, has_roll boolean,
        counts_homework boolean, has_homework boolean, is_late_topic boolean, is_late_homework boolean, is_late_roll boolean,
        late_marks integer
    )
    language plpgsql stable rows 5000
    set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    return query
    with due as materialized (
        select l.id, l.date, l.section_id, s.subject_id, g.class_id, l.teacher_id, l.no_homework,
            l.topic is not null or l.plan_topic_id is not null as has_topic, l.topic_first_recorded_at, l.homework_first_recorded_at,
            l.attendance_taken_at, lyceum.begins_at(l.date + 1) as late_from,
            exists (
                select from public.homework h where h.school_id = p_school and h.lesson_id = l.id and h.deleted_at is null
            ) as has_homework,
            g.grade_level is distinct from 1 and s.grading <> 'none' and not exists (
                select from public.line_items i
                join public.categories c on c.school_id = p_school and c.id = i.category_id and c.is_control
                where i.school_id = p_school and i.lesson_id = l.id and i.deleted_at is null
            ) as counts_homework
        from public.lessons l
        join public.sections s on s.school_id = p_school and s.id = l.section_id
        join public.groups g on g.school_id = p_school and g.id = s.group_id
        where l.school_id = p_school and l.date between p_first and p_last and lyceum.is_due(l.state, l.date, l.ends_at)
    ), late as materialized (
        select l.id, count(*)::integer as marks
        from due l
        join public.line_items i on i.school_id = p_school and i.lesson_id = l.id and i.deleted_at is null
        join public.marks k on k.school_id = p_school and k.line_item_id = i.id and k.kind is not null
            and k.first_recorded_at >= l.late_from
        group by l.id
    )
    select l.id, l.date, l.section_id, l.subject_id, l.class_id,
        coalesce(
            l.teacher_id,
            (
                select t.teacher_id
                from public.section_teachers t
                where t.school_id = p_school and t.section_id = l.section_id and t.role = 'lead'
                    and lyceum.holds(t.starts_on, t.ends_on, l.date)
            )
        ),
        l.has_topic, l.attendance_taken_at is not null, l.counts_homework, k.has_homework,
        l.has_topic and coalesce(l.topic_first_recorded_at >= l.late_from, false),
        k.has_homework and coalesce(l.homework_first_recorded_at >= l.late_from, false),
        coalesce(l.attendance_taken_at >= l.late_from, false), coalesce(t.marks, 0)
    from due l
    left join late t on t.id = l.id
    cross join lateral (select l.counts_homework and (l.no_homework or l.has_homework) as has_homework) k;
end
$$;
comment on function lyceum.kept_lessons(integer, date, date) is
    'L4: the due lessons of these days, and what the journal has about each. Homework counts outside grade 1, in sections that are graded, '
    'and not at control works (attestation lessons). Late is after the day of the lesson. class_id: null if the group is of several classes.';
