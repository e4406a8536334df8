-- Maintenance of the partitions of the log of changes

create or replace function lyceum.tend_changes(p_keep interval) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now xid8 := pg_snapshot_xmax(pg_current_snapshot());
    v_last record;
    v_tail record;
    v_width numeric;
    v_dropped integer := 0;
    v_old record;
begin
    -- Another process is doing this.
    if not pg_try_advisory_xact_lock(hashtextextended('lyceum.tend_changes', 0)) then
        return 0;
    end if;
    -- The database was restored into a cluster with lower transaction numbers: rows that are visible have numbers that it has not given
    -- out yet.
    if v_now < (select min(p.lower) from lyceum.change_partitions p) or exists (
        select
        from public.schools s
        join public.changes x on x.school_id = s.id and x.is_home and x.xid >= pg_snapshot_xmax(pg_current_snapshot())
    ) then
        lock table public.changes in access exclusive mode;
        -- Not xmax: a transaction that has begun may write to the log later.
        perform lyceum.begin_changes_anew(pg_snapshot_xmin(pg_current_snapshot()));
        return 0;
    end if;
    update lyceum.change_partitions set filled_at = now() where filled_at is null and upper <= v_now;

    select * into v_tail from lyceum.change_partitions where upper is null;
    select * into v_last from lyceum.change_partitions where upper = v_tail.lower;
    if v_now::text::numeric > (v_last.lower::text::numeric + v_last.upper::text::numeric) / 2 then
        -- As many transactions as there were in ten days on average, so that the log has only a few partitions.
        select greatest(100000, least(
            1e9, (v_now::text::numeric - p.lower::text::numeric) * 864000 / greatest(extract(epoch from now() - p.made_at), 864000)
        ))
        into strict v_width
        from lyceum.change_partitions p
        order by p.lower
        limit 1;
        -- The last partition may have rows already, so its new bound lies above all transactions that have begun.
        perform lyceum.split_changes(
            v_tail.lower, (greatest(v_tail.lower::text::numeric, v_now::text::numeric) + trunc(v_width))::text::xid8
        );
    end if;

    for v_old in
        select p.lower
        from lyceum.change_partitions p
        -- The server's role calls this function, and must not be able to empty the log.
        where p.filled_at < now() - greatest(p_keep, interval '1 day')
        order by p.lower
    loop
        execute format('drop table partitions.changes_%s', v_old.lower);
        delete from lyceum.change_partitions p where p.lower = v_old.lower;
        v_dropped := v_dropped + 1;
    end loop;
    return v_dropped;
end
$$;
comment on function lyceum.tend_changes(interval) is
    'Adds a partition to the log of changes before it is needed, and drops those whose last transaction began longer than p_keep '
    'ago, at least a day. Returns how many were dropped. If it does not get a lock within lock_timeout, it fails and changes nothing.';
revoke execute on function lyceum.tend_changes(interval) from public;
grant execute on function lyceum.tend_changes(interval) to lyceum_app;

create or replace function lyceum.begin_changes_anew(p_lower xid8) returns void
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    v_old record;
    v_upper xid8 := (p_lower::text::numeric + 100000)::text::xid8;
begin
    truncate public.changes;
    for v_old in select p.lower from lyceum.change_partitions p loop
        execute format('drop table partitions.changes_%s', v_old.lower);
    end loop;
    delete from lyceum.change_partitions;
    execute format('create table partitions.changes_%s partition of public.changes for values from (%L) to (%L)', p_lower, p_lower, v_upper);
    execute format('create table partitions.changes_%s partition of public.changes for values from (%L) to (maxvalue)', v_upper, v_upper);
    insert into lyceum.change_partitions (lower, upper) values (p_lower, v_upper), (v_upper, null);
    -- Answers that were kept before stand on rows that are gone now. All stand on the circle of the school.
    insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
    select s.id, 'school', lyceum.nobody(), true, 'school', 'changed', array[lyceum.nobody()]
    from public.schools s;
end
$$;
comment on function lyceum.begin_changes_anew(xid8) is
    'Empties the log of changes after the database was restored into a cluster with lower transaction numbers.';
revoke execute on function lyceum.begin_changes_anew(xid8) from public;

create or replace function lyceum.renumber_notifications(p_most integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_count integer;
begin
    update public.notifications n
    set xid = '3'
    where n.ctid = any (array(
        select o.ctid
        from public.notifications o
        where o.xid >= pg_snapshot_xmax(pg_current_snapshot())
        order by o.xid
        limit p_most
        for update skip locked
    ));
    get diagnostics v_count = row_count;
    if v_count > 0 then
        -- The cursors come from the other cluster, too. What is a day old is planned again; lyceum.plan_deliveries leaves out what has
        -- a delivery.
        update public.delivery_cursors set seen = null;
        update lyceum.delivery_watch set seen = '3:3:';
    end if;
    return v_count;
end
$$;
comment on function lyceum.renumber_notifications(integer) is
    'After the database was restored into a cluster with lower transaction numbers: gives notifications the number of the first transaction, '
    'so that they are not new when this cluster comes to their numbers. At most p_most at a time; returns how many.';
revoke execute on function lyceum.renumber_notifications(integer) from public;
grant execute on function lyceum.renumber_notifications(integer) to lyceum_app;

create or replace function lyceum.split_changes(p_lower xid8, p_upper xid8) returns void
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('alter table public.changes detach partition partitions.changes_%s', p_lower);
    execute format(
        'alter table public.changes attach partition partitions.changes_%s for values from (%L) to (%L)', p_lower, p_lower, p_upper
    );
    execute format('create table partitions.changes_%s partition of public.changes for values from (%L) to (maxvalue)', p_upper, p_upper);
    update lyceum.change_partitions set upper = p_upper where lower = p_lower;
    insert into lyceum.change_partitions (lower) values (p_upper);
end
$$;
comment on function lyceum.split_changes(xid8, xid8) is 'Ends the last partition of the log of changes at p_upper and adds the next one.';
revoke execute on function lyceum.split_changes(xid8, xid8) from public;
