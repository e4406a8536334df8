-- The check before a kept answer is sent: may this caller see it, and is it still true?

create or replace function lyceum.is_still_true(
    p_school integer, p_time_zone text, p_user uuid, p_client uuid, p_session uuid, p_gate text, p_subject uuid, p_reads_all boolean,
    p_snapshot pg_snapshot, p_until timestamptz, p_circles text[], p_ids uuid[]
) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if now() >= p_until then
        return false;
    end if;
    perform set_config('lyceum.school_id', p_school::text, true), set_config('lyceum.time_zone', p_time_zone, true);
    -- Every read of an app or an integration begins with this check.
    if p_client is not null then
        perform set_config('lyceum.user_id', coalesce(p_user::text, ''), true),
            set_config('lyceum.client_id', p_client::text, true), set_config('lyceum.session_id', coalesce(p_session::text, ''), true);
        perform lyceum.require_session();
    end if;
    if coalesce(case p_gate
        when 'student' then
            p_reads_all
            or exists (select from lyceum.seen_students(p_school, p_user) s where s.student_id = p_subject)
        when 'section' then p_reads_all or lyceum.reads_section(p_school, p_user, p_subject)
        when 'person' then p_user = p_subject
    end, false) is false then
        return null;
    end if;
    -- One index scan for each circle. The bounds on xid exclude partitions; pg_visible_in_snapshot then decides exactly, so a
    -- transaction that was running when the answer was made does not make the answer stale before it commits.
    return not exists (
        select
        from unnest(p_circles, p_ids) c (circle, id)
        cross join lateral (
            select
            from public.changes x
            where x.school_id = p_school and x.circle_id = c.id and x.circle = c.circle
                and x.xid >= pg_snapshot_xmin(p_snapshot) and x.xid < pg_snapshot_xmax(pg_current_snapshot())
                and not pg_visible_in_snapshot(x.xid, p_snapshot)
            limit 1
        ) x
    );
end
$$;
comment on function lyceum.is_still_true(
    integer, text, uuid, uuid, uuid, text, uuid, boolean, pg_snapshot, timestamptz, text[], uuid[]
) is
    'Whether a kept answer is still true: nothing in its circles has changed since its snapshot, and its time is not over. Null: the '
    'gate is closed to the person today. School and person are parameters, so the function needs neither the settings of a request nor '
    'row-level security.';
revoke execute on function lyceum.is_still_true(
    integer, text, uuid, uuid, uuid, text, uuid, boolean, pg_snapshot, timestamptz, text[], uuid[]
) from public;
grant execute on function lyceum.is_still_true(
    integer, text, uuid, uuid, uuid, text, uuid, boolean, pg_snapshot, timestamptz, text[], uuid[]
) to lyceum_app;

create or replace function lyceum.end_of_today() returns timestamptz
    language sql stable
    return (
        select case
            when lyceum.today() = (now() at time zone z.name)::date then (lyceum.today() + 1)::timestamp at time zone z.name
            else 'infinity'
        end
        from (select coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC')) z (name)
    );
comment on function lyceum.end_of_today() is
    'When the school''s next day begins. An answer that depends on the day is true until then. A day that a test has set never ends.';
