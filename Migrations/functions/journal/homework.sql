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

create or replace function lyceum.timetable_horizon(p_school integer, p_section uuid) returns date
    language plpgsql stable
as $$
begin
    return coalesce(
        (
            select max(l.timetable_date) from public.lessons l
            where l.school_id = p_school and l.section_id = p_section and l.timetable_entry_id is not null
        ),
        (select max(l.date) from public.lessons l where l.school_id = p_school and l.section_id = p_section)
    );
end
$$;
comment on function lyceum.timetable_horizon(integer, uuid) is
    'The last day for which the section''s lessons were generated; if none was, the day of its last lesson. Null: it has no lessons.';

create or replace function lyceum.section_meets(p_school integer, p_section uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    if exists (
        select from public.lessons l
        where l.school_id = p_school and l.section_id = p_section and l.date = p_date and l.state <> 'cancelled'
    ) then
        return true;
    end if;
    if p_date <= lyceum.timetable_horizon(p_school, p_section) then
        return false;
    end if;
    if exists (
        select from public.timetable_entries e
        where e.school_id = p_school and e.section_id = p_section and lyceum.holds(e.starts_on, e.ends_on, p_date)
    ) then
        return exists (select from lyceum.timetabled_lessons(p_school, p_date, p_date, array[p_section]));
    end if;
    -- Lessons that are made by hand: any school day.
    return exists (
        select
        from public.sections s
        join public.groups g on g.school_id = s.school_id and g.id = s.group_id
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
        left join public.school_settings t on t.school_id = s.school_id
        where s.school_id = p_school
            and s.id = p_section
            and p_date between y.starts_on and y.ends_on
            and extract(isodow from p_date)
                <= case when coalesce(g.grade_level = any (t.six_day_grade_levels), g.grade_level is null) then 6 else 5 end
            and not exists (
                select
                from public.holidays h
                where h.school_id = p_school
                    and h.starts_on <= p_date
                    and h.ends_on >= p_date
                    and (h.grade_levels is null or g.grade_level = any (h.grade_levels))
            )
    );
end
$$;
comment on function lyceum.section_meets(integer, uuid, date) is
    'H1: whether the section has a lesson on the day. Until the timetable''s horizon the lessons decide, after it the timetable, and '
    'for a section without one every school day counts.';

create or replace function lyceum.next_meeting(p_school integer, p_section uuid, p_after date) returns date
    language plpgsql stable
as $$
begin
    return coalesce(
        (
            select min(l.date) from public.lessons l
            where l.school_id = p_school and l.section_id = p_section and l.date > p_after and l.state <> 'cancelled'
        ),
        (
            select min(t.date)
            from (select greatest(p_after, lyceum.timetable_horizon(p_school, p_section)) as last) h
            cross join lateral lyceum.timetabled_lessons(p_school, h.last + 1, h.last + 28, array[p_section]) t
        )
    );
end
$$;
comment on function lyceum.next_meeting(integer, uuid, date) is
    'H1: the section''s next lesson after the day: the first one that exists, else the first one of the timetable within four weeks '
    'after its horizon.';

create or replace function lyceum.due_refusal(p_school integer, p_lesson uuid, p_due_on date) returns text
    language plpgsql stable
as $$
begin
    return (
        select case
            when p_due_on <> l.date and not lyceum.section_meets(p_school, l.section_id, p_due_on) then 'due_without_lesson'
        end
        from public.lessons l
        where l.school_id = p_school and l.id = p_lesson
    );
end
$$;
comment on function lyceum.due_refusal(integer, uuid, date) is
    'H1: due_without_lesson if the section does not meet on the due date, such as a Sunday or a holiday. Only for a due date that is '
    'written: one that stands stays when a lesson is cancelled later.';

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
    if v_refusal is null and new.deleted_at is null and (tg_op = 'INSERT' or new.due_on <> old.due_on) then
        v_refusal := lyceum.due_refusal(new.school_id, new.lesson_id, new.due_on);
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

-- H2
create or replace function lyceum.is_set_for(p_school integer, p_homework uuid, p_student uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.homework h
        join public.lessons l on l.school_id = h.school_id and l.id = h.lesson_id
        where h.school_id = p_school
            and h.id = p_homework
            and h.deleted_at is null
            and lyceum.is_member(p_school, h.section_id, p_student, l.date)
            and (
                h.for_all
                or exists (
                    select from public.homework_students s
                    where s.school_id = p_school and s.homework_id = p_homework and s.student_id = p_student
                )
            )
    );
end
$$;
comment on function lyceum.is_set_for(integer, uuid, uuid) is
    'Whether the homework is for the student: a member of the group on the lesson''s date, and named if it is for some students.';

create or replace function lyceum.check_completion() returns trigger
    language plpgsql
as $$
declare
    v_row public.homework_completions := case tg_op when 'DELETE' then old else new end;
    v_person uuid := lyceum.current_user_id();
begin
    if v_person is not null and not lyceum.sees_student(v_row.school_id, v_person, v_row.student_id)
        or tg_op = 'INSERT' and not lyceum.is_set_for(v_row.school_id, v_row.homework_id, v_row.student_id) then
        raise exception using
            errcode = 'LYH02', message = 'not_found', detail = 'A1, H2: the family of a student marks the student''s own homework as done.';
    end if;
    if tg_op = 'INSERT' then
        new.done_by := coalesce(v_person, new.done_by);
        return new;
    end if;
    return old;
end
$$;

create or replace trigger rules before insert or delete on homework_completions
    for each row execute function lyceum.check_completion();

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
