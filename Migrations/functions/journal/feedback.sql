-- M3, M4 for feedback, conduct notes, and homework for some students.

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

create or replace function lyceum.is_a_mark(p_school integer, p_text text) returns boolean
    language plpgsql stable
as $$
declare
    -- Only ICU knows all letters, whatever the locale of the database.
    v_words text[] := array(
        select w
        from regexp_split_to_table(replace(lower(p_text collate "und-x-icu"), 'ё', 'е'), '[^[:alpha:]]+' collate "und-x-icu") w
        where w <> ''
    );
    v_labels text := (select t.code_labels::text from public.school_settings t where t.school_id = p_school);
begin
    -- Digits, symbols, one letter
    if coalesce(length(array_to_string(v_words, '')), 0) < 2 then
        return true;
    end if;
    if exists (
        select
        from jsonb_each_text(v_labels::jsonb) c
        where lower(c.value collate "und-x-icu") = lower(btrim(p_text) collate "und-x-icu")
    ) then
        return true;
    end if;
    return v_words <@ '{
        один,два,три,четыре,пять,единица,единицу,кол,двойка,двойку,тройка,тройку,четверка,четверку,пятерка,пятерку,
        отлично,хорошо,удовлетворительно,неудовлетворительно,отл,хор,уд,удовл,неуд,неудовл,
        зачет,незачет,зач,незач,зачтено,незачтено,освобожден,освобождена,осв,точка,аттестован,аттестована,
        ii,iii,iv,vi,five,four,three,two,one,excellent,good,satisfactory,unsatisfactory,pass,fail,
        не,на,за,с,со,плюс,плюсом,минус,минусом,твердая,твердую,балл,балла,баллов,оценка,оценку,отметка,отметку
    }'::text[];
end
$$;
comment on function lyceum.is_a_mark(integer, text) is
    'M1: whether the text is only a mark: digits, symbols, a single letter, the name of a mark, or one of the school''s labels (M2).';

create or replace function lyceum.feedback_refusal(
    p_school integer, p_section uuid, p_lesson uuid, p_term uuid, p_student uuid, p_text text
) returns text
    language plpgsql stable
as $$
declare
    v_starts_on date;
    v_ends_on date;
begin
    -- Without a lesson, a withdrawal depends on no day: the student may have left the section since.
    if p_text is null and p_lesson is null then
        return null;
    end if;
    if p_term is not null then
        select t.starts_on, t.ends_on into v_starts_on, v_ends_on
        from lyceum.section_terms t
        where t.school_id = p_school and t.section_id = p_section and t.term_id = p_term;
        if not found then
            return 'not_in_section';
        end if;
    end if;
    return coalesce(
        case
            when p_term is null then lyceum.record_refusal(p_school, p_section, p_lesson, p_student)
            when not exists (
                select
                from public.sections s
                join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
                where s.school_id = p_school and s.id = p_section and m.student_id = p_student
                    and lyceum.holds_between(m.starts_on, m.ends_on, v_starts_on, v_ends_on)
            ) then 'not_a_member'
        end,
        case
            when p_text is not null and lyceum.is_a_mark(p_school, p_text) and exists (
                select
                from public.sections s
                join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
                left join public.lessons l on l.school_id = s.school_id and l.id = p_lesson
                cross join lateral (select coalesce(l.date, v_ends_on, lyceum.today()) as day) d
                where s.school_id = p_school
                    and s.id = p_section
                    and (
                        s.grading = 'none'
                        or lyceum.is_before_marks(
                            lyceum.grade_level_on(p_school, p_student, d.day), d.day, y.second_half_starts_on
                        )
                    )
            ) then 'feedback_is_a_mark'
        end
    );
end
$$;
comment on function lyceum.feedback_refusal(integer, uuid, uuid, uuid, uuid, text) is
    'Why feedback with the text may not be written (null text: deleted): as lyceum.record_refusal, and feedback_is_a_mark (M1) if '
    'the text is only a mark where there are no marks; null when it may. Feedback for a term concerns members on any day of the '
    'term. Feedback without a lesson can always be withdrawn.';

create or replace function lyceum.check_feedback() returns trigger
    language plpgsql
as $$
declare
    v_refusal text := lyceum.feedback_refusal(
        new.school_id, new.section_id, new.lesson_id, new.term_id, new.student_id, case when new.deleted_at is null then new.text end
    );
begin
    -- Feedback that should not exist may always be deleted, as may marks.
    if v_refusal is not null and not (v_refusal = 'not_a_member' and new.deleted_at is not null) then
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
        (new.student_id, new.section_id, new.lesson_id, new.term_id)
            is distinct from (old.student_id, old.section_id, old.lesson_id, old.term_id)
    )
    execute function lyceum.refuse_move();

create or replace function lyceum.check_conduct_note() returns trigger
    language plpgsql
as $$
begin
    if new.date > lyceum.today() then
        raise exception using
            errcode = 'check_violation', table = 'conduct_notes', constraint = 'conduct_notes_date',
            message = 'in_the_future', detail = 'The day of a conduct note is not in the future.';
    end if;
    if exists (
        select from public.lessons l
        where l.school_id = new.school_id and l.id = new.lesson_id and l.date <> new.date
    ) then
        raise exception using
            errcode = 'check_violation', table = 'conduct_notes', constraint = 'conduct_notes_lesson_day',
            message = 'not_the_day_of_the_lesson', detail = 'A conduct note of a lesson has the day of the lesson.';
    end if;
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

create or replace function lyceum.check_removed_homework_student() returns trigger
    language plpgsql
as $$
declare
    v_refusal text := (
        select lyceum.lesson_refusal(h.school_id, h.lesson_id)
        from public.homework h
        where h.school_id = old.school_id and h.id = old.homework_id
    );
begin
    if v_refusal is not null then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal), message = v_refusal,
            detail = format('Homework %s for student %s.', old.homework_id, old.student_id);
    end if;
    return old;
end
$$;

create or replace trigger rules_again before delete on homework_students
    for each row execute function lyceum.check_removed_homework_student();
