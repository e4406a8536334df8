-- M9: control works, which are columns of a category that is marked so. The columns of one lesson are one work.

create or replace function lyceum.lock_control_works(p_school integer) returns void
    language sql volatile
as $$
    select pg_advisory_xact_lock(hashtextextended('lyceum.control_works', p_school))
$$;
comment on function lyceum.lock_control_works(integer) is
    'M9: serializes those who plan control works in a school until the end of the transaction. Needs READ COMMITTED.';

create or replace function lyceum.is_control(p_school integer, p_category uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from public.categories c where c.school_id = p_school and c.id = p_category and c.is_control
    );
end
$$;
comment on function lyceum.is_control(integer, uuid) is 'M9: whether works of the category are control works.';

create or replace function lyceum.has_control_work(p_school integer, p_lesson uuid, p_overridden_only boolean default false)
    returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.line_items i
        join public.categories c on c.school_id = i.school_id and c.id = i.category_id and c.is_control
        where i.school_id = p_school
            and i.lesson_id = p_lesson
            and i.deleted_at is null
            and (not p_overridden_only or i.override_reason is not null)
    );
end
$$;
comment on function lyceum.has_control_work(integer, uuid, boolean) is
    'M9: whether the lesson has a control work; with p_overridden_only, whether a deputy head has allowed it against the rule.';

create or replace function lyceum.share_student(p_school integer, p_group uuid, p_day date, p_other_group uuid, p_other_day date)
    returns boolean
    language plpgsql stable
as $$
begin
    return p_group = p_other_group or exists (
        select
        from public.group_members a
        join public.group_members b on b.school_id = a.school_id and b.student_id = a.student_id
        where a.school_id = p_school
            and a.group_id = p_group
            and lyceum.holds(a.starts_on, a.ends_on, p_day)
            and b.group_id = p_other_group
            and lyceum.holds(b.starts_on, b.ends_on, p_other_day)
    );
end
$$;
comment on function lyceum.share_student(integer, uuid, date, uuid, date) is
    'Whether a student belongs to the one group on the one day and to the other group on the other day.';

create or replace function lyceum.control_work_reasons(p_school integer, p_lesson uuid) returns jsonb
    language plpgsql stable
as $$
declare
    v record;
    v_groups uuid[]; -- those with a common student on the day
    v_reasons jsonb;
    v_is_first boolean;
    v_is_last boolean;
    v_has_middle boolean;
    v_works integer;
    v_hours numeric;
begin
    select l.date, l.starts_at, l.section_id, s.subject_id, s.academic_year_id, s.hours_per_week, s.group_id, g.class_id
    into v
    from public.lessons l
    join public.sections s on s.school_id = l.school_id and s.id = l.section_id
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    where l.school_id = p_school and l.id = p_lesson;

    v_groups := array(
        select v.group_id
        union
        select b.group_id
        from public.group_members a
        join public.group_members b on b.school_id = a.school_id
            and b.student_id = a.student_id
            and lyceum.holds(b.starts_on, b.ends_on, v.date)
        where a.school_id = p_school and a.group_id = v.group_id and lyceum.holds(a.starts_on, a.ends_on, v.date)
    );

    -- At most one a day per class. Parallel parts of a class that write in the same subject write one work.
    -- At most one per subject in 17 days, for each student.
    select jsonb_agg(
        jsonb_build_object('code', w.code, 'lesson_id', w.id, 'date', w.date, 'name', w.name) order by w.code, w.date, w.name
    )
    into v_reasons
    from (
        select 'another_that_day' as code, o.id, o.date, os.name
        from public.lessons o
        join public.sections os on os.school_id = o.school_id and os.id = o.section_id
        join public.groups og on og.school_id = os.school_id and og.id = os.group_id
        where o.school_id = p_school
            and o.date = v.date
            and o.id <> p_lesson
            and o.state <> 'cancelled'
            and (os.group_id = any (v_groups) or og.class_id = v.class_id and os.subject_id <> v.subject_id)
            and lyceum.has_control_work(p_school, o.id)
        union all
        select 'within_17_days', o.id, o.date, os.name
        from public.sections os
        join public.lessons o on o.school_id = os.school_id
            and o.section_id = os.id
            and o.date between v.date - 16 and v.date + 16
            and o.date <> v.date
            and o.state <> 'cancelled'
        where os.school_id = p_school
            and os.academic_year_id = v.academic_year_id
            and os.subject_id = v.subject_id
            and lyceum.has_control_work(p_school, o.id)
            and lyceum.share_student(p_school, v.group_id, v.date, os.group_id, o.date)
    ) w;

    -- Not in the first or last lesson of the class's day. With two lessons a day there is no other place.
    select min(d.starts_at) = v.starts_at, max(d.starts_at) = v.starts_at, count(*) > 2
    into v_is_first, v_is_last, v_has_middle
    from (
        select distinct o.starts_at
        from public.lessons o
        join public.sections os on os.school_id = o.school_id and os.id = o.section_id
        join public.groups og on og.school_id = os.school_id and og.id = os.group_id
        where o.school_id = p_school
            and o.date = v.date
            and o.state <> 'cancelled'
            and (
                o.id = p_lesson
                or os.kind <> 'extracurricular' and (os.group_id = any (v_groups) or og.class_id = v.class_id)
            )
    ) d;
    if (v_is_first or v_is_last) and v_has_middle and not coalesce(
        v.hours_per_week <= 1,
        not exists (
            select
            from public.lessons o
            where o.school_id = p_school
                and o.section_id = v.section_id
                and o.id <> p_lesson
                and o.state <> 'cancelled'
                and date_trunc('week', o.date) = date_trunc('week', v.date)
        )
    ) then
        v_reasons := coalesce(v_reasons, '[]') || jsonb_build_object('code', case when v_is_first then 'first_lesson' else 'last_lesson' end);
    end if;

    -- At most 10 % of the hours: the year has 34 weeks. Without hours_per_week its lessons are counted.
    select count(*) filter (where lyceum.has_control_work(p_school, o.id)), coalesce(v.hours_per_week * 34, count(*) + 1)
    into v_works, v_hours
    from public.lessons o
    where o.school_id = p_school and o.section_id = v.section_id and o.id <> p_lesson and o.state <> 'cancelled';
    if (v_works + 1) * 10 > v_hours then
        v_reasons := coalesce(v_reasons, '[]')
            || jsonb_build_object('code', 'over_10_percent', 'works', v_works, 'allowed', floor(v_hours / 10));
    end if;
    return v_reasons;
end
$$;
comment on function lyceum.control_work_reasons(integer, uuid) is
    'M9: why the lesson may not have a control work, a JSON array of objects with a code: another_that_day and within_17_days (with '
    'lesson_id, date and the name of the section), first_lesson, last_lesson, over_10_percent (with works and allowed). Null when '
    'it may. Columns of the lesson itself do not count.';

create or replace function lyceum.refuse_control_work(p_school integer, p_lesson uuid) returns void
    language plpgsql
as $$
declare
    v_reasons jsonb;
begin
    perform lyceum.lock_control_works(p_school);
    if lyceum.has_control_work(p_school, p_lesson, p_overridden_only => true) then
        return;
    end if;
    v_reasons := lyceum.control_work_reasons(p_school, p_lesson);
    if v_reasons is not null then
        raise exception using
            errcode = 'LYM09', message = 'control_work_not_allowed',
            detail = jsonb_build_object('lesson_id', p_lesson, 'reasons', v_reasons)::text;
    end if;
end
$$;
comment on function lyceum.refuse_control_work(integer, uuid) is
    'M9: raises LYM09 control_work_not_allowed if the lesson may not have a control work and no deputy head has allowed it. The '
    'DETAIL is JSON: the lesson and the reasons.';

create or replace function lyceum.plan_control_work() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'UPDATE' and lyceum.is_control(old.school_id, old.category_id) then
        return null;
    end if;
    if lyceum.is_control(new.school_id, new.category_id) then
        perform lyceum.hold_sections(new.school_id, array[new.id], null);
        perform lyceum.refuse_control_work(new.school_id, new.lesson_id);
    end if;
    return null;
end
$$;

create or replace trigger plan after insert on line_items
    for each row when (new.category_id is not null and new.deleted_at is null)
    execute function lyceum.plan_control_work();
create or replace trigger plan_again after update on line_items
    for each row when (new.category_id is distinct from old.category_id and new.deleted_at is null)
    execute function lyceum.plan_control_work();

-- A control work also moves with its lesson.
create or replace function lyceum.move_control_work() returns trigger
    language plpgsql
as $$
begin
    if lyceum.has_control_work(new.school_id, new.id) then
        perform lyceum.refuse_control_work(new.school_id, new.id);
    end if;
    return null;
end
$$;

-- Deferrable, so that two lessons may trade places.
drop trigger if exists move_control_work on lessons;
create constraint trigger move_control_work after update on lessons
    deferrable initially immediate
    for each row when (
        new.state <> 'cancelled'
        and (old.state = 'cancelled' or (new.date, new.starts_at) is distinct from (old.date, old.starts_at))
    )
    execute function lyceum.move_control_work();

create or replace function lyceum.lessons_with_control_work(
    p_school integer, p_from date, p_to date, p_class uuid, p_individual boolean
)
    returns table (
        lesson_id uuid, date date, slot smallint, starts_at time, ends_at time, section_id uuid, section_name text, subject_id uuid,
        group_id uuid, group_name text, grade_level smallint
    )
    language sql stable
as $$
    select l.id, l.date, l.slot, l.starts_at, l.ends_at, s.id, s.name, s.subject_id, g.id, g.name, g.grade_level
    from public.lessons l
    join public.sections s on s.school_id = l.school_id and s.id = l.section_id
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    where l.school_id = p_school and l.state <> 'cancelled' and l.date between p_from and p_to
        and (p_individual or g.kind <> 'individual')
        and (
            p_class is null
            or g.class_id = p_class
            or g.class_id is null and exists (
                select
                from public.group_members m
                join public.enrollments e on e.school_id = m.school_id and e.student_id = m.student_id
                    and e.class_id = p_class and lyceum.holds(e.starts_on, e.ends_on, l.date)
                where m.school_id = p_school and m.group_id = g.id and lyceum.holds(m.starts_on, m.ends_on, l.date)
            )
        )
        and exists (
            select
            from public.line_items i
            join public.categories c on c.school_id = i.school_id and c.id = i.category_id and c.is_control
            where i.school_id = p_school and i.lesson_id = l.id and i.deleted_at is null
        )
$$;
comment on function lyceum.lessons_with_control_work(integer, date, date, uuid, boolean) is
    'M9: the plan of control works. A lesson is in a class''s plan if its group is the class, a part of it, or has one of its students on '
    'that day. p_individual: also those of a single student. Inlined.';

create or replace function lyceum.control_work(p_school integer, p_lesson uuid)
    returns table (title text, category_id uuid, planned boolean, is_overridden boolean)
    language sql stable
as $$
    select i.title, i.category_id, i.planned, i.override_reason is not null
    from public.line_items i
    join public.categories k on k.school_id = p_school and k.id = i.category_id and k.is_control
    where i.school_id = p_school and i.lesson_id = p_lesson and i.deleted_at is null
    order by i.override_reason is null, i.created_at, i.id
    limit 1
$$;
comment on function lyceum.control_work(integer, uuid) is
    'M9: the control work of a lesson: the columns of one lesson are one work. Inlined.';
