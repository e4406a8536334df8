-- migrate:up

create table pending (
    school_id integer not null references schools,
    kind text not null,
    id uuid not null default '00000000-0000-0000-0000-000000000000',
    due_at timestamptz not null,
    lease uuid,
    attempts smallint not null default 0,
    failure text,
    parked_at timestamptz,
    primary key (school_id, kind, id),
    constraint pending_kind check (kind ~ '^[a-z][a-z_]{0,62}$'),
    constraint pending_attempts check (attempts >= 0),
    constraint pending_failure check (failure ~ '^[A-Za-z0-9_]{1,40}$'),
    constraint pending_parked check (parked_at is null or lease is null)
);
comment on table pending is
    'Work that runs behind the requests. Every process looks through all schools for what is due, so the table holds no data: kinds, ids, moments and codes.';
comment on column pending.kind is 'Name of the work in the program. A process leaves the kinds that it does not know alone.';
comment on column pending.id is
    'What a single piece is about, or an id of its own: the same at every attempt. Zero for work that comes again and again, once a school.';
comment on column pending.due_at is 'When the piece may be taken; of one that is taken, when its lease ends and others may take it.';
comment on column pending.lease is 'Who has taken the piece: new at every attempt. Only its holder may end the piece.';
comment on column pending.attempts is 'Times it was taken since it last went well.';
comment on column pending.failure is 'Code of the last failure: a SQLSTATE or a word of the program.';
comment on column pending.parked_at is 'When it was given up. It waits for an operator.';
create index pending_due on pending (due_at) where parked_at is null;
create index pending_failed on pending (kind) where failure is not null;

-- A request sees the pieces of its own school, as in every table. The loop that serves all schools says so: it is school -1, which
-- no request is (one that names no school, or an unknown one, is school 0).
alter table pending enable row level security;
create policy tenant on pending to lyceum_app
    using (nullif(current_setting('lyceum.school_id', true), '')::int in (-1, school_id))
    with check (nullif(current_setting('lyceum.school_id', true), '')::int in (-1, school_id));
grant select, delete on pending to lyceum_app;
grant insert (school_id, kind, id, due_at) on pending to lyceum_app;
grant update (due_at, lease, attempts, failure, parked_at) on pending to lyceum_app;

-- K1: the server may delete records of sign-ins, but only those that are old enough. It may change when a session or a code
-- ends, so the policies also ask when it began, which the server may not change.

create index sessions_by_end on sessions (school_id, (least(ended_at, expires_at)));
grant delete on sessions to lyceum_app;
revoke update on sessions from lyceum_app;
grant update (
    last_used_at, refresh_generation, refresh_hash, previous_refresh_hash, rotated_at, expires_at, ended_at, end_reason, user_agent,
    address, scopes
) on sessions to lyceum_app;
create policy retention on sessions as restrictive for delete to lyceum_app
    using (least(ended_at, expires_at) < now() - interval '1 year' and created_at < now() - interval '1 year');

grant delete on activity_days to lyceum_app;
create policy retention on activity_days as restrictive for delete to lyceum_app
    using (date < (lyceum.today() - interval '1 year')::date);

create index activation_codes_by_end on activation_codes (school_id, expires_at);
grant delete on activation_codes to lyceum_app;
revoke update on activation_codes from lyceum_app;
grant update (used_at, revoked_at) on activation_codes to lyceum_app;
create policy retention on activation_codes as restrictive for delete to lyceum_app
    using (expires_at < now() - interval '1 year' and issued_at < now() - interval '1 year');

comment on table sign_in_failures is
    'A6: attempts of the last 15 minutes that did not succeed, for lockout. Written before a password is looked at and taken back when '
    'it was right, so one that is being looked at counts. Older rows are deleted in the background.';

-- migrate:down

comment on table sign_in_failures is
    'A6: attempts of the last 15 minutes that did not succeed, for lockout. Written before a password is looked at and taken back when '
    'it was right, so one that is being looked at counts. Older rows are deleted by the next attempt at the school.';
drop policy retention on activation_codes;
revoke update (used_at, revoked_at) on activation_codes from lyceum_app;
grant update on activation_codes to lyceum_app;
revoke delete on activation_codes from lyceum_app;
drop index activation_codes_by_end;
drop policy retention on activity_days;
revoke delete on activity_days from lyceum_app;
drop policy retention on sessions;
revoke update (
    last_used_at, refresh_generation, refresh_hash, previous_refresh_hash, rotated_at, expires_at, ended_at, end_reason, user_agent,
    address, scopes
) on sessions from lyceum_app;
grant update on sessions to lyceum_app;
revoke delete on sessions from lyceum_app;
drop index sessions_by_end;
drop table pending;
