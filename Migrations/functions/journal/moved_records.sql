-- L5: the records of the days of a backdated class change move to the lessons of the new class.

create or replace function lyceum.move_mark(p_mark public.marks, p_lesson uuid) returns void
    language plpgsql
as $$
declare
    v_from public.line_items;
    v_to uuid;
begin
    select i.* into v_from
    from public.line_items i
    where i.school_id = p_mark.school_id and i.id = p_mark.line_item_id;
    -- A column for the same kind of work that has no mark of the student yet
    select i.id into v_to
    from public.line_items i
    where i.school_id = p_mark.school_id
        and i.lesson_id = p_lesson
        and i.deleted_at is null
        and i.category_id is not distinct from v_from.category_id
        and i.weight = v_from.weight
        and not exists (
            select
            from public.marks k
            where k.school_id = i.school_id and k.line_item_id = i.id and k.student_id = p_mark.student_id and k.kind is not null
        )
    order by i.title is not distinct from v_from.title desc, i.id
    limit 1;
    if v_to is null then
        v_to := gen_random_uuid();
        insert into public.line_items (school_id, id, lesson_id, section_id, category_id, title, weight)
        select l.school_id, v_to, l.id, l.section_id, v_from.category_id, v_from.title, v_from.weight
        from public.lessons l
        where l.school_id = p_mark.school_id and l.id = p_lesson;
    end if;
    insert into public.marks (
        school_id, id, line_item_id, student_id, kind, number, code, due_on, comment, published_at, first_recorded_at
    ) values (
        p_mark.school_id, gen_random_uuid(), v_to, p_mark.student_id, p_mark.kind, p_mark.number, p_mark.code, p_mark.due_on,
        p_mark.comment, p_mark.published_at, p_mark.first_recorded_at
    )
    on conflict on constraint marks_cell_key do update
    set kind = excluded.kind, number = excluded.number, code = excluded.code, due_on = excluded.due_on,
        comment = excluded.comment, published_at = excluded.published_at;
    update public.marks k
    set kind = null, number = null, code = null, due_on = null, comment = null
    where k.school_id = p_mark.school_id and k.id = p_mark.id;
end
$$;
comment on function lyceum.move_mark(public.marks, uuid) is
    'L5: gives the student the mark at the lesson, in a column for the same kind of work, and clears it where it was. The history of '
    'both marks shows the change (A5).';

create or replace function lyceum.move_absence(p_absence public.attendance, p_lesson uuid) returns void
    language plpgsql
as $$
begin
    insert into public.attendance (
        school_id, id, lesson_id, student_id, meaning, minutes, code_id, comment,
        decided_meaning, decided_minutes, decided_reason, decided_by, decided_at, decided_by_day, first_recorded_at
    ) values (
        p_absence.school_id, gen_random_uuid(), p_lesson, p_absence.student_id,
        p_absence.meaning, p_absence.minutes, p_absence.code_id, p_absence.comment,
        p_absence.decided_meaning, p_absence.decided_minutes, p_absence.decided_reason, p_absence.decided_by, p_absence.decided_at,
        p_absence.decided_by_day, p_absence.first_recorded_at
    )
    on conflict on constraint attendance_cell_key do update
    set meaning = excluded.meaning, minutes = excluded.minutes, code_id = excluded.code_id, comment = excluded.comment,
        decided_meaning = excluded.decided_meaning, decided_minutes = excluded.decided_minutes,
        decided_reason = excluded.decided_reason, decided_by = excluded.decided_by, decided_at = excluded.decided_at,
        decided_by_day = excluded.decided_by_day;
    update public.attendance a
    set meaning = null, minutes = null, code_id = null, comment = null,
        decided_meaning = null, decided_minutes = null, decided_reason = null, decided_by = null, decided_at = null,
        decided_by_day = false
    where a.school_id = p_absence.school_id and a.id = p_absence.id;
end
$$;
comment on function lyceum.move_absence(public.attendance, uuid) is
    'L5: gives the student the attendance record at the lesson, and clears it where it was.';

create or replace function lyceum.move_feedback(p_feedback public.feedback, p_lesson uuid) returns void
    language plpgsql
as $$
begin
    insert into public.feedback (school_id, id, student_id, section_id, lesson_id, text, author_id, published_at, created_at)
    select l.school_id, gen_random_uuid(), p_feedback.student_id, l.section_id, l.id, p_feedback.text, p_feedback.author_id,
        p_feedback.published_at, p_feedback.created_at
    from public.lessons l
    where l.school_id = p_feedback.school_id and l.id = p_lesson
    on conflict on constraint feedback_cell_key do update
    set text = excluded.text, author_id = excluded.author_id, published_at = excluded.published_at, deleted_at = null;
    update public.feedback f set deleted_at = now() where f.school_id = p_feedback.school_id and f.id = p_feedback.id;
end
$$;
comment on function lyceum.move_feedback(public.feedback, uuid) is
    'L5: gives the student the feedback at the lesson, and deletes it where it was.';

create or replace function lyceum.same_lesson(p_school integer, p_student uuid, p_lesson uuid) returns uuid
    language plpgsql stable
as $$
begin
    return (
        with day as (
            select l.id, l.section_id, l.date, s.subject_id, s.academic_year_id,
                (
                    select count(*)
                    from public.lessons o
                    where o.school_id = p_school and o.section_id = l.section_id and o.date = l.date and o.state <> 'cancelled'
                        and o.starts_at < l.starts_at
                ) as earlier
            from public.lessons l
            join public.sections s on s.school_id = p_school and s.id = l.section_id
            where l.school_id = p_school and l.id = p_lesson
        )
        select n.id
        from day d
        cross join lateral (
            select t.id, row_number() over (order by t.starts_at, t.id) - 1 as earlier
            from public.sections o
            join public.group_members m on m.school_id = p_school
                and m.group_id = o.group_id
                and m.student_id = p_student
                and lyceum.holds(m.starts_on, m.ends_on, d.date)
            join public.lessons t on t.school_id = p_school and t.section_id = o.id and t.date = d.date and t.state <> 'cancelled'
            where o.school_id = p_school
                and o.academic_year_id = d.academic_year_id
                and o.subject_id = d.subject_id
                and o.id <> d.section_id
        ) n
        where n.earlier = d.earlier
    );
end
$$;
comment on function lyceum.same_lesson(integer, uuid, uuid) is
    'L5: the lesson of the subject on the same day in the student''s other sections: the first for the first, the second for the '
    'second; null if there is none.';

create or replace function lyceum.move_record(p_school integer, p_student uuid, p_what text, p_from uuid, p_to uuid) returns text
    language plpgsql
as $$
declare
    v_mark public.marks;
    v_absence public.attendance;
    v_feedback public.feedback;
begin
    case p_what
        when 'mark' then
            for v_mark in
                select k.*
                from public.line_items i
                join public.marks k on k.school_id = p_school and k.line_item_id = i.id
                where i.school_id = p_school and i.lesson_id = p_from and k.student_id = p_student and k.kind is not null
                order by i.created_at, i.id
            loop
                perform lyceum.move_mark(v_mark, p_to);
            end loop;
        when 'absence' then
            select a.* into v_absence
            from public.attendance a
            where a.school_id = p_school and a.lesson_id = p_from and a.student_id = p_student;
            perform lyceum.move_absence(v_absence, p_to);
        when 'feedback' then
            select f.* into v_feedback
            from public.feedback f
            where f.school_id = p_school and f.lesson_id = p_from and f.student_id = p_student;
            perform lyceum.move_feedback(v_feedback, p_to);
    end case;
    return null;
exception when others then
    -- A rule of the new lesson, such as M4 or M9, refuses the record.
    if sqlstate not like 'LY%' then
        raise;
    end if;
    return sqlerrm;
end
$$;
comment on function lyceum.move_record(integer, uuid, text, uuid, uuid) is
    'L5: moves the marks, the attendance record or the feedback of the student from one lesson to another. Returns the code of the '
    'rule that refuses it; nothing has changed then.';

create or replace function lyceum.moves_records() returns boolean
    language sql stable
    return coalesce(current_setting('lyceum.moves_records', true) = 'yes', false);
comment on function lyceum.moves_records() is
    'L5: whether the transaction moves records to another class (lyceum.move_records). Nothing has happened to the child then.';

create or replace function lyceum.move_records(p_student uuid, p_class uuid, p_from date, p_reason text)
    returns table (
        date date, what text, name text, section_id uuid, lesson_id uuid, to_name text, to_section_id uuid, to_lesson_id uuid,
        refusal text
    )
    language plpgsql
as $$
#variable_conflict use_column
declare
    v_school integer := lyceum.current_school();
    v_groups uuid[] := array(
        select g.id from public.groups g where g.school_id = v_school and g.class_id = p_class
    );
    v_record record;
begin
    -- A teacher who writes holds the row of the section. After this, nobody writes in the old and the new sections.
    perform
    from public.sections s
    where s.school_id = v_school
        and s.group_id = any (
            v_groups || array(
                select m.group_id
                from public.group_members m
                where m.school_id = v_school and m.student_id = p_student and lyceum.lasts(m.ends_on, p_from)
            )
        )
    order by s.id
    for no key update;

    perform set_config('lyceum.reason', coalesce(p_reason, current_setting('lyceum.reason', true), ''), true);
    -- C3: families are not told; the records stay what they were.
    perform set_config('lyceum.moves_records', 'yes', true);
    for v_record in
        select r.date, r.what, r.name, r.section_id, r.lesson_id, n.id as to_lesson_id, n.section_id as to_section_id,
            s.name as to_name
        from lyceum.lost_records(v_school, p_student, v_groups, datemultirange(daterange(p_from, null))) r
        cross join lateral (
            -- offset 0: evaluated once per row, although it is read twice.
            select lyceum.same_lesson(v_school, p_student, r.lesson_id) as id offset 0
        ) t
        left join public.lessons n on n.school_id = v_school and n.id = t.id
        left join public.sections s on s.school_id = v_school and s.id = n.section_id
        order by r.date, r.name, r.lesson_id, r.what
    loop
        date := v_record.date;
        what := v_record.what;
        name := v_record.name;
        section_id := v_record.section_id;
        lesson_id := v_record.lesson_id;
        to_name := v_record.to_name;
        to_section_id := v_record.to_section_id;
        to_lesson_id := v_record.to_lesson_id;
        refusal := case
            when to_lesson_id is null then 'no_lesson'
            else lyceum.move_record(v_school, p_student, what, lesson_id, to_lesson_id)
        end;
        return next;
    end loop;
    perform set_config('lyceum.moves_records', '', true);
end
$$;
comment on function lyceum.move_records(uuid, uuid, date, text) is
    'L5: moves the records of the student that the class would keep on days from p_from on, after the student has left it. Each goes '
    'to the lesson of the subject on the same day in the new class. refusal: why a record stays, no_lesson or the code of a rule. '
    'A record that stays makes the transaction fail (LYE04).';
