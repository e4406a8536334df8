-- L2: a substitution keeps what it changed, so that it can be taken back, and its lessons name it. Secret links to calendars.

-- migrate:up

alter table substitutions
    add column section_id uuid,
    add column date date,
    add column slot smallint,
    add column bell_schedule_id uuid,
    add column old_bell_schedule_id uuid,
    add column old_starts_at time,
    add column old_ends_at time,
    add column old_state text,
    add column was_generated boolean not null default false,
    add column other_was_generated boolean not null default false,
    add column cancelled_by uuid,
    add foreign key (school_id, section_id) references sections,
    add foreign key (school_id, bell_schedule_id) references bell_schedules,
    add foreign key (school_id, created_by) references staff,
    add foreign key (school_id, cancelled_by) references staff,
    add constraint substitutions_slot check (slot between 0 and 15),
    add constraint substitutions_reason check (reason <> '');
comment on table substitutions is
    'L2: a change of the timetable for one day. The lesson itself has the outcome. This row has the reason and what was before. Taking '
    'it back sets cancelled_at; otherwise a row never changes. Triggers change the lessons.';
comment on column substitutions.teacher_id is 'Who teaches instead; merge: the teacher of the other lesson.';
comment on column substitutions.section_id is 'other_subject: the section that meets instead.';
comment on column substitutions.date is 'move: the new day. The new slot and bell schedule are beside it.';
comment on column substitutions.other_lesson_id is
    'merge: the lesson it is held with; other_subject: the lesson made instead, null after that was deleted.';
comment on column substitutions.old_date is 'Where the lesson stood before. The triggers set all old columns.';
comment on column substitutions.was_generated is
    'Whether the generation of lessons could change the lesson, and may again when the substitution is taken back.';
comment on column substitutions.other_was_generated is 'merge: the same about the other lesson.';
comment on column substitutions.cancelled_at is 'When it was taken back.';

update substitutions s
set old_date = coalesce(s.old_date, l.date),
    old_slot = coalesce(s.old_slot, l.slot),
    old_bell_schedule_id = l.bell_schedule_id,
    old_starts_at = l.starts_at,
    old_ends_at = l.ends_at,
    old_state = case when l.state = 'held' then 'held' else 'planned' end,
    date = case when s.kind = 'move' then l.date end,
    slot = case when s.kind = 'move' then l.slot end,
    bell_schedule_id = case when s.kind = 'move' then l.bell_schedule_id end,
    section_id = case when s.kind = 'other_subject' then o.section_id end,
    was_generated = l.timetable_entry_id is not null,
    other_was_generated = s.kind = 'merge' and o.timetable_entry_id is not null
from lessons l, lessons o
where l.school_id = s.school_id and l.id = s.lesson_id
    and o.school_id = s.school_id and o.id = coalesce(s.other_lesson_id, s.lesson_id);

alter table substitutions
    drop constraint substitutions_other_lesson,
    add constraint substitutions_other_lesson check (kind <> 'merge' or other_lesson_id is not null),
    add constraint substitutions_section check ((kind = 'other_subject') = (section_id is not null)),
    add constraint substitutions_place check ((kind = 'move') = (date is not null and slot is not null and bell_schedule_id is not null));
create unique index substitutions_one_at_a_time on substitutions (school_id, lesson_id) where cancelled_at is null;
create index substitutions_by_old_date on substitutions (school_id, old_date) where cancelled_at is null;
create index substitutions_by_date on substitutions (school_id, date) where cancelled_at is null and date is not null;
revoke delete on substitutions from lyceum_app;

alter table lessons
    add column substitution_id uuid,
    -- Deferred: the trigger that changes the lesson runs before the substitution is there.
    add constraint lessons_substitution foreign key (school_id, substitution_id) references substitutions deferrable initially deferred;
comment on column lessons.substitution_id is
    'L2: the substitution that the lesson has now, or that made it. Written by triggers only; while it is set, nothing else moves the '
    'lesson.';
create index lessons_by_substitution on lessons (school_id, substitution_id) where substitution_id is not null;

update lessons l
set substitution_id = s.id
from substitutions s
where s.school_id = l.school_id and s.cancelled_at is null
    and (s.lesson_id = l.id or s.kind = 'other_subject' and s.other_lesson_id = l.id);

create table calendar_links (
    school_id integer not null,
    id uuid not null,
    owner_id uuid not null,
    student_id uuid,
    class_id uuid,
    teacher_id uuid,
    secret_hash bytea not null,
    created_at timestamptz not null default now(),
    primary key (school_id, id),
    foreign key (school_id, owner_id) references users,
    foreign key (school_id, student_id) references students,
    foreign key (school_id, class_id) references classes,
    foreign key (school_id, teacher_id) references staff,
    constraint calendar_links_subject check (num_nonnulls(student_id, class_id, teacher_id) = 1)
);
comment on table calendar_links is
    'Secret links to a calendar of lessons: of a student, a class or a teacher. A link is valid while lyceum.calendar_link_holds.';
comment on column calendar_links.owner_id is 'Who made the link. It shows what this person may see today.';
comment on column calendar_links.secret_hash is 'SHA-256 of the random part of the link.';
create index calendar_links_by_owner on calendar_links (school_id, owner_id);
create index calendar_links_by_student on calendar_links (school_id, student_id) where student_id is not null;
create index calendar_links_by_class on calendar_links (school_id, class_id) where class_id is not null;
create index calendar_links_by_teacher on calendar_links (school_id, teacher_id) where teacher_id is not null;
call lyceum.protect('calendar_links', 'select, insert, delete');

-- migrate:down

drop table calendar_links;
alter table lessons drop column substitution_id;
grant delete on substitutions to lyceum_app;
drop index substitutions_by_date;
drop index substitutions_by_old_date;
drop index substitutions_one_at_a_time;
delete from substitutions where kind in ('merge', 'other_subject') and other_lesson_id is null;
alter table substitutions
    drop constraint substitutions_place,
    drop constraint substitutions_section,
    drop constraint substitutions_reason,
    drop constraint substitutions_slot,
    drop constraint substitutions_other_lesson,
    add constraint substitutions_other_lesson check (kind not in ('merge', 'other_subject') or other_lesson_id is not null),
    drop column cancelled_by,
    drop column other_was_generated,
    drop column was_generated,
    drop column old_state,
    drop column old_ends_at,
    drop column old_starts_at,
    drop column old_bell_schedule_id,
    drop column bell_schedule_id,
    drop column slot,
    drop column date,
    drop column section_id,
    drop constraint substitutions_school_id_created_by_fkey;
comment on table substitutions is 'L2: a change of the timetable for one day. The lesson itself holds the outcome, this row the reason.';
comment on column substitutions.teacher_id is null;
comment on column substitutions.cancelled_at is null;
comment on column substitutions.other_lesson_id is 'merge: the lesson it is held with; other_subject: the lesson made instead.';
comment on column substitutions.old_date is 'Where the lesson stood before, for the family''s timetable and for taking back.';
