-- migrate:up

create table sessions (
    school_id integer not null,
    id uuid not null,
    user_id uuid not null,
    app text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    refresh_generation integer not null default 0,
    refresh_hash bytea not null,
    previous_refresh_hash bytea,
    rotated_at timestamptz,
    expires_at timestamptz not null,
    ended_at timestamptz,
    end_reason text,
    user_agent text,
    address inet,
    primary key (school_id, id),
    foreign key (school_id, user_id) references users
);
comment on table sessions is 'Sign-ins. The refresh token is opaque, one-time and stored hashed.';
comment on column sessions.app is 'The program that signed in.';
comment on column sessions.refresh_generation is 'Counts rotations.';
comment on column sessions.previous_refresh_hash is 'The immediate predecessor is honoured for 60 s while its successor is unused; any other reuse ends the session.';
create index sessions_by_user on sessions (school_id, user_id) where ended_at is null;
call lyceum.protect('sessions', 'select, insert, update');

create function lyceum.require_session() returns void
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

create table activation_codes (
    school_id integer not null,
    id uuid not null,
    user_id uuid not null,
    code_hash bytea not null,
    reason text,
    issued_by uuid,
    issued_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    primary key (school_id, id),
    foreign key (school_id, user_id) references users
);
comment on table activation_codes is 'A2: one-time codes, stored hashed. One live code per person: issuing anew revokes the old.';
create unique index activation_codes_one_live on activation_codes (school_id, user_id)
    where used_at is null and revoked_at is null;
call lyceum.protect('activation_codes', 'select, insert, update');
create trigger audit after insert or update or delete on activation_codes
    for each row execute function lyceum.audit('code_hash');

create table sign_in_failures (
    school_id integer not null references schools,
    id bigint generated always as identity,
    login text not null,
    address inet not null,
    failed_at timestamptz not null default now(),
    primary key (school_id, id)
);
comment on table sign_in_failures is 'A6: failures of the last minutes, for lockout. The login is what was typed, whether it exists or not.';
create index sign_in_failures_by_address on sign_in_failures (school_id, address, failed_at);
create index sign_in_failures_by_login on sign_in_failures (school_id, login, failed_at);
call lyceum.protect('sign_in_failures', 'select, insert, delete');

create table activity_days (
    school_id integer not null,
    user_id uuid not null,
    date date not null,
    primary key (school_id, user_id, date),
    foreign key (school_id, user_id) references users
);
comment on table activity_days is 'Days on which a person was given an access token; never written on reads.';
create index activity_days_by_date on activity_days (school_id, date, user_id);
call lyceum.protect('activity_days', 'select, insert');

create table idempotency_keys (
    school_id integer not null,
    owner text not null,
    key text not null,
    request_hash bytea not null,
    status integer not null,
    headers jsonb not null default '{}',
    body bytea,
    created_at timestamptz not null default now(),
    primary key (school_id, owner, key),
    constraint idempotency_keys_status check (status between 100 and 599),
    constraint idempotency_keys_key check (length(key) between 1 and 255)
);
comment on table idempotency_keys is 'Answers kept for 24 hours for Idempotency-Key. Never of sign-in or credentials.';
comment on column idempotency_keys.owner is 'The caller the key belongs to: a person or a program.';
create index idempotency_keys_by_age on idempotency_keys (school_id, created_at);
call lyceum.protect('idempotency_keys', 'select, insert, update, delete');

-- migrate:down

drop table idempotency_keys;
drop table activity_days;
drop table sign_in_failures;
drop table activation_codes;
drop function lyceum.require_session();
drop table sessions;
