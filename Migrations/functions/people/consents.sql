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

create or replace function lyceum.may_consent(p_school integer, p_student uuid, p_purpose text, p_giver uuid, p_day date) returns boolean
    language plpgsql stable
as $$
begin
    if p_giver = p_student then
        return exists (
            select from public.students s
            where s.school_id = p_school and s.id = p_student
                and s.birth_date + make_interval(years => case p_purpose when 'medical' then 15 else 14 end) <= p_day
        );
    end if;
    return exists (
        select from public.guardianships g
        where g.school_id = p_school and g.student_id = p_student and g.guardian_id = p_giver
            and g.access = 'full' and lyceum.holds(g.starts_on, g.ends_on, p_day)
    );
end
$$;
comment on function lyceum.may_consent(integer, uuid, text, uuid, date) is
    'K3: whether the person may consent for the student on the day: the student from the age of 14 (medical care: 15), or a '
    'guardian with access whose guardianship covers the day. docs/people.md has the source of the ages.';

create or replace function lyceum.check_consent() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'UPDATE' and old.withdrawn_on <= lyceum.today()
        and (new.withdrawn_on is null or new.withdrawn_on > old.withdrawn_on) then
        raise exception using
            errcode = 'LYK02', message = 'consent_withdrawn', constraint = 'consents_withdrawal',
            detail = 'K3: a new consent is recorded instead.';
    end if;
    if new.given_on > lyceum.today() and (tg_op = 'INSERT' or new.given_on <> old.given_on) then
        raise exception using
            errcode = 'check_violation', table = 'consents', constraint = 'consents_given_on',
            message = 'in_the_future', detail = 'K3: a consent is not given in advance.';
    end if;
    if (
            tg_op = 'INSERT'
            or (new.student_id, new.purpose, new.given_by, new.given_on)
                is distinct from (old.student_id, old.purpose, old.given_by, old.given_on)
        )
        and not lyceum.may_consent(new.school_id, new.student_id, new.purpose, new.given_by, new.given_on) then
        raise exception using
            errcode = 'LYK01', message = 'giver_not_entitled', constraint = 'consents_giver',
            detail = 'K3: the student from the age of 14, or a guardian with access on that day.';
    end if;
    return null;
end
$$;
comment on function lyceum.check_consent() is
    'K3: only entitled people give a consent, none in advance, and a withdrawn consent does not come back. A withdrawal is never refused.';

-- After the row is written, so that the foreign keys report an unknown person or student first.
create or replace trigger rules after insert or update on consents for each row execute function lyceum.check_consent();
