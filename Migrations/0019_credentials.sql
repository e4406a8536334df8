-- migrate:up

-- A code is typed without a name: it is found by its hash.
create index activation_codes_by_hash on activation_codes (school_id, code_hash)
    where used_at is null and revoked_at is null;

-- Lockout counts by address; what is too old to count goes by its age.
create index sign_in_failures_by_age on sign_in_failures (school_id, failed_at);
drop index sign_in_failures_by_login;
comment on table sign_in_failures is
    'A6: attempts of the last 15 minutes that did not succeed, for lockout. Written before a password is looked at and taken back when '
    'it was right, so one that is being looked at counts. Older rows are deleted by the next attempt at the school.';
comment on column sign_in_failures.login is
    'What was typed, whether it exists or not; of an activation a digest of the code.';

create function lyceum.is_staff(p_school integer, p_user uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from public.user_roles r
        where r.school_id = p_school
            and r.user_id = p_user
            and r.role in ('administrator', 'head', 'deputy_head', 'teacher')
    ) or exists (
        select from public.class_teachers t
        where t.school_id = p_school
            and t.teacher_id = p_user
            and t.starts_on <= lyceum.today()
            and (t.ends_on is null or t.ends_on >= lyceum.today())
    );
end
$$;
comment on function lyceum.is_staff(integer, uuid) is
    'A2: whether the person holds a role of staff today, whatever else it is; then only an administrator issues its credentials.';

create function lyceum.knows_person(p_school integer, p_teacher uuid, p_person uuid) returns boolean
    language plpgsql stable
as $$
declare
    v_today date := lyceum.today();
begin
    return lyceum.is_staff(p_school, p_person)
        or lyceum.is_class_teacher(p_school, p_teacher, p_person, v_today)
        or exists (
            select
            from public.guardianships g
            where g.school_id = p_school
                and g.guardian_id = p_person
                and g.starts_on <= v_today
                and (g.ends_on is null or g.ends_on >= v_today)
                and lyceum.is_class_teacher(p_school, p_teacher, g.student_id, v_today)
        )
        or exists (
            select
            from public.group_members m
            join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
            join public.section_teachers t on t.school_id = s.school_id and t.section_id = s.id
            where m.school_id = p_school
                and m.student_id = p_person
                and m.starts_on <= v_today
                and (m.ends_on is null or m.ends_on >= v_today)
                and t.teacher_id = p_teacher
                and t.starts_on <= v_today
                and (t.ends_on is null or t.ends_on >= v_today)
        );
end
$$;
comment on function lyceum.knows_person(integer, uuid, uuid) is
    'Whether a teacher sees the person today: colleagues, pupils taught, pupils of the own class and their guardians, also those without access.';

-- migrate:down

drop function lyceum.knows_person(integer, uuid, uuid);
drop function lyceum.is_staff(integer, uuid);
comment on column sign_in_failures.login is null;
comment on table sign_in_failures is
    'A6: failures of the last minutes, for lockout. The login is what was typed, whether it exists or not.';
create index sign_in_failures_by_login on sign_in_failures (school_id, login, failed_at);
drop index sign_in_failures_by_age;
drop index activation_codes_by_hash;
