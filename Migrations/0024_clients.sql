-- migrate:up

create function lyceum.current_client_id() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('lyceum.client_id', true), '')::uuid;
comment on function lyceum.current_client_id() is
    'Program that acts in the transaction: alone, or for a person who let it in (current_user_id). Null for the school''s own apps.';

create table clients (
    school_id integer not null references schools,
    id uuid not null,
    kind text not null,
    name text not null,
    redirect_uris text[] not null default '{}',
    scopes text[] not null,
    state text not null default 'active',
    requests_per_minute integer,
    external_id text,
    last_used_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    -- People are shown the name of who asks: no two are called the same.
    constraint clients_name_key unique (school_id, name),
    constraint clients_kind check (kind in ('app', 'integration')),
    constraint clients_name check (name <> ''),
    constraint clients_state check (state in ('active', 'blocked')),
    constraint clients_requests_per_minute check (requests_per_minute > 0),
    constraint clients_redirect_uris check ((kind = 'app') = (cardinality(redirect_uris) > 0)),
    constraint clients_scopes check (
        cardinality(scopes) > 0
        and case kind
            when 'app' then scopes <@ '{person,person.read}'::text[]
            else not scopes && '{person,person.read}'::text[]
        end
    )
);
comment on table clients is
    'Programs of others, registered by an administrator. app: people let it in on the server''s own page, and it acts as they do; '
    'integration: signs in with a secret, is nobody, and may do what its scopes say.';
comment on column clients.redirect_uris is 'Of an app: where its people may be sent back to (RFC 6749 section 3.1.2).';
comment on column clients.scopes is 'The most it is ever given.';
comment on column clients.requests_per_minute is 'Limit of its requests, those of all its people together; null: the server''s own for an integration, none for an app.';
comment on column clients.last_used_at is 'When it was last given a token, to the minute. Counts as no change.';
create unique index clients_external_id on clients (school_id, external_id) where external_id is not null;
call lyceum.protect('clients', 'select, insert, update, delete');
create trigger version before update of name, redirect_uris, scopes, state, requests_per_minute, external_id on clients
    for each row execute function lyceum.version();
create trigger audit
    after insert or delete or update of name, redirect_uris, scopes, state, requests_per_minute, external_id on clients
    for each row execute function lyceum.audit();
create trigger deletion after delete on clients for each row execute function lyceum.record_deletion();

create table client_secrets (
    school_id integer not null,
    id uuid not null,
    client_id uuid not null,
    secret_hash bytea not null,
    created_at timestamptz not null default now(),
    created_by uuid default lyceum.current_user_id(),
    last_used_at timestamptz,
    primary key (school_id, id),
    foreign key (school_id, client_id) references clients on delete cascade
);
comment on table client_secrets is 'What integrations sign in with, stored hashed. Two at most hold at once, so that one can be replaced without a pause.';
comment on column client_secrets.last_used_at is 'To the minute; tells when an old secret is not needed any more.';
create index client_secrets_by_client on client_secrets (school_id, client_id);
call lyceum.protect('client_secrets', 'select, insert, update, delete');
create trigger audit after insert or delete or update of secret_hash on client_secrets
    for each row execute function lyceum.audit('secret_hash');

create function lyceum.check_client_secret() returns trigger
    language plpgsql
as $$
declare
    v_kind text;
begin
    -- Locked, so that two who come at once do not both find room.
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
create trigger room before insert on client_secrets for each row execute function lyceum.check_client_secret();

-- Sessions of programs.

alter table sessions
    add column client_id uuid,
    add column secret_id uuid,
    add column scopes text[],
    alter column user_id drop not null,
    alter column refresh_hash drop not null,
    add constraint sessions_client_fkey foreign key (school_id, client_id) references clients,
    add constraint sessions_whose check (user_id is not null or client_id is not null),
    add constraint sessions_scopes check ((client_id is null) = (scopes is null)),
    add constraint sessions_refresh check ((user_id is null) = (refresh_hash is null));
comment on column sessions.user_id is 'The person; null of an integration, which is nobody.';
comment on column sessions.refresh_hash is 'Null of an integration: it signs in again.';
comment on column sessions.client_id is 'The program; null of the school''s own apps.';
comment on column sessions.secret_id is 'What an integration signed in with; ends the session when it is taken away.';
comment on column sessions.scopes is 'What the session may do, of what the program was registered for.';
create index sessions_by_client on sessions (school_id, client_id) where ended_at is null and client_id is not null;

create function lyceum.end_sessions_of_client() returns trigger
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
create trigger sessions after update of state, scopes on clients
    for each row when (new.state = 'blocked' or not old.scopes <@ new.scopes)
    execute function lyceum.end_sessions_of_client();

create function lyceum.end_sessions_of_secret() returns trigger
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
create trigger sessions after delete on client_secrets for each row execute function lyceum.end_sessions_of_secret();

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
            errcode = 'LYA00', message = 'session_ended',
            detail = 'The session has ended, or the person or the program is not active.';
    end if;
end
$$;
comment on function lyceum.require_session() is
    'For the beginning of writes: LYA00 session_ended unless the session of the transaction is that of its person and its program, lives, '
    'and both are active.';

create function lyceum.has_scope(variadic p_scopes text[]) returns boolean
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
    'Whether an integration acts in the transaction, and has one of these scopes by its session and its registration of this moment. '
    'False for people, whatever program they use: theirs are the rights of their roles.';

create table authorization_codes (
    school_id integer not null,
    id uuid not null,
    client_id uuid not null,
    user_id uuid not null,
    secret_hash bytea not null,
    redirect_uri text not null,
    code_challenge text not null,
    scopes text[] not null,
    password_changed_at timestamptz,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    session_id uuid,
    primary key (school_id, id),
    foreign key (school_id, client_id) references clients on delete cascade,
    foreign key (school_id, user_id) references users
);
comment on table authorization_codes is
    'RFC 6749 section 4.1: what an app is given for a person who let it in, for one use within a minute. Kept for a day, so that a second use is noticed.';
comment on column authorization_codes.code_challenge is 'RFC 7636, S256.';
comment on column authorization_codes.password_changed_at is 'Of the password that was looked at: another one since then, and the code is void.';
comment on column authorization_codes.session_id is 'What was opened with it; ends when the code comes twice.';
create index authorization_codes_by_age on authorization_codes (school_id, created_at);
call lyceum.protect('authorization_codes', 'select, insert, update, delete');

-- A5: which program, beside who.

alter table audit_log add column client_id uuid default lyceum.current_client_id();
comment on column audit_log.client_id is 'Program, alone or for the person; no foreign key, as of changed_by.';
alter table mark_history add column client_id uuid default lyceum.current_client_id();
comment on column mark_history.client_id is 'Program that the person used, where it was not the school''s own.';
alter table attendance_history add column client_id uuid default lyceum.current_client_id();
comment on column attendance_history.client_id is 'As in mark_history.';
alter table final_mark_history add column client_id uuid default lyceum.current_client_id();
comment on column final_mark_history.client_id is 'As in mark_history.';

create or replace function lyceum.record_reading(p_student uuid) returns void
    language plpgsql
as $$
begin
    if exists (
            select from public.students s where s.school_id = lyceum.current_school() and s.id = p_student
        )
        and not lyceum.leads_student(p_student)
        and not lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student)
        and (lyceum.keeps_student(p_student) or lyceum.teaches_student(p_student) or lyceum.has_scope('people.read')) then
        perform lyceum.record_audit('read', 'students', p_student);
    end if;
end
$$;
comment on function lyceum.record_reading(uuid) is
    'K2: every reading of a profile by staff other than the class teacher, and by a program, is recorded.';

-- migrate:down

create or replace function lyceum.record_reading(p_student uuid) returns void
    language plpgsql
as $$
begin
    if exists (
            select from public.students s where s.school_id = lyceum.current_school() and s.id = p_student
        )
        and not lyceum.leads_student(p_student)
        and not lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student)
        and (lyceum.keeps_student(p_student) or lyceum.teaches_student(p_student)) then
        perform lyceum.record_audit('read', 'students', p_student);
    end if;
end
$$;
comment on function lyceum.record_reading(uuid) is
    'K2: every reading of a profile by staff other than the class teacher is recorded.';
alter table final_mark_history drop column client_id;
alter table attendance_history drop column client_id;
alter table mark_history drop column client_id;
alter table audit_log drop column client_id;
drop table authorization_codes;
drop function lyceum.has_scope(text[]);
create or replace function lyceum.require_session() returns void
    language plpgsql stable
as $$
begin
    if not exists (
        select
        from public.sessions s
        join public.users u on u.school_id = s.school_id and u.id = s.user_id
        where s.school_id = lyceum.current_school()
            and s.id = nullif(current_setting('lyceum.session_id', true), '')::uuid
            and s.user_id = lyceum.current_user_id()
            and s.ended_at is null
            and s.expires_at > now()
            and u.state = 'active'
    ) then
        raise exception using
            errcode = 'LYA00', message = 'session_ended', detail = 'The session has ended or the person is not active.';
    end if;
end
$$;
comment on function lyceum.require_session() is
    'For the beginning of writes: LYA00 session_ended unless the session of the transaction is the person''s own, lives, and the person is active.';
drop trigger sessions on client_secrets;
drop function lyceum.end_sessions_of_secret();
drop trigger sessions on clients;
drop function lyceum.end_sessions_of_client();
delete from sessions where client_id is not null;
alter table sessions
    drop constraint sessions_refresh,
    drop column client_id,
    drop column secret_id,
    drop column scopes,
    alter column user_id set not null,
    alter column refresh_hash set not null;
comment on column sessions.user_id is null;
comment on column sessions.refresh_hash is null;
drop table client_secrets;
drop function lyceum.check_client_secret();
drop table clients;
drop function lyceum.current_client_id();
