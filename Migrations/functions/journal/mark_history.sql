create or replace function lyceum.unlock_used(
    p_school integer, p_line_item uuid, p_student uuid, p_kind text, p_code text, p_debt date
) returns uuid
    language plpgsql stable
as $$
begin
    return (
        select u.id
        from public.line_items i
        join public.lessons l on l.school_id = i.school_id and l.id = i.lesson_id
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        join public.unlocks u on u.school_id = l.school_id
            and u.section_id = l.section_id
            and u.starts_on <= l.date
            and u.ends_on >= l.date
            and u.expires_on >= lyceum.today()
            and u.revoked_at is null
        left join public.school_settings ss on ss.school_id = l.school_id
        left join public.terms t on t.school_id = s.school_id
            and t.academic_year_id = s.academic_year_id
            and t.starts_on <= l.date
            and t.ends_on >= l.date
            and lyceum.grade_level_on(p_school, p_student, l.date) = any (t.grade_levels)
        where i.school_id = p_school
            and i.id = p_line_item
            and lyceum.today() > lyceum.editable_until(l.date, ss.edit_window_days, t.marks_close_on, null)
            and not lyceum.pays_debt(p_debt, p_kind, p_code, lyceum.today(), t.marks_close_on)
        order by u.expires_on desc, u.id
        limit 1
    );
end
$$;
comment on function lyceum.unlock_used(integer, uuid, uuid, text, text, date) is
    'M4: the unlock without which the mark could not be written today; null when it could.';

create or replace function lyceum.record_mark_history() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    -- Most writes happen when no unlock is in force; they look for none.
    v_unlocked boolean := exists (
        select
        from public.unlocks u
        where u.school_id in (select n.school_id from written n) and u.revoked_at is null and u.expires_on >= lyceum.today()
    );
begin
    if tg_op = 'INSERT' then
        insert into public.mark_history (
            school_id, mark_id, version, student_id, line_item_id,
            new_kind, new_number, new_code, new_due_on, new_comment,
            published_at, changed_by, changed_at, reason, request_id, unlock_id
        )
        select
            n.school_id, n.id, n.version, n.student_id, n.line_item_id,
            n.kind, n.number, n.code, n.due_on, n.comment,
            n.published_at, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
            nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), ''),
            case when v_unlocked then lyceum.unlock_used(n.school_id, n.line_item_id, n.student_id, n.kind, n.code, null) end
        from written n;
    else
        insert into public.mark_history (
            school_id, mark_id, version, student_id, line_item_id,
            old_kind, old_number, old_code, old_due_on, old_comment,
            new_kind, new_number, new_code, new_due_on, new_comment,
            published_at, changed_by, changed_at, reason, request_id, unlock_id
        )
        select
            n.school_id, n.id, n.version, n.student_id, n.line_item_id,
            o.kind, o.number, o.code, o.due_on, o.comment,
            n.kind, n.number, n.code, n.due_on, n.comment,
            n.published_at, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
            nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), ''),
            case
                -- Publishing (M12) needs no unlock.
                when v_unlocked
                    and (n.kind, n.number, n.code, n.due_on, n.comment) is distinct from (o.kind, o.number, o.code, o.due_on, o.comment)
                    then lyceum.unlock_used(n.school_id, n.line_item_id, n.student_id, n.kind, n.code, o.due_on)
            end
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
