-- Changes that a new day brings without a write: enrollments, memberships, guardianships and posts of teachers begin and end.

create or replace function lyceum.log_day() returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_today date := lyceum.today();
    v_last date;
begin
    insert into lyceum.change_days (school_id, day) values (v_school, v_today) on conflict (school_id) do nothing;
    select d.day into strict v_last from lyceum.change_days d where d.school_id = v_school for update;
    if v_last >= v_today then
        return false;
    end if;
    with dated as (
        select 'student' as circle, e.student_id as circle_id, true as is_home, 'students' as entity, e.student_id as id,
            e.starts_on, e.ends_on
        from public.enrollments e where e.school_id = v_school
        union all
        select 'class', e.class_id, false, 'students', e.student_id, e.starts_on, e.ends_on
        from public.enrollments e where e.school_id = v_school
        union all
        select 'student', m.student_id, true, 'students', m.student_id, m.starts_on, m.ends_on
        from public.group_members m where m.school_id = v_school
        union all
        select 'group', m.group_id, false, 'students', m.student_id, m.starts_on, m.ends_on
        from public.group_members m where m.school_id = v_school
        union all
        select 'person', t.teacher_id, false, 'students', e.student_id, t.starts_on, t.ends_on
        from public.class_teachers t
        join public.enrollments e on e.school_id = t.school_id and e.class_id = t.class_id
        where t.school_id = v_school
        union all
        select 'person', t.teacher_id, false, 'students', m.student_id, t.starts_on, t.ends_on
        from public.section_teachers t
        join public.sections s on s.school_id = t.school_id and s.id = t.section_id
        join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
        where t.school_id = v_school
        union all
        select 'student', g.student_id, true, 'guardians', g.guardian_id, g.starts_on, g.ends_on
        from public.guardianships g where g.school_id = v_school
        union all
        select 'person', g.guardian_id, false, 'guardians', g.guardian_id, g.starts_on, g.ends_on
        from public.guardianships g where g.school_id = v_school
        union all
        -- What the lists of classes, sections and students show of the day.
        select 'class', e.class_id, true, 'classes', e.class_id, e.starts_on, e.ends_on
        from public.enrollments e where e.school_id = v_school
        union all
        select 'class', t.class_id, true, 'classes', t.class_id, t.starts_on, t.ends_on
        from public.class_teachers t where t.school_id = v_school
        union all
        select 'section', t.section_id, true, 'sections', t.section_id, t.starts_on, t.ends_on
        from public.section_teachers t where t.school_id = v_school
        union all
        select 'student', k.student_id, true, 'students', k.student_id, k.given_on, k.withdrawn_on - 1
        from public.consents k where k.school_id = v_school and k.purpose = 'photo'
    )
    insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
    select v_school, d.circle, d.circle_id, d.is_home, d.entity, 'changed', array_agg(distinct d.id)
    from dated d
    where d.starts_on > v_last and d.starts_on <= v_today or d.ends_on >= v_last and d.ends_on < v_today
    group by d.circle, d.circle_id, d.is_home, d.entity;
    update lyceum.change_days d set day = v_today where d.school_id = v_school;
    return true;
end
$$;
comment on function lyceum.log_day() is
    'Once a day for each school: logs in which circles students and guardians appear or disappear because a new day has begun. Returns '
    'whether it was a new day.';
revoke execute on function lyceum.log_day() from public;
grant execute on function lyceum.log_day() to lyceum_app;
