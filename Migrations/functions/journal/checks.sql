-- Bulk loads run as the owner with user triggers off. Afterwards these functions return what a trigger would have refused.
create or replace function lyceum.check_lessons(p_school integer default null)
    returns table (school_id integer, lesson_id uuid, problem text)
    language sql stable
as $$
    with placed as (
        select l.school_id, l.id, l.date, l.starts_at, l.ends_at, l.room_id, l.exclusive_room,
            coalesce(l.merge_id, l.id) as merge_id, s.group_id, g.grade_level, y.starts_on, y.ends_on
        from public.lessons l
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        join public.groups g on g.school_id = s.school_id and g.id = s.group_id
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
        where l.state <> 'cancelled' and (p_school is null or l.school_id = p_school)
    )
    select p.school_id, p.id, 'lesson_outside_year'
    from placed p
    where p.date < p.starts_on or p.date > p.ends_on
    union all
    select p.school_id, p.id, 'lesson_on_holiday'
    from placed p
    where exists (
        select
        from public.holidays h
        where h.school_id = p.school_id
            and h.starts_on <= p.date
            and h.ends_on >= p.date
            and (h.grade_levels is null or p.grade_level = any (h.grade_levels))
    )
    union all
    select p.school_id, p.id, 'room_copy_wrong'
    from placed p
    join public.rooms r on r.school_id = p.school_id and r.id = p.room_id
    where p.exclusive_room = r.shared
    union all
    -- Each student's lessons of a day, in order of time. A lesson overlaps if it begins before all earlier ones have ended.
    select distinct o.school_id, o.id, 'student_overlap'
    from (
        select p.school_id, p.id, p.starts_at,
            max(p.ends_at) over w as earlier_ends_at
        from (
            -- Merged lessons count as one for a student who is in both groups.
            select distinct on (p.school_id, m.student_id, p.date, p.merge_id)
                p.school_id, p.id, m.student_id, p.date, p.starts_at, p.ends_at
            from placed p
            join public.group_members m
                on m.school_id = p.school_id
                and m.group_id = p.group_id
                and lyceum.holds(m.starts_on, m.ends_on, p.date)
            order by p.school_id, m.student_id, p.date, p.merge_id, p.starts_at
        ) p
        window w as (
            partition by p.school_id, p.student_id, p.date
            order by p.starts_at, p.id
            rows between unbounded preceding and 1 preceding
        )
    ) o
    where o.earlier_ends_at > o.starts_at
$$;
comment on function lyceum.check_lessons(integer) is
    'L1 after a bulk load: lesson_outside_year, lesson_on_holiday, student_overlap, room_copy_wrong. Returns no rows '
    'when all is well. Null: all schools.';

create or replace function lyceum.check_marks(p_school integer default null)
    returns table (school_id integer, mark_id uuid, problem text)
    language sql stable
as $$
    select f.school_id, f.id, f.problem
    from (
        select k.school_id, k.id,
            case
                when li.deleted_at is not null then 'line_item_deleted'
                when l.state = 'cancelled' then 'lesson_cancelled'
                when m.id is null or c.id is null then 'not_a_member'
                when s.grading = 'none' or lyceum.is_before_marks(c.grade_level, l.date, y.second_half_starts_on)
                    then 'marks_not_allowed'
                when k.kind = 'number'
                    and (s.grading = 'pass_fail' or k.number not between coalesce(ss.scale_min, 2) and coalesce(ss.scale_max, 5))
                    then 'value_not_allowed'
                when s.grading = 'pass_fail' and k.code not in ('pass', 'fail') then 'value_not_allowed'
            end as problem
        from public.marks k
        join public.line_items li on li.school_id = k.school_id and li.id = k.line_item_id
        join public.lessons l on l.school_id = li.school_id and l.id = li.lesson_id
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
        left join public.school_settings ss on ss.school_id = k.school_id
        left join public.group_members m
            on m.school_id = s.school_id
            and m.group_id = s.group_id
            and m.student_id = k.student_id
            and lyceum.holds(m.starts_on, m.ends_on, l.date)
        left join public.enrollments e
            on e.school_id = k.school_id
            and e.student_id = k.student_id
            and lyceum.holds(e.starts_on, e.ends_on, l.date)
        left join public.classes c on c.school_id = e.school_id and c.id = e.class_id
        where k.kind is not null and (p_school is null or k.school_id = p_school)
    ) f
    where f.problem is not null
    union all
    select f.school_id, f.id, f.problem
    from (
        select k.school_id, k.id,
            case
                when c.grade_level is null and k.source = 'own' then 'not_a_member'
                -- The final mark of a year has no term, and so no day.
                when s.grading = 'none' or lyceum.is_before_marks(c.grade_level, t.ends_on, y.second_half_starts_on)
                    then 'marks_not_allowed'
                when k.value_kind = 'number'
                    and (s.grading = 'pass_fail' or k.number not between coalesce(ss.scale_min, 2) and coalesce(ss.scale_max, 5))
                    then 'value_not_allowed'
                when s.grading = 'pass_fail' and k.code = 'owed' then 'value_not_allowed'
            end as problem
        from public.final_marks k
        join public.academic_years y on y.school_id = k.school_id and y.id = k.academic_year_id
        left join public.terms t on t.school_id = k.school_id and t.id = k.term_id
        left join public.sections s on s.school_id = k.school_id and s.id = k.section_id
        left join public.school_settings ss on ss.school_id = k.school_id
        cross join lateral (
            -- offset 0: evaluated once per row, although it is read twice.
            select lyceum.grade_level_in(k.school_id, k.student_id, k.academic_year_id) as grade_level offset 0
        ) c
        where k.value_kind is not null and (p_school is null or k.school_id = p_school)
    ) f
    where f.problem is not null
$$;
comment on function lyceum.check_marks(integer) is
    'M1, M2, M3 after a bulk load, for marks and final marks. Returns no rows when all is well. Null: all schools.';
