-- The deputy head's control: remarks about journals, and snapshots of the figures of control.

-- migrate:up

create table journal_remarks (
    school_id integer not null,
    id uuid not null,
    section_id uuid not null,
    text text not null,
    due_on date not null,
    state text not null default 'open',
    answer text,
    author_id uuid not null default lyceum.current_user_id(),
    created_at timestamptz not null default now(),
    answered_by uuid,
    answered_at timestamptz,
    closed_by uuid,
    closed_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, author_id) references users,
    constraint journal_remarks_text check (text <> ''),
    constraint journal_remarks_answer check (answer <> ''),
    constraint journal_remarks_state check (state in ('open', 'answered', 'closed')),
    constraint journal_remarks_answered check (state <> 'answered' or answer is not null),
    constraint journal_remarks_answered_at check ((answer is null) = (answered_at is null)),
    constraint journal_remarks_closed_at check ((state = 'closed') = (closed_at is not null))
);
comment on table journal_remarks is
    'What a deputy head asks to be mended in the journal of a section. The teacher answers, the deputy head closes it or asks again.';
comment on column journal_remarks.due_on is 'By when it is to be mended.';
comment on column journal_remarks.answer is 'The teacher''s latest answer. It stays when the deputy head asks again; the audit log has all of them.';
create index journal_remarks_by_due on journal_remarks (school_id, due_on, id);
create index journal_remarks_by_section on journal_remarks (school_id, section_id, due_on);
call lyceum.protect('journal_remarks', 'select, insert, update');

create table control_snapshots (
    school_id integer not null references schools,
    id uuid not null default gen_random_uuid(),
    kind text not null default 'manual',
    starts_on date not null,
    ends_on date not null,
    academic_year_id uuid not null,
    term_id uuid,
    note text,
    figures jsonb not null,
    taken_by uuid,
    taken_at timestamptz not null default now(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, term_id) references terms,
    constraint control_snapshots_kind check (kind in ('manual', 'week', 'term')),
    constraint control_snapshots_dates check (ends_on >= starts_on),
    constraint control_snapshots_length check (ends_on - starts_on < 366),
    constraint control_snapshots_note check (note <> '')
);
comment on table control_snapshots is
    'The figures of control (lyceum.journal_control) as they were at one moment. The figures never change: journals that are completed '
    'later do not mend what a snapshot says.';
comment on column control_snapshots.kind is 'week and term: by the server, after the end of the week or term; manual: by a person.';
comment on column control_snapshots.term_id is 'The term with exactly these days; null: other days.';
comment on column control_snapshots.figures is 'Ids and counts, without names.';
comment on column control_snapshots.taken_by is 'Null: the server.';
create unique index control_snapshots_once on control_snapshots (school_id, kind, starts_on, ends_on) where kind <> 'manual';
create index control_snapshots_by_end on control_snapshots (school_id, ends_on, id);
call lyceum.protect('control_snapshots', 'select, insert, update');

-- migrate:down

drop table control_snapshots;
drop table journal_remarks;
