-- Webhooks of integrations.

create or replace function lyceum.check_webhook_endpoint() returns trigger
    language plpgsql
as $$
declare
    v_kind text;
begin
    -- Locked, so that two simultaneous requests cannot exceed the limit together.
    select c.kind into v_kind
    from public.clients c
    where c.school_id = new.school_id and c.id = new.client_id
    for no key update;
    if v_kind = 'app' then
        raise exception using
            errcode = 'LYW01', message = 'app_without_webhooks', detail = 'Only integrations read the changes of the whole school.';
    end if;
    if (
        select count(*) from public.webhook_endpoints e
        where e.school_id = new.school_id and e.client_id = new.client_id
    ) >= 10 then
        raise exception using
            errcode = 'LYW02', message = 'too_many_webhooks', detail = 'An integration has at most 10 webhooks.';
    end if;
    return new;
end
$$;

create or replace trigger room before insert on webhook_endpoints
    for each row execute function lyceum.check_webhook_endpoint();

create or replace function lyceum.check_webhook_delivery() returns trigger
    language plpgsql
as $$
begin
    -- Locked, so that two simultaneous requests cannot exceed the limit together.
    perform
    from public.webhook_endpoints e
    where e.school_id = new.school_id and e.id = new.endpoint_id
    for no key update;
    if (
        select count(*) from public.webhook_deliveries d
        where d.school_id = new.school_id and d.endpoint_id = new.endpoint_id and d.state = 'waiting' and not d.is_in_order
            and d.id <> new.id
    ) >= 10 then
        raise exception using
            errcode = 'LYW03', message = 'too_many_waiting_deliveries',
            detail = 'At most 10 tests and deliveries that are sent again wait for a webhook at a time.';
    end if;
    return new;
end
$$;
comment on function lyceum.check_webhook_delivery() is
    'Limits what people add by hand, so that a receiver that is slow or down does not keep the server busy.';

create or replace trigger room before insert on webhook_deliveries
    for each row when (not new.is_in_order) execute function lyceum.check_webhook_delivery();
create or replace trigger room_again before update of state on webhook_deliveries
    for each row when (new.state = 'waiting' and old.state <> 'waiting' and not new.is_in_order)
    execute function lyceum.check_webhook_delivery();

create or replace trigger version before update on webhook_endpoints for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on webhook_endpoints
    for each row execute function lyceum.audit('secret', 'previous_secret');

create or replace function lyceum.wake_webhooks() returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    -- Parked pieces have one attempt each hour, so that sending goes on when the cause is removed.
    update public.pending q
    set parked_at = null, due_at = now(), attempts = greatest(q.attempts - 1, 0)
    where q.kind in ('webhook_changes', 'webhook_delivery') and q.failure is not null and q.parked_at < now() - interval '1 hour';

    insert into public.pending (school_id, kind, id, due_at, target)
    select e.school_id, w.kind, w.id, now(), case w.kind when 'webhook_delivery' then lyceum.target(e.url) end
    from public.webhook_endpoints e
    join public.clients c on c.school_id = e.school_id and c.id = e.client_id and c.kind = 'integration' and c.state = 'active'
    join public.webhook_positions p on p.school_id = e.school_id and p.endpoint_id = e.id
    cross join lateral (
        select 'webhook_delivery' as kind, d.id
        from public.webhook_deliveries d
        where d.school_id = e.school_id and d.endpoint_id = e.id and d.state = 'waiting'
        union all
        select 'webhook_changes', e.id
        where not exists (
                select from public.webhook_deliveries d
                where d.school_id = e.school_id and d.endpoint_id = e.id and d.state = 'waiting' and d.is_in_order
            )
            and exists (
                select from public.changes x
                where x.school_id = e.school_id and x.is_home and x.xid >= pg_snapshot_xmin(lyceum.past_snapshot(p.since))
                    and not pg_visible_in_snapshot(x.xid, lyceum.past_snapshot(p.since))
            )
    ) w
    where e.state = 'enabled'
        and not exists (
            select from public.pending q where q.school_id = e.school_id and q.kind = w.kind and q.id = w.id
        )
    on conflict do nothing
$$;
comment on function lyceum.wake_webhooks() is
    'Adds the pieces of work of all schools that webhooks need: reading changes that are new since their positions, and deliveries that '
    'wait without a piece, because the webhook or its client was disabled for a time. Restarts pieces that have been parked for an hour.';
revoke execute on function lyceum.wake_webhooks() from public;
grant execute on function lyceum.wake_webhooks() to lyceum_app;
