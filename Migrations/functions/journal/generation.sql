-- L2: lessons are made from the timetable (docs/decisions/0044-lessons-from-the-timetable.md).
create or replace function lyceum.week_of_year(p_starts_on date, p_day date) returns integer
    language sql immutable parallel safe
    return (p_day - p_starts_on + extract(isodow from p_starts_on)::integer - 1) / 7 + 1;
comment on function lyceum.week_of_year(date, date) is
    'The week of an academic year that has the day, counted from 1. Weeks begin on Monday; the first one has the year''s first day.';

create or replace function lyceum.timetabled_lessons(p_school integer, p_from date, p_to date, p_sections uuid[])
    returns table (
        entry_id uuid, section_id uuid, group_id uuid, date date, bell_schedule_id uuid, slot smallint, starts_at time, ends_at time,
        room_id uuid, own_room_id uuid, teacher_id uuid
    )
    language sql stable rows 5000
as $$
    select e.id, s.id, s.group_id, d.day, e.bell_schedule_id, e.slot, b.starts_at, b.ends_at, e.room_id,
        case when not r.shared then e.room_id end, coalesce(e.teacher_id, t.teacher_id)
    from public.timetable_entries e
    join public.sections s on s.school_id = e.school_id and s.id = e.section_id and s.archived_at is null
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id and y.state <> 'closed'
    left join public.bell_slots b
        on b.school_id = e.school_id and b.bell_schedule_id = e.bell_schedule_id and b.slot = e.slot
    left join public.rooms r on r.school_id = e.school_id and r.id = e.room_id
    cross join lateral (
        select greatest(p_from, e.starts_on, y.starts_on) as first, least(p_to, e.ends_on, y.ends_on) as last
    ) f
    cross join lateral (
        select f.first + (e.weekday - extract(isodow from f.first)::integer + 7) % 7 + 7 * n as day
        from generate_series(0, (p_to - p_from) / 7) n
    ) d
    left join public.section_teachers t
        on e.teacher_id is null
        and t.school_id = e.school_id
        and t.section_id = e.section_id
        and t.role = 'lead'
        and lyceum.holds(t.starts_on, t.ends_on, d.day)
    where e.school_id = p_school
        and (p_sections is null or e.section_id = any (p_sections))
        and d.day <= f.last
        and (e.week = 'every' or (e.week = 'odd') = (lyceum.week_of_year(y.starts_on, d.day) % 2 = 1))
        and not exists (
            select
            from public.holidays h
            where h.school_id = p_school
                and h.starts_on <= d.day
                and h.ends_on >= d.day
                and (h.grade_levels is null or g.grade_level = any (h.grade_levels))
        )
$$;
comment on function lyceum.timetabled_lessons(integer, date, date, uuid[]) is
    'L2: the lessons that the timetable wants from p_from to p_to, of these sections; null: of all. Nothing on holidays (L1), outside '
    'the academic year, in closed years and in archived sections. The times are null if the bell schedule has no such slot. '
    'own_room_id: the room if it is not shared. teacher_id: the entry''s teacher, else the section''s lead of that day.';

create or replace function lyceum.lesson_record(p_school integer, p_lesson uuid) returns text
    language plpgsql stable
as $$
begin
    return case
        when exists (
            select
            from public.line_items i
            join public.marks k on k.school_id = i.school_id and k.line_item_id = i.id
            where i.school_id = p_school and i.lesson_id = p_lesson and k.kind is not null
        ) then 'marks'
        when exists (
            select
            from public.attendance a
            where a.school_id = p_school and a.lesson_id = p_lesson and coalesce(a.meaning, a.decided_meaning) is not null
        ) then 'attendance'
        when exists (
            select from public.homework h where h.school_id = p_school and h.lesson_id = p_lesson and h.deleted_at is null
        ) then 'homework'
        when exists (
            select from public.feedback f where f.school_id = p_school and f.lesson_id = p_lesson and f.deleted_at is null
        ) or exists (
            select from public.conduct_notes n where n.school_id = p_school and n.lesson_id = p_lesson and n.deleted_at is null
        ) then 'feedback'
        when exists (
            select from public.line_items i where i.school_id = p_school and i.lesson_id = p_lesson and i.deleted_at is null
        ) then 'columns'
        else (
            select case
                when l.topic is not null or l.plan_topic_id is not null then 'topic'
                when l.attendance_taken_at is not null then 'attendance'
                when l.no_homework then 'homework'
                when l.state = 'held' then 'held'
            end
            from public.lessons l
            where l.school_id = p_school and l.id = p_lesson
        )
    end;
end
$$;
comment on function lyceum.lesson_record(integer, uuid) is
    'L2: what has been recorded at the lesson: marks, attendance, homework, feedback, columns, topic or held; null: nothing. The '
    'generation keeps a lesson with records.';

create or replace function lyceum.lesson_is_referenced(p_school integer, p_lesson uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (select from public.line_items r where r.school_id = p_school and r.lesson_id = p_lesson)
        or exists (select from public.attendance r where r.school_id = p_school and r.lesson_id = p_lesson)
        or exists (select from public.homework r where r.school_id = p_school and r.lesson_id = p_lesson)
        or exists (select from public.feedback r where r.school_id = p_school and r.lesson_id = p_lesson)
        or exists (select from public.conduct_notes r where r.school_id = p_school and r.lesson_id = p_lesson)
        or exists (select from public.substitutions r where r.school_id = p_school and r.lesson_id = p_lesson)
        or exists (select from public.substitutions r where r.school_id = p_school and r.other_lesson_id = p_lesson);
end
$$;
comment on function lyceum.lesson_is_referenced(integer, uuid) is
    'Whether rows refer to the lesson, even if what they recorded has been cleared. Such a lesson is cancelled, not deleted.';

create or replace function lyceum.compared_lessons(
    p_school integer, p_from date, p_to date, p_sections uuid[], p_days_off boolean
)
    returns table (
        outcome text, reason text, lesson_id uuid, entry_id uuid, section_id uuid, group_id uuid, date date, bell_schedule_id uuid,
        slot smallint, starts_at time, ends_at time, room_id uuid, own_room_id uuid, teacher_id uuid
    )
    -- The planner does not know how many rows there will be. With the number here, and with full joins inside, which are never nested
    -- loops, it makes a plan for a whole term.
    language plpgsql stable rows 20000
as $$
#variable_conflict use_column
begin
    return query
    with wanted as materialized (
        select w.*
        from lyceum.timetabled_lessons(p_school, p_from, p_to, p_sections) w
        where not p_days_off
    ),
    standing as materialized (
        select l.id, l.section_id, l.timetable_entry_id as entry_id, l.timetable_date, l.date, l.bell_schedule_id, l.slot, l.starts_at,
            l.ends_at, l.room_id, l.teacher_id, l.state, l.generated_at
        from public.lessons l
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id and y.state <> 'closed'
        where l.school_id = p_school
            and l.timetable_entry_id is not null
            and l.timetable_date between p_from and p_to
            and (p_sections is null or l.section_id = any (p_sections))
            -- What a section was taught before it was archived is history.
            and (
                s.archived_at is null
                or l.timetable_date > (
                    s.archived_at at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC')
                )::date
            )
    ),
    paired as materialized (
        select w.*, l.id, l.section_id as old_section, l.timetable_date, l.date as old_date, l.slot as old_slot,
            l.starts_at as old_starts_at, l.state, l.generated_at,
            (l.date, l.bell_schedule_id, l.slot, l.starts_at, l.ends_at, l.room_id, l.teacher_id)
                is not distinct from (w.date, w.bell_schedule_id, w.slot, w.starts_at, w.ends_at, w.room_id, w.teacher_id)
                and l.state <> 'cancelled' as is_same
        from wanted w
        full join standing l on l.entry_id = w.entry_id and l.timetable_date = w.date
    ),
    -- Where an entry was replaced by another one of the section at the same time, the new one takes over the lesson.
    compared as (
        select p.*
        from paired p
        where p.id is not null and p.entry_id is not null
        union all
        select w.entry_id, w.section_id, w.group_id, w.date, w.bell_schedule_id, w.slot, w.starts_at, w.ends_at, w.room_id, w.own_room_id,
            w.teacher_id, l.id, l.old_section, l.timetable_date, l.old_date, l.old_slot, l.old_starts_at, l.state, l.generated_at, false
        from (
            select p.*, row_number() over (partition by p.section_id, p.date, p.starts_at order by p.entry_id) as n
            from paired p
            where p.id is null
        ) w
        full join (
            select p.*,
                row_number() over (
                    partition by p.old_section, p.timetable_date, p.old_starts_at order by p.state = 'cancelled', p.id
                ) as n
            from paired p
            where p.entry_id is null
        ) l on l.old_section = w.section_id and l.timetable_date = w.date and l.old_starts_at = w.starts_at and l.n = w.n
    ),
    judged as materialized (
        select c.*,
            case
                when c.is_same then 'unchanged'
                when c.id is null then 'free'
                -- Cancelled already, and the timetable does not want it.
                when c.entry_id is null and c.state = 'cancelled'
                    and (c.generated_at is null or lyceum.lesson_is_referenced(p_school, c.id)) then 'gone'
                when c.generated_at is null then 'changed_by_hand'
                else coalesce(lyceum.lesson_record(p_school, c.id), lyceum.lesson_refusal(p_school, c.id), 'free')
            end as verdict
        from compared c
    )
    select
        case
            when j.verdict in ('unchanged', 'gone') then j.verdict
            when j.verdict <> 'free' then 'kept'
            when j.entry_id is null then 'removed'
            else 'placed'
        end,
        case when j.verdict not in ('unchanged', 'gone', 'free') then j.verdict end,
        j.id, j.entry_id, coalesce(j.section_id, j.old_section), j.group_id,
        -- What is kept is named with the place where it stands, not with that of the timetable.
        case when j.verdict = 'free' then coalesce(j.date, j.old_date) else j.old_date end, j.bell_schedule_id,
        case when j.verdict = 'free' then coalesce(j.slot, j.old_slot) else j.old_slot end, j.starts_at, j.ends_at, j.room_id,
        j.own_room_id, j.teacher_id
    from judged j
    union all
    -- What stands on the days without the timetable: lessons made by hand, and those moved there from another day.
    select 'kept', coalesce(lyceum.lesson_record(p_school, l.id), 'changed_by_hand'), l.id, null, l.section_id, s.group_id, l.date,
        l.bell_schedule_id, l.slot, l.starts_at, l.ends_at, l.room_id, null, l.teacher_id
    from public.lessons l
    join public.sections s on s.school_id = l.school_id and s.id = l.section_id
    where p_days_off
        and l.school_id = p_school
        and l.date between p_from and p_to
        and l.state <> 'cancelled'
        and (p_sections is null or l.section_id = any (p_sections))
        and not exists (select from judged j where j.id = l.id);
end
$$;
comment on function lyceum.compared_lessons(integer, date, date, uuid[], boolean) is
    'L2: the lessons of the timetable compared with those that were made from it. outcome: placed (made, or changed if there is a '
    'lesson_id), removed, unchanged, gone (cancelled, and not wanted), or kept, with the reason: what lyceum.lesson_record says, '
    'changed_by_hand, or edit_window_closed (M4). p_days_off: the timetable wants nothing, and other lessons of the days are kept too. '
    'L1 is not checked here.';

create or replace function lyceum.generate_lessons(p_from date, p_to date, p_sections uuid[], p_days_off boolean, p_dry_run boolean)
    returns table (
        made integer, changed integer, removed integer, unchanged integer, kept integer, left_out integer, kept_lessons jsonb,
        left_out_lessons jsonb
    )
    language plpgsql
as $$
#variable_conflict use_column
declare
    v_school integer := lyceum.current_school();
    v_removed uuid[];
    -- The lessons to make (without an id) and to change, in the same order.
    v_ids uuid[];
    v_entries uuid[];
    v_sections uuid[];
    v_dates date[];
    v_bells uuid[];
    v_slots smallint[];
    v_starts time[];
    v_ends time[];
    v_rooms uuid[];
    v_teachers uuid[];
begin
    if not p_dry_run then
        perform lyceum.lock_timetable(v_school);
    end if;

    with compared as materialized (
        select c.* from lyceum.compared_lessons(v_school, p_from, p_to, p_sections, p_days_off) c
    ),
    placed as materialized (
        select c.* from compared c where c.outcome = 'placed'
    ),
    -- L1: what stays, and what is placed now. Of two that collide, the one of the older entry is placed.
    others as materialized (
        select l.id, null::uuid as entry_id, l.section_id, s.group_id, l.date, l.starts_at, l.ends_at, l.teacher_id,
            case when l.exclusive_room then l.room_id end as own_room_id
        from public.lessons l
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        where l.school_id = v_school
            and l.date between p_from and p_to
            and l.state <> 'cancelled'
            and l.id not in (
                select c.lesson_id from compared c where c.lesson_id is not null and c.outcome in ('placed', 'removed')
            )
        union all
        select null, p.entry_id, p.section_id, p.group_id, p.date, p.starts_at, p.ends_at, p.teacher_id, p.own_room_id
        from placed p
    ),
    shared as materialized (
        select a.group_id, b.group_id as other_group,
            range_agg(daterange(a.starts_on, a.ends_on, '[]') * daterange(b.starts_on, b.ends_on, '[]')) as days
        from public.group_members a
        join public.group_members b on b.school_id = a.school_id and b.student_id = a.student_id
        where a.school_id = v_school
            and lyceum.holds_between(a.starts_on, a.ends_on, p_from, p_to)
            and lyceum.holds_between(b.starts_on, b.ends_on, p_from, p_to)
        group by a.group_id, b.group_id
    ),
    met as (
        select p.entry_id, p.date, 'section_overlap' as obstacle, o.*
        from placed p
        join others o on o.date = p.date and o.section_id = p.section_id and o.starts_at < p.ends_at and o.ends_at > p.starts_at
        union all
        select p.entry_id, p.date, 'teacher_overlap', o.*
        from placed p
        join others o on o.date = p.date and o.teacher_id = p.teacher_id and o.starts_at < p.ends_at and o.ends_at > p.starts_at
        union all
        select p.entry_id, p.date, 'room_overlap', o.*
        from placed p
        join others o on o.date = p.date and o.own_room_id = p.own_room_id and o.starts_at < p.ends_at and o.ends_at > p.starts_at
        union all
        select p.entry_id, p.date, 'student_overlap', o.*
        from placed p
        join shared g on g.group_id = p.group_id and g.days @> p.date
        join others o on o.date = p.date and o.group_id = g.other_group and o.starts_at < p.ends_at and o.ends_at > p.starts_at
    ),
    obstacles as (
        select distinct on (m.entry_id, m.date) m.entry_id, m.date, m.obstacle, m.other_lesson_id, m.other_section_id
        from met as m (
            entry_id, date, obstacle, other_lesson_id, other_entry_id, other_section_id, group_id, other_date, starts_at, ends_at,
            teacher_id, own_room_id
        )
        where m.other_entry_id is null or m.other_entry_id < m.entry_id
        order by m.entry_id, m.date, m.obstacle, m.other_lesson_id
    ),
    settled as materialized (
        select c.*, x.obstacle, b.other_lesson_id, b.other_section_id, c.outcome = 'placed' and x.obstacle is null as is_placed,
            c.outcome = 'removed' or x.obstacle is not null and c.lesson_id is not null as is_removed
        from compared c
        left join obstacles b on b.entry_id = c.entry_id and b.date = c.date and c.outcome = 'placed'
        cross join lateral (
            select case when c.outcome = 'placed' and c.starts_at is null then 'no_such_slot' else b.obstacle end as obstacle
        ) x
    )
    select
        count(*) filter (where s.is_placed and s.lesson_id is null), count(*) filter (where s.is_placed and s.lesson_id is not null),
        count(*) filter (where s.is_removed), count(*) filter (where s.outcome = 'unchanged'),
        count(*) filter (where s.outcome = 'kept'), count(s.obstacle),
        array_agg(s.lesson_id) filter (where s.is_removed), array_agg(s.lesson_id) filter (where s.is_placed),
        array_agg(s.entry_id) filter (where s.is_placed), array_agg(s.section_id) filter (where s.is_placed),
        array_agg(s.date) filter (where s.is_placed), array_agg(s.bell_schedule_id) filter (where s.is_placed),
        array_agg(s.slot) filter (where s.is_placed), array_agg(s.starts_at) filter (where s.is_placed),
        array_agg(s.ends_at) filter (where s.is_placed), array_agg(s.room_id) filter (where s.is_placed),
        array_agg(s.teacher_id) filter (where s.is_placed),
        coalesce((
            select jsonb_agg(to_jsonb(k) order by k.date, k.slot, k.lesson_id)
            from (
                select k.lesson_id, k.section_id, k.date, k.slot, k.reason
                from settled k
                where k.outcome = 'kept'
                order by k.date, k.slot, k.lesson_id
                limit 200
            ) k
        ), '[]'),
        coalesce((
            select jsonb_agg(to_jsonb(k) order by k.date, k.slot, k.timetable_entry_id)
            from (
                select k.entry_id as timetable_entry_id, k.section_id, k.date, k.slot, k.obstacle as reason, k.other_lesson_id,
                    k.other_section_id
                from settled k
                where k.obstacle is not null
                order by k.date, k.slot, k.entry_id
                limit 200
            ) k
        ), '[]')
    into made, changed, removed, unchanged, kept, left_out,
        v_removed, v_ids, v_entries, v_sections, v_dates, v_bells, v_slots, v_starts, v_ends, v_rooms, v_teachers,
        kept_lessons, left_out_lessons
    from settled s;

    if p_dry_run then
        return next;
        return;
    end if;

    -- First what frees a place, then what takes one. A new generated_at keeps the lesson one that the generation may change.
    delete from public.lessons l
    where l.school_id = v_school and l.id = any (v_removed) and not lyceum.lesson_is_referenced(v_school, l.id);
    update public.lessons l
    set state = 'cancelled', generated_at = clock_timestamp()
    where l.school_id = v_school and l.id = any (v_removed);
    update public.lessons l
    set timetable_entry_id = w.entry_id, date = w.date, bell_schedule_id = w.bell_schedule_id, slot = w.slot, starts_at = w.starts_at,
        ends_at = w.ends_at, room_id = w.room_id, teacher_id = w.teacher_id, state = 'planned', generated_at = clock_timestamp()
    from unnest(v_ids, v_entries, v_dates, v_bells, v_slots, v_starts, v_ends, v_rooms, v_teachers)
        as w (id, entry_id, date, bell_schedule_id, slot, starts_at, ends_at, room_id, teacher_id)
    where l.school_id = v_school and l.id = w.id;
    insert into public.lessons (
        school_id, id, section_id, date, bell_schedule_id, slot, starts_at, ends_at, room_id, teacher_id, timetable_entry_id,
        timetable_date, generated_at
    )
    select v_school, gen_random_uuid(), w.section_id, w.date, w.bell_schedule_id, w.slot, w.starts_at, w.ends_at, w.room_id, w.teacher_id,
        w.entry_id, w.date, clock_timestamp()
    from unnest(v_ids, v_entries, v_sections, v_dates, v_bells, v_slots, v_starts, v_ends, v_rooms, v_teachers)
        as w (id, entry_id, section_id, date, bell_schedule_id, slot, starts_at, ends_at, room_id, teacher_id)
    where w.id is null
    order by w.date, w.starts_at, w.section_id;
    return next;
end
$$;
comment on function lyceum.generate_lessons(date, date, uuid[], boolean, boolean) is
    'L2: makes the timetable''s lessons from p_from to p_to, of these sections or of all, and changes or removes those that were made '
    'from it and that it does not want there any more. Returns the numbers, and the first 200 lessons that were kept (with records, or '
    'changed by hand) and that were left out (L1). p_days_off: the days have no lessons. A dry run only returns.';
