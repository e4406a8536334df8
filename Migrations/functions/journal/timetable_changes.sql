-- L1 for the week: changes of rooms, bells, leads, sections and years make no collision of entries
-- (docs/decisions/0040-around-the-timetable.md)
create or replace function lyceum.refuse_closed_year(p_section public.sections) returns void
    language plpgsql
as $$
declare
    v_year public.academic_years;
begin
    select y.* into v_year
    from public.academic_years y
    where y.school_id = p_section.school_id and y.id = p_section.academic_year_id
    for share;
    if v_year.state = 'closed' then
        raise exception using
            errcode = 'LYE06', message = 'year_closed', table = 'sections', constraint = 'sections_year_archived',
            detail = format('Section %s belongs to a closed year.', p_section.id);
    end if;
    -- Entries of archived sections do not limit a change of the year's days.
    if exists (
        select
        from public.timetable_entries e
        where e.school_id = p_section.school_id
            and e.section_id = p_section.id
            and not daterange(e.starts_on, e.ends_on, '[]') && daterange(v_year.starts_on, v_year.ends_on, '[]')
    ) then
        raise exception using
            errcode = 'LYL04', message = 'entry_outside_year', table = 'sections', constraint = 'sections_entries_archived',
            detail = format('Entries of section %s have no day in its year.', p_section.id);
    end if;
end
$$;
comment on function lyceum.refuse_closed_year(public.sections) is
    'A section leaves the archive only in a year that is not closed (LYE06), with entries that have days in it (LYL04).';

create or replace function lyceum.check_timetable() returns trigger
    language plpgsql
as $$
begin
    perform lyceum.lock_timetable(new.school_id);
    case tg_table_name
        when 'rooms' then
            perform lyceum.refuse_collisions(
                new.school_id,
                array(select e.id from public.timetable_entries e where e.school_id = new.school_id and e.room_id = new.id),
                '{room}', 'shared'
            );
        when 'bell_slots' then
            -- Two entries in this slot are at the same time wherever it moves.
            perform lyceum.refuse_collisions(
                new.school_id,
                array(
                    select e.id
                    from public.timetable_entries e
                    where e.school_id = new.school_id
                        and e.bell_schedule_id = new.bell_schedule_id
                        and e.slot = new.slot
                ),
                '{teacher,room,students}', 'slots', p_other_slots_only => true
            );
        when 'section_teachers' then
            perform lyceum.refuse_collisions(
                new.school_id,
                array(
                    select e.id
                    from public.timetable_entries e
                    where e.school_id = new.school_id and e.section_id = new.section_id and e.teacher_id is null
                ),
                '{teacher}',
                case
                    when tg_op = 'INSERT' then 'teacher_id'
                    when new.role <> old.role then 'role'
                    when new.starts_on < old.starts_on then 'starts_on'
                    else 'ends_on'
                end
            );
        when 'sections' then
            perform lyceum.refuse_closed_year(new);
            perform lyceum.refuse_collisions(
                new.school_id,
                array(
                    select e.id
                    from public.timetable_entries e
                    where e.school_id = new.school_id and e.section_id = new.id
                ),
                '{teacher,room,students}', 'archived'
            );
    end case;
    return null;
end
$$;
comment on function lyceum.check_timetable() is
    'L1: the entries that the changed row concerns do not collide, as the timetable is at the end of the transaction.';

-- Deferred, so that several slots can move, and leads change places, in one transaction.
drop trigger if exists timetable on rooms;
create constraint trigger timetable after update on rooms
    deferrable initially deferred
    for each row when (old.shared and not new.shared)
    execute function lyceum.check_timetable();
drop trigger if exists timetable on bell_slots;
create constraint trigger timetable after insert or update on bell_slots
    deferrable initially deferred for each row execute function lyceum.check_timetable();
drop trigger if exists timetable on section_teachers;
create constraint trigger timetable after insert on section_teachers
    deferrable initially deferred
    for each row when (new.role = 'lead')
    execute function lyceum.check_timetable();
drop trigger if exists timetable_again on section_teachers;
create constraint trigger timetable_again after update on section_teachers
    deferrable initially deferred
    for each row when (
        new.role = 'lead'
        and not (old.role = 'lead' and lyceum.covers(old.starts_on, old.ends_on, new.starts_on, new.ends_on))
    )
    execute function lyceum.check_timetable();
drop trigger if exists timetable on sections;
create constraint trigger timetable after update on sections
    deferrable initially deferred
    for each row when (old.archived_at is not null and new.archived_at is null)
    execute function lyceum.check_timetable();

create or replace function lyceum.keep_entries_in_year() returns trigger
    language plpgsql
as $$
declare
    v_year daterange := daterange(new.starts_on, new.ends_on, '[]');
    v_days daterange;
begin
    perform lyceum.lock_timetable(new.school_id);
    select d.days into v_days
    from public.sections s
    join public.timetable_entries e on e.school_id = s.school_id and e.section_id = s.id
    cross join lateral (select daterange(e.starts_on, e.ends_on, '[]') as days) d
    where s.school_id = new.school_id
        and s.academic_year_id = new.id
        and s.archived_at is null
        and d.days && daterange(old.starts_on, old.ends_on, '[]')
        and not d.days && v_year
    limit 1;
    if found then
        raise exception using
            errcode = 'LYL04', message = 'entry_outside_year', table = 'academic_years',
            constraint = 'academic_years_entries_' || case when v_days >> v_year then 'ends_on' else 'starts_on' end,
            detail = 'Entries of the timetable would have no day in the year.';
    end if;
    return null;
end
$$;

drop trigger if exists timetable on academic_years;
create constraint trigger timetable after update on academic_years
    deferrable initially immediate
    for each row when ((new.starts_on, new.ends_on) is distinct from (old.starts_on, old.ends_on))
    execute function lyceum.keep_entries_in_year();
