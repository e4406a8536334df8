-- Who studies what with whom: classes, groups, enrollments, sections with their teachers, decisions at the year's end.

-- migrate:up

create table groups (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    kind text not null,
    name text not null,
    grade_level smallint,
    class_id uuid,
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    constraint groups_year_key unique (school_id, id, academic_year_id),
    constraint groups_kind check (kind in ('class', 'part', 'cross', 'individual')),
    constraint groups_name check (name <> ''),
    constraint groups_grade_level check (grade_level between 1 and 11),
    constraint groups_class check ((class_id is not null) = (kind in ('class', 'part')))
);
comment on table groups is 'Who studies together: a class, a part of one, pupils across classes, one pupil.';
comment on column groups.grade_level is 'Null: pupils of several grade levels. Decides which holidays and terms hold for its lessons.';
comment on column groups.class_id is 'The class whose own group (kind class) or part (kind part) this is.';
create index groups_by_class on groups (school_id, class_id);
create index groups_by_year on groups (school_id, academic_year_id);
create unique index groups_external_id on groups (school_id, external_id) where external_id is not null;
call lyceum.protect('groups', 'select, insert, update, delete');

create table classes (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    grade_level smallint not null,
    letter text not null,
    name text not null,
    group_id uuid not null,
    profile text,
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, group_id, academic_year_id) references groups (school_id, id, academic_year_id),
    constraint classes_name_key unique (school_id, academic_year_id, name),
    constraint classes_group_key unique (school_id, group_id),
    constraint classes_grade_level check (grade_level between 1 and 11),
    constraint classes_name check (name <> '')
);
comment on table classes is 'A grade level and a letter in one year. Grade level and year never change (M1 rests on them).';
comment on column classes.name is 'As people say it: 7А.';
comment on column classes.group_id is 'The class''s own group; made by a trigger with the id of the class when left out.';
create index classes_by_grade_level on classes (school_id, academic_year_id, grade_level);
create unique index classes_external_id on classes (school_id, external_id) where external_id is not null;
-- A class and its own group name each other, so one of the two keys waits for the end of the transaction.
alter table groups
    add constraint groups_class_fkey foreign key (school_id, class_id) references classes deferrable initially deferred;
call lyceum.protect('classes', 'select, insert, update, delete');

create table class_teachers (
    school_id integer not null,
    id uuid not null,
    class_id uuid not null,
    teacher_id uuid not null,
    starts_on date not null,
    ends_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, class_id) references classes,
    foreign key (school_id, teacher_id) references staff,
    constraint class_teachers_dates check (ends_on >= starts_on),
    constraint class_teachers_one_at_a_time exclude using gist (
        school_id with =,
        coalesce(class_id, class_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table class_teachers is 'Class teachers of a class, one at a time.';
comment on column class_teachers.ends_on is 'Last day, inclusive; null while it lasts.';
create index class_teachers_by_class on class_teachers (school_id, class_id, starts_on);
create index class_teachers_by_teacher on class_teachers (school_id, teacher_id, class_id);
call lyceum.protect('class_teachers', 'select, insert, update, delete');

create table enrollments (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    class_id uuid not null,
    starts_on date not null,
    ends_on date,
    in_class_group boolean not null default true,
    reason text,
    end_reason text,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, class_id) references classes,
    constraint enrollments_dates check (ends_on >= starts_on),
    constraint enrollments_no_overlap exclude using gist (
        school_id with =,
        coalesce(student_id, student_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table enrollments is 'In which class a pupil stands and when; one at a time. Says the pupil''s grade level on a day (M1).';
comment on column enrollments.in_class_group is 'False for a pupil of the class who is taught alone (at home): not a member of the class''s group.';
comment on column enrollments.ends_on is 'Last day, inclusive; null while it lasts.';
comment on column enrollments.reason is 'Why the pupil came: order, transfer.';
comment on column enrollments.end_reason is 'Why the pupil left: transfer, graduation.';
create index enrollments_by_student on enrollments (school_id, student_id, starts_on);
create index enrollments_by_class on enrollments (school_id, class_id, starts_on);
create unique index enrollments_external_id on enrollments (school_id, external_id) where external_id is not null;
call lyceum.protect('enrollments', 'select, insert, update, delete');

create table group_members (
    school_id integer not null,
    id uuid not null,
    group_id uuid not null,
    student_id uuid not null,
    starts_on date not null,
    ends_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, group_id) references groups,
    foreign key (school_id, student_id) references students,
    constraint group_members_dates check (ends_on >= starts_on),
    constraint group_members_no_overlap exclude using gist (
        school_id with =,
        coalesce(group_id, group_id) with =,
        coalesce(student_id, student_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table group_members is
    'Pupils of a group, dated. Rows of a class''s own group follow enrollments and have the id of the enrollment.';
comment on column group_members.ends_on is 'Last day, inclusive; null while it lasts.';
create index group_members_by_group on group_members (school_id, group_id, student_id, starts_on, ends_on);
create index group_members_by_student on group_members (school_id, student_id, group_id, starts_on, ends_on);
-- Here and in later files: an id belongs to one school. Without such statistics the planner takes the two for independent of
-- each other: among ten schools it expects a tenth of a pupil's rows, reads all of them and throws most away.
create statistics group_members_school (dependencies) on school_id, student_id from group_members;
call lyceum.protect('group_members', 'select, insert, update, delete');

create table sections (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    subject_id uuid not null,
    group_id uuid not null,
    kind text not null default 'curricular',
    grading text not null default 'marks',
    name text not null,
    hours_per_week numeric(4, 1),
    archived_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, group_id, academic_year_id) references groups (school_id, id, academic_year_id),
    constraint sections_kind check (kind in ('curricular', 'elective', 'extracurricular')),
    constraint sections_grading check (grading in ('marks', 'pass_fail', 'none')),
    constraint sections_name check (name <> ''),
    constraint sections_hours_per_week check (hours_per_week > 0)
);
comment on table sections is
    'A page of the journal: a subject taught to a group in a year. Subject, group and year never change (L2); a new load is a new section.';
comment on column sections.grading is 'M1: none takes no marks; pass_fail takes pass and fail only.';
create index sections_by_group on sections (school_id, group_id);
create index sections_by_subject on sections (school_id, academic_year_id, subject_id);
create unique index sections_external_id on sections (school_id, external_id) where external_id is not null;
call lyceum.protect('sections', 'select, insert, update, delete');

create table section_teachers (
    school_id integer not null,
    id uuid not null,
    section_id uuid not null,
    teacher_id uuid not null,
    role text not null default 'lead',
    starts_on date not null,
    ends_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, teacher_id) references staff,
    constraint section_teachers_role check (role in ('lead', 'co')),
    constraint section_teachers_dates check (ends_on >= starts_on),
    constraint section_teachers_no_overlap exclude using gist (
        school_id with =,
        coalesce(section_id, section_id) with =,
        coalesce(teacher_id, teacher_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    ),
    constraint section_teachers_one_lead exclude using gist (
        school_id with =,
        coalesce(section_id, section_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    ) where (role = 'lead')
);
comment on table section_teachers is 'Teachers of a section, dated; they write in it on those dates (A4). One lead at a time.';
comment on column section_teachers.ends_on is 'Last day, inclusive; null while it lasts.';
create index section_teachers_by_section on section_teachers (school_id, section_id, teacher_id, starts_on, ends_on);
create index section_teachers_by_teacher on section_teachers (school_id, teacher_id, section_id);
call lyceum.protect('section_teachers', 'select, insert, update, delete');

create table unlocks (
    school_id integer not null,
    id uuid not null,
    section_id uuid not null,
    starts_on date not null,
    ends_on date not null,
    expires_on date not null,
    reason text not null,
    granted_by uuid not null,
    granted_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (school_id, id),
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, granted_by) references staff,
    constraint unlocks_dates check (ends_on >= starts_on),
    constraint unlocks_reason check (reason <> '')
);
comment on table unlocks is 'M4: leave of a deputy head to write after the edit window or the close of a term.';
comment on column unlocks.starts_on is 'First date of the lessons that are opened.';
comment on column unlocks.ends_on is 'Last date of the lessons that are opened, inclusive.';
comment on column unlocks.expires_on is 'Last day on which they may be edited.';
create index unlocks_by_section on unlocks (school_id, section_id, starts_on);
call lyceum.protect('unlocks', 'select, insert, update');

create table promotions (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    student_id uuid not null,
    decision text not null,
    debts text,
    protocol text,
    decided_on date not null,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, student_id) references students,
    constraint promotions_student_key unique (school_id, academic_year_id, student_id),
    constraint promotions_decision check (decision in ('promoted', 'conditional', 'repeats', 'graduated', 'left')),
    constraint promotions_debts check (decision = 'conditional' or debts is null)
);
comment on table promotions is 'Y1: what the council decided for a pupil at the end of a year.';
comment on column promotions.decision is 'conditional: promoted with debts; left: to another school.';
comment on column promotions.debts is 'Subjects of a conditional promotion and when they are due.';
comment on column promotions.protocol is 'Number of the council''s protocol.';
create index promotions_by_student on promotions (school_id, student_id);
call lyceum.protect('promotions', 'select, insert, update, delete');

-- migrate:down

drop table
    promotions,
    unlocks,
    section_teachers,
    sections,
    group_members,
    enrollments,
    class_teachers,
    classes,
    groups;
