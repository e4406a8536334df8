create or replace function lyceum.record_lesson() returns trigger
    language plpgsql
as $$
declare
    v_refusal text;
begin
    if tg_op = 'UPDATE' then
        if new.section_id <> old.section_id then
            raise exception using
                errcode = 'LYL02', message = 'not_movable', detail = 'L2: a lesson never changes its section.';
        end if;
        if (new.topic, new.plan_topic_id, new.state, new.no_homework, new.attendance_taken_at, new.date)
            is distinct from (old.topic, old.plan_topic_id, old.state, old.no_homework, old.attendance_taken_at, old.date)
        then
            v_refusal := lyceum.lesson_refusal(new.school_id, new.id);
            if v_refusal is not null then
                raise exception using
                    errcode = 'LYM04', message = v_refusal, detail = 'The term is closed for marks and there is no unlock.';
            end if;
        end if;
        new.topic_first_recorded_at := old.topic_first_recorded_at;
        new.homework_first_recorded_at := coalesce(old.homework_first_recorded_at, new.homework_first_recorded_at);
    end if;
    if new.topic is not null then
        new.topic_first_recorded_at := coalesce(new.topic_first_recorded_at, now());
    end if;
    if new.no_homework then
        new.homework_first_recorded_at := coalesce(new.homework_first_recorded_at, now());
    end if;
    if new.state = 'held' and new.date > lyceum.today() then
        raise exception using errcode = 'LYM04', message = 'lesson_in_future', detail = 'A lesson is held on its date or later.';
    end if;
    return new;
end
$$;

create or replace trigger record before insert or update on lessons for each row execute function lyceum.record_lesson();

-- L2: a lesson with records keeps its place, because M1, M3 and M4 depend on its date.
create or replace function lyceum.lesson_has_records(p_school integer, p_lesson uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.line_items li
        join public.marks k on k.school_id = li.school_id and k.line_item_id = li.id
        where li.school_id = p_school and li.lesson_id = p_lesson and k.kind is not null
    ) or exists (
        select
        from public.attendance a
        where a.school_id = p_school and a.lesson_id = p_lesson and a.meaning is not null
    );
end
$$;
comment on function lyceum.lesson_has_records(integer, uuid) is
    'L2: whether the lesson has a mark or a teacher''s attendance code.';

create or replace function lyceum.keep_recorded_lesson() returns trigger
    language plpgsql
as $$
begin
    if lyceum.lesson_has_records(old.school_id, old.id) then
        raise exception using
            errcode = 'LYL02', message = 'lesson_has_records',
            detail = 'A lesson with marks or attendance is neither moved to another date, cancelled nor deleted.';
    end if;
    return case tg_op when 'DELETE' then old else new end;
end
$$;

create or replace trigger keep before update on lessons
    for each row when (new.date <> old.date or (new.state = 'cancelled' and old.state <> 'cancelled'))
    execute function lyceum.keep_recorded_lesson();

-- A lesson that is made by hand: the server leaves the times, and often the teacher, to the database.
create or replace function lyceum.complete_lesson() returns trigger
    language plpgsql
as $$
begin
    select b.starts_at, b.ends_at into new.starts_at, new.ends_at
    from public.bell_slots b
    where b.school_id = new.school_id and b.bell_schedule_id = new.bell_schedule_id and b.slot = new.slot;
    if not found then
        raise exception using
            errcode = 'check_violation', table = 'lessons', constraint = 'lessons_bell_slot',
            message = 'no_such_slot', detail = 'The bell schedule has no such slot.';
    end if;
    if tg_op = 'INSERT' and new.teacher_id is null then
        new.teacher_id := (
            select t.teacher_id
            from public.section_teachers t
            where t.school_id = new.school_id
                and t.section_id = new.section_id
                and t.role = 'lead'
                and lyceum.holds(t.starts_on, t.ends_on, new.date)
        );
    end if;
    return new;
end
$$;
comment on function lyceum.complete_lesson() is
    'Times of the slot by the bell schedule, and for a new lesson without a teacher the section''s lead of that day.';

create or replace trigger complete before insert on lessons
    for each row when (new.starts_at is null) execute function lyceum.complete_lesson();
create or replace trigger complete_again before update on lessons
    for each row when (
        (new.bell_schedule_id, new.slot) is distinct from (old.bell_schedule_id, old.slot)
        and (new.starts_at, new.ends_at) is not distinct from (old.starts_at, old.ends_at)
    )
    execute function lyceum.complete_lesson();

-- L2: the generation of lessons writes generated_at anew; any other change of the place was made by hand.
create or replace function lyceum.keep_timetable_date() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        new.timetable_date := case when new.timetable_entry_id is not null then coalesce(new.timetable_date, new.date) end;
    else
        new.generated_at := null;
    end if;
    return new;
end
$$;

create or replace trigger generated before insert on lessons
    for each row when (new.timetable_entry_id is not null or new.timetable_date is not null)
    execute function lyceum.keep_timetable_date();
create or replace trigger generated_again before update on lessons
    for each row when (
        new.generated_at is not distinct from old.generated_at
        and (new.date, new.slot, new.starts_at, new.ends_at, new.room_id, new.teacher_id, new.merge_id, new.state = 'cancelled')
            is distinct from
            (old.date, old.slot, old.starts_at, old.ends_at, old.room_id, old.teacher_id, old.merge_id, old.state = 'cancelled')
    )
    execute function lyceum.keep_timetable_date();

create or replace trigger keep_deleted before delete on lessons
    for each row execute function lyceum.keep_recorded_lesson();
