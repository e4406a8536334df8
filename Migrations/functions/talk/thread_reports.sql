-- Reports about threads. While one is open, the head may read the thread. Reports are not in the audit log, which deputy heads and
-- administrators read: it would name the person who reported.

create or replace function lyceum.check_thread_report() returns trigger
    language plpgsql
as $$
begin
    if lyceum.current_user_id() is null or new.reported_by is distinct from lyceum.current_user_id()
        or not lyceum.reads_thread(new.school_id, new.thread_id, new.reported_by) then
        raise exception using errcode = 'LYC11', message = 'not_found', detail = 'C1: participants report a thread, in person.';
    end if;
    new.reported_at := now();
    new.closed_by := null;
    new.closed_at := null;
    new.note := null;
    return new;
end
$$;

create or replace trigger rules before insert on thread_reports for each row execute function lyceum.check_thread_report();

create or replace function lyceum.close_thread_report(p_report uuid, p_note text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_closed_at timestamptz;
begin
    select r.closed_at into v_closed_at
    from public.thread_reports r
    where r.school_id = v_school and r.id = p_report
        and lyceum.handles_report(v_school, r.thread_id, lyceum.current_user_id())
    for no key update;
    if not found then
        return false;
    end if;
    if v_closed_at is not null then
        raise exception using errcode = 'LYC18', message = 'report_closed', detail = 'The report was closed before.';
    end if;
    update public.thread_reports r set closed_by = lyceum.current_user_id(), closed_at = now(), note = p_note
    where r.school_id = v_school and r.id = p_report;
    return true;
end
$$;
comment on function lyceum.close_thread_report(uuid, text) is
    'The head closes a report with a note, and from then on does not read the thread. False for anybody else, and for an unknown report.';
revoke execute on function lyceum.close_thread_report(uuid, text) from public;
grant execute on function lyceum.close_thread_report(uuid, text) to lyceum_app;

create or replace function lyceum.record_thread_reading(p_thread uuid, p_what text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_person uuid := lyceum.current_user_id();
begin
    if lyceum.reads_report(v_school, p_thread, v_person) and not lyceum.reads_thread(v_school, p_thread, v_person) then
        perform lyceum.record_audit('read', 'threads', p_thread, jsonb_build_object('part', p_what));
    end if;
end
$$;
comment on function lyceum.record_thread_reading(uuid, text) is
    'Records that the head has read a reported thread without taking part in it.';
revoke execute on function lyceum.record_thread_reading(uuid, text) from public;
grant execute on function lyceum.record_thread_reading(uuid, text) to lyceum_app;
