-- Triggers for versions (M5), columns that never change and the audit log (A5), for each table that has them.

create or replace trigger version before update on academic_years for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on academic_years for each row execute function lyceum.audit();

create or replace trigger version before update on terms for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on terms for each row execute function lyceum.audit();

create or replace trigger version before update on holidays for each row execute function lyceum.version();

create or replace trigger version before update on bell_schedules for each row execute function lyceum.version();

create or replace trigger version before update on rooms for each row execute function lyceum.version();

create or replace trigger version before update on subjects for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on subjects for each row execute function lyceum.audit();

create or replace trigger version before update on categories for each row execute function lyceum.version();

create or replace trigger version before update on attendance_codes for each row execute function lyceum.version();

create or replace trigger version before update on groups for each row execute function lyceum.version();

create or replace trigger version before update on classes for each row execute function lyceum.version();

create or replace trigger version before update on class_teachers for each row execute function lyceum.version();
create or replace trigger fixed before update on class_teachers
    for each row when ((new.class_id, new.teacher_id) is distinct from (old.class_id, old.teacher_id))
    execute function lyceum.refuse_move();
create or replace trigger audit after insert or update or delete on class_teachers for each row execute function lyceum.audit();

create or replace trigger version before update on group_members for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on group_members for each row execute function lyceum.audit();

create or replace trigger version before update on enrollments for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on enrollments for each row execute function lyceum.audit();

create or replace trigger version before update on sections for each row execute function lyceum.version();

create or replace trigger version before update on section_teachers for each row execute function lyceum.version();
create or replace trigger fixed before update on section_teachers
    for each row when ((new.section_id, new.teacher_id) is distinct from (old.section_id, old.teacher_id))
    execute function lyceum.refuse_move();
create or replace trigger audit after insert or update or delete on section_teachers for each row execute function lyceum.audit();

create or replace trigger audit after insert or update or delete on unlocks for each row execute function lyceum.audit();

create or replace trigger version before update on promotions for each row execute function lyceum.version();
create or replace trigger fixed before update on promotions
    for each row when ((new.academic_year_id, new.student_id) is distinct from (old.academic_year_id, old.student_id))
    execute function lyceum.refuse_move();
create or replace trigger audit after insert or update or delete on promotions for each row execute function lyceum.audit();

-- A register of the office: nobody else writes it by another door.
create or replace function lyceum.require_manager() returns trigger
    language plpgsql
as $$
begin
    if row_security_active(tg_relid) and lyceum.current_user_id() is not null
        and not lyceum.has_role('administrator', 'head', 'deputy_head') then
        raise exception using errcode = 'LYR01', message = 'forbidden', detail = 'Administrators, heads and deputy heads write it.';
    end if;
    return coalesce(new, old);
end
$$;
comment on function lyceum.require_manager() is 'Refuses writes in the name of a person who is no manager.';
create or replace trigger managers before insert or update or delete on orders
    for each row execute function lyceum.require_manager();
create or replace trigger version before update on orders for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on orders for each row execute function lyceum.audit();
