-- migrate:up

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
    constraint timetable_entries_no_overlap exclude using gist (
        school_id with =,
        coalesce(section_id, section_id) with =,
        coalesce(bell_schedule_id, bell_schedule_id) with =,
        weekday with =,
        slot with =,
        int4range(case week when 'odd' then 1 else 0 end, case week when 'even' then 1 else 2 end) with &&,
        daterange(starts_on, ends_on, '[]') with &&
    )
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
create trigger version before update on timetable_entries for each row execute function lyceum.version();
create trigger deletion after delete on timetable_entries for each row execute function lyceum.record_deletion();

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
create index lessons_by_section on lessons (school_id, section_id, date, starts_at);
create index lessons_by_teacher on lessons (school_id, teacher_id, date);
create index lessons_by_date on lessons (school_id, date);
create unique index lessons_external_id on lessons (school_id, external_id) where external_id is not null;
call lyceum.protect('lessons', 'select, insert, update, delete');
-- The list leaves out homework_first_recorded_at: homework sets it, and that must not make the teacher's version stale.
create trigger version
    before update of
        school_id, id, section_id, date, slot, starts_at, ends_at, room_id, teacher_id, topic, plan_topic_id, state,
        attendance_taken_at, no_homework, timetable_entry_id, merge_id, exclusive_room, external_id,
        version, changed_at, changed_xid
    on lessons
    for each row execute function lyceum.version();
create trigger deletion after delete on lessons for each row execute function lyceum.record_deletion();

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
create trigger version before update on substitutions for each row execute function lyceum.version();
create trigger deletion after delete on substitutions for each row execute function lyceum.record_deletion();

-- L1: the place of a lesson

create function lyceum.lock_timetable(p_school integer) returns void
    language sql volatile
as $$
    select pg_advisory_xact_lock(hashtextextended('lyceum.timetable', p_school))
$$;
comment on function lyceum.lock_timetable(integer) is
    'L1: writers of lessons'' times, memberships and holidays of a school take turns until the end of the transaction. Needs READ COMMITTED.';

create function lyceum.lesson_place_refusal(
    p_school integer, p_section uuid, p_date date, p_starts_at time, p_ends_at time, p_lesson uuid, p_merge uuid
) returns text
    language plpgsql stable
as $$
declare
    v_group uuid;
    v_grade_level smallint;
    v_starts_on date;
    v_ends_on date;
begin
    select s.group_id, g.grade_level, y.starts_on, y.ends_on
    into v_group, v_grade_level, v_starts_on, v_ends_on
    from public.sections s
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
    where s.school_id = p_school and s.id = p_section;

    if p_date < v_starts_on or p_date > v_ends_on then
        return 'lesson_outside_year';
    end if;
    if exists (
        select
        from public.holidays h
        where h.school_id = p_school
            and h.starts_on <= p_date
            and h.ends_on >= p_date
            and (h.grade_levels is null or v_grade_level = any (h.grade_levels))
    ) then
        return 'lesson_on_holiday';
    end if;
    if exists (
        select
        from public.lessons o
        join public.sections os on os.school_id = o.school_id and os.id = o.section_id
        where o.school_id = p_school
            and o.date = p_date
            and o.state <> 'cancelled'
            and o.starts_at < p_ends_at
            and o.ends_at > p_starts_at
            and o.id is distinct from p_lesson
            and coalesce(o.merge_id, o.id) is distinct from coalesce(p_merge, p_lesson)
            and exists (
                select
                from public.group_members a
                join public.group_members b on b.school_id = a.school_id and b.student_id = a.student_id
                where a.school_id = p_school
                    and a.group_id = v_group
                    and a.starts_on <= p_date
                    and (a.ends_on is null or a.ends_on >= p_date)
                    and b.group_id = os.group_id
                    and b.starts_on <= p_date
                    and (b.ends_on is null or b.ends_on >= p_date)
            )
    ) then
        return 'student_overlap';
    end if;
    return null;
end
$$;
comment on function lyceum.lesson_place_refusal(integer, uuid, date, time, time, uuid, uuid) is
    'L1: why a lesson may not stand there: lesson_outside_year, lesson_on_holiday, student_overlap; null when it may. '
    'Overlap of teacher, room and section is refused by exclusion constraints.';

create function lyceum.place_lesson() returns trigger
    language plpgsql
as $$
declare
    v_refusal text;
begin
    perform lyceum.lock_timetable(new.school_id);
    v_refusal := lyceum.lesson_place_refusal(
        new.school_id, new.section_id, new.date, new.starts_at, new.ends_at, new.id, new.merge_id
    );
    if v_refusal is not null then
        raise exception using
            errcode = 'LYL01', message = v_refusal, detail = format('Lesson %s on %s.', new.id, new.date);
    end if;
    return null;
end
$$;
create function lyceum.enter_timetable() returns trigger
    language plpgsql
as $$
begin
    perform lyceum.lock_timetable(new.school_id);
    return new;
end
$$;
comment on function lyceum.enter_timetable() is
    'L1: takes the turn before the row is there. Else two writers that hold rows wait for each other in the exclusion constraints.';
create trigger enter before insert on lessons
    for each row when (new.state <> 'cancelled') execute function lyceum.enter_timetable();
create trigger enter_again before update on lessons
    for each row when (
        (new.date, new.starts_at, new.ends_at, new.merge_id, new.teacher_id, new.room_id)
            is distinct from (old.date, old.starts_at, old.ends_at, old.merge_id, old.teacher_id, old.room_id)
        or (old.state = 'cancelled' and new.state <> 'cancelled')
    )
    execute function lyceum.enter_timetable();
create constraint trigger place after insert on lessons
    deferrable initially immediate
    for each row when (new.state <> 'cancelled')
    execute function lyceum.place_lesson();
create constraint trigger place_again after update on lessons
    deferrable initially immediate
    for each row when (
        new.state <> 'cancelled'
        and (
            old.state = 'cancelled'
            or (new.date, new.starts_at, new.ends_at, new.merge_id)
                is distinct from (old.date, old.starts_at, old.ends_at, old.merge_id)
        )
    )
    execute function lyceum.place_lesson();

create function lyceum.place_member() returns trigger
    language plpgsql
as $$
begin
    perform lyceum.lock_timetable(new.school_id);
    if exists (
        select
        from public.sections s
        join public.lessons l on l.school_id = s.school_id and l.section_id = s.id
        join public.group_members m on m.school_id = s.school_id and m.student_id = new.student_id
        join public.sections os on os.school_id = m.school_id and os.group_id = m.group_id
        join public.lessons o on o.school_id = os.school_id and o.section_id = os.id and o.date = l.date
        where s.school_id = new.school_id
            and s.group_id = new.group_id
            and l.date >= new.starts_on
            and (new.ends_on is null or l.date <= new.ends_on)
            and l.state <> 'cancelled'
            and m.group_id <> new.group_id
            and m.starts_on <= l.date
            and (m.ends_on is null or m.ends_on >= l.date)
            and o.state <> 'cancelled'
            and o.starts_at < l.ends_at
            and o.ends_at > l.starts_at
            and coalesce(o.merge_id, o.id) <> coalesce(l.merge_id, l.id)
    ) then
        raise exception using
            errcode = 'LYL01', message = 'student_overlap',
            detail = format('Pupil %s would have two lessons at a time in group %s.', new.student_id, new.group_id);
    end if;
    return null;
end
$$;
create constraint trigger place after insert on group_members
    deferrable initially immediate for each row execute function lyceum.place_member();
create constraint trigger place_again after update on group_members
    deferrable initially immediate
    for each row when ((new.starts_on, new.ends_on) is distinct from (old.starts_on, old.ends_on))
    execute function lyceum.place_member();

create function lyceum.place_holiday() returns trigger
    language plpgsql
as $$
begin
    perform lyceum.lock_timetable(new.school_id);
    if exists (
        select
        from public.lessons l
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        join public.groups g on g.school_id = s.school_id and g.id = s.group_id
        where l.school_id = new.school_id
            and l.date between new.starts_on and new.ends_on
            and l.state <> 'cancelled'
            and (new.grade_levels is null or g.grade_level = any (new.grade_levels))
    ) then
        raise exception using
            errcode = 'LYL01', message = 'lesson_on_holiday', detail = 'Lessons stand on these days: cancel them first.';
    end if;
    return null;
end
$$;
-- Waits for the end of the transaction, so that a holiday and the cancelling of its lessons may come in any order.
create constraint trigger place after insert or update on holidays
    deferrable initially deferred for each row execute function lyceum.place_holiday();

create function lyceum.place_year() returns trigger
    language plpgsql
as $$
begin
    perform lyceum.lock_timetable(new.school_id);
    if exists (
        select
        from public.lessons l
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        where s.school_id = new.school_id
            and s.academic_year_id = new.id
            and (l.date < new.starts_on or l.date > new.ends_on)
            and l.state <> 'cancelled'
    ) then
        raise exception using
            errcode = 'LYL01', message = 'lesson_outside_year', detail = 'Lessons of the year would stand outside it.';
    end if;
    return null;
end
$$;
create constraint trigger place after update on academic_years
    deferrable initially immediate
    for each row when ((new.starts_on, new.ends_on) is distinct from (old.starts_on, old.ends_on))
    execute function lyceum.place_year();

create function lyceum.copy_room() returns trigger
    language plpgsql
as $$
begin
    new.exclusive_room := coalesce(
        (select not r.shared from public.rooms r where r.school_id = new.school_id and r.id = new.room_id), true
    );
    return new;
end
$$;
create trigger room before insert or update of room_id, exclusive_room on lessons
    for each row execute function lyceum.copy_room();

create function lyceum.spread_room() returns trigger
    language plpgsql
as $$
begin
    update public.lessons l set exclusive_room = not new.shared
    where l.school_id = new.school_id and l.room_id = new.id and l.date >= lyceum.today();
    return null;
end
$$;
create trigger spread after update on rooms
    for each row when (new.shared <> old.shared) execute function lyceum.spread_room();

-- M4 for what a lesson holds

create view lyceum.lesson_locks with (security_invoker = true) as
select
    l.school_id,
    l.id as lesson_id,
    l.section_id,
    l.date,
    w.editable_until,
    case
        when l.state = 'cancelled' then 'lesson_cancelled'
        when l.date > lyceum.today() then 'lesson_in_future'
        when lyceum.today() > w.editable_until then 'edit_window_closed'
    end as locked_reason
from public.lessons l
join public.sections s on s.school_id = l.school_id and s.id = l.section_id
join public.groups g on g.school_id = s.school_id and g.id = s.group_id
left join public.school_settings ss on ss.school_id = l.school_id
left join lateral (
    select max(t.marks_close_on) as marks_close_on
    from public.terms t
    where t.school_id = s.school_id
        and t.academic_year_id = s.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and (g.grade_level is null or g.grade_level = any (t.grade_levels))
) t on true
left join lateral (
    select max(u.expires_on) as expires_on
    from public.unlocks u
    where u.school_id = l.school_id
        and u.section_id = l.section_id
        and u.starts_on <= l.date
        and u.ends_on >= l.date
        and u.revoked_at is null
) u on true
cross join lateral (
    select greatest(least(l.date + coalesce(ss.edit_window_days, 14), t.marks_close_on), u.expires_on) as editable_until
) w;
comment on view lyceum.lesson_locks is
    'M4, for the page of a section: last day on which marks and attendance of a lesson are written, and why not today (null: open).';
grant select on lyceum.lesson_locks to lyceum_app;

create function lyceum.lesson_locked_reason(p_school integer, p_lesson uuid) returns text
    language plpgsql stable
as $$
begin
    return (select k.locked_reason from lyceum.lesson_locks k where k.school_id = p_school and k.lesson_id = p_lesson);
end
$$;
comment on function lyceum.lesson_locked_reason(integer, uuid) is
    'M4: lesson_cancelled, lesson_in_future, edit_window_closed, or null when marks and attendance may be written today.';

create function lyceum.lesson_editable_until(p_school integer, p_lesson uuid) returns date
    language plpgsql stable
as $$
begin
    return (select k.editable_until from lyceum.lesson_locks k where k.school_id = p_school and k.lesson_id = p_lesson);
end
$$;
comment on function lyceum.lesson_editable_until(integer, uuid) is
    'M4: last day on which marks and attendance of the lesson are written; may lie in the past.';

create function lyceum.lesson_refusal(p_school integer, p_lesson uuid) returns text
    language plpgsql stable
as $$
declare
    v_section uuid;
    v_date date;
    v_marks_close_on date;
begin
    select l.section_id, l.date, max(t.marks_close_on)
    into v_section, v_date, v_marks_close_on
    from public.lessons l
    join public.sections s on s.school_id = l.school_id and s.id = l.section_id
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    left join public.terms t
        on t.school_id = s.school_id
        and t.academic_year_id = s.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and (g.grade_level is null or g.grade_level = any (t.grade_levels))
    where l.school_id = p_school and l.id = p_lesson
    group by l.section_id, l.date;

    if not found then
        return 'not_found';
    end if;
    if lyceum.today() > v_marks_close_on and not lyceum.unlocked(p_school, v_section, v_date) then
        return 'edit_window_closed';
    end if;
    return null;
end
$$;
comment on function lyceum.lesson_refusal(integer, uuid) is
    'M4 for topic, state and homework: edit_window_closed after the term''s marks_close_on without an unlock; null when it may be edited.';

create function lyceum.teaches_lesson(p_school integer, p_user uuid, p_lesson uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.lessons l
        where l.school_id = p_school
            and l.id = p_lesson
            and (
                l.teacher_id = p_user
                or exists (
                    select
                    from public.section_teachers t
                    where t.school_id = p_school
                        and t.section_id = l.section_id
                        and t.teacher_id = p_user
                        and t.starts_on <= l.date
                        and (t.ends_on is null or t.ends_on >= l.date)
                )
            )
    );
end
$$;
comment on function lyceum.teaches_lesson(integer, uuid, uuid) is
    'A4: whether the person may write at the lesson: a teacher of its section on its date, or the teacher of the day.';

create function lyceum.record_lesson() returns trigger
    language plpgsql
as $$
declare
    v_refusal text;
begin
    if tg_op = 'UPDATE' then
        if new.section_id <> old.section_id then
            raise exception using
                errcode = 'LYL02', message = 'section_not_movable', detail = 'L2: a lesson never changes its section.';
        end if;
        if (new.topic, new.plan_topic_id, new.state, new.no_homework, new.attendance_taken_at, new.date)
            is distinct from (old.topic, old.plan_topic_id, old.state, old.no_homework, old.attendance_taken_at, old.date)
        then
            v_refusal := lyceum.lesson_refusal(new.school_id, new.id);
            if v_refusal is not null then
                raise exception using
                    errcode = 'LYM04', message = v_refusal, detail = 'The term is closed for marks and there is no unlock.';
            end if;
        end if;
        new.topic_first_recorded_at := old.topic_first_recorded_at;
        new.homework_first_recorded_at := coalesce(old.homework_first_recorded_at, new.homework_first_recorded_at);
    end if;
    if new.topic is not null then
        new.topic_first_recorded_at := coalesce(new.topic_first_recorded_at, now());
    end if;
    if new.no_homework then
        new.homework_first_recorded_at := coalesce(new.homework_first_recorded_at, now());
    end if;
    if new.state = 'held' and new.date > lyceum.today() then
        raise exception using errcode = 'LYM04', message = 'lesson_in_future', detail = 'A lesson is held on its date or later.';
    end if;
    return new;
end
$$;
create trigger record before insert or update on lessons for each row execute function lyceum.record_lesson();

-- migrate:down

drop trigger place on academic_years;
drop trigger place on holidays;
drop trigger place on group_members;
drop trigger place_again on group_members;
drop trigger spread on rooms;
drop function lyceum.teaches_lesson(integer, uuid, uuid);
drop function lyceum.lesson_refusal(integer, uuid);
drop function lyceum.lesson_editable_until(integer, uuid);
drop function lyceum.lesson_locked_reason(integer, uuid);
drop view lyceum.lesson_locks;
drop table substitutions;
drop table lessons;
drop function lyceum.record_lesson();
drop function lyceum.spread_room();
drop function lyceum.copy_room();
drop function lyceum.place_year();
drop function lyceum.place_holiday();
drop function lyceum.place_member();
drop function lyceum.enter_timetable();
drop function lyceum.place_lesson();
drop function lyceum.lesson_place_refusal(integer, uuid, date, time, time, uuid, uuid);
drop function lyceum.lock_timetable(integer);
drop table timetable_entries;
