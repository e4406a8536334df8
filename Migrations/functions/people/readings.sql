create or replace function lyceum.record_reading(p_student uuid) returns void
    language plpgsql
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

-- Readings of records that belong to a profile
create or replace function lyceum.record_reading(p_student uuid, p_entity text, p_id uuid) returns void
    language plpgsql
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

create or replace function lyceum.record_document_reading(p_document uuid) returns void
    language sql
begin atomic
    select lyceum.record_reading(d.student_id, 'student_documents', d.id)
    from public.student_documents d
    where d.school_id = lyceum.current_school() and d.id = p_document;
end;
comment on function lyceum.record_document_reading(uuid) is 'K2: records that a document was read.';
