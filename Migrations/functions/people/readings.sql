create or replace function lyceum.record_reading(p_student uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
            select from public.students s where s.school_id = lyceum.current_school() and s.id = p_student
        )
        and not lyceum.leads_student(p_student)
        and not lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student)
        and (lyceum.keeps_student(p_student) or lyceum.teaches_student(p_student) or lyceum.has_scope('people.read')) then
        perform lyceum.record_audit('read', 'students', p_student);
    end if;
end
$$;
comment on function lyceum.record_reading(uuid) is
    'K2: records each reading of a profile by staff other than the class teacher, and by an app or an integration.';

-- The readings of many profiles at once
create or replace function lyceum.record_readings(p_students uuid[]) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.audit_log (school_id, entity, entity_id, action, changed_by, reason, request_id)
    select s.school_id, 'students', s.id, 'read', lyceum.current_user_id(),
        nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
    from public.students s
    where s.school_id = lyceum.current_school() and s.id = any (p_students)
        and not lyceum.leads_student(s.id)
        and not lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), s.id)
    order by s.id;
$$;
comment on function lyceum.record_readings(uuid[]) is
    'K2: records that an export shows these profiles, one row for each student. Those whom the reader leads or represents are left out.';
revoke execute on function lyceum.record_readings(uuid[]) from public;
grant execute on function lyceum.record_readings(uuid[]) to lyceum_app;

-- Readings of records that belong to a profile
create or replace function lyceum.record_reading(p_student uuid, p_entity text, p_id uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not lyceum.leads_student(p_student)
        and not lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student)
        and (lyceum.keeps_student(p_student) or lyceum.teaches_student(p_student)) then
        perform lyceum.record_audit('read', p_entity, p_id);
    end if;
end
$$;
comment on function lyceum.record_reading(uuid, text, uuid) is
    'K2: like lyceum.record_reading of a profile, for a record that belongs to one.';
revoke execute on function lyceum.record_reading(uuid, text, uuid) from public;

create or replace function lyceum.record_document_reading(p_document uuid) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    select lyceum.record_reading(d.student_id, 'student_documents', d.id)
    from public.student_documents d
    where d.school_id = lyceum.current_school() and d.id = p_document;
end;
comment on function lyceum.record_document_reading(uuid) is 'K2: records that a document was read.';

create or replace function lyceum.record_photo_reading(p_student uuid) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    select lyceum.record_reading(p.id, 'student_photos', p.id)
    from public.student_photos p
    where p.school_id = lyceum.current_school() and p.id = p_student;
end;
comment on function lyceum.record_photo_reading(uuid) is 'K2: records that a photo was read.';
