-- The register of certificates.

-- Only who has been in grade 9 (11) by the day of issue gets the certificate of basic (secondary) education.
create or replace function lyceum.check_certificate() returns trigger
    language plpgsql
as $$
begin
    if not exists (
        select
        from public.enrollments e
        join public.classes c on c.school_id = e.school_id and c.id = e.class_id
        where e.school_id = new.school_id and e.student_id = new.student_id and e.starts_on <= new.issued_on
            and c.grade_level = case new.kind when 'basic' then 9 else 11 end
    ) then
        raise exception using
            errcode = 'check_violation', table = 'certificates', constraint = 'certificates_grade_level',
            message = 'not_in_grade_level', detail = 'The student was not in the grade level of the certificate by the day of issue.';
    end if;
    return new;
end
$$;
create or replace trigger checks before insert or update on certificates
    for each row execute function lyceum.check_certificate();

create or replace trigger managers before insert or update or delete on certificates
    for each row execute function lyceum.require_manager();
create or replace trigger version before update on certificates for each row execute function lyceum.version();
create or replace trigger fixed before update on certificates
    for each row when ((new.student_id, new.kind) is distinct from (old.student_id, old.kind))
    execute function lyceum.refuse_move();
create or replace trigger audit after insert or update or delete on certificates for each row execute function lyceum.audit();
