create or replace function lyceum.homework_refusal(p_school integer, p_lesson uuid, p_due_on date) returns text
    language plpgsql stable
as $$
declare
    v_date date;
    v_state text;
    v_first_grade boolean;
begin
    select l.date, l.state, coalesce(g.grade_level, 0) = 1 and not coalesce(ss.homework_in_grade_1, false)
    into v_date, v_state, v_first_grade
    from public.lessons l
    join public.sections s on s.school_id = l.school_id and s.id = l.section_id
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    left join public.school_settings ss on ss.school_id = l.school_id
    where l.school_id = p_school and l.id = p_lesson;

    return case
        when v_date is null then 'not_found'
        when v_state = 'cancelled' then 'lesson_cancelled'
        when v_first_grade then 'homework_not_allowed'
        when p_due_on < v_date then 'due_before_lesson'
        else lyceum.lesson_refusal(p_school, p_lesson)
    end;
end
$$;
comment on function lyceum.homework_refusal(integer, uuid, date) is
    'H1, M4: why the homework may not be written; null when it may. Codes: not_found, lesson_cancelled, '
    'homework_not_allowed (grade 1), due_before_lesson, edit_window_closed.';

create or replace function lyceum.record_homework() returns trigger
    language plpgsql
as $$
declare
    v_refusal text;
begin
    if tg_op = 'UPDATE' then
        if new.lesson_id <> old.lesson_id then
            raise exception using
                errcode = 'LYL02', message = 'not_movable', detail = 'Homework never changes its lesson.';
        end if;
        new.first_recorded_at := old.first_recorded_at;
    end if;
    v_refusal := lyceum.homework_refusal(new.school_id, new.lesson_id, new.due_on);
    if new.deleted_at is not null and v_refusal <> 'edit_window_closed' then
        v_refusal := null;
    end if;
    if v_refusal <> 'not_found' then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal), message = v_refusal, detail = format('Homework of lesson %s.', new.lesson_id);
    end if;
    return new;
end
$$;

create or replace trigger record before insert on homework for each row execute function lyceum.record_homework();
create or replace trigger record_again before update on homework
    for each row when (new is distinct from old) execute function lyceum.record_homework();

create or replace function lyceum.stamp_homework() returns trigger
    language plpgsql
as $$
begin
    update public.lessons l set homework_first_recorded_at = now()
    where l.school_id = new.school_id and l.id = new.lesson_id and l.homework_first_recorded_at is null;
    return null;
end
$$;

create or replace trigger stamp after insert on homework for each row execute function lyceum.stamp_homework();

create or replace function lyceum.keep_homework_due() returns trigger
    language plpgsql
as $$
begin
    if exists (
        select
        from public.homework h
        where h.school_id = new.school_id and h.lesson_id = new.id and h.deleted_at is null and h.due_on < new.date
    ) then
        raise exception using
            errcode = 'LYH01', message = 'due_before_lesson', detail = 'Homework of the lesson is due before the new date.';
    end if;
    return new;
end
$$;

create or replace trigger keep_homework before update on lessons
    for each row when (new.date > old.date) execute function lyceum.keep_homework_due();

-- Homework for some students is logged in the diaries of these students, so a writer of the homework and a writer of its students take
-- turns. Otherwise the log would leave out a student who was added in the meantime.
create or replace function lyceum.hold_homework() returns trigger
    language plpgsql
as $$
declare
    v_row record := case tg_op when 'DELETE' then old else new end;
begin
    perform from public.homework h where h.school_id = v_row.school_id and h.id = v_row.homework_id for no key update;
    return v_row;
end
$$;

create or replace trigger hold before insert or update or delete on homework_students
    for each row execute function lyceum.hold_homework();
