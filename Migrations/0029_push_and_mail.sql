-- Web Push and e-mail: where people want to be told, and what is sent to them.

-- migrate:up

create table push_subscriptions (
    school_id integer not null,
    id uuid not null,
    person_id uuid not null,
    session_id uuid not null,
    endpoint text not null,
    p256dh bytea not null,
    auth bytea not null,
    user_agent text,
    expires_at timestamptz,
    failing_since timestamptz,
    created_at timestamptz not null default now(),
    primary key (school_id, id),
    foreign key (school_id, person_id) references users,
    foreign key (school_id, session_id) references sessions on delete cascade,
    constraint push_subscriptions_endpoint check (endpoint ~ '^https?://[!-~]+$' and length(endpoint) <= 1000),
    constraint push_subscriptions_keys check (length(p256dh) = 65 and length(auth) = 16)
);
comment on table push_subscriptions is
    'RFC 8030: where a push service takes messages for one browser or app. A row is deleted when its session ends, and when the push '
    'service says that the subscription has ended.';
comment on column push_subscriptions.session_id is 'The session that made it. Nothing is sent after the end of the session.';
comment on column push_subscriptions.endpoint is 'The address of the push resource. Who knows it can send to the device, so it is shown to nobody.';
comment on column push_subscriptions.p256dh is 'RFC 8291: the public key of the device, an uncompressed point.';
comment on column push_subscriptions.auth is 'RFC 8291: the authentication secret of the device.';
comment on column push_subscriptions.expires_at is 'The expirationTime of the Push API, if the browser gave one.';
comment on column push_subscriptions.failing_since is
    'Since when the push service refuses messages for it; null: it took the last one. Only 404 and 410 end a subscription.';
create unique index push_subscriptions_by_endpoint on push_subscriptions (school_id, endpoint);
create index push_subscriptions_by_person on push_subscriptions (school_id, person_id, id);
create index push_subscriptions_by_session on push_subscriptions (school_id, session_id);
call lyceum.protect('push_subscriptions', 'select, insert, update, delete');

create table email_codes (
    school_id integer not null,
    id uuid not null,
    person_id uuid not null,
    address text not null,
    tries smallint not null default 0,
    created_at timestamptz not null default now(),
    used_at timestamptz,
    primary key (school_id, id),
    foreign key (school_id, person_id) references users,
    constraint email_codes_tries check (tries between 0 and 5)
);
comment on table email_codes is
    'Addresses that wait for a code, which the server mailed to them. The newest row of a person is the valid one, for 30 minutes and 5 '
    'attempts. Rows are deleted after a day.';
comment on column email_codes.id is 'The server derives the code from it, with its token keys.';
create index email_codes_by_person on email_codes (school_id, person_id, created_at);
create index email_codes_by_age on email_codes (school_id, created_at);
call lyceum.protect('email_codes', 'select, insert, update, delete');

create table email_addresses (
    school_id integer not null,
    person_id uuid not null,
    id uuid not null,
    address text not null,
    confirmed_at timestamptz not null default now(),
    failing_since timestamptz,
    primary key (school_id, person_id),
    foreign key (school_id, person_id) references users,
    constraint email_addresses_address check (address ~ '^[!-~]{1,64}@[!-~]{1,253}$' and length(address) <= 254)
);
comment on table email_addresses is
    'Where a person wants mail: an address that the person has confirmed. The contacts of a profile, which the school writes, are not used.';
comment on column email_addresses.id is 'The id of the code that confirmed the address. Links of mails name it, so those of an earlier address are void.';
comment on column email_addresses.failing_since is 'Since when the mail server refuses the address for good; nothing is sent until it is confirmed again.';
call lyceum.protect('email_addresses', 'select, insert, update, delete');

create table deliveries (
    school_id integer not null references schools,
    id uuid not null default gen_random_uuid(),
    channel text not null,
    person_id uuid not null,
    subscription_id uuid,
    is_urgent boolean not null,
    notifications uuid[] not null,
    due_at timestamptz not null,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    attempts smallint not null default 0,
    failure text,
    ended_at timestamptz,
    outcome text,
    primary key (school_id, id),
    constraint deliveries_channel check (channel in ('push', 'mail')),
    constraint deliveries_subscription check ((channel = 'push') = (subscription_id is not null)),
    constraint deliveries_outcome check ((outcome is null) = (ended_at is null) and outcome in ('sent', 'skipped', 'refused', 'failed', 'gone')),
    constraint deliveries_failure check (failure ~ '^[a-z0-9_]{1,40}$')
);
comment on table deliveries is
    'The outbox: one row for each message to a device or an address, with the notifications that it tells of. lyceum.plan_deliveries '
    'writes it together with its piece of background work. It has no foreign keys: its rows may outlive what they name.';
comment on column deliveries.notifications is 'Until the first attempt, new notifications for the same target are added.';
comment on column deliveries.started_at is 'When the first attempt began; from then on the list is fixed, so that a repeat says the same.';
comment on column deliveries.failure is 'Code of the last failure: http_503, smtp_450, timeout …';
comment on column deliveries.outcome is
    'skipped: there was nothing left that the person may be told; refused: the other side refused the message; failed: it could not be '
    'delivered for a day; gone: the target has ended.';
create unique index deliveries_waiting on deliveries (school_id, channel, coalesce(subscription_id, person_id), is_urgent)
    where started_at is null and ended_at is null;
create index deliveries_by_person on deliveries (school_id, person_id, created_at);
create index deliveries_by_age on deliveries (school_id, created_at);
call lyceum.protect('deliveries', 'select, insert, update, delete');

create table delivery_cursors (
    school_id integer not null references schools,
    channel text not null,
    seen pg_snapshot,
    seen_at timestamptz,
    primary key (school_id, channel)
);
comment on table delivery_cursors is
    'Which notifications of the school lyceum.plan_deliveries has seen. Each channel has its own cursor, so that a process moves only those of '
    'the channels that it has.';
comment on column delivery_cursors.seen is 'Null: none yet.';
call lyceum.protect('delivery_cursors', 'select, insert, update');

create table lyceum.delivery_watch (
    channel text primary key,
    seen pg_snapshot not null,
    seen_at timestamptz not null default now()
);
comment on table lyceum.delivery_watch is
    'Which notifications of all schools lyceum.wake_deliveries has seen: one row for each channel, without data of a school.';
insert into lyceum.delivery_watch (channel, seen) values ('push', pg_current_snapshot()), ('mail', pg_current_snapshot());

-- migrate:down

delete from pending where kind in (
    'plan_push', 'plan_mail', 'send_push', 'send_mail', 'send_email_code', 'forget_deliveries', 'forget_email_codes',
    'forget_push_subscriptions'
);
drop table lyceum.delivery_watch;
drop table delivery_cursors;
drop table deliveries;
drop table email_addresses;
drop table email_codes;
drop table push_subscriptions;
