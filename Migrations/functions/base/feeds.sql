-- Cursors of feeds: they are snapshots, and belong to one history of the database.

-- In PL/pgSQL, which caches the plan: this takes half the time.
create or replace function lyceum.change_epoch() returns text
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return left(md5(concat_ws(
        ' ', (select s.system_identifier from pg_control_system() s), (select c.timeline_id from pg_control_checkpoint() c),
        (select d.oid from pg_database d where d.datname = current_database()), 'public.changes'::regclass::oid
    )), 8);
end
$$;
comment on function lyceum.change_epoch() is
    'Identifies the history that cursors belong to. Another cluster, timeline (a point-in-time restore, a failover), database or table '
    'is another history.';
revoke execute on function lyceum.change_epoch() from public;
grant execute on function lyceum.change_epoch() to lyceum_app;

create or replace function lyceum.change_horizon() returns pg_snapshot
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now pg_snapshot := pg_current_snapshot();
    v_first numeric := (select min(p.lower)::text::numeric from lyceum.change_partitions p);
    v_safe xid8;
    v_last xid8;
    v_end numeric;
    v_running numeric[];
begin
    -- PostgreSQL never gives out numbers below this one again, not even after a crash.
    select greatest(
        v_first, split_part(c.next_xid, ':', 1)::numeric * 4294967296 + split_part(c.next_xid, ':', 2)::numeric
    )::text::xid8
    into v_safe
    from pg_control_checkpoint() c;
    -- Rows with higher numbers than any transaction come from another cluster (lyceum.tend_changes).
    -- Notifications of any school: some are written without a row in the log, and a stream of events reads those of all schools.
    v_last := greatest(
        (
            select x.xid
            from public.changes x
            where x.school_id = lyceum.current_school() and x.is_home and x.xid >= v_safe and x.xid < pg_snapshot_xmax(v_now)
            order by x.xid desc
            limit 1
        ),
        (
            select n.xid
            from public.notifications n
            where n.xid >= v_safe and n.xid < pg_snapshot_xmax(v_now)
            order by n.xid desc
            limit 1
        )
    );
    v_end := least(
        pg_snapshot_xmax(v_now)::text::numeric, greatest(v_safe::text::numeric, v_last::text::numeric + 1)
    );
    -- PostgreSQL skips the numbers whose lower half is 0, 1 or 2.
    if v_end % 4294967296 = 0 then
        v_end := v_end + 3;
    end if;
    v_running := array(
        select r.xid::text::numeric
        from pg_snapshot_xip(v_now) r (xid)
        where r.xid::text::numeric >= v_first and r.xid::text::numeric < v_end
        order by 1
    );
    return format('%s:%s:%s', coalesce(v_running[1], v_end), v_end, array_to_string(v_running, ','))::pg_snapshot;
end
$$;
comment on function lyceum.change_horizon() is
    'The current snapshot for a cursor of the school. It shows the same rows of the school''s log, and the same notifications, as the real snapshot, '
    'but ends with the last transaction that is certainly on disk. Beyond that, PostgreSQL may forget in a crash the number of a transaction that '
    'was rolled back or wrote nothing, and give the number to another transaction.';
revoke execute on function lyceum.change_horizon() from public;
grant execute on function lyceum.change_horizon() to lyceum_app;

create or replace function lyceum.has_expired(p_epoch text, p_since pg_snapshot) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return p_since is not null and (
        p_epoch <> lyceum.change_epoch()
        or pg_snapshot_xmax(p_since) > pg_snapshot_xmax(pg_current_snapshot())
        or pg_snapshot_xmin(p_since) < (select min(p.lower) from lyceum.change_partitions p)
    );
end
$$;
comment on function lyceum.has_expired(text, pg_snapshot) is
    'Whether a cursor belongs to another history of the database, or needs changes that the log no longer has.';
revoke execute on function lyceum.has_expired(text, pg_snapshot) from public;
grant execute on function lyceum.has_expired(text, pg_snapshot) to lyceum_app;

create or replace function lyceum.last_transaction() returns xid8
    language sql stable parallel safe
    return greatest(pg_snapshot_xmax(pg_current_snapshot()), pg_current_xact_id_if_assigned());
comment on function lyceum.last_transaction() is
    'No visible row has a higher number, unless it was restored from another cluster. Its own transaction may be above the snapshot.';
grant execute on function lyceum.last_transaction() to lyceum_app;

create or replace function lyceum.past_snapshot(p_seen pg_snapshot) returns pg_snapshot
    language sql stable
    return case
        when pg_snapshot_xmax(p_seen) <= pg_snapshot_xmax(pg_current_snapshot()) then p_seen
        else '3:3:'::pg_snapshot
    end;
comment on function lyceum.past_snapshot(pg_snapshot) is
    'The stored snapshot; the beginning of time if there is none, or if it comes from another cluster, whose numbers were higher.';
grant execute on function lyceum.past_snapshot(pg_snapshot) to lyceum_app;
