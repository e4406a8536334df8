-- Sign-in: clients of others, sessions, activation codes, second factors, and what lockout counts.

-- migrate:up

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

create table sessions (
    school_id integer not null,
    id uuid not null,
    user_id uuid,
    app text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    refresh_generation integer not null default 0,
    refresh_hash bytea,
    previous_refresh_hash bytea,
    rotated_at timestamptz,
    expires_at timestamptz not null,
    ended_at timestamptz,
    end_reason text,
    user_agent text,
    address inet,
    client_id uuid,
    secret_id uuid,
    scopes text[],
    primary key (school_id, id),
    foreign key (school_id, user_id) references users,
    constraint sessions_client_fkey foreign key (school_id, client_id) references clients,
    constraint sessions_whose check (user_id is not null or client_id is not null),
    constraint sessions_scopes check ((client_id is null) = (scopes is null)),
    constraint sessions_refresh check ((user_id is null) = (refresh_hash is null))
);
comment on table sessions is 'Sign-ins. The refresh token is opaque, one-time and stored hashed.';
comment on column sessions.app is 'The program that signed in.';
comment on column sessions.refresh_generation is 'Counts rotations.';
comment on column sessions.previous_refresh_hash is 'The immediate predecessor is honoured for 60 s while its successor is unused; any other reuse ends the session.';
comment on column sessions.user_id is 'The person; null of an integration, which is nobody.';
comment on column sessions.refresh_hash is 'Null of an integration: it signs in again.';
comment on column sessions.client_id is 'The program; null of the school''s own apps.';
comment on column sessions.secret_id is 'What an integration signed in with; ends the session when it is taken away.';
comment on column sessions.scopes is 'What the session may do, of what the program was registered for.';
create index sessions_by_user on sessions (school_id, user_id) where ended_at is null;
create index sessions_by_client on sessions (school_id, client_id) where ended_at is null and client_id is not null;
call lyceum.protect('sessions', 'select, insert, update');

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
-- A code is typed without a name: it is found by its hash.
create index activation_codes_by_hash on activation_codes (school_id, code_hash)
    where used_at is null and revoked_at is null;
call lyceum.protect('activation_codes', 'select, insert, update');

create table sign_in_failures (
    school_id integer not null references schools,
    id bigint generated always as identity,
    login text not null,
    address inet not null,
    failed_at timestamptz not null default now(),
    primary key (school_id, id)
);
comment on table sign_in_failures is
    'A6: attempts of the last 15 minutes that did not succeed, for lockout. Written before a password is looked at and taken back when '
    'it was right, so one that is being looked at counts. Older rows are deleted by the next attempt at the school.';
comment on column sign_in_failures.login is
    'What was typed, whether it exists or not; of an activation a digest of the code.';
create index sign_in_failures_by_address on sign_in_failures (school_id, address, failed_at);
-- Lockout counts by address; what is too old to count goes by its age.
create index sign_in_failures_by_age on sign_in_failures (school_id, failed_at);
call lyceum.protect('sign_in_failures', 'select, insert, delete');

create table second_factors (
    school_id integer not null,
    user_id uuid not null,
    secret text not null,
    begun_at timestamptz not null default now(),
    confirmed_at timestamptz,
    last_step bigint,
    tries smallint not null default 0,
    tries_since timestamptz,
    primary key (school_id, user_id),
    foreign key (school_id, user_id) references users
);
comment on table second_factors is
    'A6: secrets of authenticator apps (RFC 6238), of staff. Asked for at sign-in from the moment that the first code has confirmed one.';
comment on column second_factors.secret is 'Sealed by the server under a key of its configuration: key id, colon, ciphertext. Nothing without that key.';
comment on column second_factors.confirmed_at is 'Null while it is being set up; then it is not asked for.';
comment on column second_factors.last_step is 'The 30 seconds whose code was accepted last: no code works twice.';
comment on column second_factors.tries is 'A6: codes tried since tries_since without success, from whichever address.';
call lyceum.protect('second_factors', 'select, insert, update, delete');

create table recovery_codes (
    school_id integer not null,
    user_id uuid not null,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (school_id, user_id, code_hash),
    foreign key (school_id, user_id) references second_factors on delete cascade
);
comment on table recovery_codes is 'Each stands once for a code of the app. Stored hashed; new ones replace all.';
call lyceum.protect('recovery_codes', 'select, insert, update, delete');

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

-- migrate:down

drop table
    activity_days,
    authorization_codes,
    recovery_codes,
    second_factors,
    sign_in_failures,
    activation_codes,
    sessions,
    client_secrets,
    clients;
