create or replace function lyceum.require_session() returns void
    language plpgsql stable
as $$
begin
    if not exists (
        select
        from public.sessions s
        left join public.users u on u.school_id = s.school_id and u.id = s.user_id
        left join public.clients c on c.school_id = s.school_id and c.id = s.client_id
        where s.school_id = lyceum.current_school()
            and s.id = nullif(current_setting('lyceum.session_id', true), '')::uuid
            and s.user_id is not distinct from lyceum.current_user_id()
            and s.client_id is not distinct from lyceum.current_client_id()
            and s.ended_at is null
            and s.expires_at > now()
            and (s.user_id is null or u.state = 'active')
            and (s.client_id is null or c.state = 'active' and s.scopes <@ c.scopes)
    ) then
        raise exception using
            errcode = 'LYA00', message = 'invalid_token',
            detail = 'The session has ended, or the person or the program is not active.';
    end if;
end
$$;
comment on function lyceum.require_session() is
    'Called at the beginning of writes: raises LYA00 invalid_token unless the session of the transaction is active '
    'and belongs to its person and its client, and both are active.';

-- Losing a role ends the sessions that were opened with it: writes end at once, reads with the access token.
create or replace function lyceum.end_sessions_of_role() returns trigger
    language plpgsql
as $$
begin
    update public.sessions s set ended_at = now(), end_reason = 'role taken away'
    where s.school_id = old.school_id and s.user_id = old.user_id and s.ended_at is null;
    return null;
end
$$;

create or replace trigger sessions after delete on user_roles for each row execute function lyceum.end_sessions_of_role();

create or replace function lyceum.end_sessions_of_client() returns trigger
    language plpgsql
as $$
begin
    update public.sessions s
    set ended_at = now(), end_reason = case new.state when 'blocked' then 'client blocked' else 'scope taken away' end
    where s.school_id = new.school_id and s.client_id = new.id and s.ended_at is null and s.expires_at > now()
        and (new.state = 'blocked' or not s.scopes <@ new.scopes);
    return null;
end
$$;

create or replace trigger sessions after update of state, scopes on clients
    for each row when (new.state = 'blocked' or not old.scopes <@ new.scopes)
    execute function lyceum.end_sessions_of_client();

create or replace function lyceum.end_sessions_of_secret() returns trigger
    language plpgsql
as $$
begin
    update public.sessions s
    set ended_at = now(), end_reason = 'secret taken away'
    where s.school_id = old.school_id and s.client_id = old.client_id and s.secret_id = old.id
        and s.ended_at is null and s.expires_at > now();
    return null;
end
$$;

create or replace trigger sessions after delete on client_secrets for each row execute function lyceum.end_sessions_of_secret();
