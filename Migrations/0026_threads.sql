-- Conversation: threads of messages between the people of a school (C1, C2).

-- migrate:up

alter table school_settings
    add column family_threads_per_day smallint not null default 10,
    add constraint school_settings_family_threads_per_day check (family_threads_per_day between 1 and 1000);
comment on column school_settings.family_threads_per_day is
    'C1: threads that one student or guardian may begin in 24 hours.';

create function lyceum.words(p_text text) returns tsvector
    language sql immutable parallel safe
    return to_tsvector(
        'pg_catalog.simple'::regconfig,
        translate(regexp_replace(lower(p_text collate lyceum.names), '[^[:alnum:]]+', ' ', 'g'), 'ё', 'е')
    );
comment on function lyceum.words(text) is
    'The words of a text for a search by their beginnings (lyceum.words_query). ё equals е.';

create function lyceum.words_of_name(p_last_name text, p_first_name text, p_middle_name text) returns tsvector
    language sql immutable parallel safe
    return lyceum.words(p_last_name || ' ' || p_first_name || ' ' || coalesce(p_middle_name, ''));
comment on function lyceum.words_of_name(text, text, text) is 'Like lyceum.words, of a person''s name.';

create index users_by_words on users using gin (lyceum.words_of_name(last_name, first_name, middle_name));

create table threads (
    school_id integer not null references schools,
    id uuid not null,
    subject text not null,
    student_id uuid,
    created_by uuid not null default lyceum.current_user_id(),
    created_at timestamptz not null default now(),
    made_in xid8 not null default pg_current_xact_id(),
    last_number integer not null default 0,
    last_sequence integer not null default 0,
    latest_at timestamptz not null default now(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, created_by) references users,
    constraint threads_subject check (length(subject) between 1 and 200)
);
comment on table threads is
    'C1: a conversation. Its participants are set in the transaction that makes it and never grow, so nobody reads what was written '
    'before. It has at most one student or guardian, except between two students: guardians of one child never meet in a thread (A3).';
comment on column threads.student_id is 'The student whom it is about. Null: between colleagues, or between two students.';
comment on column threads.made_in is 'The transaction that made it.';
comment on column threads.last_number is 'The number of its last message. The writers of a thread take turns by this row.';
comment on column threads.last_sequence is 'How often a message of it was written or changed.';
create index threads_by_creator on threads (school_id, created_by, created_at);
create index threads_by_student on threads (school_id, student_id, latest_at) where student_id is not null;
create index threads_by_age on threads (school_id, latest_at);
call lyceum.protect('threads', 'select, insert, delete');
create policy retention on threads as restrictive for delete to lyceum_app
    using (latest_at < now() - interval '3 years');

create table thread_participants (
    school_id integer not null,
    thread_id uuid not null,
    person_id uuid not null,
    capacity text not null,
    read_sequence integer not null default 0,
    unread integer not null default 0,
    latest_at timestamptz not null default now(),
    muted_at timestamptz,
    left_at timestamptz,
    primary key (school_id, thread_id, person_id),
    foreign key (school_id, thread_id) references threads on delete cascade,
    foreign key (school_id, person_id) references users,
    constraint thread_participants_capacity check (capacity in ('staff', 'guardian', 'student'))
);
comment on table thread_participants is
    'Who takes part in a thread. Functions of functions/talk/threads.sql change the rows; the server''s role only adds them.';
comment on column thread_participants.capacity is
    'As what the person takes part. A3: a guardian reads the thread only as long as the guardianship gives access.';
comment on column thread_participants.read_sequence is 'Until which sequence number of the thread (messages.sequence) the person has read it.';
comment on column thread_participants.unread is
    'Messages of others with a later sequence number, counted when they are written or changed. lyceum.unread_of says how many are shown.';
comment on column thread_participants.latest_at is
    'As of the thread, so that an index sorts a person''s threads. It stays as it is for who reads only what was written earlier.';
create index thread_participants_by_person on thread_participants (school_id, person_id, latest_at, thread_id)
    where left_at is null;
create index thread_participants_unread on thread_participants (school_id, person_id, latest_at, thread_id)
    where left_at is null and unread > 0;
call lyceum.protect('thread_participants', 'select, insert');

create table thread_receipts (
    school_id integer not null,
    thread_id uuid not null,
    person_id uuid not null,
    sequence integer not null,
    read_at timestamptz not null default now(),
    primary key (school_id, thread_id, person_id, sequence),
    foreign key (school_id, thread_id, person_id) references thread_participants on delete cascade
);
comment on table thread_receipts is
    'C2: until which sequence number a person had read a thread, and when. The present text of a message was read at the time of the first row '
    'whose sequence number is not smaller than the message''s. Only staff who wrote the message see it. Append-only.';
call lyceum.protect('thread_receipts', 'select');

create table messages (
    school_id integer not null,
    id uuid not null,
    thread_id uuid not null,
    number integer not null,
    sequence integer not null,
    author_id uuid not null default lyceum.current_user_id(),
    text text not null,
    written_at timestamptz not null default now(),
    edited_at timestamptz,
    version integer not null default 1,
    words tsvector not null generated always as (lyceum.words(text)) stored,
    primary key (school_id, id),
    foreign key (school_id, thread_id) references threads on delete cascade,
    foreign key (school_id, author_id) references users,
    constraint messages_number_key unique (school_id, thread_id, number),
    constraint messages_text check (length(text) between 1 and 10000)
);
comment on table messages is
    'C1: a message of a thread. The author may change the text for 15 minutes (message_versions keeps the earlier ones); nothing deletes '
    'a message before its time (K1). Files of a message, when there are any, refer to (school_id, id).';
comment on column messages.number is 'Its place in the thread, without gaps. A trigger sets it.';
comment on column messages.sequence is
    'The count of the thread (threads.last_sequence) when the present text was written. Who has read the thread until then has read this text.';
comment on column messages.words is 'For the search in one''s own messages.';
create index messages_by_words on messages using gin (words);
create index messages_by_age on messages (school_id, written_at);
call lyceum.protect('messages', 'select, insert, update (text), delete');
create policy retention on messages as restrictive for delete to lyceum_app
    using (written_at < now() - interval '3 years');

create table message_versions (
    school_id integer not null,
    message_id uuid not null,
    version integer not null,
    sequence integer not null,
    text text not null,
    replaced_at timestamptz not null default now(),
    primary key (school_id, message_id, version),
    foreign key (school_id, message_id) references messages on delete cascade
);
comment on table message_versions is
    'A5: what a message said before it was changed. Append-only; a trigger writes it. Read only by the head, of a reported thread.';
comment on column message_versions.sequence is 'As messages.sequence, of this text.';
call lyceum.protect('message_versions', 'select');

create table thread_reports (
    school_id integer not null,
    id uuid not null,
    thread_id uuid not null,
    reported_by uuid not null default lyceum.current_user_id(),
    reason text not null,
    reported_at timestamptz not null default now(),
    closed_by uuid,
    closed_at timestamptz,
    note text,
    primary key (school_id, id),
    foreign key (school_id, thread_id) references threads on delete cascade,
    foreign key (school_id, reported_by) references users,
    foreign key (school_id, closed_by) references users,
    constraint thread_reports_reason check (length(reason) between 1 and 1000),
    constraint thread_reports_note check (length(note) between 1 and 1000),
    constraint thread_reports_closed check (num_nonnulls(closed_by, closed_at, note) in (0, 3))
);
comment on table thread_reports is
    'A participant asks the head to look at a thread. While a report is open, the head may read the thread, and nobody else does who '
    'takes no part in it; each reading is in the audit log.';
comment on column thread_reports.note is 'What the head wrote when closing the report.';
create index thread_reports_by_end on thread_reports (school_id, closed_at) where closed_at is not null;
create unique index thread_reports_open on thread_reports (school_id, thread_id, reported_by) where closed_at is null;
create index thread_reports_by_time on thread_reports (school_id, reported_at, id);
call lyceum.protect('thread_reports', 'select, insert, delete');
create policy retention on thread_reports as restrictive for delete to lyceum_app
    using (closed_at < now() - interval '3 years');

-- migrate:down

delete from pending where kind in ('forget_messages', 'forget_threads');
drop table thread_reports, message_versions, messages, thread_receipts, thread_participants, threads;
drop index users_by_words;
drop function lyceum.words_of_name(text, text, text);
drop function lyceum.words(text);
alter table school_settings
    drop constraint school_settings_family_threads_per_day,
    drop column family_threads_per_day;
