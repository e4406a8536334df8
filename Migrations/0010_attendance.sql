-- migrate:up

create table attendance (
    school_id integer not null,
    id uuid not null,
    lesson_id uuid not null,
    student_id uuid not null,
    meaning text,
    minutes smallint,
    code_id uuid,
    comment text,
    decided_meaning text,
    decided_minutes smallint,
    decided_reason text,
    decided_by uuid,
    decided_at timestamptz,
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, lesson_id) references lessons,
    foreign key (school_id, student_id) references students,
    foreign key (school_id, code_id, meaning) references attendance_codes (school_id, id, meaning),
    constraint attendance_cell_key unique (school_id, lesson_id, student_id),
    constraint attendance_meaning check (meaning in ('absent', 'ill', 'excused', 'unexcused', 'late')),
    constraint attendance_minutes check (
        minutes is null or (minutes between 1 and 240 and meaning is not null and meaning = 'late')
    ),
    constraint attendance_code check (code_id is null or meaning is not null),
    constraint attendance_decided_meaning
        check (decided_meaning in ('absent', 'ill', 'excused', 'unexcused', 'late', 'present')),
    constraint attendance_decided_minutes check (
        decided_minutes is null
        or (decided_minutes between 1 and 240 and decided_meaning is not null and decided_meaning = 'late')
    ),
    constraint attendance_decided check ((decided_meaning is not null) = (decided_at is not null))
);
comment on table attendance is
    'T1, T2: the teacher''s code of a pupil at a lesson and, apart from it, the class teacher''s word, which decides what counts. '
    'Cleared by a null meaning with a new version; rows are never deleted.';
comment on column attendance.meaning is 'The teacher''s code; null: none (or cleared). No record means present only where the roll was taken (T4).';
comment on column attendance.minutes is 'By how many minutes late.';
comment on column attendance.code_id is 'Label of the school; null: the default label of the meaning.';
comment on column attendance.decided_meaning is 'T2: the class teacher''s word; present overrules an absence.';
create index attendance_by_student on attendance (school_id, student_id, changed_xid);
call lyceum.protect('attendance', 'select, insert, update');

create function lyceum.counted_meaning(p_meaning text, p_decided_meaning text) returns text
    language sql immutable parallel safe
    return nullif(coalesce(p_decided_meaning, p_meaning), 'present');
comment on function lyceum.counted_meaning(text, text) is 'T2: what counts: the class teacher''s word, else the teacher''s; null: present.';

create function lyceum.attendance_refusals(p_school integer, p_lessons uuid[], p_students uuid[])
    returns table (ordinal bigint, refusal text)
    language plpgsql stable rows 25
    set plan_cache_mode = force_generic_plan -- else arrays of one row are planned anew each time
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
            when (v_today > l.date + coalesce(ss.edit_window_days, 14) or v_today > t.marks_close_on)
                and not exists (
                    select
                    from public.unlocks u
                    where u.school_id = p_school
                        and u.section_id = l.section_id
                        and u.starts_on <= l.date
                        and u.ends_on >= l.date
                        and u.expires_on >= v_today
                        and u.revoked_at is null
                ) then 'edit_window_closed'
        end
    from unnest(p_lessons, p_students) with ordinality as i (lesson_id, student_id, ordinal)
    left join public.lessons l on l.school_id = p_school and l.id = i.lesson_id
    left join public.sections s on s.school_id = p_school and s.id = l.section_id
    left join public.school_settings ss on ss.school_id = p_school
    left join public.group_members m
        on m.school_id = p_school
        and m.group_id = s.group_id
        and m.student_id = i.student_id
        and m.starts_on <= l.date
        and (m.ends_on is null or m.ends_on >= l.date)
    left join public.enrollments e
        on e.school_id = p_school
        and e.student_id = i.student_id
        and e.starts_on <= l.date
        and (e.ends_on is null or e.ends_on >= l.date)
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
    'Why the teacher''s codes may not be written today, for a whole batch in one plan; refusal is null when one may. In the order of '
    'the checks: not_found, lesson_cancelled, not_a_member (M3), lesson_in_future, edit_window_closed (M4). '
    'The class teacher''s word (T2) is held back by the first three only.';

create function lyceum.attendance_refusal(p_school integer, p_lesson uuid, p_student uuid) returns text
    language plpgsql stable
as $$
begin
    return (select r.refusal from lyceum.attendance_refusals(p_school, array[p_lesson], array[p_student]) r);
end
$$;
comment on function lyceum.attendance_refusal(integer, uuid, uuid) is 'As lyceum.attendance_refusals, for one record.';

create function lyceum.record_attendance() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        new.version := 1;
        new.changed_at := now();
        new.changed_xid := pg_current_xact_id();
        if new.meaning is null then
            new.recorded_by := null;
            return new;
        end if;
    else
        if (new.lesson_id, new.student_id) is distinct from (old.lesson_id, old.student_id) then
            raise exception using
                errcode = 'LYL02', message = 'attendance_not_movable', detail = 'A record never changes its lesson or pupil.';
        end if;
        new.first_recorded_at := old.first_recorded_at;
        if (new.meaning, new.minutes, new.code_id, new.comment)
            is not distinct from (old.meaning, old.minutes, old.code_id, old.comment) then
            return new;
        end if;
    end if;
    new.recorded_by := coalesce(lyceum.current_user_id(), new.recorded_by);
    return new;
end
$$;
create trigger record before insert on attendance for each row execute function lyceum.record_attendance();
create trigger record_again before update on attendance
    for each row when (new is distinct from old) execute function lyceum.record_attendance();

create function lyceum.check_written_attendance() returns trigger
    language plpgsql
as $$
declare
    v_batch record;
    v_refused record;
begin
    for v_batch in
        select
            n.school_id, array_agg(n.lesson_id) as lessons, array_agg(n.student_id) as students,
            array_agg(n.meaning is not null or n.decided_meaning is null) as by_teacher
        from written n
        group by n.school_id
    loop
        select r.refusal, v_batch.students[r.ordinal] as student, v_batch.lessons[r.ordinal] as lesson
        into v_refused
        from lyceum.attendance_refusals(v_batch.school_id, v_batch.lessons, v_batch.students) r
        -- What is not found is left to the foreign key.
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
    end loop;
    return null;
end
$$;

create function lyceum.check_rewritten_attendance() returns trigger
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
            array_agg(n.meaning is null and n.decided_meaning is null) as clearing
        from written n
        join overwritten o on o.school_id = n.school_id and o.id = n.id
        where n.version <> o.version
        group by n.school_id
    loop
        select r.refusal, v_batch.students[r.ordinal] as student, v_batch.lessons[r.ordinal] as lesson
        into v_refused
        from lyceum.attendance_refusals(v_batch.school_id, v_batch.lessons, v_batch.students) r
        where r.refusal <> 'not_found'
            and (v_batch.by_teacher[r.ordinal] or r.refusal not in ('lesson_in_future', 'edit_window_closed'))
            -- What should not stand there may always be cleared.
            and not (v_batch.clearing[r.ordinal] and r.refusal in ('not_a_member', 'lesson_cancelled'))
        order by r.ordinal
        limit 1;

        if found then
            raise exception using
                errcode = lyceum.refusal_state(v_refused.refusal),
                message = v_refused.refusal,
                detail = format('Attendance of pupil %s at lesson %s.', v_refused.student, v_refused.lesson);
        end if;
    end loop;
    return null;
end
$$;
create trigger rules after insert on attendance
    referencing new table as written
    for each statement execute function lyceum.check_written_attendance();
create trigger rules_again after update on attendance
    referencing old table as overwritten new table as written
    for each statement execute function lyceum.check_rewritten_attendance();
create trigger version before update on attendance for each row execute function lyceum.version();

create table attendance_history (
    school_id integer not null,
    attendance_id uuid not null,
    version integer not null,
    student_id uuid not null,
    lesson_id uuid not null,
    old_meaning text,
    old_minutes smallint,
    old_code_id uuid,
    old_comment text,
    old_decided_meaning text,
    old_decided_minutes smallint,
    old_decided_reason text,
    new_meaning text,
    new_minutes smallint,
    new_code_id uuid,
    new_comment text,
    new_decided_meaning text,
    new_decided_minutes smallint,
    new_decided_reason text,
    changed_by uuid,
    changed_at timestamptz not null,
    reason text,
    request_id text,
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, attendance_id, version)
);
comment on table attendance_history is 'A5: every version of every attendance record, append-only: the server''s role may only read.';
comment on column attendance_history.version is 'The version the change led to.';
call lyceum.protect('attendance_history', 'select');

create function lyceum.record_attendance_history() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        insert into public.attendance_history (
            school_id, attendance_id, version, student_id, lesson_id,
            new_meaning, new_minutes, new_code_id, new_comment, new_decided_meaning, new_decided_minutes, new_decided_reason,
            changed_by, changed_at, reason, request_id
        )
        select
            n.school_id, n.id, n.version, n.student_id, n.lesson_id,
            n.meaning, n.minutes, n.code_id, n.comment, n.decided_meaning, n.decided_minutes, n.decided_reason,
            nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
            nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
        from written n;
    else
        insert into public.attendance_history (
            school_id, attendance_id, version, student_id, lesson_id,
            old_meaning, old_minutes, old_code_id, old_comment, old_decided_meaning, old_decided_minutes, old_decided_reason,
            new_meaning, new_minutes, new_code_id, new_comment, new_decided_meaning, new_decided_minutes, new_decided_reason,
            changed_by, changed_at, reason, request_id
        )
        select
            n.school_id, n.id, n.version, n.student_id, n.lesson_id,
            o.meaning, o.minutes, o.code_id, o.comment, o.decided_meaning, o.decided_minutes, o.decided_reason,
            n.meaning, n.minutes, n.code_id, n.comment, n.decided_meaning, n.decided_minutes, n.decided_reason,
            nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
            nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
        from written n
        join overwritten o on o.school_id = n.school_id and o.id = n.id
        where n.version <> o.version;
    end if;
    return null;
end
$$;
revoke execute on function lyceum.record_attendance_history() from public;

create trigger history after insert on attendance
    referencing new table as written
    for each statement execute function lyceum.record_attendance_history();
create trigger history_again after update on attendance
    referencing old table as overwritten new table as written
    for each statement execute function lyceum.record_attendance_history();

-- L2: what has records stays. M1, M3 and M4 rest on the lesson's date.

create function lyceum.lesson_has_records(p_school integer, p_lesson uuid) returns boolean
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
comment on function lyceum.lesson_has_records(integer, uuid) is 'L2: whether a mark or a teacher''s attendance code stands at the lesson.';

create function lyceum.keep_recorded_lesson() returns trigger
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
create trigger keep before update on lessons
    for each row when (new.date <> old.date or (new.state = 'cancelled' and old.state <> 'cancelled'))
    execute function lyceum.keep_recorded_lesson();

-- migrate:down

drop trigger keep on lessons;
drop function lyceum.keep_recorded_lesson();
drop function lyceum.lesson_has_records(integer, uuid);
drop table attendance_history;
drop table attendance;
drop function lyceum.record_attendance_history();
drop function lyceum.check_rewritten_attendance();
drop function lyceum.check_written_attendance();
drop function lyceum.record_attendance();
drop function lyceum.attendance_refusal(integer, uuid, uuid);
drop function lyceum.attendance_refusals(integer, uuid[], uuid[]);
drop function lyceum.counted_meaning(text, text);
