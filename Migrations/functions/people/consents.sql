create or replace function lyceum.has_consent(p_school integer, p_student uuid, p_purpose text) returns boolean
    language sql stable
    return exists (
        select from public.consents c
        where c.school_id = p_school and c.student_id = p_student and c.purpose = p_purpose
            and c.given_on <= lyceum.today() and (c.withdrawn_on is null or c.withdrawn_on > lyceum.today())
    );
comment on function lyceum.has_consent(integer, uuid, text) is 'K3: whether somebody has agreed for the pupil, and not withdrawn it.';
