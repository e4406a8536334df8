-- Web Push (docs/decisions/0063)

create or replace function lyceum.limit_push_subscriptions() returns trigger
    language plpgsql
as $$
begin
    -- Requests of one person take turns, so that none of them misses a row of another.
    perform
    from public.users u
    where u.school_id = new.school_id and u.id = new.person_id
    for no key update;
    if (
        select count(*) from public.push_subscriptions s
        where s.school_id = new.school_id and s.person_id = new.person_id and s.endpoint <> new.endpoint
    ) >= 20 then
        raise exception using
            errcode = 'LYO01', message = 'too_many_push_subscriptions', detail = 'A person has at most 20 subscriptions.';
    end if;
    return new;
end
$$;

create or replace trigger rules before insert on push_subscriptions
    for each row execute function lyceum.limit_push_subscriptions();

create or replace function lyceum.end_push_subscriptions() returns trigger
    language plpgsql
as $$
begin
    delete from public.push_subscriptions p where p.school_id = new.school_id and p.session_id = new.id;
    return null;
end
$$;
comment on function lyceum.end_push_subscriptions() is
    'A6: what a session subscribed ends with it. For sessions that expire, the conditions of lyceum.push_targets see to it.';

create or replace trigger push_subscriptions after update of ended_at on sessions
    for each row when (old.ended_at is null and new.ended_at is not null) execute function lyceum.end_push_subscriptions();
