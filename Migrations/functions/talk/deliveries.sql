-- The outbox of pushes and mails (docs/decisions/0062, 0063).

create or replace function lyceum.durable_snapshot() returns pg_snapshot
    language plpgsql stable
as $$
declare
    v_now pg_snapshot := pg_current_snapshot();
    v_own xid8 := pg_current_xact_id();
begin
    if pg_snapshot_xmax(v_now) <= v_own then
        return v_now;
    end if;
    return format(
        '%s:%s:%s', least(pg_snapshot_xmin(v_now), v_own), v_own,
        (select string_agg(r.xid::text, ',' order by r.xid) from pg_snapshot_xip(v_now) r (xid) where r.xid < v_own)
    )::pg_snapshot;
end
$$;
comment on function lyceum.durable_snapshot() is
    'The statement''s snapshot, to be stored by the same transaction. It ends with this transaction: after a crash, PostgreSQL may give out '
    'higher numbers again. The rows of higher numbers count as new the next time.';
grant execute on function lyceum.durable_snapshot() to lyceum_app;

create or replace function lyceum.is_recent(p_seen pg_snapshot, p_seen_at timestamptz) returns boolean
    language sql stable
    return coalesce(
        p_seen_at > now() - interval '1 hour' and pg_snapshot_xmax(p_seen) <= pg_snapshot_xmax(pg_current_snapshot()), false
    );
comment on function lyceum.is_recent(pg_snapshot, timestamptz) is
    'Whether only few notifications are not visible in the stored snapshot. If not, those of the last day are found by their age: a channel may '
    'have been off for months.';
grant execute on function lyceum.is_recent(pg_snapshot, timestamptz) to lyceum_app;

create or replace function lyceum.wake_deliveries(p_channel text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_seen pg_snapshot;
    v_is_recent boolean;
begin
    -- Another process looks at the same rows.
    select lyceum.past_snapshot(w.seen), lyceum.is_recent(w.seen, w.seen_at) into v_seen, v_is_recent
    from lyceum.delivery_watch w
    where w.channel = p_channel
    for update skip locked;
    if not found then
        return;
    end if;
    with fresh as (
        select n.school_id, n.is_urgent
        from lyceum.notifications_since(v_seen) n
        where v_is_recent and n.created_at > now() - interval '1 day'
        union all
        select n.school_id, n.is_urgent
        from public.schools s
        cross join lateral (
            select n.school_id, n.is_urgent
            from public.notifications n
            where n.school_id = s.id and n.created_at > now() - interval '1 day' and not pg_visible_in_snapshot(n.xid, v_seen)
                -- Higher numbers come from another cluster (lyceum.renumber_notifications).
                and n.xid <= lyceum.last_transaction()
        ) n
        where not v_is_recent
    ), schools as materialized (
        select f.school_id, bool_or(f.is_urgent) as is_urgent from fresh f group by 1
    ), seen as (
        -- While nothing is new, hardly anything is written.
        update lyceum.delivery_watch w
        set seen = lyceum.durable_snapshot(), seen_at = now()
        where w.channel = p_channel and (exists (select from schools) or w.seen_at < now() - interval '10 minutes')
    )
    insert into public.pending (school_id, kind, id, due_at, is_urgent)
    select s.school_id, 'plan_' || p_channel, gen_random_uuid(), now(), s.is_urgent
    from schools s
    where case p_channel
            when 'push' then exists (select from public.push_subscriptions p where p.school_id = s.school_id)
            when 'mail' then exists (select from public.email_addresses a where a.school_id = s.school_id)
        end
        -- A piece that nobody has taken yet will see these rows.
        and not exists (
            select from public.pending p
            where p.school_id = s.school_id and p.kind = 'plan_' || p_channel and p.lease is null and p.parked_at is null
                and (p.is_urgent or not s.is_urgent)
        );
end
$$;
comment on function lyceum.wake_deliveries(text) is
    'Adds a piece plan_push or plan_mail for each school that has new notifications, and people who want to be told through the channel.';
revoke execute on function lyceum.wake_deliveries(text) from public;
grant execute on function lyceum.wake_deliveries(text) to lyceum_app;

create or replace function lyceum.plan_deliveries(p_channel text, p_mail_interval interval) returns void
    language plpgsql
as $$
declare
    v_school integer := lyceum.current_school();
    v_seen pg_snapshot;
    v_is_recent boolean;
begin
    insert into public.delivery_cursors (school_id, channel) values (v_school, p_channel) on conflict do nothing;
    select lyceum.past_snapshot(c.seen), lyceum.is_recent(c.seen, c.seen_at) into v_seen, v_is_recent
    from public.delivery_cursors c
    where c.school_id = v_school and c.channel = p_channel
    for update;

    with fresh as materialized (
        select n.id, n.person_id, n.student_id, n.kind, n.is_urgent, n.created_at
        from lyceum.notifications_since(v_seen) n
        where v_is_recent and n.school_id = v_school and n.created_at > now() - interval '1 day' and n.closed_at is null
        union all
        select n.id, n.person_id, n.student_id, n.kind, n.is_urgent, n.created_at
        from public.notifications n
        where not v_is_recent and n.school_id = v_school and n.created_at > now() - interval '1 day' and n.closed_at is null
            and not pg_visible_in_snapshot(n.xid, v_seen) and n.xid <= lyceum.last_transaction()
    ), told as materialized (
        select f.id, f.kind, f.is_urgent, f.created_at, t.person_id
        from fresh f
        cross join lateral lyceum.told(v_school, f.person_id, f.student_id) t (person_id)
        join public.users u on u.school_id = v_school and u.id = t.person_id and u.state = 'active'
    ), targets as (
        select t.*, 'push' as channel, s.id as subscription_id,
            lyceum.may_send(v_school, t.person_id, t.kind, 'push', t.is_urgent, now()) as due_at
        from told t
        join public.push_subscriptions s on s.school_id = v_school and s.person_id = t.person_id and s.created_at <= t.created_at
        where p_channel = 'push'
        union all
        select t.*, 'mail', null, m.due_at
        from told t
        join public.email_addresses a on a.school_id = v_school and a.person_id = t.person_id and a.confirmed_at <= t.created_at
        cross join lateral (
            select lyceum.may_send(
                v_school, t.person_id, t.kind, 'mail', t.is_urgent,
                case when t.is_urgent then now() else greatest(
                    now(),
                    (
                        select max(d.ended_at) + p_mail_interval from public.deliveries d
                        where d.school_id = v_school and d.person_id = t.person_id and d.channel = 'mail' and d.outcome = 'sent'
                            and d.created_at > now() - interval '2 days'
                    )
                ) end
            )
        ) m (due_at)
        where p_channel = 'mail' and a.failing_since is null
    ), gathered as (
        select t.channel, t.subscription_id, t.person_id, t.is_urgent, min(t.due_at) as due_at,
            array_agg(t.id order by t.created_at, t.id) as notifications
        from targets t
        where t.due_at is not null
            -- After a restart of the cursor, rows come again.
            and not exists (
                select from public.deliveries d
                where d.school_id = v_school and d.person_id = t.person_id and d.channel = t.channel
                    and d.subscription_id is not distinct from t.subscription_id and d.created_at > now() - interval '2 days'
                    and d.notifications @> array[t.id]
            )
        group by 1, 2, 3, 4
    ), written as (
        insert into public.deliveries as d (school_id, channel, subscription_id, person_id, is_urgent, due_at, notifications)
        select v_school, g.channel, g.subscription_id, g.person_id, g.is_urgent, g.due_at, g.notifications
        from gathered g
        on conflict (school_id, channel, coalesce(subscription_id, person_id), is_urgent)
            where started_at is null and ended_at is null
            do update set notifications = d.notifications || excluded.notifications, due_at = least(d.due_at, excluded.due_at)
        returning d.id, d.channel, d.subscription_id, d.is_urgent, d.due_at
    ), moved as (
        update public.delivery_cursors c
        set seen = lyceum.durable_snapshot(), seen_at = now()
        where c.school_id = v_school and c.channel = p_channel
    )
    insert into public.pending as p (school_id, kind, id, due_at, is_urgent, target)
    select v_school, 'send_' || w.channel, w.id, w.due_at, w.is_urgent, lyceum.target(coalesce(s.endpoint, 'smtp://'))
    from written w
    left join public.push_subscriptions s on s.school_id = v_school and s.id = w.subscription_id
    on conflict (school_id, kind, id) do update
        set due_at = least(p.due_at, excluded.due_at), parked_at = null,
            attempts = case when p.parked_at is null then p.attempts else 0 end
        where p.lease is null and (p.due_at > excluded.due_at or p.parked_at is not null);
end
$$;
comment on function lyceum.plan_deliveries(text, interval) is
    'Plans what is to be sent through a channel of the notifications that are new since its last run: to whom they are told (A3), and '
    'when. Writes deliveries, their pieces of background work and the cursor in one transaction. Nothing is planned for notifications '
    'that are older than a day, or than the subscription or the address.';
grant execute on function lyceum.plan_deliveries(text, interval) to lyceum_app;

create or replace function lyceum.is_concealed(p_school integer, p_entity text, p_id uuid) returns boolean
    language sql stable
    return case p_entity
        when 'marks' then exists (
            select from public.marks r where r.school_id = p_school and r.id = p_id and coalesce(r.published_at > now(), true)
        )
        when 'final_marks' then exists (
            select from public.final_marks r where r.school_id = p_school and r.id = p_id and coalesce(r.published_at > now(), true)
        )
        when 'feedback' then exists (
            select from public.feedback r where r.school_id = p_school and r.id = p_id and coalesce(r.published_at > now(), true)
        )
        when 'conduct_notes' then exists (
            select from public.conduct_notes r where r.school_id = p_school and r.id = p_id and coalesce(r.published_at > now(), true)
        )
        else false
    end;
comment on function lyceum.is_concealed(integer, text, uuid) is 'M12: whether the record is held back from families now.';
grant execute on function lyceum.is_concealed(integer, text, uuid) to lyceum_app;

create or replace function lyceum.news_of(p_school integer, p_delivery uuid) returns table (
    id uuid, kind text, created_at timestamptz, due_at timestamptz
)
    language sql stable
as $$
    select n.id, n.kind, n.created_at, m.due_at
    from deliveries d
    join users u on u.school_id = d.school_id and u.id = d.person_id and u.state = 'active'
    cross join unnest(d.notifications) i (id)
    join notifications n on n.school_id = d.school_id and n.id = i.id
    cross join lateral (select lyceum.may_send(d.school_id, d.person_id, n.kind, d.channel, d.is_urgent, now())) m (due_at)
    where d.school_id = p_school and d.id = p_delivery and n.closed_at is null and m.due_at is not null
        and d.person_id in (select t from lyceum.told(d.school_id, n.person_id, n.student_id) t)
        and not lyceum.is_concealed(d.school_id, n.entity, n.entity_id)
        and not exists (
            select from notification_receipts r
            where r.school_id = d.school_id and r.person_id = d.person_id and r.notification_id = n.id
        )
$$;
comment on function lyceum.news_of(integer, uuid) is
    'What a delivery still has to tell: what the person may see now (A3, M12), wants to be sent and has not read, and what is not settled. '
    'due_at: when it may be sent; later than now in quiet hours.';
grant execute on function lyceum.news_of(integer, uuid) to lyceum_app;
