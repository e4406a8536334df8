-- A column's marks are checked together: its lesson, section, year and terms are read once, and members and classes for all pupils
-- at once, where each mark read them for itself. What is refused, and why, is the same.

-- migrate:up

create or replace function lyceum.mark_refusals(
    p_school integer, p_line_items uuid[], p_students uuid[], p_kinds text[], p_numbers integer[], p_codes text[]
) returns table (ordinal bigint, refusal text)
    language plpgsql stable rows 25
    set plan_cache_mode = force_generic_plan -- else arrays of one row are planned anew each time
as $$
#variable_conflict use_column
declare
    v_today date := lyceum.today();
begin
    return query
    with columns as materialized (
        select li.id, li.deleted_at, l.date, l.state, l.section_id, s.grading, s.group_id, s.academic_year_id,
            y.second_half_starts_on, coalesce(ss.scale_min, 2) as scale_min, coalesce(ss.scale_max, 5) as scale_max,
            l.date + coalesce(ss.edit_window_days, 14) as window_until
        from public.line_items li
        join public.lessons l on l.school_id = p_school and l.id = li.lesson_id
        join public.sections s on s.school_id = p_school and s.id = l.section_id
        join public.academic_years y on y.school_id = p_school and y.id = s.academic_year_id
        left join public.school_settings ss on ss.school_id = p_school
        where li.school_id = p_school and li.id = any (p_line_items)
    ),
    members as materialized (
        select m.group_id, m.student_id, m.starts_on, m.ends_on
        from public.group_members m
        where m.school_id = p_school
            and m.student_id = any (p_students)
            and m.group_id in (select l.group_id from columns l)
    ),
    pupils as materialized (
        select e.student_id, e.starts_on, e.ends_on, c.grade_level
        from public.enrollments e
        join public.classes c on c.school_id = p_school and c.id = e.class_id
        where e.school_id = p_school and e.student_id = any (p_students)
    ),
    closings as materialized (
        select t.academic_year_id, t.starts_on, t.ends_on, t.marks_close_on, t.grade_levels
        from public.terms t
        where t.school_id = p_school and t.academic_year_id in (select l.academic_year_id from columns l)
    )
    select
        i.ordinal,
        coalesce(
            case
                when l.id is null then 'not_found'
                when i.kind is null and i.number is null and i.code is null then null
                when l.deleted_at is not null then 'line_item_deleted'
                when l.state = 'cancelled' then 'lesson_cancelled'
                when m.starts_on is null or c.grade_level is null then 'not_a_member'
                when l.grading = 'none' or c.grade_level = 1 then 'marks_not_allowed'
                when c.grade_level = 2 and l.date < l.second_half_starts_on then 'marks_not_allowed'
                when not coalesce(
                    case i.kind
                        when 'number' then
                            l.grading = 'marks' and i.number between l.scale_min and l.scale_max and i.code is null
                        when 'code' then
                            i.number is null
                            and (i.code in ('pass', 'fail') or (l.grading = 'marks' and i.code in ('exempt', 'owed')))
                    end,
                    false
                ) then 'value_not_allowed'
            end,
            case
                when l.date > v_today then 'lesson_in_future'
                when (v_today > l.window_until or v_today > t.marks_close_on)
                    and not exists (
                        select
                        from public.unlocks u
                        where u.school_id = p_school
                            and u.section_id = l.section_id
                            and u.starts_on <= l.date
                            and u.ends_on >= l.date
                            and u.expires_on >= v_today
                            and u.revoked_at is null
                    ) then 'edit_window_closed'
            end,
            -- Clearing what should not stand there is always right, but for the window.
            case
                when m.starts_on is null and not exists (
                    select
                    from public.marks k
                    where k.school_id = p_school
                        and k.line_item_id = i.line_item_id
                        and k.student_id = i.student_id
                        and k.kind is not null
                ) then 'not_a_member'
            end
        )
    from unnest(p_line_items, p_students, p_kinds, p_numbers, p_codes)
        with ordinality as i (line_item_id, student_id, kind, number, code, ordinal)
    left join columns l on l.id = i.line_item_id
    left join members m
        on m.group_id = l.group_id
        and m.student_id = i.student_id
        and m.starts_on <= l.date
        and (m.ends_on is null or m.ends_on >= l.date)
    left join pupils c
        on c.student_id = i.student_id
        and c.starts_on <= l.date
        and (c.ends_on is null or c.ends_on >= l.date)
    left join closings t
        on t.academic_year_id = l.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and c.grade_level = any (t.grade_levels);
end
$$;

-- migrate:down

create or replace function lyceum.mark_refusals(
    p_school integer, p_line_items uuid[], p_students uuid[], p_kinds text[], p_numbers integer[], p_codes text[]
) returns table (ordinal bigint, refusal text)
    language plpgsql stable rows 25
    set plan_cache_mode = force_generic_plan -- else arrays of one row are planned anew each time
as $$
#variable_conflict use_column
declare
    v_today date := lyceum.today();
begin
    return query
    select
        i.ordinal,
        coalesce(
            case
                when l.id is null then 'not_found'
                when i.kind is null and i.number is null and i.code is null then null
                when li.deleted_at is not null then 'line_item_deleted'
                when l.state = 'cancelled' then 'lesson_cancelled'
                when m.starts_on is null or c.grade_level is null then 'not_a_member'
                when s.grading = 'none' or c.grade_level = 1 then 'marks_not_allowed'
                when c.grade_level = 2 and l.date < y.second_half_starts_on then 'marks_not_allowed'
                when not coalesce(
                    case i.kind
                        when 'number' then
                            s.grading = 'marks'
                            and i.number between coalesce(ss.scale_min, 2) and coalesce(ss.scale_max, 5)
                            and i.code is null
                        when 'code' then
                            i.number is null
                            and (i.code in ('pass', 'fail') or (s.grading = 'marks' and i.code in ('exempt', 'owed')))
                    end,
                    false
                ) then 'value_not_allowed'
            end,
            case
                when l.date > v_today then 'lesson_in_future'
                when (v_today > l.date + coalesce(ss.edit_window_days, 14) or v_today > t.marks_close_on)
                    and not exists (
                        select
                        from public.unlocks u
                        where u.school_id = p_school
                            and u.section_id = l.section_id
                            and u.starts_on <= l.date
                            and u.ends_on >= l.date
                            and u.expires_on >= v_today
                            and u.revoked_at is null
                    ) then 'edit_window_closed'
            end,
            -- Clearing what should not stand there is always right, but for the window.
            case
                when m.starts_on is null and not exists (
                    select
                    from public.marks k
                    where k.school_id = p_school
                        and k.line_item_id = i.line_item_id
                        and k.student_id = i.student_id
                        and k.kind is not null
                ) then 'not_a_member'
            end
        )
    from unnest(p_line_items, p_students, p_kinds, p_numbers, p_codes)
        with ordinality as i (line_item_id, student_id, kind, number, code, ordinal)
    left join public.line_items li on li.school_id = p_school and li.id = i.line_item_id
    left join public.lessons l on l.school_id = p_school and l.id = li.lesson_id
    left join public.sections s on s.school_id = p_school and s.id = l.section_id
    left join public.academic_years y on y.school_id = p_school and y.id = s.academic_year_id
    left join public.school_settings ss on ss.school_id = p_school
    left join public.group_members m
        on m.school_id = p_school
        and m.group_id = s.group_id
        and m.student_id = i.student_id
        and m.starts_on <= l.date
        and (m.ends_on is null or m.ends_on >= l.date)
    left join public.enrollments e
        on e.school_id = p_school
        and e.student_id = i.student_id
        and e.starts_on <= l.date
        and (e.ends_on is null or e.ends_on >= l.date)
    left join public.classes c on c.school_id = p_school and c.id = e.class_id
    left join public.terms t
        on t.school_id = p_school
        and t.academic_year_id = s.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and c.grade_level = any (t.grade_levels);
end
$$;
