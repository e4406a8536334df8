-- What is taught and when: curriculum plans, the timetable, lessons, substitutions.

-- migrate:up

create table curriculum_plans (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    subject_id uuid not null,
    grade_level smallint not null,
    section_id uuid,
    copied_from_id uuid,
    title text not null,
    state text not null default 'draft',
    author_id uuid,
    approved_by uuid,
    approved_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, copied_from_id) references curriculum_plans,
    foreign key (school_id, author_id) references staff,
    foreign key (school_id, approved_by) references staff,
    constraint curriculum_plans_grade_level check (grade_level between 1 and 11),
    constraint curriculum_plans_title check (title <> ''),
    constraint curriculum_plans_state check (state in ('draft', 'approved', 'archived')),
    constraint curriculum_plans_approval check (state <> 'approved' or section_id is not null or approved_at is not null)
);
comment on table curriculum_plans is 'P1: plans (КТП) of a subject for a grade level: the common base, and copies that belong to a section.';
comment on column curriculum_plans.section_id is 'Null: a plan of the common base. Else the section''s own copy.';
comment on column curriculum_plans.copied_from_id is 'Plan this one was copied from.';
create unique index curriculum_plans_one_per_section on curriculum_plans (school_id, section_id)
    where section_id is not null and state <> 'archived';
create index curriculum_plans_by_subject on curriculum_plans (school_id, academic_year_id, subject_id, grade_level);
create unique index curriculum_plans_external_id on curriculum_plans (school_id, external_id) where external_id is not null;
call lyceum.protect('curriculum_plans', 'select, insert, update, delete');

create table plan_units (
    school_id integer not null,
    id uuid not null,
    plan_id uuid not null,
    position smallint not null,
    title text not null,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, plan_id) references curriculum_plans on delete cascade,
    constraint plan_units_plan_key unique (school_id, id, plan_id),
    constraint plan_units_position_key unique (school_id, plan_id, position) deferrable initially immediate,
    constraint plan_units_title check (title <> '')
);
comment on table plan_units is 'Parts (разделы) of a plan.';
call lyceum.protect('plan_units', 'select, insert, update, delete');

create table plan_topics (
    school_id integer not null,
    id uuid not null,
    plan_id uuid not null,
    unit_id uuid,
    position smallint not null,
    title text not null,
    hours numeric(4, 1) not null default 1,
    planned_week smallint,
    planned_on date,
    homework text,
    is_control boolean not null default false,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, plan_id) references curriculum_plans on delete cascade,
    foreign key (school_id, unit_id, plan_id) references plan_units (school_id, id, plan_id) on delete cascade,
    constraint plan_topics_position_key unique (school_id, plan_id, position) deferrable initially immediate,
    constraint plan_topics_title check (title <> ''),
    constraint plan_topics_hours check (hours > 0),
    constraint plan_topics_planned_week check (planned_week between 1 and 45)
);
comment on table plan_topics is 'Topics of a plan in their order.';
comment on column plan_topics.position is 'Order within the whole plan, across units.';
comment on column plan_topics.hours is 'Lessons the topic takes (P2).';
comment on column plan_topics.planned_week is 'Week of the academic year, from 1.';
comment on column plan_topics.planned_on is 'Date in a section''s own copy.';
comment on column plan_topics.homework is 'Pattern of the homework.';
comment on column plan_topics.is_control is 'M9: a control work is planned here.';
create unique index plan_topics_external_id on plan_topics (school_id, external_id) where external_id is not null;
call lyceum.protect('plan_topics', 'select, insert, update, delete');

create table timetable_entries (
    school_id integer not null,
    id uuid not null,
    section_id uuid not null,
    bell_schedule_id uuid not null,
    weekday smallint not null,
    slot smallint not null,
    week text not null default 'every',
    room_id uuid,
    teacher_id uuid,
    starts_on date not null,
    ends_on date,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, bell_schedule_id) references bell_schedules,
    foreign key (school_id, room_id) references rooms,
    foreign key (school_id, teacher_id) references staff,
    constraint timetable_entries_weekday check (weekday between 1 and 7),
    constraint timetable_entries_slot check (slot between 0 and 15),
    constraint timetable_entries_week check (week in ('every', 'odd', 'even')),
    constraint timetable_entries_dates check (ends_on >= starts_on),
    -- Asked at the end of a statement, so that entries may trade places, and of a transaction where that wants it.
    constraint timetable_entries_no_overlap exclude using gist (
        school_id with =,
        coalesce(section_id, section_id) with =,
        coalesce(bell_schedule_id, bell_schedule_id) with =,
        weekday with =,
        slot with =,
        int4range(case week when 'odd' then 1 else 0 end, case week when 'even' then 1 else 2 end) with &&,
        daterange(starts_on, ends_on, '[]') with &&
    ) deferrable initially immediate
);
comment on table timetable_entries is 'The weekly timetable: a section on a weekday and slot, for a range of dates. Lessons are made from it (L2).';
comment on column timetable_entries.weekday is '1 Monday to 7 Sunday.';
comment on column timetable_entries.week is 'every week, or odd or even weeks of the academic year, counted from 1.';
comment on column timetable_entries.teacher_id is 'Null: the section''s lead on the day.';
comment on column timetable_entries.ends_on is 'Last day, inclusive; null while it lasts.';
create index timetable_entries_by_section on timetable_entries (school_id, section_id);
create index timetable_entries_by_weekday on timetable_entries (school_id, weekday, slot);
create unique index timetable_entries_external_id on timetable_entries (school_id, external_id) where external_id is not null;
call lyceum.protect('timetable_entries', 'select, insert, update, delete');

create table lessons (
    school_id integer not null,
    id uuid not null,
    section_id uuid not null,
    date date not null,
    slot smallint not null,
    starts_at time not null,
    ends_at time not null,
    room_id uuid,
    teacher_id uuid,
    topic text,
    plan_topic_id uuid,
    state text not null default 'planned',
    attendance_taken_at timestamptz,
    no_homework boolean not null default false,
    topic_first_recorded_at timestamptz,
    homework_first_recorded_at timestamptz,
    timetable_entry_id uuid,
    merge_id uuid,
    exclusive_room boolean not null default true,
    external_id text,
    created_at timestamptz not null default now(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, room_id) references rooms,
    foreign key (school_id, teacher_id) references staff,
    foreign key (school_id, plan_topic_id) references plan_topics,
    constraint lessons_section_key unique (school_id, id, section_id),
    constraint lessons_slot check (slot between 0 and 15),
    constraint lessons_times check (starts_at < ends_at),
    constraint lessons_state check (state in ('planned', 'held', 'cancelled')),
    constraint lessons_topic check (topic <> ''),
    constraint lessons_teacher_no_overlap exclude using gist (
        school_id with =,
        coalesce(teacher_id, teacher_id) with =,
        tsrange(date + starts_at, date + ends_at) with &&,
        coalesce(merge_id, id) with <>
    ) where (teacher_id is not null and state <> 'cancelled') deferrable initially immediate,
    constraint lessons_room_no_overlap exclude using gist (
        school_id with =,
        coalesce(room_id, room_id) with =,
        tsrange(date + starts_at, date + ends_at) with &&,
        coalesce(merge_id, id) with <>
    ) where (room_id is not null and exclusive_room and state <> 'cancelled') deferrable initially immediate,
    constraint lessons_section_no_overlap exclude using gist (
        school_id with =,
        coalesce(section_id, section_id) with =,
        tsrange(date + starts_at, date + ends_at) with &&
    ) where (state <> 'cancelled') deferrable initially immediate
);
comment on table lessons is
    'Lessons on their dates. L1: no overlap in time for a teacher, a room and a section (exclusion constraints) and for a pupil (a '
    'trigger); merged lessons are exempt among themselves. Lessons are cancelled, not deleted, once they hold records.';
comment on column lessons.slot is 'Number of the lesson in its shift, as the bell schedule has it.';
comment on column lessons.starts_at is 'Local time of the school.';
comment on column lessons.teacher_id is 'Teacher of the day: a substitute stands here.';
comment on column lessons.plan_topic_id is 'L3: the plan''s topic; the lesson keeps a text of its own.';
comment on column lessons.attendance_taken_at is 'T4: set when the roll was called; only then no record means present.';
comment on column lessons.no_homework is 'H1: the teacher said that there is none.';
comment on column lessons.topic_first_recorded_at is 'L3: set by a trigger, never changed.';
comment on column lessons.homework_first_recorded_at is 'L3: set by a trigger when homework is given or no_homework is said; does not count as a version.';
comment on column lessons.merge_id is 'Equal in lessons that a substitution merged into one.';
comment on column lessons.exclusive_room is 'Copy of «not rooms.shared», kept by triggers.';
create unique index lessons_timetable_entry_key on lessons (school_id, timetable_entry_id, date)
    where timetable_entry_id is not null;
create index lessons_by_teacher on lessons (school_id, teacher_id, date);
create index lessons_by_date on lessons (school_id, date);
create unique index lessons_external_id on lessons (school_id, external_id) where external_id is not null;
-- With the id at its end, the index alone answers which lessons a page has, in their order.
create index lessons_by_section on lessons (school_id, section_id, date, starts_at, id);
create statistics lessons_school (dependencies) on school_id, section_id from lessons;
call lyceum.protect('lessons', 'select, insert, update, delete');

create table substitutions (
    school_id integer not null,
    id uuid not null,
    lesson_id uuid not null,
    kind text not null,
    teacher_id uuid,
    room_id uuid,
    other_lesson_id uuid,
    old_date date,
    old_slot smallint,
    old_teacher_id uuid,
    old_room_id uuid,
    reason text,
    created_by uuid,
    created_at timestamptz not null default now(),
    cancelled_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, lesson_id) references lessons,
    foreign key (school_id, teacher_id) references staff,
    foreign key (school_id, room_id) references rooms,
    foreign key (school_id, other_lesson_id) references lessons,
    constraint substitutions_kind check (kind in ('replace', 'merge', 'move', 'cancel', 'other_subject')),
    constraint substitutions_teacher check (kind <> 'replace' or teacher_id is not null),
    constraint substitutions_other_lesson check (kind not in ('merge', 'other_subject') or other_lesson_id is not null)
);
comment on table substitutions is 'L2: a change of the timetable for one day. The lesson itself holds the outcome, this row the reason.';
comment on column substitutions.other_lesson_id is 'merge: the lesson it is held with; other_subject: the lesson made instead.';
comment on column substitutions.old_date is 'Where the lesson stood before, for the family''s timetable and for taking back.';
create index substitutions_by_lesson on substitutions (school_id, lesson_id);
call lyceum.protect('substitutions', 'select, insert, update, delete');

-- migrate:down

drop table
    substitutions,
    lessons,
    timetable_entries,
    plan_topics,
    plan_units,
    curriculum_plans;
