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

create or replace function lyceum.rolled_classes(p_from uuid, p_to uuid)
    returns table (old_class uuid, new_class uuid, grade_level smallint)
    language sql stable
as $$
    select c.id, n.id, n.grade_level
    from public.classes c
    join public.classes n
        on n.school_id = c.school_id
        and n.academic_year_id = p_to
        and n.name = lyceum.next_name(c.name, c.grade_level, c.grade_level + 1)
        and n.grade_level = c.grade_level + 1
        and n.archived_at is null
    where c.school_id = lyceum.current_school() and c.academic_year_id = p_from
$$;
comment on function lyceum.rolled_classes(uuid, uuid) is 'Y1: classes of a year, with the classes of the next year that continue them.';

create or replace function lyceum.rolled_students(p_from uuid, p_to uuid, p_assume_promoted boolean)
    returns table (
        enrollment uuid, ends_on date, student_id uuid, in_class_group boolean, class_id uuid, name text, decision text,
        target uuid
    )
    language sql stable
as $$
    select p.enrollment, p.ends_on, p.student_id, p.in_class_group, p.class_id, p.name, p.decision,
        case
            when p.decision in ('promoted', 'conditional') then l.new_class
            when p.decision = 'repeats' then n.id
        end
    from (
        select
            e.id as enrollment, e.ends_on, e.student_id, e.in_class_group, c.id as class_id, c.grade_level, c.name,
            coalesce(d.decision,
                -- A student who left in the summer does not return.
                case when e.ends_on > a.ends_on and e.ends_on < b.starts_on - 1 then 'left' end,
                case when p_assume_promoted then case c.grade_level when 11 then 'graduated' else 'promoted' end end)
                as decision
        from public.academic_years a
        join public.academic_years b on b.school_id = a.school_id and b.id = p_to
        join public.classes c on c.school_id = a.school_id and c.academic_year_id = a.id
        join public.enrollments e on e.school_id = c.school_id and e.class_id = c.id
            and lyceum.holds(e.starts_on, e.ends_on, a.ends_on)
        left join public.promotions d
            on d.school_id = e.school_id and d.academic_year_id = a.id and d.student_id = e.student_id
        where a.school_id = lyceum.current_school() and a.id = p_from
    ) p
    left join lyceum.rolled_classes(p_from, p_to) l on l.old_class = p.class_id
    left join public.classes n
        on n.school_id = lyceum.current_school()
        and n.academic_year_id = p_to
        and n.name = p.name
        and n.grade_level = p.grade_level
        and n.archived_at is null
$$;
comment on function lyceum.rolled_students(uuid, uuid, boolean) is
    'Y1: students on a year''s last day, with the decision of the council, and the class of the next year to which it leads; '
    'null while that class does not exist.';

create or replace function lyceum.roll_over(p_from uuid, p_to uuid, p_assume_promoted boolean)
    returns table (kind text, made integer, pupils jsonb)
    language plpgsql
as $$
declare
    v_school integer := lyceum.current_school();
    v_old record;
    v_new record;
    v_count integer;
    -- Old and new ids, in the same order.
    v_old_groups uuid[];
    v_new_groups uuid[];
    v_old_sections uuid[];
    v_new_sections uuid[];
    v_section_groups uuid[];
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

    -- A class continues if at least one of its students is promoted.
    insert into public.classes (school_id, id, academic_year_id, grade_level, letter, name, profile)
    select
        v_school, gen_random_uuid(), p_to, c.grade_level + 1, c.letter,
        lyceum.next_name(c.name, c.grade_level, c.grade_level + 1), c.profile
    from public.classes c
    where c.school_id = v_school and c.academic_year_id = p_from and c.archived_at is null and c.grade_level < 11
        and exists (
            select
            from lyceum.rolled_students(p_from, p_to, p_assume_promoted) r
            where r.class_id = c.id and r.decision in ('promoted', 'conditional')
        )
        and not exists (
            select from public.classes o
            where o.school_id = v_school and o.academic_year_id = p_to
                and o.name = lyceum.next_name(c.name, c.grade_level, c.grade_level + 1)
        );
    get diagnostics v_count = row_count;
    kind := 'classes'; made := v_count; pupils := null; return next;

    -- An open enrollment of a student who continues or leaves ends with the old year.
    update public.enrollments e
    set ends_on = v_new.starts_on - 1
    from lyceum.rolled_students(p_from, p_to, p_assume_promoted) r
    where e.school_id = v_school and e.id = r.enrollment and e.ends_on is null and r.target is not null;
    update public.enrollments e
    set ends_on = v_old.ends_on, end_reason = coalesce(e.end_reason, case r.decision when 'graduated' then 'Выпуск' else 'Выбытие' end)
    from lyceum.rolled_students(p_from, p_to, p_assume_promoted) r
    where e.school_id = v_school and e.id = r.enrollment and e.ends_on is null and r.decision in ('graduated', 'left');

    insert into public.enrollments (school_id, id, student_id, class_id, starts_on, in_class_group, reason)
    select v_school, gen_random_uuid(), r.student_id, r.target, v_new.starts_on, r.in_class_group, 'Перевод в следующий год'
    from lyceum.rolled_students(p_from, p_to, p_assume_promoted) r
    where r.target is not null
        and not exists (
            select from public.enrollments o
            where o.school_id = v_school and o.student_id = r.student_id and lyceum.lasts(o.ends_on, v_new.starts_on)
        );
    get diagnostics v_count = row_count;
    kind := 'enrollments'; made := v_count; pupils := null; return next;

    insert into public.class_teachers (school_id, id, class_id, teacher_id, starts_on)
    select v_school, gen_random_uuid(), l.new_class, t.teacher_id, v_new.starts_on
    from lyceum.rolled_classes(p_from, p_to) l
    join public.class_teachers t on t.school_id = v_school and t.class_id = l.old_class
        and not t.acting and lyceum.holds(t.starts_on, t.ends_on, v_old.ends_on)
    join public.staff s on s.school_id = v_school and s.id = t.teacher_id and s.left_on is null
    where not exists (
        select from public.class_teachers o where o.school_id = v_school and o.class_id = l.new_class
    );
    get diagnostics v_count = row_count;
    kind := 'class_teachers'; made := v_count; pupils := null; return next;

    -- Subgroups of the classes, and groups across classes. Individual plans are created anew for each student.
    select array_agg(g.id), array_agg(gen_random_uuid()) into v_old_groups, v_new_groups
    from public.groups g
    left join lyceum.rolled_classes(p_from, p_to) l on l.old_class = g.class_id
    where g.school_id = v_school and g.academic_year_id = p_from and g.archived_at is null
        and (g.kind = 'part' and l.new_class is not null or g.kind = 'cross' and (g.grade_level is null or g.grade_level < 11))
        and not exists (
            select from public.groups o
            where o.school_id = v_school and o.academic_year_id = p_to and o.kind = g.kind
                and o.name = lyceum.next_name(g.name, coalesce(g.grade_level, 0::smallint), coalesce(g.grade_level, 0) + 1)
                and o.class_id is not distinct from l.new_class
        );
    insert into public.groups (school_id, id, academic_year_id, kind, name, grade_level, class_id)
    select v_school, n.new_group, p_to, g.kind,
        lyceum.next_name(g.name, coalesce(g.grade_level, 0::smallint), coalesce(g.grade_level, 0) + 1), g.grade_level + 1,
        l.new_class
    from unnest(v_old_groups, v_new_groups) as n (old_group, new_group)
    join public.groups g on g.school_id = v_school and g.id = n.old_group
    left join lyceum.rolled_classes(p_from, p_to) l on l.old_class = g.class_id;
    get diagnostics v_count = row_count;
    kind := 'groups'; made := v_count; pupils := null; return next;

    insert into public.group_members (school_id, id, group_id, student_id, starts_on)
    select v_school, gen_random_uuid(), n.new_group, m.student_id, v_new.starts_on
    from unnest(v_old_groups, v_new_groups) as n (old_group, new_group)
    join public.groups g on g.school_id = v_school and g.id = n.new_group
    join public.group_members m on m.school_id = v_school and m.group_id = n.old_group
        and lyceum.holds(m.starts_on, m.ends_on, v_old.ends_on)
    join lyceum.rolled_students(p_from, p_to, p_assume_promoted) r on r.student_id = m.student_id
        and r.target is not null and r.decision <> 'repeats' and (g.kind = 'cross' or r.target = g.class_id);
    get diagnostics v_count = row_count;
    kind := 'group_members'; made := v_count; pupils := null; return next;

    -- Sections: the same load, for the groups that continue.
    select array_agg(s.id), array_agg(gen_random_uuid()), array_agg(g.id) into v_old_sections, v_new_sections, v_section_groups
    from public.sections s
    join public.groups o on o.school_id = s.school_id and o.id = s.group_id
    left join lyceum.rolled_classes(p_from, p_to) l on o.kind = 'class' and l.old_class = o.class_id
    left join public.classes c on c.school_id = v_school and c.id = l.new_class
    left join unnest(v_old_groups, v_new_groups) as n (old_group, new_group) on n.old_group = s.group_id
    join public.groups g on g.school_id = v_school and g.id = coalesce(c.group_id, n.new_group)
    where s.school_id = v_school and s.academic_year_id = p_from and s.archived_at is null
        and not exists (
            select from public.sections x
            where x.school_id = v_school and x.group_id = g.id and x.subject_id = s.subject_id and x.kind = s.kind
        );
    insert into public.sections (school_id, id, academic_year_id, subject_id, group_id, kind, grading, name, hours_per_week)
    select v_school, n.new_section, p_to, s.subject_id, n.group_id, s.kind,
        -- M1: marks begin in grade 2, in the second half of the year.
        case when o.grade_level = 1 and s.kind = 'curricular' and s.grading = 'none' then 'marks' else s.grading end,
        lyceum.next_name(s.name, coalesce(o.grade_level, 0::smallint), coalesce(o.grade_level, 0) + 1), s.hours_per_week
    from unnest(v_old_sections, v_new_sections, v_section_groups) as n (old_section, new_section, group_id)
    join public.sections s on s.school_id = v_school and s.id = n.old_section
    join public.groups o on o.school_id = v_school and o.id = s.group_id;
    get diagnostics v_count = row_count;
    kind := 'sections'; made := v_count; pupils := null; return next;

    insert into public.section_teachers (school_id, id, section_id, teacher_id, role, starts_on)
    select v_school, gen_random_uuid(), n.new_section, t.teacher_id, t.role, v_new.starts_on
    from unnest(v_old_sections, v_new_sections) as n (old_section, new_section)
    join public.section_teachers t on t.school_id = v_school and t.section_id = n.old_section
        and lyceum.holds(t.starts_on, t.ends_on, v_old.ends_on)
    join public.staff s on s.school_id = v_school and s.id = t.teacher_id and s.left_on is null;
    get diagnostics v_count = row_count;
    kind := 'section_teachers'; made := v_count; pupils := null; return next;

    -- Students without a place in the new year, and why.
    kind := 'undecided'; made := 0;
    select coalesce(jsonb_agg(r.student_id order by r.name, r.student_id), '[]') into pupils
    from lyceum.rolled_students(p_from, p_to, p_assume_promoted) r
    where r.decision is null;
    made := jsonb_array_length(pupils); return next;
    perform set_config('lyceum.undecided', made::text, true);
    kind := 'unplaced';
    select coalesce(jsonb_agg(r.student_id order by r.name, r.student_id), '[]') into pupils
    from lyceum.rolled_students(p_from, p_to, p_assume_promoted) r
    where r.target is null and r.decision in ('promoted', 'conditional', 'repeats');
    made := jsonb_array_length(pupils); return next;
end
$$;
comment on function lyceum.roll_over(uuid, uuid, boolean) is
    'Y1: creates the next year''s classes, enrollments, class teachers, groups and sections from this year''s. '
    'Existing ones are kept. In the old year, only open enrollments change: they get an end.';
