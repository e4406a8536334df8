-- migrate:up

-- Asked at the end of a statement, so that entries may trade places, and of a transaction where that wants it.
alter table timetable_entries drop constraint timetable_entries_no_overlap;
alter table timetable_entries add constraint timetable_entries_no_overlap exclude using gist (
    school_id with =,
    coalesce(section_id, section_id) with =,
    coalesce(bell_schedule_id, bell_schedule_id) with =,
    weekday with =,
    slot with =,
    int4range(case week when 'odd' then 1 else 0 end, case week when 'even' then 1 else 2 end) with &&,
    daterange(starts_on, ends_on, '[]') with &&
) deferrable initially immediate;

-- migrate:down

alter table timetable_entries drop constraint timetable_entries_no_overlap;
alter table timetable_entries add constraint timetable_entries_no_overlap exclude using gist (
    school_id with =,
    coalesce(section_id, section_id) with =,
    coalesce(bell_schedule_id, bell_schedule_id) with =,
    weekday with =,
    slot with =,
    int4range(case week when 'odd' then 1 else 0 end, case week when 'even' then 1 else 2 end) with &&,
    daterange(starts_on, ends_on, '[]') with &&
);
