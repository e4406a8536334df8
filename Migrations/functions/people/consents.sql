create or replace function lyceum.consent_holds(p_given_on date, p_withdrawn_on date) returns boolean
    language sql stable parallel safe
    return p_given_on <= lyceum.today() and (p_withdrawn_on is null or p_withdrawn_on > lyceum.today());
comment on function lyceum.consent_holds(date, date) is
    'K3: whether a consent is valid today. It ends before the day of its withdrawal. Inlined.';

create or replace function lyceum.has_consent(p_school integer, p_student uuid, p_purpose text) returns boolean
    language sql stable
    return exists (
        select from public.consents c
        where c.school_id = p_school and c.student_id = p_student and c.purpose = p_purpose
            and lyceum.consent_holds(c.given_on, c.withdrawn_on)
    );
comment on function lyceum.has_consent(integer, uuid, text) is
    'K3: whether the student has a consent for this purpose that has not been withdrawn.';
