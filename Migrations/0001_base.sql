-- What every area stands on: the role of the server, the functions that tables are made with, schools, the audit log.
--
-- Functions stand here and not in functions/ when a table is made with them: in a default, a check, a policy or an
-- index. To change one is to change the tables, so it takes a numbered file.

-- migrate:up

-- The role of the running server. It owns nothing; the login that serves is a member of it. It belongs to the cluster
-- and not to this database, so the down part leaves it.
do $$
begin
    if not exists (select from pg_roles where rolname = 'lyceum_app') then
        create role lyceum_app nologin;
    end if;
    -- A rollover keeps what it finds in tables of its own while it runs.
    execute format('grant temporary on database %I to lyceum_app', current_database());
end
$$;

create extension if not exists btree_gist;

create schema lyceum;
comment on schema lyceum is 'Rules, context and triggers of the diary; tables are in public.';
grant usage on schema lyceum to lyceum_app;
grant usage on schema public to lyceum_app;

-- Who acts: the server sets these parameters at the beginning of each transaction (functions/base/context.sql has the rest).

create function lyceum.current_user_id() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('lyceum.user_id', true), '')::uuid;
comment on function lyceum.current_user_id() is 'Person who acts in the transaction; null for programs and the command line.';

create function lyceum.current_client_id() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('lyceum.client_id', true), '')::uuid;
comment on function lyceum.current_client_id() is
    'Program that acts in the transaction: alone, or for a person who let it in (current_user_id). Null for the school''s own apps.';

-- Row-level security is the second lock behind the school_id of every statement. The owner is exempt: it bulk-loads.
create procedure lyceum.protect(p_table regclass, p_privileges text)
    language plpgsql
as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format(
        'create policy tenant on %s to lyceum_app '
        'using (school_id = nullif(current_setting(''lyceum.school_id'', true), '''')::int) '
        'with check (school_id = nullif(current_setting(''lyceum.school_id'', true), '''')::int)',
        p_table
    );
    execute format('grant %s on %s to lyceum_app', p_privileges, p_table);
end
$$;
comment on procedure lyceum.protect(regclass, text) is
    'For migrations: turns a table into a tenant table and grants the server''s role what is named.';
revoke execute on procedure lyceum.protect(regclass, text) from public;

create table schools (
    id integer generated always as identity primary key,
    code text not null,
    name text not null,
    time_zone text not null default 'Europe/Moscow',
    created_at timestamptz not null default now(),
    closed_at timestamptz,
    constraint schools_code_key unique (code),
    constraint schools_code check (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    constraint schools_name check (name <> '')
);
comment on table schools is 'A tenant. Has no row-level security: the list of schools is public and is read before sign-in.';
comment on column schools.code is 'Public short name, used at sign-in and in links.';
comment on column schools.time_zone is 'IANA name; every date of the school is a date in this zone.';
grant select on schools to lyceum_app;

-- What was deleted, for the feed of changes
create table deletions (
    school_id integer not null references schools,
    entity text not null,
    id uuid not null,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, entity, id)
);
comment on table deletions is
    'Tombstones of deleted rows of other tables, so that feeds and exports can tell of them. Written by triggers only.';
comment on column deletions.entity is 'Name of the table.';
call lyceum.protect('deletions', 'select');

-- Audit (A5)
create table audit_log (
    school_id integer not null references schools,
    id bigint generated always as identity,
    entity text not null,
    entity_id uuid,
    action text not null,
    before jsonb,
    after jsonb,
    changed_by uuid,
    changed_at timestamptz not null default now(),
    reason text,
    request_id text,
    changed_xid xid8 not null default pg_current_xact_id(),
    client_id uuid default lyceum.current_client_id(),
    primary key (school_id, id)
);
comment on table audit_log is
    'A5: who changed what, append-only: the server''s role may only read it, rows come from triggers and lyceum.record_audit. '
    'Marks, attendance and final marks have histories of their own and never stand here.';
comment on column audit_log.entity is 'Name of the table, or a word of the caller of lyceum.record_audit.';
comment on column audit_log.before is 'Changed columns with their old values; secrets are shown as "hidden".';
comment on column audit_log.after is 'Changed columns with their new values; secrets are shown as "hidden".';
comment on column audit_log.changed_by is 'Person; no foreign key, the record outlives everything.';
comment on column audit_log.client_id is 'Program, alone or for the person; no foreign key, as of changed_by.';
create index audit_log_by_entity on audit_log (school_id, entity, entity_id, id);
create index audit_log_by_person on audit_log (school_id, changed_by, id);
call lyceum.protect('audit_log', 'select');

-- Settings
create table school_settings (
    school_id integer primary key references schools,
    edit_window_days smallint not null default 14,
    scale_min smallint not null default 2,
    scale_max smallint not null default 5,
    rounding_threshold numeric(3, 2) not null default 0.60,
    min_marks_quarter smallint not null default 3,
    min_marks_semester smallint not null default 5,
    activation_days smallint not null default 14,
    homework_in_grade_1 boolean not null default false,
    students_write_students boolean not null default false,
    password_grant boolean not null default true,
    consultation_days smallint not null default 3,
    lockout_per_login smallint not null default 5,
    lockout_per_address smallint not null default 300,
    six_day_grade_levels smallint[] not null default '{}',
    code_labels jsonb not null
        default '{"pass": "зач", "fail": "незач", "exempt": "осв", "owed": "точка", "not_assessed": "н/а"}',
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    second_factor_required boolean not null default false,
    constraint school_settings_edit_window_days check (edit_window_days between 0 and 366),
    constraint school_settings_scale check (scale_min in (1, 2) and scale_max = 5),
    constraint school_settings_rounding_threshold check (rounding_threshold between 0.01 and 1),
    constraint school_settings_min_marks check (min_marks_quarter between 0 and 50 and min_marks_semester between 0 and 50),
    constraint school_settings_days check (activation_days between 1 and 90 and consultation_days between 1 and 30),
    constraint school_settings_lockout check (lockout_per_login > 0 and lockout_per_address > 0),
    constraint school_settings_six_day_grade_levels
        check (six_day_grade_levels <@ '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[]),
    constraint school_settings_code_labels check (jsonb_typeof(code_labels) = 'object')
);
comment on table school_settings is 'What domain rules call local, one row per school. A school without a row has the defaults.';
comment on column school_settings.edit_window_days is 'M4: days after the lesson in which marks and attendance are written.';
comment on column school_settings.scale_min is 'M2: lowest number of the scale, 2 or 1.';
comment on column school_settings.rounding_threshold is 'M6: fraction from which an average is rounded up.';
comment on column school_settings.min_marks_quarter is 'M7: current marks a final of a quarter or trimester needs.';
comment on column school_settings.min_marks_semester is 'M7: current marks a final of a semester needs.';
comment on column school_settings.activation_days is 'A2: life of an activation code.';
comment on column school_settings.homework_in_grade_1 is 'H1';
comment on column school_settings.students_write_students is 'C1';
comment on column school_settings.password_grant is 'Whether apps of the school may sign in with grant_type=password.';
comment on column school_settings.consultation_days is 'C4: working days in which a consultation is answered.';
comment on column school_settings.lockout_per_login is 'A6: failures in 15 minutes for one login and address.';
comment on column school_settings.lockout_per_address is 'A6: failures in 15 minutes for one address.';
comment on column school_settings.six_day_grade_levels is 'Grade levels with a week of six days; the others have five.';
comment on column school_settings.code_labels is 'M2: what the school prints for the fixed codes.';
comment on column school_settings.second_factor_required is
    'Whether staff sign in with a second factor only. Who has none sets it up before the first session.';
call lyceum.protect('school_settings', 'select, insert, update');

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

drop table
    idempotency_keys,
    school_settings,
    audit_log,
    deletions,
    schools;
drop procedure lyceum.protect(regclass, text);
drop function lyceum.current_client_id();
drop function lyceum.current_user_id();
do $$
begin
    execute format('revoke temporary on database %I from lyceum_app', current_database());
end
$$;
revoke usage on schema public from lyceum_app;
drop schema lyceum;
drop extension btree_gist;
