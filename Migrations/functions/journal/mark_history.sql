create or replace function lyceum.record_mark_history() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        insert into public.mark_history (
            school_id, mark_id, version, student_id, line_item_id,
            new_kind, new_number, new_code, new_due_on, new_comment,
            published_at, changed_by, changed_at, reason, request_id
        )
        select
            n.school_id, n.id, n.version, n.student_id, n.line_item_id,
            n.kind, n.number, n.code, n.due_on, n.comment,
            n.published_at, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
            nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
        from written n;
    else
        insert into public.mark_history (
            school_id, mark_id, version, student_id, line_item_id,
            old_kind, old_number, old_code, old_due_on, old_comment,
            new_kind, new_number, new_code, new_due_on, new_comment,
            published_at, changed_by, changed_at, reason, request_id
        )
        select
            n.school_id, n.id, n.version, n.student_id, n.line_item_id,
            o.kind, o.number, o.code, o.due_on, o.comment,
            n.kind, n.number, n.code, n.due_on, n.comment,
            n.published_at, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
            nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
        from written n
        join overwritten o on o.school_id = n.school_id and o.id = n.id
        where n.version <> o.version;
    end if;
    return null;
end
$$;
revoke execute on function lyceum.record_mark_history() from public;

create or replace trigger history after insert on marks
    referencing new table as written
    for each statement execute function lyceum.record_mark_history();
create or replace trigger history_again after update on marks
    referencing old table as overwritten new table as written
    for each statement execute function lyceum.record_mark_history();
