create or replace function lyceum.settle_rollover(p_dry boolean) returns void
    language plpgsql stable
as $$
begin
    if p_dry then
        raise exception using errcode = 'LYB02', message = 'dry_run', detail = 'A dry run: everything is taken back.';
    end if;
    if current_setting('lyceum.undecided', true) <> '0' then
        raise exception using
            errcode = 'LYE03', message = 'undecided', detail = 'Pupils without a decision for the next year.';
    end if;
end
$$;
comment on function lyceum.settle_rollover(boolean) is
    'The last statement of a rollover. It rolls everything back after a dry run, or when students have no decision. '
    'The result has been returned before.';

create or replace function lyceum.next_name(p_name text, p_from smallint, p_to integer) returns text
    language sql immutable parallel safe
    return case
        when p_name like p_from::text || '%' then p_to::text || substr(p_name, length(p_from::text) + 1)
        else p_name
    end;
comment on function lyceum.next_name(text, smallint, integer) is
    '7А becomes 8А. A name without its grade level does not change.';

create or replace function lyceum.roll_over(p_from uuid, p_to uuid, p_assume_promoted boolean)
    returns table (kind text, made integer, pupils jsonb)
    language plpgsql
as $$
declare
    v_school integer := lyceum.current_school();
    v_old record;
    v_new record;
    v_count integer;
begin
    select y.starts_on, y.ends_on into v_old from public.academic_years y where y.school_id = v_school and y.id = p_from;
    select y.starts_on, y.ends_on into v_new
    from public.academic_years y
    where y.school_id = v_school and y.id = p_to
    for no key update;
    if v_new.starts_on <= v_old.ends_on then
        raise exception using
            errcode = 'LYE02', message = 'year_not_next', detail = 'The new year begins after the old one ends.';
    end if;

    -- Students on the last day of the old year, with the decision and the class to which it leads.
    create temporary table rolled on commit drop as
    select
        e.id as enrollment, e.student_id, e.in_class_group, c.id as class_id, c.grade_level, c.letter, c.name,
        coalesce(d.decision,
            -- A student who left in the summer does not return.
            case when e.ends_on > v_old.ends_on and e.ends_on < v_new.starts_on - 1 then 'left' end,
            case when p_assume_promoted then case c.grade_level when 11 then 'graduated' else 'promoted' end end)
            as decision
    from public.enrollments e
    join public.classes c on c.school_id = e.school_id and c.id = e.class_id and c.academic_year_id = p_from
    left join public.promotions d
        on d.school_id = e.school_id and d.academic_year_id = p_from and d.student_id = e.student_id
    where e.school_id = v_school and lyceum.holds(e.starts_on, e.ends_on, v_old.ends_on);

    -- A class continues if at least one of its students is promoted.
    insert into public.classes (school_id, id, academic_year_id, grade_level, letter, name, profile)
    select
        v_school, gen_random_uuid(), p_to, c.grade_level + 1, c.letter,
        lyceum.next_name(c.name, c.grade_level, c.grade_level + 1), c.profile
    from public.classes c
    where c.school_id = v_school and c.academic_year_id = p_from and c.archived_at is null and c.grade_level < 11
        and exists (
            select from rolled r where r.class_id = c.id and r.decision in ('promoted', 'conditional')
        )
        and not exists (
            select from public.classes o
            where o.school_id = v_school and o.academic_year_id = p_to
                and o.name = lyceum.next_name(c.name, c.grade_level, c.grade_level + 1)
        );
    get diagnostics v_count = row_count;
    kind := 'classes'; made := v_count; pupils := null; return next;

    create temporary table led on commit drop as
    select c.id as old_class, n.id as new_class, n.grade_level
    from public.classes c
    join public.classes n on n.school_id = c.school_id and n.academic_year_id = p_to
        and n.name = lyceum.next_name(c.name, c.grade_level, c.grade_level + 1)
        and n.grade_level = c.grade_level + 1 and n.archived_at is null
    where c.school_id = v_school and c.academic_year_id = p_from;

    alter table rolled add column target uuid;
    update rolled r set target = l.new_class from led l where l.old_class = r.class_id and r.decision in ('promoted', 'conditional');
    update rolled r set target = n.id
    from public.classes n
    where r.decision = 'repeats' and n.school_id = v_school and n.academic_year_id = p_to and n.name = r.name
        and n.grade_level = r.grade_level and n.archived_at is null;

    -- An open enrollment of a student who continues or leaves ends with the old year.
    update public.enrollments e
    set ends_on = v_new.starts_on - 1
    from rolled r
    where e.school_id = v_school and e.id = r.enrollment and e.ends_on is null and r.target is not null;
    update public.enrollments e
    set ends_on = v_old.ends_on, end_reason = coalesce(e.end_reason, case r.decision when 'graduated' then 'Выпуск' else 'Выбытие' end)
    from rolled r
    where e.school_id = v_school and e.id = r.enrollment and e.ends_on is null and r.decision in ('graduated', 'left');

    insert into public.enrollments (school_id, id, student_id, class_id, starts_on, in_class_group, reason)
    select v_school, gen_random_uuid(), r.student_id, r.target, v_new.starts_on, r.in_class_group, 'Перевод в следующий год'
    from rolled r
    where r.target is not null
        and not exists (
            select from public.enrollments o
            where o.school_id = v_school and o.student_id = r.student_id and lyceum.lasts(o.ends_on, v_new.starts_on)
        );
    get diagnostics v_count = row_count;
    kind := 'enrollments'; made := v_count; pupils := null; return next;

    insert into public.class_teachers (school_id, id, class_id, teacher_id, starts_on)
    select v_school, gen_random_uuid(), l.new_class, t.teacher_id, v_new.starts_on
    from led l
    join public.class_teachers t on t.school_id = v_school and t.class_id = l.old_class
        and lyceum.holds(t.starts_on, t.ends_on, v_old.ends_on)
    join public.staff s on s.school_id = v_school and s.id = t.teacher_id and s.left_on is null
    where not exists (
        select from public.class_teachers o where o.school_id = v_school and o.class_id = l.new_class
    );
    get diagnostics v_count = row_count;
    kind := 'class_teachers'; made := v_count; pupils := null; return next;

    -- Subgroups of the classes, and groups across classes. Individual plans are created anew for each student.
    create temporary table grouped on commit drop as
    select g.id as old_group, gen_random_uuid() as new_group, g.kind, l.new_class,
        lyceum.next_name(g.name, coalesce(g.grade_level, 0::smallint), coalesce(g.grade_level, 0) + 1) as name,
        g.grade_level + 1 as grade_level
    from public.groups g
    left join led l on l.old_class = g.class_id
    where g.school_id = v_school and g.academic_year_id = p_from and g.archived_at is null
        and (g.kind = 'part' and l.new_class is not null or g.kind = 'cross' and (g.grade_level is null or g.grade_level < 11));
    delete from grouped g
    using public.groups o
    where o.school_id = v_school and o.academic_year_id = p_to and o.name = g.name and o.kind = g.kind
        and o.class_id is not distinct from g.new_class;
    insert into public.groups (school_id, id, academic_year_id, kind, name, grade_level, class_id)
    select v_school, g.new_group, p_to, g.kind, g.name, g.grade_level, g.new_class from grouped g;
    get diagnostics v_count = row_count;
    kind := 'groups'; made := v_count; pupils := null; return next;

    insert into public.group_members (school_id, id, group_id, student_id, starts_on)
    select v_school, gen_random_uuid(), g.new_group, m.student_id, v_new.starts_on
    from grouped g
    join public.group_members m on m.school_id = v_school and m.group_id = g.old_group
        and lyceum.holds(m.starts_on, m.ends_on, v_old.ends_on)
    join rolled r on r.student_id = m.student_id and r.target is not null and r.decision <> 'repeats'
        and (g.kind = 'cross' or r.target = g.new_class);
    get diagnostics v_count = row_count;
    kind := 'group_members'; made := v_count; pupils := null; return next;

    -- Sections: the same load, for the groups that continue.
    create temporary table loaded on commit drop as
    select s.id as old_section, gen_random_uuid() as new_section, s.subject_id,
        coalesce(c.group_id, g.new_group) as new_group, s.kind,
        -- M1: marks begin in grade 2, in the second half of the year.
        case when o.grade_level = 1 and s.kind = 'curricular' and s.grading = 'none' then 'marks' else s.grading end as grading,
        lyceum.next_name(s.name, coalesce(o.grade_level, 0::smallint), coalesce(o.grade_level, 0) + 1) as name, s.hours_per_week
    from public.sections s
    join public.groups o on o.school_id = s.school_id and o.id = s.group_id
    left join led l on o.kind = 'class' and l.old_class = o.class_id
    left join public.classes c on c.school_id = v_school and c.id = l.new_class
    left join grouped g on g.old_group = s.group_id
    where s.school_id = v_school and s.academic_year_id = p_from and s.archived_at is null
        and coalesce(c.group_id, g.new_group) is not null;
    delete from loaded l
    using public.sections o
    where o.school_id = v_school and o.group_id = l.new_group and o.subject_id = l.subject_id and o.kind = l.kind;
    insert into public.sections (school_id, id, academic_year_id, subject_id, group_id, kind, grading, name, hours_per_week)
    select v_school, l.new_section, p_to, l.subject_id, l.new_group, l.kind, l.grading, l.name, l.hours_per_week from loaded l;
    get diagnostics v_count = row_count;
    kind := 'sections'; made := v_count; pupils := null; return next;

    insert into public.section_teachers (school_id, id, section_id, teacher_id, role, starts_on)
    select v_school, gen_random_uuid(), l.new_section, t.teacher_id, t.role, v_new.starts_on
    from loaded l
    join public.section_teachers t on t.school_id = v_school and t.section_id = l.old_section
        and lyceum.holds(t.starts_on, t.ends_on, v_old.ends_on)
    join public.staff s on s.school_id = v_school and s.id = t.teacher_id and s.left_on is null;
    get diagnostics v_count = row_count;
    kind := 'section_teachers'; made := v_count; pupils := null; return next;

    -- Students without a place in the new year, and why.
    kind := 'undecided'; made := 0;
    select coalesce(jsonb_agg(r.student_id order by r.name, r.student_id), '[]') into pupils from rolled r where r.decision is null;
    made := jsonb_array_length(pupils); return next;
    perform set_config('lyceum.undecided', made::text, true);
    kind := 'unplaced';
    select coalesce(jsonb_agg(r.student_id order by r.name, r.student_id), '[]') into pupils
    from rolled r
    where r.target is null and r.decision in ('promoted', 'conditional', 'repeats');
    made := jsonb_array_length(pupils); return next;

    drop table rolled, led, grouped, loaded;
end
$$;
comment on function lyceum.roll_over(uuid, uuid, boolean) is
    'Y1: creates the next year''s classes, enrollments, class teachers, groups and sections from this year''s. '
    'Existing ones are kept. In the old year, only open enrollments change: they get an end.';
