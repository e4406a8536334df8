-- M3, M4 for feedback, conduct notes, and homework for some students.

create or replace function lyceum.is_member(p_school integer, p_section uuid, p_student uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.sections s
        join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
        where s.school_id = p_school and s.id = p_section and m.student_id = p_student
            and lyceum.holds(m.starts_on, m.ends_on, p_date)
    );
end
$$;
comment on function lyceum.is_member(integer, uuid, uuid, date) is
    'M3: whether the student belongs to the section''s group on the day.';

create or replace function lyceum.record_refusal(p_school integer, p_section uuid, p_lesson uuid, p_student uuid)
    returns text
    language plpgsql stable
as $$
declare
    v_date date := lyceum.today();
begin
    if p_lesson is not null then
        select l.date into v_date from public.lessons l where l.school_id = p_school and l.id = p_lesson;
    end if;
    return case
        when not lyceum.is_member(p_school, p_section, p_student, v_date) then 'not_a_member'
        when p_lesson is not null then lyceum.lesson_refusal(p_school, p_lesson)
    end;
end
$$;
comment on function lyceum.record_refusal(integer, uuid, uuid, uuid) is
    'Why feedback may not be written, or homework not be given to one student, at the lesson, or today without one: not_a_member '
    '(M3), edit_window_closed (M4); null when it may.';

create or replace function lyceum.check_feedback() returns trigger
    language plpgsql
as $$
declare
    v_refusal text := lyceum.record_refusal(new.school_id, new.section_id, new.lesson_id, new.student_id);
begin
    if v_refusal is not null then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal), message = v_refusal,
            detail = format('Feedback to student %s in section %s.', new.student_id, new.section_id);
    end if;
    return null;
end
$$;

create or replace trigger rules after insert on feedback for each row execute function lyceum.check_feedback();
-- Publishing (M12) does not change the feedback, so the rules do not apply.
create or replace trigger rules_again after update on feedback
    for each row when ((new.text, new.deleted_at) is distinct from (old.text, old.deleted_at))
    execute function lyceum.check_feedback();
create or replace trigger fixed before update on feedback
    for each row when (
        (new.student_id, new.section_id, new.lesson_id) is distinct from (old.student_id, old.section_id, old.lesson_id)
    )
    execute function lyceum.refuse_move();

create or replace function lyceum.check_conduct_note() returns trigger
    language plpgsql
as $$
begin
    if new.lesson_id is null and lyceum.grade_level_on(new.school_id, new.student_id, new.date) is null
        or exists (
            select
            from public.lessons l
            where l.school_id = new.school_id and l.id = new.lesson_id
                and not lyceum.is_member(l.school_id, l.section_id, new.student_id, l.date)
        ) then
        raise exception using
            errcode = lyceum.refusal_state('not_a_member'), message = 'not_a_member',
            detail = format('Conduct note about student %s.', new.student_id);
    end if;
    return null;
end
$$;

create or replace trigger rules after insert on conduct_notes for each row execute function lyceum.check_conduct_note();
create or replace trigger fixed before update on conduct_notes
    for each row when ((new.student_id, new.lesson_id, new.date) is distinct from (old.student_id, old.lesson_id, old.date))
    execute function lyceum.refuse_move();

create or replace function lyceum.check_homework_student() returns trigger
    language plpgsql
as $$
declare
    v_refusal text;
begin
    select lyceum.record_refusal(h.school_id, h.section_id, h.lesson_id, new.student_id)
    into v_refusal
    from public.homework h
    where h.school_id = new.school_id and h.id = new.homework_id;
    if v_refusal is not null then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal), message = v_refusal,
            detail = format('Homework %s for student %s.', new.homework_id, new.student_id);
    end if;
    return null;
end
$$;

create or replace trigger rules after insert on homework_students
    for each row execute function lyceum.check_homework_student();
