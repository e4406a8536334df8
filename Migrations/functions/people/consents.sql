create or replace function lyceum.consent_holds(p_given_on date, p_withdrawn_on date) returns boolean
    language sql stable parallel safe
    return p_given_on <= lyceum.today() and (p_withdrawn_on is null or p_withdrawn_on > lyceum.today());
comment on function lyceum.consent_holds(date, date) is
    'K3: whether a consent holds today; it ends before the day of its withdrawal. Is inlined.';

create or replace function lyceum.has_consent(p_school integer, p_student uuid, p_purpose text) returns boolean
    language sql stable
    return exists (
        select from public.consents c
        where c.school_id = p_school and c.student_id = p_student and c.purpose = p_purpose
            and lyceum.consent_holds(c.given_on, c.withdrawn_on)
    );
comment on function lyceum.has_consent(integer, uuid, text) is 'K3: whether somebody has agreed for the pupil, and not withdrawn it.';
