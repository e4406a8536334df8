-- L1 for the week: entries of the timetable at the same time
create or replace function lyceum.timetable_collisions(p_school integer, p_entries uuid[], p_from date)
    returns table (entry_id uuid, kind text, other_id uuid, name text, same_slot boolean)
    language plpgsql stable rows 10
as $$
#variable_conflict use_column
begin
    return query
    -- An entry with the times at which it has this teacher: its own, else each of the section's leads.
    with placed as materialized (
        select e.id, s.name, s.group_id, e.weekday, e.bell_schedule_id, e.slot, l.starts_at, l.ends_at,
            case when not r.shared then e.room_id end as room_id,
            int4range(case e.week when 'odd' then 1 else 0 end, case e.week when 'even' then 1 else 2 end) as weeks,
            d.days, coalesce(e.teacher_id, t.teacher_id) as teacher_id,
            case when e.teacher_id is null then d.days * daterange(t.starts_on, t.ends_on, '[]') else d.days end as taught
        from public.timetable_entries e
        join public.sections s on s.school_id = p_school and s.id = e.section_id and s.archived_at is null
        join public.academic_years y on y.school_id = p_school and y.id = s.academic_year_id
        left join public.bell_slots l
            on l.school_id = p_school and l.bell_schedule_id = e.bell_schedule_id and l.slot = e.slot
        cross join lateral (
            select daterange(e.starts_on, e.ends_on, '[]') * daterange(y.starts_on, y.ends_on, '[]')
                * daterange(p_from, null) as days
        ) d
        left join public.rooms r on r.school_id = p_school and r.id = e.room_id
        left join public.section_teachers t
            on e.teacher_id is null and t.school_id = p_school and t.section_id = e.section_id and t.role = 'lead'
        where e.school_id = p_school
            and e.weekday in (
                select n.weekday from public.timetable_entries n where n.school_id = p_school and n.id = any (p_entries)
            )
            and lyceum.lasts(e.ends_on, p_from)
            and y.ends_on >= p_from
    ),
    met as materialized (
        select a.id, b.id as other_id, b.name, a.group_id, b.group_id as other_group, a.days * b.days as days,
            (a.bell_schedule_id, a.slot) = (b.bell_schedule_id, b.slot) as same_slot, a.room_id = b.room_id as in_room,
            a.teacher_id = b.teacher_id and a.taught && b.taught as has_teacher
        from placed a
        join placed b
            on b.weekday = a.weekday
            and b.id <> a.id
            -- Entries of one slot are at the same time, whether or not it has times.
            and (
                b.starts_at < a.ends_at and b.ends_at > a.starts_at
                or (b.bell_schedule_id, b.slot) = (a.bell_schedule_id, a.slot)
            )
            and b.weeks && a.weeks
            and b.days && a.days
        where a.id = any (p_entries)
    ),
    shared as materialized (
        select g.group_id, g.other_group, g.days
        from (select distinct m.group_id, m.other_group, m.days from met m) g
        where g.group_id = g.other_group or exists (
            select
            from public.group_members a
            join public.group_members b
                on b.school_id = p_school and b.group_id = g.other_group and b.student_id = a.student_id
            where a.school_id = p_school
                and a.group_id = g.group_id
                and daterange(a.starts_on, a.ends_on, '[]') * daterange(b.starts_on, b.ends_on, '[]') && g.days
        )
    )
    select distinct m.id, c.kind, m.other_id, m.name, m.same_slot
    from met m
    left join shared g on g.group_id = m.group_id and g.other_group = m.other_group and g.days = m.days
    cross join lateral (
        select 'teacher' as kind where m.has_teacher
        union all
        select 'room' where m.in_room
        union all
        select 'students' where g.group_id is not null
    ) c;
end
$$;
comment on function lyceum.timetable_collisions(integer, uuid[], date) is
    'L1: other entries of the timetable at the same time as these, and why they collide: teacher (the entry''s, else the section''s '
    'lead), room (unless shared), students (the same group, or groups with a common student). Only days of both entries from p_from '
    'on count, inside the academic years, and their weeks. same_slot: both have the same slot of the same bell schedule.';

create or replace function lyceum.refuse_collisions(
    p_school integer, p_entries uuid[], p_kinds text[], p_field text default null, p_other_slots_only boolean default false
) returns void
    language plpgsql
as $$
declare
    v_collisions jsonb;
begin
    if p_entries = '{}' then
        return;
    end if;
    select jsonb_agg(to_jsonb(c) order by c.name, c.kind, c.other_id) into v_collisions
    from (
        select distinct c.kind, c.other_id, c.name
        from lyceum.timetable_collisions(p_school, p_entries, lyceum.today()) c
        where c.kind = any (p_kinds) and not (p_other_slots_only and c.same_slot)
        order by c.name, c.kind, c.other_id
        limit 20
    ) c;
    if v_collisions is not null then
        raise exception using
            errcode = 'LYL03', message = 'timetable_collision',
            detail = jsonb_build_object('field', p_field, 'collisions', v_collisions)::text;
    end if;
end
$$;
comment on function lyceum.refuse_collisions(integer, uuid[], text[], text, boolean) is
    'L1: raises LYL03 timetable_collision if one of the entries collides today or later. The DETAIL is JSON: the field of the request '
    'that is to blame (null: that of the entry), and at most 20 collisions.';

create or replace function lyceum.place_timetable_entry() returns trigger
    language plpgsql
as $$
declare
    v_year daterange;
    v_days daterange := daterange(new.starts_on, new.ends_on, '[]');
    v_kinds text[] := '{teacher,room,students}';
begin
    perform lyceum.lock_timetable(new.school_id);

    if (new.section_id, new.starts_on, new.ends_on) is distinct from (old.section_id, old.starts_on, old.ends_on) then
        select daterange(y.starts_on, y.ends_on, '[]') into v_year
        from public.sections s
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
        where s.school_id = new.school_id and s.id = new.section_id;
        if not v_days && v_year then
            raise exception using
                errcode = 'LYL04', message = 'entry_outside_year', table = 'timetable_entries',
                constraint = 'timetable_entries_in_year_' || case when v_days >> v_year then 'starts_on' else 'ends_on' end,
                detail = format('Entry %s has no day in the academic year of its section.', new.id);
        end if;
    end if;

    -- An entry that stays in its place collides anew only over another teacher or room.
    if (new.section_id, new.bell_schedule_id, new.weekday, new.slot, new.week)
        is not distinct from (old.section_id, old.bell_schedule_id, old.weekday, old.slot, old.week)
        and lyceum.covers(old.starts_on, old.ends_on, new.starts_on, new.ends_on) then
        v_kinds := array_remove(
            array[
                case when new.teacher_id is distinct from old.teacher_id then 'teacher' end,
                case when new.room_id is distinct from old.room_id then 'room' end
            ],
            null
        );
    end if;
    if v_kinds <> '{}' then
        perform lyceum.refuse_collisions(new.school_id, array[new.id], v_kinds);
    end if;
    return null;
end
$$;
comment on function lyceum.place_timetable_entry() is
    'L1: an entry has days in the academic year of its section (else LYL04 entry_outside_year) and does not collide.';

drop trigger if exists place on timetable_entries;
create constraint trigger place after insert on timetable_entries
    deferrable initially immediate for each row execute function lyceum.place_timetable_entry();
drop trigger if exists place_again on timetable_entries;
create constraint trigger place_again after update on timetable_entries
    deferrable initially immediate
    for each row when (
        (
            new.section_id, new.bell_schedule_id, new.weekday, new.slot, new.week, new.room_id, new.teacher_id,
            new.starts_on, new.ends_on
        ) is distinct from (
            old.section_id, old.bell_schedule_id, old.weekday, old.slot, old.week, old.room_id, old.teacher_id,
            old.starts_on, old.ends_on
        )
    )
    execute function lyceum.place_timetable_entry();
