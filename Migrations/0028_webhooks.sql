-- Webhooks: where the server sends an integration the changes that it may read.

-- migrate:up

create table webhook_endpoints (
    school_id integer not null references schools,
    id uuid not null,
    client_id uuid not null,
    url text not null,
    description text,
    entities text[],
    state text not null default 'enabled',
    disabled_reason text,
    disabled_at timestamptz,
    secret text not null,
    previous_secret text,
    previous_secret_until timestamptz,
    created_at timestamptz not null default now(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint webhook_endpoints_client_fkey foreign key (school_id, client_id) references clients on delete cascade,
    constraint webhook_endpoints_url check (url <> ''),
    constraint webhook_endpoints_entities check (cardinality(entities) > 0),
    constraint webhook_endpoints_state check (state in ('enabled', 'disabled')),
    constraint webhook_endpoints_disabled_reason check (disabled_reason in ('requested', 'gone', 'failing')),
    constraint webhook_endpoints_disabled check (
        (state = 'disabled') = (disabled_reason is not null) and (disabled_reason is null) = (disabled_at is null)
    ),
    constraint webhook_endpoints_previous_secret check ((previous_secret is null) = (previous_secret_until is null))
);
comment on table webhook_endpoints is
    'Addresses of integrations to which the server sends changes (Standard Webhooks 1.0).';
comment on column webhook_endpoints.entities is
    'The kinds of rows whose changes are sent, of those that the scopes of the client allow; null: all of these.';
comment on column webhook_endpoints.disabled_reason is
    'requested: somebody disabled it; gone: it answered 410; failing: no delivery has succeeded for 5 days.';
comment on column webhook_endpoints.secret is 'Signs the deliveries; encrypted with the keys of the server''s secrets.';
comment on column webhook_endpoints.previous_secret is 'Also signs them, until previous_secret_until.';
create index webhook_endpoints_by_client on webhook_endpoints (school_id, client_id, id);
create index webhook_endpoints_enabled on webhook_endpoints (school_id, id) where state = 'enabled';
call lyceum.protect('webhook_endpoints', 'select, delete');
grant insert (school_id, id, client_id, url, description, entities, secret) on webhook_endpoints to lyceum_app;
grant update (
    url, description, entities, state, disabled_reason, disabled_at, secret, previous_secret, previous_secret_until, version,
    changed_at, changed_xid
) on webhook_endpoints to lyceum_app;
create policy own on webhook_endpoints as restrictive to lyceum_app
    using (
        client_id = lyceum.current_client_id() or lyceum.current_client_id() is null or lyceum.current_user_id() is not null
    );

create table webhook_positions (
    school_id integer not null,
    endpoint_id uuid not null,
    cursor text not null,
    since pg_snapshot not null,
    told_cursor text not null,
    failing_since timestamptz,
    primary key (school_id, endpoint_id),
    constraint webhook_positions_endpoint_fkey foreign key (school_id, endpoint_id) references webhook_endpoints on delete cascade
);
comment on table webhook_positions is 'How far each webhook has read the log of changes.';
comment on column webhook_positions.cursor is 'How far the log was read: a cursor as in GET /v1/changes.';
comment on column webhook_positions.since is 'The snapshot of the cursor: what is not visible in it may be new.';
comment on column webhook_positions.told_cursor is
    'The cursor of the last delivery, and "since" of the next one. It is behind "cursor" when nothing in between was for the webhook.';
comment on column webhook_positions.failing_since is 'The first failed attempt since the last success.';
call lyceum.protect('webhook_positions', 'select, insert, update');

create table webhook_deliveries (
    school_id integer not null,
    id uuid not null,
    endpoint_id uuid not null,
    type text not null,
    content text not null,
    is_in_order boolean not null,
    state text not null default 'waiting',
    attempts smallint not null default 0,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (school_id, id),
    constraint webhook_deliveries_endpoint_fkey foreign key (school_id, endpoint_id) references webhook_endpoints on delete cascade,
    constraint webhook_deliveries_type check (type in ('changes', 'changes.expired', 'test')),
    constraint webhook_deliveries_state check (state in ('waiting', 'delivered', 'given_up', 'withdrawn')),
    constraint webhook_deliveries_attempts check (attempts >= 0),
    constraint webhook_deliveries_ended check ((state = 'waiting') = (ended_at is null))
);
comment on table webhook_deliveries is
    'Messages to webhooks. The id is the same at every attempt, so that the receiver recognizes a repetition.';
comment on column webhook_deliveries.content is 'The body, in JSON: ids and kinds of changed rows, but no data of them.';
comment on column webhook_deliveries.state is
    'withdrawn: the client may not read any of its changes any more, so it was not sent.';
comment on column webhook_deliveries.is_in_order is
    'The next changes are read when this delivery has ended. False for tests and for those that somebody sent again.';
comment on column webhook_deliveries.attempts is 'Failed attempts of the present series; sending again begins a new one.';
-- The one by one order of an endpoint: a process that comes late cannot write a second delivery.
create unique index webhook_deliveries_in_order on webhook_deliveries (school_id, endpoint_id)
    where state = 'waiting' and is_in_order;
create index webhook_deliveries_waiting on webhook_deliveries (school_id, endpoint_id) where state = 'waiting';
create index webhook_deliveries_by_endpoint on webhook_deliveries (school_id, endpoint_id, id);
create index webhook_deliveries_by_end on webhook_deliveries (school_id, ended_at) where ended_at is not null;
call lyceum.protect('webhook_deliveries', 'select, insert, delete');
grant update (is_in_order, state, attempts, ended_at) on webhook_deliveries to lyceum_app;
create policy retention on webhook_deliveries as restrictive for delete to lyceum_app
    using (ended_at < now() - interval '30 days');

create table webhook_attempts (
    school_id integer not null,
    delivery_id uuid not null,
    number integer not null,
    began_at timestamptz not null,
    milliseconds integer not null,
    status smallint,
    error text,
    primary key (school_id, delivery_id, number),
    constraint webhook_attempts_delivery_fkey foreign key (school_id, delivery_id) references webhook_deliveries on delete cascade,
    constraint webhook_attempts_milliseconds check (milliseconds >= 0),
    constraint webhook_attempts_error check (error ~ '^[a-z_]{1,40}$'),
    constraint webhook_attempts_outcome check (num_nonnulls(status, error) = 1)
);
comment on table webhook_attempts is 'How the receivers answered. Their bodies are not kept.';
comment on column webhook_attempts.status is 'The status of the answer; null: there was none, and error says why.';
call lyceum.protect('webhook_attempts', 'select, insert');

-- Work that sends: what is urgent goes first, and no receiver takes all places.
alter table pending
    add column is_urgent boolean not null default false,
    add column target integer;
comment on column pending.is_urgent is 'Taken before all others that are due.';
comment on column pending.target is
    'The other server that the piece is for, as lyceum.target numbers it; null: none. A process has only a few pieces for one target at a time.';
create index pending_by_turn on pending (kind, is_urgent, due_at) where parked_at is null;
grant insert (is_urgent, target) on pending to lyceum_app;

-- migrate:down

delete from pending where kind in ('webhook_changes', 'webhook_delivery', 'forget_webhook_deliveries');
drop index pending_by_turn;
alter table pending drop column target, drop column is_urgent;
drop table webhook_attempts, webhook_deliveries, webhook_positions, webhook_endpoints;
