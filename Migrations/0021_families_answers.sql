-- What families answer: acknowledgements of marks, feedback and conduct notes, and proposals for profiles. Feedback for a term.

-- migrate:up

alter table feedback
    add column term_id uuid,
    add constraint feedback_school_id_term_id_fkey foreign key (school_id, term_id) references terms,
    add constraint feedback_term_id check (term_id is null or lesson_id is null);
comment on column feedback.term_id is 'The term that the feedback sums up; null: about a lesson, or about the subject in general.';
create index feedback_by_term on feedback (school_id, term_id) where term_id is not null;

create table acknowledgements (
    school_id integer not null,
    id uuid not null default gen_random_uuid(),
    student_id uuid not null,
    mark_id uuid,
    feedback_id uuid,
    conduct_note_id uuid,
    guardian_id uuid not null default lyceum.current_user_id(),
    version integer not null,
    acknowledged_at timestamptz not null default now(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, mark_id) references marks,
    foreign key (school_id, feedback_id) references feedback,
    foreign key (school_id, conduct_note_id) references conduct_notes,
    foreign key (school_id, guardian_id) references guardians,
    constraint acknowledgements_record check (num_nonnulls(mark_id, feedback_id, conduct_note_id) = 1)
);
comment on table acknowledgements is
    'C2: a guardian has seen this version of a mark, of feedback or of a conduct note. A later version needs another one. Rows never '
    'change.';
comment on column acknowledgements.student_id is 'Whom the record is about; a trigger sets it.';
create unique index acknowledgements_of_mark on acknowledgements (school_id, mark_id, version, guardian_id) where mark_id is not null;
create unique index acknowledgements_of_feedback on acknowledgements (school_id, feedback_id, version, guardian_id)
    where feedback_id is not null;
create unique index acknowledgements_of_conduct_note on acknowledgements (school_id, conduct_note_id, version, guardian_id)
    where conduct_note_id is not null;
create index acknowledgements_by_student on acknowledgements (school_id, student_id);
call lyceum.protect('acknowledgements', 'select, insert');

-- M4: debts by their day
create index marks_owed on marks (school_id, student_id) where code = 'owed';

create table profile_proposals (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    about text not null,
    fields jsonb not null,
    comment text,
    proposed_by uuid not null default lyceum.current_user_id(),
    proposed_at timestamptz not null default now(),
    state text not null default 'open',
    decided_by uuid,
    decided_at timestamptz,
    answer text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, proposed_by) references guardians,
    foreign key (school_id, decided_by) references users,
    constraint profile_proposals_about check (about in ('student', 'guardian')),
    constraint profile_proposals_fields check (jsonb_typeof(fields) = 'object' and fields <> '{}'),
    constraint profile_proposals_comment check (comment <> ''),
    constraint profile_proposals_state check (state in ('open', 'accepted', 'declined', 'withdrawn')),
    constraint profile_proposals_answer check (answer <> ''),
    constraint profile_proposals_decided check ((state in ('accepted', 'declined')) = (decided_at is not null))
);
comment on table profile_proposals is
    'Changes of a profile that a guardian proposes. Nothing of it is true before the class teacher accepts it. Only its author and those '
    'who maintain the student''s profile see it (A3).';
comment on column profile_proposals.student_id is 'The child; its class teacher decides.';
comment on column profile_proposals.about is 'Whose profile: the child''s, or that of the guardian who proposes.';
comment on column profile_proposals.fields is 'The new values, by the names of the profile''s fields.';
create unique index profile_proposals_open on profile_proposals (school_id, student_id, about, proposed_by) where state = 'open';
create index profile_proposals_by_author on profile_proposals (school_id, proposed_by);
call lyceum.protect('profile_proposals', 'select, insert, update');

-- Their files create them again, with the term.
drop function if exists lyceum.feedback_refusal(integer, uuid, uuid, uuid, text);

-- migrate:down

drop function if exists lyceum.feedback_refusal(integer, uuid, uuid, uuid, uuid, text);
drop table profile_proposals;
drop index marks_owed;
drop table acknowledgements;
drop index feedback_by_term;
alter table feedback
    drop constraint feedback_term_id,
    drop constraint feedback_school_id_term_id_fkey,
    drop column term_id;
