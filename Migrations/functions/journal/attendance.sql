create or replace function lyceum.counted_meaning(p_meaning text, p_decided_meaning text) returns text
    language sql immutable parallel safe
    return nullif(coalesce(p_decided_meaning, p_meaning), 'present');
comment on function lyceum.counted_meaning(text, text) is
    'T2: the meaning that counts: the class teacher''s, else the teacher''s; null means present.';

create or replace function lyceum.attendance_refusals(p_school integer, p_lessons uuid[], p_students uuid[])
    returns table (ordinal bigint, refusal text)
    language plpgsql stable rows 25
    set plan_cache_mode = force_generic_plan -- otherwise arrays of one row are planned at each call
as $$
#variable_conflict use_column
declare
    v_today date := lyceum.today();
begin
    return query
    select
        i.ordinal,
        case
            when l.id is null then 'not_found'
            when l.state = 'cancelled' then 'lesson_cancelled'
            when m.starts_on is null or e.starts_on is null then 'not_a_member'
            when l.date > v_today then 'lesson_in_future'
            when v_today > lyceum.editable_until(l.date, ss.edit_window_days, t.marks_close_on, null)
                and not lyceum.unlocked(p_school, l.section_id, l.date) then 'edit_window_closed'
        end
    from unnest(p_lessons, p_students) with ordinality as i (lesson_id, student_id, ordinal)
    left join public.lessons l on l.school_id = p_school and l.id = i.lesson_id
    left join public.sections s on s.school_id = p_school and s.id = l.section_id
    left join public.school_settings ss on ss.school_id = p_school
    left join public.group_members m
        on m.school_id = p_school
        and m.group_id = s.group_id
        and m.student_id = i.student_id
        and lyceum.holds(m.starts_on, m.ends_on, l.date)
    left join public.enrollments e
        on e.school_id = p_school
        and e.student_id = i.student_id
        and lyceum.holds(e.starts_on, e.ends_on, l.date)
    left join public.classes c on c.school_id = p_school and c.id = e.class_id
    left join public.terms t
        on t.school_id = p_school
        and t.academic_year_id = s.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and c.grade_level = any (t.grade_levels);
end
$$;
comment on function lyceum.attendance_refusals(integer, uuid[], uuid[]) is
    'Why the teacher''s codes may not be written today, for a whole batch in one plan; refusal is null when one may '
    'be written. Order of the checks: not_found, lesson_cancelled, not_a_member (M3), lesson_in_future, '
    'edit_window_closed (M4). Only the first three apply to the class teacher''s decision (T2).';

create or replace function lyceum.attendance_refusal(p_school integer, p_lesson uuid, p_student uuid) returns text
    language plpgsql stable
as $$
begin
    return (select r.refusal from lyceum.attendance_refusals(p_school, array[p_lesson], array[p_student]) r);
end
$$;
comment on function lyceum.attendance_refusal(integer, uuid, uuid) is
    'Like lyceum.attendance_refusals, for one record.';

create or replace function lyceum.record_attendance() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        new.version := 1;
        new.changed_at := now();
        new.changed_xid := pg_current_xact_id();
        new := lyceum.with_days_word(new, null::public.attendance);
        if new.meaning is null then
            new.recorded_by := null;
            return new;
        end if;
    else
        if (new.lesson_id, new.student_id) is distinct from (old.lesson_id, old.student_id) then
            raise exception using
                errcode = 'LYL02', message = 'not_movable', detail = 'A record never changes its lesson or pupil.';
        end if;
        new.first_recorded_at := old.first_recorded_at;
        new := lyceum.with_days_word(new, old);
        if (new.meaning, new.minutes, new.code_id, new.comment)
            is not distinct from (old.meaning, old.minutes, old.code_id, old.comment) then
            return new;
        end if;
        -- The first code of a record that until now had only the class teacher's decision.
        if old.meaning is null and old.recorded_by is null then
            new.first_recorded_at := now();
        end if;
    end if;
    new.recorded_by := coalesce(lyceum.current_user_id(), new.recorded_by);
    return new;
end
$$;

create or replace function lyceum.with_days_word(p_new public.attendance, p_old public.attendance) returns public.attendance
    language plpgsql stable
as $$
declare
    v_new public.attendance := p_new;
    v_word record;
begin
    -- A decision about this lesson. One that moves with the record (L5) stays that of its author.
    if p_new.decided_meaning is not null and not p_new.decided_by_day then
        if (p_new.decided_meaning, p_new.decided_minutes, p_new.decided_reason)
            is distinct from (p_old.decided_meaning, p_old.decided_minutes, p_old.decided_reason)
            and not lyceum.is_decided_elsewhere(
                p_new.school_id, p_new.id, p_new.student_id, p_new.lesson_id, p_new.decided_meaning, p_new.decided_reason,
                p_new.decided_at
            ) then
            v_new.decided_by := coalesce(lyceum.current_user_id(), p_new.decided_by);
        end if;
        return v_new;
    end if;
    if p_old.id is not null and (p_new.meaning, p_new.decided_meaning, p_new.decided_by_day)
        is not distinct from (p_old.meaning, p_old.decided_meaning, p_old.decided_by_day) then
        return v_new;
    end if;

    select d.meaning, d.reason, d.decided_by, d.decided_at into v_word
    from public.lessons l
    join public.attendance_days d on d.school_id = l.school_id and d.student_id = p_new.student_id and d.date = l.date
    where l.school_id = p_new.school_id
        and l.id = p_new.lesson_id
        and d.meaning is not null
        and case
            when d.explains_only then p_new.meaning in ('absent', 'ill', 'excused', 'unexcused')
            else p_new.meaning is not null or l.attendance_taken_at is not null
        end;
    if found then
        if p_new.decided_by_day and p_new.decided_meaning is distinct from v_word.meaning
            and p_new.decided_meaning is not null then
            -- The class teacher decides otherwise about this lesson.
            v_new.decided_by_day := false;
            v_new.decided_by := coalesce(lyceum.current_user_id(), p_new.decided_by);
            return v_new;
        end if;
        v_new.decided_meaning := v_word.meaning;
        v_new.decided_minutes := null;
        v_new.decided_reason := v_word.reason;
        v_new.decided_by := v_word.decided_by;
        v_new.decided_at := v_word.decided_at;
        v_new.decided_by_day := true;
    else
        v_new.decided_by_day := false;
        if p_new.decided_by_day then
            v_new.decided_meaning := null;
            v_new.decided_minutes := null;
            v_new.decided_at := null;
        end if;
        if v_new.decided_meaning is null then
            v_new.decided_reason := null;
            v_new.decided_by := null;
        end if;
    end if;
    return v_new;
end
$$;
comment on function lyceum.with_days_word(public.attendance, public.attendance) is
    'T2: the record with the class teacher''s word for the day, unless the class teacher decided about this lesson. A record has it only '
    'if the roll was taken or the teacher wrote a code. A note explains absences and makes none: a student who came earlier than the '
    'note says was present where the teacher took the roll without a code.';

create or replace trigger record before insert on attendance for each row execute function lyceum.record_attendance();
create or replace trigger record_again before update on attendance
    for each row when (new is distinct from old) execute function lyceum.record_attendance();

create or replace function lyceum.is_decided_elsewhere(
    p_school integer, p_id uuid, p_student uuid, p_lesson uuid, p_meaning text, p_reason text, p_decided_at timestamptz
) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.lessons l
        join public.attendance a on a.school_id = p_school and a.student_id = p_student and a.id <> p_id
        join public.lessons o on o.school_id = p_school and o.id = a.lesson_id and o.date = l.date
        where l.school_id = p_school and l.id = p_lesson
            and (a.decided_meaning, a.decided_at) = (p_meaning, p_decided_at)
            and a.decided_reason is not distinct from p_reason
    );
end
$$;
comment on function lyceum.is_decided_elsewhere(integer, uuid, uuid, uuid, text, text, timestamptz) is
    'L5: whether the student has the same decision, of the same moment, at another lesson of that day. So it is while a record moves: '
    'nobody decides anew then, and the class teacher need not be the one who moves it.';

create or replace function lyceum.check_written_attendance() returns trigger
    language plpgsql
as $$
declare
    v_batch record;
    v_refused record;
begin
    for v_batch in
        select
            n.school_id, array_agg(n.lesson_id) as lessons, array_agg(n.student_id) as students,
            array_agg(n.meaning is not null or n.decided_meaning is null) as by_teacher,
            array_agg(
                n.decided_meaning is not null and not n.decided_by_day
                and not lyceum.is_decided_elsewhere(
                    n.school_id, n.id, n.student_id, n.lesson_id, n.decided_meaning, n.decided_reason, n.decided_at
                )
            ) as decides
        from written n
        group by n.school_id
    loop
        perform lyceum.hold_sections(v_batch.school_id, null, v_batch.lessons);
        select r.refusal, v_batch.students[r.ordinal] as student, v_batch.lessons[r.ordinal] as lesson
        into v_refused
        from lyceum.attendance_refusals(v_batch.school_id, v_batch.lessons, v_batch.students) r
        -- The foreign key refuses ids that do not exist.
        where r.refusal <> 'not_found'
            and (v_batch.by_teacher[r.ordinal] or r.refusal not in ('lesson_in_future', 'edit_window_closed'))
        order by r.ordinal
        limit 1;

        if found then
            raise exception using
                errcode = lyceum.refusal_state(v_refused.refusal),
                message = v_refused.refusal,
                detail = format('Attendance of pupil %s at lesson %s.', v_refused.student, v_refused.lesson);
        end if;
        if true = any (v_batch.decides) and row_security_active('public.attendance') then
            perform lyceum.demand_class_teacher(v_batch.school_id, i.student_id, l.date)
            from unnest(v_batch.lessons, v_batch.students, v_batch.decides) i (lesson_id, student_id, decides)
            join public.lessons l on l.school_id = v_batch.school_id and l.id = i.lesson_id
            where i.decides;
        end if;
    end loop;
    return null;
end
$$;

create or replace trigger rules after insert on attendance
    referencing new table as written
    for each statement execute function lyceum.check_written_attendance();

create or replace function lyceum.check_rewritten_attendance() returns trigger
    language plpgsql
as $$
declare
    v_batch record;
    v_refused record;
begin
    for v_batch in
        select
            n.school_id, array_agg(n.lesson_id) as lessons, array_agg(n.student_id) as students,
            array_agg((n.meaning, n.minutes, n.code_id, n.comment)
                is distinct from (o.meaning, o.minutes, o.code_id, o.comment)) as by_teacher,
            array_agg(n.meaning is null and n.decided_meaning is null) as clearing,
            array_agg(
                (n.decided_meaning, n.decided_minutes, n.decided_reason)
                    is distinct from (o.decided_meaning, o.decided_minutes, o.decided_reason)
                and (
                    n.decided_meaning is not null and not n.decided_by_day
                    or o.decided_meaning is not null and not o.decided_by_day
                )
                and not case
                    when n.decided_meaning is null then lyceum.is_decided_elsewhere(
                        o.school_id, o.id, o.student_id, o.lesson_id, o.decided_meaning, o.decided_reason, o.decided_at
                    )
                    else lyceum.is_decided_elsewhere(
                        n.school_id, n.id, n.student_id, n.lesson_id, n.decided_meaning, n.decided_reason, n.decided_at
                    )
                end
            ) as decides
        from written n
        join overwritten o on o.school_id = n.school_id and o.id = n.id
        where n.version <> o.version
        group by n.school_id
    loop
        perform lyceum.hold_sections(v_batch.school_id, null, v_batch.lessons);
        select r.refusal, v_batch.students[r.ordinal] as student, v_batch.lessons[r.ordinal] as lesson
        into v_refused
        from lyceum.attendance_refusals(v_batch.school_id, v_batch.lessons, v_batch.students) r
        where r.refusal <> 'not_found'
            and (v_batch.by_teacher[r.ordinal] or r.refusal not in ('lesson_in_future', 'edit_window_closed'))
            -- A code that should not exist may always be cleared.
            and not (v_batch.clearing[r.ordinal] and r.refusal in ('not_a_member', 'lesson_cancelled'))
        order by r.ordinal
        limit 1;

        if found then
            raise exception using
                errcode = lyceum.refusal_state(v_refused.refusal),
                message = v_refused.refusal,
                detail = format('Attendance of pupil %s at lesson %s.', v_refused.student, v_refused.lesson);
        end if;
        if true = any (v_batch.decides) and row_security_active('public.attendance') then
            perform lyceum.demand_class_teacher(v_batch.school_id, i.student_id, l.date)
            from unnest(v_batch.lessons, v_batch.students, v_batch.decides) i (lesson_id, student_id, decides)
            join public.lessons l on l.school_id = v_batch.school_id and l.id = i.lesson_id
            where i.decides;
        end if;
    end loop;
    return null;
end
$$;

create or replace trigger rules_again after update on attendance
    referencing old table as overwritten new table as written
    for each statement execute function lyceum.check_rewritten_attendance();
