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
    if lyceum.lesson_has_records(new.school_id, new.id) then
        raise exception using
            errcode = 'LYL02', message = 'lesson_has_records',
            detail = 'A lesson with marks or attendance is neither moved to another date nor cancelled.';
    end if;
    return new;
end
$$;

create or replace trigger keep before update on lessons
    for each row when (new.date <> old.date or (new.state = 'cancelled' and old.state <> 'cancelled'))
    execute function lyceum.keep_recorded_lesson();
