create or replace function lyceum.record_attendance_history() returns trigger
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

create or replace trigger history after insert on attendance
    referencing new table as written
    for each statement execute function lyceum.record_attendance_history();
create or replace trigger history_again after update on attendance
    referencing old table as overwritten new table as written
    for each statement execute function lyceum.record_attendance_history();
