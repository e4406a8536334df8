-- The journal: columns and marks, attendance, homework and feedback, final marks, and the histories of what is written.

-- migrate:up

create table line_items (
    school_id integer not null,
    id uuid not null,
    lesson_id uuid not null,
    section_id uuid not null,
    category_id uuid,
    title text,
    weight numeric(5, 2) not null default 1,
    is_default boolean not null default false,
    planned boolean not null default false,
    external_id text,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, lesson_id, section_id) references lessons (school_id, id, section_id),
    foreign key (school_id, category_id) references categories,
    constraint line_items_weight check (weight >= 0),
    constraint line_items_title check (title <> '')
);
comment on table line_items is 'Columns of the journal: a lesson has as many as there are kinds of work. Never deleted, only marked so (M5).';
comment on column line_items.section_id is 'The lesson''s section; the foreign key keeps it equal.';
comment on column line_items.weight is 'M6: 0 does not count in the average.';
comment on column line_items.is_default is 'The column that takes marks given for the lesson as such; at most one.';
comment on column line_items.planned is 'M9: planned as a control work before the lesson.';
comment on column line_items.deleted_at is 'Tombstone.';
create unique index line_items_one_default on line_items (school_id, lesson_id) where is_default and deleted_at is null;
create index line_items_by_lesson on line_items (school_id, lesson_id);
create unique index line_items_external_id on line_items (school_id, external_id) where external_id is not null;
call lyceum.protect('line_items', 'select, insert, update');

create table marks (
    school_id integer not null,
    id uuid not null,
    line_item_id uuid not null,
    student_id uuid not null,
    kind text,
    number smallint,
    code text,
    due_on date,
    comment text,
    published_at timestamptz default now(),
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, line_item_id) references line_items,
    foreign key (school_id, student_id) references students,
    constraint marks_cell_key unique (school_id, line_item_id, student_id),
    constraint marks_value check (
        case
            when kind is null then number is null and code is null
            when kind = 'number' then number is not null and number between 1 and 5 and code is null
            when kind = 'code' then number is null and code is not null and code in ('pass', 'fail', 'exempt', 'owed')
            else false
        end
    ),
    constraint marks_due_on check ((due_on is not null) = (code is not null and code = 'owed'))
);
comment on table marks is
    'Current marks (M2). A cleared mark keeps its row with a null value and a new version (M5); rows are never deleted. '
    'Has no key to schools of its own: the composite keys carry it, and a shared lock on one row per school would be hot.';
comment on column marks.kind is 'number or code; null: cleared.';
comment on column marks.due_on is 'Day by which a debt (owed) is to be paid.';
comment on column marks.published_at is 'M12: null holds the mark back; a moment in the future holds it until then.';
comment on column marks.recorded_by is 'Who last wrote the value. No foreign key: the record outlives everything.';
create index marks_by_student on marks (school_id, student_id, changed_xid);
create statistics marks_school (dependencies) on school_id, student_id from marks;
call lyceum.protect('marks', 'select, insert, update');

create table mark_history (
    school_id integer not null,
    mark_id uuid not null,
    version integer not null,
    student_id uuid not null,
    line_item_id uuid not null,
    old_kind text,
    old_number smallint,
    old_code text,
    old_due_on date,
    old_comment text,
    new_kind text,
    new_number smallint,
    new_code text,
    new_due_on date,
    new_comment text,
    published_at timestamptz,
    changed_by uuid,
    changed_at timestamptz not null,
    reason text,
    request_id text,
    changed_xid xid8 not null default pg_current_xact_id(),
    client_id uuid default lyceum.current_client_id(),
    primary key (school_id, mark_id, version)
);
comment on table mark_history is
    'A5: every version of every mark, append-only: the server''s role may only read. No foreign keys: the record outlives everything.';
comment on column mark_history.version is 'The version the change led to.';
comment on column mark_history.published_at is 'As in the mark after the change: families see the history of published marks.';
comment on column mark_history.client_id is 'Program that the person used, where it was not the school''s own.';
create index mark_history_by_person on mark_history (school_id, changed_by, changed_at);
call lyceum.protect('mark_history', 'select');

create table attendance (
    school_id integer not null,
    id uuid not null,
    lesson_id uuid not null,
    student_id uuid not null,
    meaning text,
    minutes smallint,
    code_id uuid,
    comment text,
    decided_meaning text,
    decided_minutes smallint,
    decided_reason text,
    decided_by uuid,
    decided_at timestamptz,
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, lesson_id) references lessons,
    foreign key (school_id, student_id) references students,
    foreign key (school_id, code_id, meaning) references attendance_codes (school_id, id, meaning),
    constraint attendance_cell_key unique (school_id, lesson_id, student_id),
    constraint attendance_meaning check (meaning in ('absent', 'ill', 'excused', 'unexcused', 'late')),
    constraint attendance_minutes check (
        minutes is null or (minutes between 1 and 240 and meaning is not null and meaning = 'late')
    ),
    constraint attendance_code check (code_id is null or meaning is not null),
    constraint attendance_decided_meaning
        check (decided_meaning in ('absent', 'ill', 'excused', 'unexcused', 'late', 'present')),
    constraint attendance_decided_minutes check (
        decided_minutes is null
        or (decided_minutes between 1 and 240 and decided_meaning is not null and decided_meaning = 'late')
    ),
    constraint attendance_decided check ((decided_meaning is not null) = (decided_at is not null))
);
comment on table attendance is
    'T1, T2: the teacher''s code of a pupil at a lesson and, apart from it, the class teacher''s word, which decides what counts. '
    'Cleared by a null meaning with a new version; rows are never deleted.';
comment on column attendance.meaning is 'The teacher''s code; null: none (or cleared). No record means present only where the roll was taken (T4).';
comment on column attendance.minutes is 'By how many minutes late.';
comment on column attendance.code_id is 'Label of the school; null: the default label of the meaning.';
comment on column attendance.decided_meaning is 'T2: the class teacher''s word; present overrules an absence.';
create index attendance_by_student on attendance (school_id, student_id, changed_xid);
create statistics attendance_school (dependencies) on school_id, student_id from attendance;
call lyceum.protect('attendance', 'select, insert, update');

create table attendance_history (
    school_id integer not null,
    attendance_id uuid not null,
    version integer not null,
    student_id uuid not null,
    lesson_id uuid not null,
    old_meaning text,
    old_minutes smallint,
    old_code_id uuid,
    old_comment text,
    old_decided_meaning text,
    old_decided_minutes smallint,
    old_decided_reason text,
    new_meaning text,
    new_minutes smallint,
    new_code_id uuid,
    new_comment text,
    new_decided_meaning text,
    new_decided_minutes smallint,
    new_decided_reason text,
    changed_by uuid,
    changed_at timestamptz not null,
    reason text,
    request_id text,
    changed_xid xid8 not null default pg_current_xact_id(),
    client_id uuid default lyceum.current_client_id(),
    primary key (school_id, attendance_id, version)
);
comment on table attendance_history is 'A5: every version of every attendance record, append-only: the server''s role may only read.';
comment on column attendance_history.version is 'The version the change led to.';
comment on column attendance_history.client_id is 'As in mark_history.';
call lyceum.protect('attendance_history', 'select');

create table homework (
    school_id integer not null,
    id uuid not null,
    lesson_id uuid not null,
    section_id uuid not null,
    text text not null,
    due_on date not null,
    for_all boolean not null default true,
    asks_submission boolean not null default false,
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    deleted_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, lesson_id, section_id) references lessons (school_id, id, section_id)
);
comment on table homework is 'Homework given at a lesson (H1). One live row for all per lesson, any number for some pupils.';
comment on column homework.lesson_id is 'The lesson at which it was given.';
comment on column homework.due_on is 'Not before the lesson; the next lesson of the section when nothing else is said (the server fills it in).';
comment on column homework.for_all is 'False: for the pupils in homework_students.';
comment on column homework.asks_submission is 'H2';
comment on column homework.deleted_at is 'Tombstone.';
create unique index homework_one_for_all on homework (school_id, lesson_id) where for_all and deleted_at is null;
create index homework_by_lesson on homework (school_id, lesson_id);
create index homework_by_section on homework (school_id, section_id, due_on);
call lyceum.protect('homework', 'select, insert, update');

create table homework_students (
    school_id integer not null,
    homework_id uuid not null,
    student_id uuid not null,
    primary key (school_id, homework_id, student_id),
    foreign key (school_id, homework_id) references homework,
    foreign key (school_id, student_id) references students
);
comment on table homework_students is 'Pupils a homework with for_all = false is for.';
create index homework_students_by_student on homework_students (school_id, student_id, homework_id);
call lyceum.protect('homework_students', 'select, insert, delete');

create table homework_completions (
    school_id integer not null,
    homework_id uuid not null,
    student_id uuid not null,
    done_at timestamptz not null default now(),
    done_by uuid default lyceum.current_user_id(),
    primary key (school_id, homework_id, student_id),
    foreign key (school_id, homework_id) references homework,
    foreign key (school_id, student_id) references students
);
comment on table homework_completions is 'H2: a family marked the homework as done.';
create index homework_completions_by_student on homework_completions (school_id, student_id, homework_id);
call lyceum.protect('homework_completions', 'select, insert, delete');

create table feedback (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    section_id uuid not null,
    lesson_id uuid,
    text text not null,
    author_id uuid default lyceum.current_user_id(),
    published_at timestamptz default now(),
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, lesson_id, section_id) references lessons (school_id, id, section_id),
    foreign key (school_id, author_id) references users,
    constraint feedback_cell_key unique (school_id, lesson_id, student_id),
    constraint feedback_text check (text <> '')
);
comment on table feedback is 'Written words instead of, or beside, a mark; grade 1 has no other (M1). One row per pupil and lesson.';
comment on column feedback.lesson_id is 'Null: about the subject and not about one lesson.';
comment on column feedback.published_at is 'M12: null holds it back.';
comment on column feedback.deleted_at is 'Tombstone; writing again clears it.';
create index feedback_by_student on feedback (school_id, student_id, changed_xid);
create index feedback_by_section on feedback (school_id, section_id, student_id);
create statistics feedback_school (dependencies) on school_id, student_id from feedback;
call lyceum.protect('feedback', 'select, insert, update');

create table conduct_notes (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    lesson_id uuid,
    date date not null,
    kind text not null,
    text text not null,
    author_id uuid default lyceum.current_user_id(),
    published_at timestamptz default now(),
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, lesson_id) references lessons,
    foreign key (school_id, author_id) references users,
    constraint conduct_notes_kind check (kind in ('praise', 'remark')),
    constraint conduct_notes_text check (text <> '')
);
comment on table conduct_notes is 'Praise and remarks about a pupil''s conduct.';
comment on column conduct_notes.deleted_at is 'Tombstone.';
create index conduct_notes_by_student on conduct_notes (school_id, student_id, date);
call lyceum.protect('conduct_notes', 'select, insert, update');

create table final_marks (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    subject_id uuid not null,
    academic_year_id uuid not null,
    kind text not null,
    term_id uuid,
    section_id uuid,
    value_kind text,
    number smallint,
    code text,
    due_on date,
    exam_points smallint,
    source text not null default 'own',
    average_at_the_time numeric(6, 4),
    reason text,
    comment text,
    published_at timestamptz default now(),
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, term_id) references terms,
    foreign key (school_id, section_id) references sections,
    constraint final_marks_key unique nulls not distinct (
        school_id, student_id, subject_id, academic_year_id, kind, term_id
    ),
    constraint final_marks_kind check (kind in ('term', 'year', 'exam', 'final')),
    constraint final_marks_term check ((term_id is not null) = (kind = 'term')),
    constraint final_marks_source check (source in ('own', 'transferred')),
    constraint final_marks_value check (
        case
            when value_kind is null then number is null and code is null
            when value_kind = 'number' then number is not null and number between 1 and 5 and code is null
            when value_kind = 'code' then
                number is null and code is not null and code in ('pass', 'fail', 'exempt', 'owed', 'not_assessed')
            else false
        end
    ),
    constraint final_marks_due_on check ((due_on is not null) = (code is not null and code = 'owed')),
    constraint final_marks_exam_points check (
        exam_points is null or (exam_points between 0 and 100 and kind in ('exam', 'final'))
    )
);
comment on table final_marks is
    'M10: finals of a pupil in a subject: of a term, the year, an exam, the final one. They follow the pupil, not the section. '
    'A cleared final keeps its row with a null value.';
comment on column final_marks.kind is 'What it is a final of. The value''s own kind is value_kind.';
comment on column final_marks.value_kind is 'number or code; null: cleared.';
comment on column final_marks.section_id is 'Section it was given in; null for marks from another school.';
comment on column final_marks.exam_points is 'Points of a state exam, 0 to 100; never a mark (M11).';
comment on column final_marks.source is 'transferred: given in another school.';
comment on column final_marks.average_at_the_time is 'M6: the weighted average at the moment the teacher gave the final.';
comment on column final_marks.reason is 'M7: why in spite of the norm, or the order of an exemption.';
create index final_marks_by_section on final_marks (school_id, section_id, term_id);
create index final_marks_by_term on final_marks (school_id, academic_year_id, kind, term_id);
create statistics final_marks_school (dependencies) on school_id, student_id from final_marks;
call lyceum.protect('final_marks', 'select, insert, update');

create table final_mark_history (
    school_id integer not null,
    final_mark_id uuid not null,
    version integer not null,
    student_id uuid not null,
    old_kind text,
    old_number smallint,
    old_code text,
    old_due_on date,
    old_exam_points smallint,
    old_reason text,
    old_comment text,
    new_kind text,
    new_number smallint,
    new_code text,
    new_due_on date,
    new_exam_points smallint,
    new_reason text,
    new_comment text,
    published_at timestamptz,
    changed_by uuid,
    changed_at timestamptz not null,
    reason text,
    request_id text,
    changed_xid xid8 not null default pg_current_xact_id(),
    client_id uuid default lyceum.current_client_id(),
    primary key (school_id, final_mark_id, version)
);
comment on table final_mark_history is 'A5: every version of every final, append-only: the server''s role may only read.';
comment on column final_mark_history.version is 'The version the change led to.';
comment on column final_mark_history.old_kind is 'value_kind of the final.';
comment on column final_mark_history.client_id is 'As in mark_history.';
call lyceum.protect('final_mark_history', 'select');

-- migrate:down

drop table
    final_mark_history,
    final_marks,
    conduct_notes,
    feedback,
    homework_completions,
    homework_students,
    homework,
    attendance_history,
    attendance,
    mark_history,
    marks,
    line_items;
