-- T2: the class teacher's word for a day, absence notes, and class teachers who act for some days.

-- migrate:up

create table absence_notes (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    starts_on date not null,
    ends_on date not null,
    reason text not null,
    document text,
    state text not null default 'sent',
    meaning text,
    answer text,
    author_id uuid,
    by_family boolean not null,
    created_at timestamptz not null default now(),
    answered_by uuid,
    answered_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    constraint absence_notes_dates check (ends_on >= starts_on),
    constraint absence_notes_length check (ends_on - starts_on < 366),
    constraint absence_notes_state check (state in ('sent', 'accepted', 'declined')),
    constraint absence_notes_meaning check (meaning in ('ill', 'excused', 'unexcused')),
    constraint absence_notes_accepted check ((meaning is not null) = (state = 'accepted'))
);
comment on table absence_notes is
    'T2: why a student is absent on some days, from a guardian, or on paper through the class teacher. The class teacher accepts or '
    'declines it; an accepted note is the class teacher''s word for its days (attendance_days).';
comment on column absence_notes.document is 'What confirms it, in words: a certificate and its number.';
comment on column absence_notes.meaning is 'What the absence counts as; only of an accepted note.';
comment on column absence_notes.answer is 'What the class teacher answers to the family.';
comment on column absence_notes.author_id is 'Who wrote it; no foreign key, as of all columns that say who.';
comment on column absence_notes.by_family is 'Whether the author wrote it as a guardian, and not as the class teacher.';
create index absence_notes_by_student on absence_notes (school_id, student_id, starts_on);
call lyceum.protect('absence_notes', 'select, insert, update, delete');

create table attendance_days (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    date date not null,
    meaning text,
    reason text,
    note_id uuid,
    explains_only boolean not null default false,
    decided_by uuid,
    decided_at timestamptz not null default now(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    constraint attendance_days_student_key unique (school_id, student_id, date),
    constraint attendance_days_meaning check (meaning in ('absent', 'ill', 'excused', 'unexcused', 'present')),
    constraint attendance_days_note check (note_id is null or meaning is not null)
);
comment on table attendance_days is
    'T2: the class teacher''s word for a student''s day. It is copied into the attendance of each lesson whose roll was taken, unless the '
    'class teacher decided about that lesson. Cleared by a null meaning with a new version; rows are never deleted.';
comment on column attendance_days.note_id is 'The accepted note that the word comes from. A note that fills days cannot be deleted.';
comment on column attendance_days.explains_only is
    'The word says what absences count as that teachers recorded, and not that the student was absent all day: it comes from a note.';
create index attendance_days_by_note on attendance_days (school_id, note_id) where note_id is not null;
call lyceum.protect('attendance_days', 'select, insert, update');

alter table attendance add column decided_by_day boolean not null default false;
comment on column attendance.decided_by_day is
    'Whether the decision is that of the student''s day (attendance_days), and not one about this lesson.';

alter table class_teachers
    add column acting boolean not null default false,
    add constraint class_teachers_acting check (not acting or ends_on is not null),
    drop constraint class_teachers_one_at_a_time,
    add constraint class_teachers_one_at_a_time exclude using gist (
        school_id with =,
        coalesce(class_id, class_id) with =,
        (acting::integer) with =,
        daterange(starts_on, ends_on, '[]') with &&
    );
comment on table class_teachers is 'Class teachers of a class, one at a time, and besides at most one who acts for some days.';
comment on column class_teachers.acting is
    'Acts for the class teacher, who stays appointed, on the days from starts_on to ends_on, and has no rights afterwards.';

-- migrate:down

alter table class_teachers drop constraint class_teachers_one_at_a_time;
delete from class_teachers where acting;
alter table class_teachers
    drop constraint class_teachers_acting,
    drop column acting,
    add constraint class_teachers_one_at_a_time exclude using gist (
        school_id with =,
        coalesce(class_id, class_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    );
comment on table class_teachers is 'Class teachers of a class, one at a time.';
alter table attendance drop column decided_by_day;
drop table attendance_days, absence_notes;
