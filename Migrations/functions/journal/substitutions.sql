-- L2: substitutions (docs/decisions/0046-substitutions.md). Their triggers change the lessons.
create or replace function lyceum.lesson_collisions(
    p_school integer, p_lesson uuid, p_section uuid, p_merge uuid, p_date date, p_starts_at time, p_ends_at time, p_teacher uuid,
    p_room uuid
)
    returns table (kind text, other_lesson_id uuid, name text)
    language sql stable rows 10
as $$
    with others as materialized (
        select o.id, o.teacher_id, case when o.exclusive_room then o.room_id end as room_id, s.name, s.group_id
        from public.lessons o
        join public.sections s on s.school_id = o.school_id and s.id = o.section_id
        where o.school_id = p_school
            and o.date = p_date
            and o.starts_at < p_ends_at
            and o.ends_at > p_starts_at
            and o.state <> 'cancelled'
            and o.id is distinct from p_lesson
            and coalesce(o.merge_id, o.id) is distinct from p_merge
    )
    select c.kind, o.id, o.name
    from others o
    cross join lateral (
        select 'teacher' as kind where o.teacher_id = p_teacher
        union all
        select 'room' where o.room_id = p_room
        union all
        select 'students'
        from public.sections s
        where s.school_id = p_school
            and s.id = p_section
            and (
                s.group_id = o.group_id
                or exists (
                    select
                    from public.group_members a
                    join public.group_members b
                        on b.school_id = a.school_id and b.student_id = a.student_id and b.group_id = o.group_id
                    where a.school_id = p_school
                        and a.group_id = s.group_id
                        and lyceum.holds(a.starts_on, a.ends_on, p_date)
                        and lyceum.holds(b.starts_on, b.ends_on, p_date)
                )
            )
    ) c
$$;
comment on function lyceum.lesson_collisions(integer, uuid, uuid, uuid, date, time, time, uuid, uuid) is
    'L1: lessons at the same time that need the same teacher, room (unless shared) or students. Null for the teacher, the room or the '
    'section: it is not compared. Lessons merged with p_merge are exempt.';

create or replace function lyceum.refuse_lesson_collisions(
    p_school integer, p_lesson uuid, p_section uuid, p_merge uuid, p_date date, p_starts_at time, p_ends_at time, p_teacher uuid,
    p_room uuid
) returns void
    language plpgsql
as $$
declare
    v_collisions jsonb;
begin
    select jsonb_agg(to_jsonb(c) order by c.name, c.kind, c.other_lesson_id) into v_collisions
    from (
        select *
        from lyceum.lesson_collisions(
            p_school, p_lesson, p_section, p_merge, p_date, p_starts_at, p_ends_at, p_teacher, p_room
        )
        order by name, kind, other_lesson_id
        limit 20
    ) c;
    if v_collisions is not null then
        raise exception using
            errcode = 'LYL03', message = 'timetable_collision', detail = jsonb_build_object('collisions', v_collisions)::text;
    end if;
end
$$;
comment on function lyceum.refuse_lesson_collisions(integer, uuid, uuid, uuid, date, time, time, uuid, uuid) is
    'L1: raises LYL03 timetable_collision with at most 20 of lyceum.lesson_collisions. The constraints of lessons and place_lessons '
    'check again.';

-- The bells of another day: those of the same shift that serve the weekday.
create or replace function lyceum.bells_on(p_school integer, p_bell_schedule uuid, p_grade_level smallint, p_date date) returns uuid
    language plpgsql stable
as $$
begin
    return (
        select b.id
        from public.bell_schedules o
        join public.bell_schedules b
            on b.school_id = o.school_id and b.academic_year_id = o.academic_year_id and b.shift = o.shift
        where o.school_id = p_school
            and o.id = p_bell_schedule
            and coalesce(b.weekday = extract(isodow from p_date), true)
            and (p_grade_level is null or p_grade_level = any (b.grade_levels))
        order by b.id = o.id and b.weekday is not null desc, b.weekday is null, b.id = o.id desc, b.id
        limit 1
    );
end
$$;
comment on function lyceum.bells_on(integer, uuid, smallint, date) is
    'The bell schedule of the same year and shift that a grade level has on a day. One for the weekday comes before one for all days.';

create or replace function lyceum.demand_substitution_author(p_school integer) returns uuid
    language plpgsql stable
as $$
begin
    -- The owner's command line has no person.
    if not row_security_active('public.substitutions') and lyceum.current_user_id() is null then
        return null;
    end if;
    if not exists (
        select
        from public.user_roles r
        where r.school_id = p_school
            and r.user_id = lyceum.current_user_id()
            and r.role in ('administrator', 'head', 'deputy_head')
    ) then
        raise exception using
            errcode = 'LYL05', message = 'forbidden', detail = 'An administrator, head or deputy head makes substitutions.';
    end if;
    return lyceum.current_user_id();
end
$$;
comment on function lyceum.demand_substitution_author(integer) is
    'The person of the transaction, who must be an administrator, head or deputy head; null for the owner of the database.';

create or replace function lyceum.refuse_substituted() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYL05', message = 'lesson_substituted',
        detail = 'The lesson has a substitution, which has to be taken back first.';
end
$$;

-- pg_trigger_depth(): substitutions change lessons in their triggers; nothing else does.
create or replace trigger substituted before update on lessons
    for each row when (
        pg_trigger_depth() = 0
        and (
            new.substitution_id is distinct from old.substitution_id
            or (old.substitution_id is not null or old.merge_id = old.id)
                and (
                    new.date, new.slot, new.bell_schedule_id, new.starts_at, new.ends_at, new.room_id, new.teacher_id, new.merge_id,
                    new.state = 'cancelled'
                ) is distinct from (
                    old.date, old.slot, old.bell_schedule_id, old.starts_at, old.ends_at, old.room_id, old.teacher_id, old.merge_id,
                    old.state = 'cancelled'
                )
        )
    )
    execute function lyceum.refuse_substituted();
create or replace trigger substituted_new before insert on lessons
    for each row when (new.substitution_id is not null and pg_trigger_depth() = 0)
    execute function lyceum.refuse_substituted();

create or replace function lyceum.refuse_substitution(p_rule text, p_detail text) returns void
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'check_violation', table = 'substitutions', constraint = 'substitutions_' || p_rule, message = p_rule, detail = p_detail;
end
$$;
comment on function lyceum.refuse_substitution(text, text) is 'Raises a violation that the route turns into a problem of one field.';

create or replace function lyceum.make_substitution() returns trigger
    language plpgsql
as $$
declare
    v_lesson public.lessons;
    v_other public.lessons;
    v_section public.sections;
    v_grade_level smallint;
begin
    new.created_by := coalesce(lyceum.demand_substitution_author(new.school_id), new.created_by);
    new.created_at := now();
    new.cancelled_at := null;
    new.cancelled_by := null;

    -- In the order of the ids, so that two substitutions do not wait for each other.
    perform
    from public.lessons l
    where l.school_id = new.school_id and l.id in (new.lesson_id, new.other_lesson_id)
    order by l.id
    for update;
    select * into v_lesson from public.lessons l where l.school_id = new.school_id and l.id = new.lesson_id;
    if not found then
        raise exception using
            errcode = 'foreign_key_violation', table = 'substitutions', constraint = 'substitutions_school_id_lesson_id_fkey',
            message = 'unknown_lesson', detail = 'The school has no such lesson.';
    end if;
    perform lyceum.lock_timetable(new.school_id);
    if v_lesson.substitution_id is not null or v_lesson.merge_id is not null then
        raise exception using
            errcode = 'LYL05', message = 'lesson_substituted', detail = 'A lesson has one substitution at a time.';
    end if;
    if v_lesson.state = 'cancelled' then
        raise exception using errcode = 'LYL05', message = 'lesson_cancelled', detail = 'The lesson has been cancelled.';
    end if;

    new.old_date := v_lesson.date;
    new.old_slot := v_lesson.slot;
    new.old_bell_schedule_id := v_lesson.bell_schedule_id;
    new.old_starts_at := v_lesson.starts_at;
    new.old_ends_at := v_lesson.ends_at;
    new.old_teacher_id := v_lesson.teacher_id;
    new.old_room_id := v_lesson.room_id;
    new.old_state := v_lesson.state;
    new.was_generated := v_lesson.generated_at is not null;
    new.other_was_generated := false;

    case new.kind
        when 'replace' then
            new.teacher_id := coalesce(new.teacher_id, v_lesson.teacher_id);
            new.room_id := coalesce(new.room_id, v_lesson.room_id);
            if (new.teacher_id, new.room_id) is not distinct from (v_lesson.teacher_id, v_lesson.room_id) then
                perform lyceum.refuse_substitution('teacher_unchanged', 'Teacher and room are those of the lesson.');
            end if;
            perform lyceum.refuse_lesson_collisions(
                new.school_id, new.lesson_id, null, new.lesson_id, v_lesson.date, v_lesson.starts_at, v_lesson.ends_at,
                nullif(new.teacher_id, v_lesson.teacher_id), nullif(new.room_id, v_lesson.room_id)
            );
            update public.lessons l
            set teacher_id = new.teacher_id, room_id = new.room_id, substitution_id = new.id
            where l.school_id = new.school_id and l.id = new.lesson_id;
        when 'move' then
            if new.date is null or new.slot is null then
                return new;  -- A check refuses it.
            end if;
            select g.grade_level into v_grade_level
            from public.sections s
            join public.groups g on g.school_id = s.school_id and g.id = s.group_id
            where s.school_id = new.school_id and s.id = v_lesson.section_id;
            new.bell_schedule_id := coalesce(
                new.bell_schedule_id,
                lyceum.bells_on(new.school_id, v_lesson.bell_schedule_id, v_grade_level, new.date),
                v_lesson.bell_schedule_id
            );
            new.teacher_id := coalesce(new.teacher_id, v_lesson.teacher_id);
            new.room_id := coalesce(new.room_id, v_lesson.room_id);
            if (new.date, new.slot, new.bell_schedule_id) = (v_lesson.date, v_lesson.slot, v_lesson.bell_schedule_id) then
                perform lyceum.refuse_substitution('slot_unchanged', 'The lesson stands there already.');
            end if;
            select b.starts_at, b.ends_at into v_other.starts_at, v_other.ends_at
            from public.bell_slots b
            where b.school_id = new.school_id and b.bell_schedule_id = new.bell_schedule_id and b.slot = new.slot;
            if not found then
                perform lyceum.refuse_substitution('bell_slot', 'The bell schedule has no such slot.');
            end if;
            if new.date <> v_lesson.date and lyceum.lesson_has_records(new.school_id, new.lesson_id) then
                raise exception using
                    errcode = 'LYL02', message = 'lesson_has_records', detail = 'L5, M3: the records belong to the day of the lesson.';
            end if;
            perform lyceum.refuse_lesson_collisions(
                new.school_id, new.lesson_id, v_lesson.section_id, new.lesson_id, new.date, v_other.starts_at, v_other.ends_at,
                new.teacher_id, new.room_id
            );
            update public.lessons l
            set date = new.date, slot = new.slot, bell_schedule_id = new.bell_schedule_id, starts_at = v_other.starts_at,
                ends_at = v_other.ends_at, teacher_id = new.teacher_id, room_id = new.room_id, substitution_id = new.id
            where l.school_id = new.school_id and l.id = new.lesson_id;
        when 'cancel' then
            update public.lessons l
            set state = 'cancelled', substitution_id = new.id
            where l.school_id = new.school_id and l.id = new.lesson_id;
        when 'merge' then
            select * into v_other from public.lessons l where l.school_id = new.school_id and l.id = new.other_lesson_id;
            if not found then
                return new;  -- A check or the foreign key refuses it.
            end if;
            if v_other.state = 'cancelled' then
                raise exception using errcode = 'LYL05', message = 'lesson_cancelled', detail = 'The other lesson has been cancelled.';
            end if;
            if v_other.id = v_lesson.id
                or (v_other.date, v_other.starts_at, v_other.ends_at) <> (v_lesson.date, v_lesson.starts_at, v_lesson.ends_at) then
                perform lyceum.refuse_substitution('other_time', 'The lessons are not at the same time.');
            end if;
            if v_other.merge_id <> v_other.id then
                raise exception using
                    errcode = 'LYL05', message = 'lesson_substituted', detail = 'The other lesson is itself held with a third one.';
            end if;
            new.other_was_generated := v_other.generated_at is not null or exists (
                select
                from public.substitutions s
                where s.school_id = new.school_id
                    and s.kind = 'merge'
                    and s.other_lesson_id = v_other.id
                    and s.cancelled_at is null
                    and s.other_was_generated
            );
            new.teacher_id := v_other.teacher_id;
            new.room_id := v_other.room_id;
            update public.lessons l
            set merge_id = v_other.id
            where l.school_id = new.school_id and l.id = v_other.id and l.merge_id is null;
            update public.lessons l
            set merge_id = v_other.id, teacher_id = v_other.teacher_id, room_id = v_other.room_id, substitution_id = new.id
            where l.school_id = new.school_id and l.id = new.lesson_id;
        when 'other_subject' then
            select * into v_section from public.sections s where s.school_id = new.school_id and s.id = new.section_id;
            if not found then
                return new;  -- A check or the foreign key refuses it.
            end if;
            if v_section.id = v_lesson.section_id then
                perform lyceum.refuse_substitution('section_unchanged', 'The lesson is of this section already.');
            end if;
            new.teacher_id := coalesce(new.teacher_id, (
                select t.teacher_id
                from public.section_teachers t
                where t.school_id = new.school_id
                    and t.section_id = new.section_id
                    and t.role = 'lead'
                    and lyceum.holds(t.starts_on, t.ends_on, v_lesson.date)
            ));
            new.room_id := coalesce(new.room_id, v_lesson.room_id);
            new.other_lesson_id := gen_random_uuid();
            update public.lessons l
            set state = 'cancelled', substitution_id = new.id
            where l.school_id = new.school_id and l.id = new.lesson_id;
            perform lyceum.refuse_lesson_collisions(
                new.school_id, new.other_lesson_id, new.section_id, new.other_lesson_id, v_lesson.date, v_lesson.starts_at,
                v_lesson.ends_at, new.teacher_id, new.room_id
            );
            insert into public.lessons (
                school_id, id, section_id, date, bell_schedule_id, slot, starts_at, ends_at, room_id, teacher_id, substitution_id
            )
            values (
                new.school_id, new.other_lesson_id, new.section_id, v_lesson.date, v_lesson.bell_schedule_id, v_lesson.slot,
                v_lesson.starts_at, v_lesson.ends_at, new.room_id, new.teacher_id, new.id
            );
        else
            null;  -- A check refuses it.
    end case;
    return new;
end
$$;
comment on function lyceum.make_substitution() is
    'L2: changes the lesson as the substitution says, and keeps what was before. L1 is checked here, to name the collisions, and again '
    'by the constraints and triggers of lessons, as are records (L5, M3), holidays and control works (M9).';

create or replace trigger make before insert on substitutions for each row execute function lyceum.make_substitution();

create or replace function lyceum.guard_substitution() returns trigger
    language plpgsql
as $$
begin
    if to_jsonb(new) - '{cancelled_at,cancelled_by}'::text[] <> to_jsonb(old) - '{cancelled_at,cancelled_by}'::text[]
        or old.cancelled_at is not null or new.cancelled_at is null then
        raise exception using
            errcode = 'LYL05', message = 'not_movable', detail = 'A substitution can only be taken back, once.';
    end if;
    new.cancelled_by := coalesce(lyceum.demand_substitution_author(new.school_id), new.cancelled_by);
    new.cancelled_at := now();
    if new.kind = 'other_subject' then
        new.other_lesson_id := null;
    end if;
    return new;
end
$$;

create or replace trigger guard before update on substitutions
    for each row when (new is distinct from old) execute function lyceum.guard_substitution();

create or replace function lyceum.take_back_substitution() returns trigger
    language plpgsql
as $$
declare
    v_lesson public.lessons;
    v_is_new_life boolean := old.kind in ('cancel', 'other_subject');
begin
    perform
    from public.lessons l
    where l.school_id = old.school_id and l.id in (old.lesson_id, old.other_lesson_id)
    order by l.id
    for update;
    select * into v_lesson from public.lessons l where l.school_id = old.school_id and l.id = old.lesson_id;
    perform lyceum.lock_timetable(old.school_id);

    if old.kind <> 'merge' and v_lesson.merge_id is not null then
        raise exception using
            errcode = 'LYL05', message = 'lesson_substituted', detail = 'Another lesson is held with this one.';
    end if;
    if old.kind = 'other_subject' then
        if lyceum.lesson_record(old.school_id, old.other_lesson_id) is not null then
            raise exception using
                errcode = 'LYL02', message = 'lesson_has_records', detail = 'The lesson that was made has records.';
        end if;
        if lyceum.lesson_is_referenced(old.school_id, old.other_lesson_id) then
            update public.lessons l
            set state = 'cancelled', substitution_id = null
            where l.school_id = old.school_id and l.id = old.other_lesson_id;
        else
            delete from public.lessons l where l.school_id = old.school_id and l.id = old.other_lesson_id;
        end if;
    end if;
    if old.kind = 'move' and old.old_date <> v_lesson.date and lyceum.lesson_has_records(old.school_id, old.lesson_id) then
        raise exception using
            errcode = 'LYL02', message = 'lesson_has_records', detail = 'L5, M3: the records belong to the day of the lesson.';
    end if;

    perform lyceum.refuse_lesson_collisions(
        old.school_id, old.lesson_id, case when v_is_new_life or old.kind = 'move' then v_lesson.section_id end, old.lesson_id,
        old.old_date, old.old_starts_at, old.old_ends_at,
        case when v_is_new_life or old.kind = 'move' or old.old_teacher_id is distinct from v_lesson.teacher_id then old.old_teacher_id end,
        case when v_is_new_life or old.kind = 'move' or old.old_room_id is distinct from v_lesson.room_id then old.old_room_id end
    );
    update public.lessons l
    set date = old.old_date, slot = old.old_slot, bell_schedule_id = old.old_bell_schedule_id, starts_at = old.old_starts_at,
        ends_at = old.old_ends_at, teacher_id = old.old_teacher_id, room_id = old.old_room_id,
        merge_id = null, state = case when v_is_new_life then old.old_state else l.state end, substitution_id = null,
        generated_at = case when old.was_generated then clock_timestamp() end
    where l.school_id = old.school_id and l.id = old.lesson_id;

    if old.kind = 'merge' and not exists (
        select
        from public.substitutions s
        where s.school_id = old.school_id and s.kind = 'merge' and s.other_lesson_id = old.other_lesson_id and s.cancelled_at is null
    ) then
        update public.lessons l
        set merge_id = null, generated_at = case when old.other_was_generated then clock_timestamp() end
        where l.school_id = old.school_id and l.id = old.other_lesson_id;
    end if;
    return null;
end
$$;
comment on function lyceum.take_back_substitution() is
    'L2: the lesson is again what it was. A lesson that was made instead is deleted, unless it has records. generated_at is written '
    'anew, so that the generation may change the lesson again.';

create or replace trigger take_back after update on substitutions
    for each row when (old.cancelled_at is null and new.cancelled_at is not null)
    execute function lyceum.take_back_substitution();
