create or replace function lyceum.check_client_secret() returns trigger
    language plpgsql
as $$
declare
    v_kind text;
begin
    -- Locked, so that two simultaneous requests cannot both add a second secret.
    select c.kind into v_kind
    from public.clients c
    where c.school_id = new.school_id and c.id = new.client_id
    for no key update;
    if v_kind is null then
        return null;
    end if;
    if v_kind = 'app' then
        raise exception using
            errcode = 'LYC01', message = 'client_without_secrets', detail = 'What is in the hands of its users keeps no secret.';
    end if;
    if (
        select count(*) from public.client_secrets s
        where s.school_id = new.school_id and s.client_id = new.client_id
    ) >= 2 then
        raise exception using
            errcode = 'LYC02', message = 'two_secrets', detail = 'Two secrets of a client hold at once, and no more.';
    end if;
    return new;
end
$$;

create or replace trigger room before insert on client_secrets for each row execute function lyceum.check_client_secret();

create or replace function lyceum.has_scope(variadic p_scopes text[]) returns boolean
    language sql stable
    return exists (
        select
        from public.sessions s
        join public.clients c on c.school_id = s.school_id and c.id = s.client_id and c.state = 'active'
        where s.school_id = lyceum.current_school()
            and s.id = nullif(current_setting('lyceum.session_id', true), '')::uuid
            and s.client_id = lyceum.current_client_id()
            and s.user_id is null and lyceum.current_user_id() is null
            and s.ended_at is null and s.expires_at > now()
            and s.scopes && p_scopes and c.scopes && p_scopes
    );
comment on function lyceum.has_scope(text[]) is
    'Whether an integration acts in the transaction and has one of these scopes, both in its session and in its '
    'present registration. Always false for people, in any app: their roles decide.';
