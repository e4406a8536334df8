-- L2: a lesson that was made from the timetable remembers the day that it was made for, and whether it is still where the timetable
-- put it. The generation of lessons changes and removes only those that are. A lesson also remembers its bell schedule.

-- migrate:up

alter table lessons
    add column bell_schedule_id uuid,
    add column timetable_date date,
    add column generated_at timestamptz,
    add foreign key (school_id, bell_schedule_id) references bell_schedules;
comment on column lessons.bell_schedule_id is
    'The bell schedule that gave the times of the slot; null in lessons from before migration 0015. Bells that move later do not move '
    'the lesson.';
comment on column lessons.timetable_date is
    'L2: the day of the timetable that the lesson was made for; a lesson that is moved keeps it. Null without timetable_entry_id.';
comment on column lessons.generated_at is
    'L2: when the lesson got its place from the timetable. Null: the place was chosen by hand, and the generation leaves it.';

update lessons l
set timetable_date = coalesce(
        (
            select s.old_date from substitutions s
            where s.school_id = l.school_id and s.lesson_id = l.id and s.kind = 'move' and s.old_date is not null
            order by s.created_at limit 1
        ),
        l.date
    ),
    bell_schedule_id = (
        select e.bell_schedule_id from timetable_entries e where e.school_id = l.school_id and e.id = l.timetable_entry_id
    ),
    generated_at = case
        when l.state <> 'cancelled'
            and not exists (select from substitutions s where s.school_id = l.school_id and l.id in (s.lesson_id, s.other_lesson_id))
            then l.created_at
    end
where l.timetable_entry_id is not null;

alter table lessons
    add constraint lessons_timetable_date check ((timetable_date is null) = (timetable_entry_id is null)),
    add constraint lessons_generated_at check (generated_at is null or timetable_entry_id is not null);
drop index lessons_timetable_entry_key;
create unique index lessons_timetable_entry_key on lessons (school_id, timetable_date, timetable_entry_id)
    where timetable_entry_id is not null;

-- Without these, each lesson that is deleted would search the whole table.
create index conduct_notes_by_lesson on conduct_notes (school_id, lesson_id) where lesson_id is not null;
create index substitutions_by_other_lesson on substitutions (school_id, other_lesson_id) where other_lesson_id is not null;

-- The functions' files check the places of all lessons of a statement at once.
drop trigger if exists place on lessons;
drop trigger if exists place_again on lessons;
drop function if exists lyceum.place_lesson();
drop function if exists lyceum.lesson_place_refusal(integer, uuid, date, time, time, uuid, uuid);

-- migrate:down

drop index substitutions_by_other_lesson;
drop index conduct_notes_by_lesson;
drop index lessons_timetable_entry_key;
alter table lessons drop column bell_schedule_id, drop column timetable_date, drop column generated_at;
create unique index lessons_timetable_entry_key on lessons (school_id, timetable_entry_id, date)
    where timetable_entry_id is not null;
