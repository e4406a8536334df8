-- Who has read which notification, and what a person wants to be sent.

-- migrate:up

create table notification_receipts (
    school_id integer not null,
    person_id uuid not null,
    notification_id uuid not null,
    read_at timestamptz not null default now(),
    primary key (school_id, person_id, notification_id),
    foreign key (school_id, person_id) references users,
    foreign key (school_id, notification_id) references notifications on delete cascade
);
comment on table notification_receipts is
    'A person has read a notification. Each guardian and the student have receipts of their own (A3). They go with their notification.';
create index notification_receipts_by_notification on notification_receipts (school_id, notification_id);
call lyceum.protect('notification_receipts', 'select, insert (school_id, person_id, notification_id)');
create policy own on notification_receipts as restrictive for insert to lyceum_app
    with check (person_id = lyceum.current_user_id());

create table notification_preferences (
    school_id integer not null,
    person_id uuid not null,
    choices jsonb not null default '{}',
    school_quiet_hours boolean not null default true,
    quiet_from time,
    quiet_to time,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, person_id),
    foreign key (school_id, person_id) references users,
    constraint notification_preferences_choices check (jsonb_typeof(choices) = 'object'),
    constraint notification_preferences_quiet_hours check (
        num_nonnulls(quiet_from, quiet_to) in (0, 2) and coalesce(quiet_from <> quiet_to, true)
    )
);
comment on table notification_preferences is
    'What a person wants to be sent outside the feed. A person without a row has the defaults (lyceum.notification_kinds).';
comment on column notification_preferences.choices is
    'Where the person differs from the defaults: {"mark": {"push": false, "mail": true}}.';
comment on column notification_preferences.school_quiet_hours is 'Whether the quiet hours of the school apply, and not those of the row.';
comment on column notification_preferences.quiet_from is 'Own quiet hours, in the time of the school; null: none.';
call lyceum.protect('notification_preferences', 'select, insert, update');
create policy own on notification_preferences as restrictive to lyceum_app
    using (person_id = lyceum.current_user_id()) with check (person_id = lyceum.current_user_id());

alter table school_settings
    add column quiet_from time not null default '21:00',
    add column quiet_to time not null default '07:00',
    add constraint school_settings_quiet_hours check (quiet_from <> quiet_to);
comment on column school_settings.quiet_from is
    'From this time on until quiet_to, notifications that are not urgent are neither pushed nor mailed (C3); a person may choose other hours.';

-- For lyceum.tell_debts
create index final_marks_owed on final_marks (school_id, due_on) where code = 'owed';
create index debt_attempts_planned on debt_attempts (school_id, held_on) where result is null;

-- migrate:down

delete from pending where kind = 'tell_debts';
drop index debt_attempts_planned;
drop index final_marks_owed;
alter table school_settings drop constraint school_settings_quiet_hours, drop column quiet_to, drop column quiet_from;
drop table notification_preferences, notification_receipts;
