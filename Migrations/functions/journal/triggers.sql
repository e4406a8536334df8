-- Triggers for versions (M5) and the audit log (A5), for each table that has them.

create or replace trigger version before update on curriculum_plans for each row execute function lyceum.version();

create or replace trigger version before update on plan_units for each row execute function lyceum.version();

create or replace trigger version before update on plan_topics for each row execute function lyceum.version();

create or replace trigger version before update on timetable_entries for each row execute function lyceum.version();

-- The list leaves out homework_first_recorded_at: homework sets it, and this must not make the teacher's version stale.
create or replace trigger version
    before update of
        school_id, id, section_id, date, slot, bell_schedule_id, starts_at, ends_at, room_id, teacher_id, topic, plan_topic_id, state,
        attendance_taken_at, no_homework, timetable_entry_id, merge_id, exclusive_room, external_id,
        version, changed_at, changed_xid
    on lessons
    for each row execute function lyceum.version();

create or replace trigger version before update on substitutions for each row execute function lyceum.version();

create or replace trigger version before update on line_items for each row execute function lyceum.version();
-- M9: an override is a decision of the administration.
create or replace trigger audit after insert on line_items
    for each row when (new.override_reason is not null) execute function lyceum.audit();
create or replace trigger audit_again after update on line_items
    for each row when (new.override_reason is distinct from old.override_reason) execute function lyceum.audit();

create or replace trigger version before update on marks for each row execute function lyceum.version();

create or replace trigger version before update on attendance for each row execute function lyceum.version();

create or replace trigger version before update on homework for each row execute function lyceum.version();

create or replace trigger first_version before insert on feedback for each row execute function lyceum.first_version();
create or replace trigger version before update on feedback for each row execute function lyceum.version();

create or replace trigger first_version before insert on conduct_notes for each row execute function lyceum.first_version();
create or replace trigger version before update on conduct_notes for each row execute function lyceum.version();

create or replace trigger version before update on final_marks for each row execute function lyceum.version();
