-- C3: absences

create or replace function lyceum.is_missed(p_meaning text) returns boolean
    language sql immutable parallel safe
    return coalesce(p_meaning in ('absent', 'ill', 'excused', 'unexcused'), false);
comment on function lyceum.is_missed(text) is 'T2: whether a lesson with this counted meaning was missed. Inlined.';

create or replace function lyceum.hold_first_absence(p_school integer, p_student uuid) returns void
    language sql volatile
as $$
    select pg_advisory_xact_lock(hashtextextended('lyceum.first_absence ' || p_student, p_school))
$$;
comment on function lyceum.hold_first_absence(integer, uuid) is
    'C3: the writers of an absence and of a note about it take turns, so that the later one sees the other.';

create or replace function lyceum.close_first_absence(p_school integer, p_student uuid, p_from date, p_to date) returns void
    language plpgsql
as $$
begin
    perform lyceum.hold_first_absence(p_school, p_student);
    update public.notifications n
    set closed_at = now()
    where n.school_id = p_school and n.kind = 'first_absence' and coalesce(n.person_id, n.student_id) = p_student
        and n.once between p_from::text and p_to::text
        and n.closed_at is null;
end
$$;
comment on function lyceum.close_first_absence(integer, uuid, date, date) is
    'C3: somebody has explained the absences of these days, so the school need not be asked any more.';
revoke execute on function lyceum.close_first_absence(integer, uuid, date, date) from public;

create or replace function lyceum.is_first_lesson(p_school integer, p_student uuid, p_date date, p_starts_at time) returns boolean
    language plpgsql stable
as $$
begin
    return not exists (
        select
        from public.group_members m
        join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
        join public.lessons o on o.school_id = s.school_id and o.section_id = s.id and o.date = p_date
        where m.school_id = p_school
            and m.student_id = p_student
            and lyceum.holds(m.starts_on, m.ends_on, p_date)
            and o.state <> 'cancelled'
            and o.starts_at < p_starts_at
    );
end
$$;
comment on function lyceum.is_first_lesson(integer, uuid, date, time) is
    'Whether the student has no lesson before this time on the day that is not cancelled.';

create or replace function lyceum.notify_of_absence(p_school integer, p_attendance uuid) returns void
    language plpgsql
as $$
declare
    v record;
begin
    select a.student_id, a.decided_meaning, a.decided_by_day, l.date, l.starts_at,
        lyceum.is_missed(lyceum.counted_meaning(a.meaning, a.decided_meaning)) as is_missed,
        lyceum.is_missed(lyceum.counted_meaning(h.old_meaning, h.old_decided_meaning)) as was_missed
    into v
    from public.attendance a
    join public.lessons l on l.school_id = a.school_id and l.id = a.lesson_id
    left join public.attendance_history h on h.school_id = a.school_id and h.attendance_id = a.id and h.version = a.version
    where a.school_id = p_school and a.id = p_attendance;
    if not found then
        return;
    end if;

    if not v.is_missed then
        delete from public.notifications n
        where n.xid = pg_current_xact_id() and n.school_id = p_school and n.student_id = v.student_id and n.entity = 'attendance'
            and n.entity_id = p_attendance;
    end if;
    if not v.is_missed or v.decided_meaning is not null then
        update public.notifications n
        set closed_at = now()
        where n.school_id = p_school and n.person_id is null and n.student_id = v.student_id and n.entity = 'attendance'
            and n.entity_id = p_attendance and n.closed_at is null and (n.kind = 'first_absence' or not v.is_missed);
    end if;
    if not v.is_missed or v.was_missed
        or exists (
            select from public.notifications n
            where n.xid = pg_current_xact_id() and n.school_id = p_school and n.student_id = v.student_id and n.entity = 'attendance'
                and n.entity_id = p_attendance
        )
        -- The family has said so itself, or has brought a note.
        or v.decided_by_day and exists (
            select from public.attendance_days d
            where d.school_id = p_school and d.student_id = v.student_id and d.date = v.date and d.note_id is not null
        ) then
        return;
    end if;

    if v.date = lyceum.today() and v.decided_meaning is null
        and lyceum.is_first_lesson(p_school, v.student_id, v.date, v.starts_at) then
        perform lyceum.hold_first_absence(p_school, v.student_id);
        insert into public.notifications (school_id, student_id, kind, entity, entity_id, once, is_urgent)
        select p_school, v.student_id, 'first_absence', 'attendance', p_attendance, v.date::text, true
        where not exists (
            select from public.absence_notes a
            where a.school_id = p_school and a.student_id = v.student_id and a.state <> 'declined'
                and v.date between a.starts_on and a.ends_on
        ) and not exists (
            select from public.attendance_days d
            where d.school_id = p_school and d.student_id = v.student_id and d.date = v.date and d.meaning is not null
        )
        on conflict do nothing;
        if found then
            return;
        end if;
    end if;
    insert into public.notifications (school_id, student_id, kind, entity, entity_id)
    values (p_school, v.student_id, 'absence', 'attendance', p_attendance);
end
$$;
comment on function lyceum.notify_of_absence(integer, uuid) is
    'C3, T2: tells that a lesson counts as missed, once. In today''s first lesson that is urgent, if nobody has explained it. What counts '
    'as missed no longer, or what the class teacher has decided, is closed.';
revoke execute on function lyceum.notify_of_absence(integer, uuid) from public;
