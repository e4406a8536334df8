create or replace function lyceum.record_final_mark_history() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_old public.final_marks;
begin
    if tg_op = 'UPDATE' then
        v_old := old;
    end if;
    insert into public.final_mark_history (
        school_id, final_mark_id, version, student_id,
        old_kind, old_number, old_code, old_due_on, old_exam_points, old_reason, old_comment, old_order_id,
        new_kind, new_number, new_code, new_due_on, new_exam_points, new_reason, new_comment, new_order_id,
        published_at, changed_by, changed_at, reason, request_id
    ) values (
        new.school_id, new.id, new.version, new.student_id,
        v_old.value_kind, v_old.number, v_old.code, v_old.due_on, v_old.exam_points, v_old.reason, v_old.comment, v_old.order_id,
        new.value_kind, new.number, new.code, new.due_on, new.exam_points, new.reason, new.comment, new.order_id,
        new.published_at, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
        nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
    );
    return null;
end
$$;
revoke execute on function lyceum.record_final_mark_history() from public;

create or replace trigger history after insert on final_marks for each row execute function lyceum.record_final_mark_history();
create or replace trigger history_again after update on final_marks
    for each row when (new.version <> old.version) execute function lyceum.record_final_mark_history();
