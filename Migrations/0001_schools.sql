-- migrate:up

-- The role of the running server. It owns nothing; the login that serves is a member of it. It belongs to the cluster
-- and not to this database, so the down part leaves it.
do $$
begin
    if not exists (select from pg_roles where rolname = 'lyceum_app') then
        create role lyceum_app nologin;
    end if;
end
$$;

create extension if not exists btree_gist;

create schema lyceum;
comment on schema lyceum is 'Rules, context and triggers of the diary; tables are in public.';
grant usage on schema lyceum to lyceum_app;
grant usage on schema public to lyceum_app;

-- Context: the server sets these parameters at the beginning of each transaction.

create function lyceum.current_school() returns integer
    language sql stable parallel safe
    return nullif(current_setting('lyceum.school_id', true), '')::integer;
comment on function lyceum.current_school() is 'School of the transaction, null outside a request.';

create function lyceum.current_user_id() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('lyceum.user_id', true), '')::uuid;
comment on function lyceum.current_user_id() is 'Person who acts in the transaction; null for programs and the command line.';

create function lyceum.today() returns date
    language sql stable parallel safe
    return coalesce(
        nullif(current_setting('lyceum.today', true), '')::date,
        (now() at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date
    );
comment on function lyceum.today() is
    'Date in the school''s time zone (lyceum.time_zone, UTC when not set). lyceum.today overrides it for tests and the demo school.';

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

-- Versions (M5)

create function lyceum.version() returns trigger
    language plpgsql
as $$
begin
    if new.version is distinct from old.version then
        raise exception using
            errcode = 'LYM05', message = 'version_not_writable', detail = 'The version is counted by the database.';
    end if;
    if new is distinct from old then
        new.version := old.version + 1;
        new.changed_at := now();
        new.changed_xid := pg_current_xact_id();
    end if;
    return new;
end
$$;
comment on function lyceum.version() is
    'M5: counts versions. A row that is written but not changed keeps its version. The feed reads changed_xid.';

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

create function lyceum.record_deletion() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.deletions (school_id, entity, id)
    values (old.school_id, tg_table_name, old.id)
    on conflict (school_id, entity, id) do update set changed_at = now(), changed_xid = pg_current_xact_id();
    return null;
end
$$;

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
    primary key (school_id, id)
);
comment on table audit_log is
    'A5: who changed what, append-only: the server''s role may only read it, rows come from triggers and lyceum.record_audit. '
    'Marks, attendance and final marks have histories of their own and never stand here.';
comment on column audit_log.entity is 'Name of the table, or a word of the caller of lyceum.record_audit.';
comment on column audit_log.before is 'Changed columns with their old values; secrets are shown as "hidden".';
comment on column audit_log.after is 'Changed columns with their new values; secrets are shown as "hidden".';
comment on column audit_log.changed_by is 'Person; no foreign key, the record outlives everything.';
create index audit_log_by_entity on audit_log (school_id, entity, entity_id, id);
create index audit_log_by_person on audit_log (school_id, changed_by, id);
call lyceum.protect('audit_log', 'select');

create function lyceum.audit() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_old jsonb := '{}';
    v_new jsonb := '{}';
    v_before jsonb;
    v_after jsonb;
    v_row jsonb;
begin
    if tg_op <> 'INSERT' then
        v_old := to_jsonb(old);
    end if;
    if tg_op <> 'DELETE' then
        v_new := to_jsonb(new);
    end if;
    v_row := case tg_op when 'DELETE' then v_old else v_new end;

    select
        jsonb_object_agg(k, case when k = any (tg_argv) then '"hidden"' else v_old -> k end) filter (where v_old ? k),
        jsonb_object_agg(k, case when k = any (tg_argv) then '"hidden"' else v_new -> k end) filter (where v_new ? k)
    into v_before, v_after
    from jsonb_object_keys(v_old || v_new) as k
    where (v_old -> k) is distinct from (v_new -> k)
        and k not in ('school_id', 'version', 'changed_at', 'changed_xid');

    if v_before is null and v_after is null then
        return null;
    end if;

    insert into public.audit_log (school_id, entity, entity_id, action, before, after, changed_by, reason, request_id)
    values (
        (v_row ->> 'school_id')::integer,
        tg_table_name,
        coalesce(v_row ->> 'id', v_row ->> 'user_id')::uuid,
        lower(tg_op),
        v_before,
        v_after,
        nullif(current_setting('lyceum.user_id', true), '')::uuid,
        nullif(current_setting('lyceum.reason', true), ''),
        nullif(current_setting('lyceum.request_id', true), '')
    );
    return null;
end
$$;
comment on function lyceum.audit() is 'A5: records a change of a row. Its arguments name columns whose values are secret.';

create function lyceum.record_audit(p_action text, p_entity text, p_entity_id uuid, p_details jsonb default null) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.audit_log (school_id, entity, entity_id, action, after, changed_by, reason, request_id)
    values (
        nullif(current_setting('lyceum.school_id', true), '')::integer,
        p_entity,
        p_entity_id,
        p_action,
        p_details,
        nullif(current_setting('lyceum.user_id', true), '')::uuid,
        nullif(current_setting('lyceum.reason', true), ''),
        nullif(current_setting('lyceum.request_id', true), '')
    );
$$;
comment on function lyceum.record_audit(text, text, uuid, jsonb) is
    'A5, K2: records what is not a change of a row, such as the reading of a profile. School and person are the transaction''s.';

revoke execute on function lyceum.audit() from public;
revoke execute on function lyceum.record_deletion() from public;

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
call lyceum.protect('school_settings', 'select, insert, update');
create trigger version before update on school_settings for each row execute function lyceum.version();
create trigger audit after insert or update or delete on school_settings for each row execute function lyceum.audit();

create function lyceum.open_school() returns trigger
    language plpgsql
as $$
begin
    insert into public.school_settings (school_id) values (new.id);
    return null;
end
$$;
create trigger settings after insert on schools for each row execute function lyceum.open_school();

-- migrate:down

drop trigger settings on schools;
drop function lyceum.open_school();
drop table school_settings;
drop function lyceum.record_audit(text, text, uuid, jsonb);
drop function lyceum.audit();
drop table audit_log;
drop function lyceum.record_deletion();
drop table deletions;
drop function lyceum.version();
drop procedure lyceum.protect(regclass, text);
drop table schools;
drop function lyceum.today();
drop function lyceum.current_user_id();
drop function lyceum.current_school();
revoke usage on schema public from lyceum_app;
drop schema lyceum;
drop extension btree_gist;
