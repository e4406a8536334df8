-- People as the API shows them: the name from users, the rest from students, guardians or staff. The version of such a row counts
-- the changes of both tables.
create or replace view student_profiles with (security_invoker = true) as
select
    s.school_id, s.id, u.last_name, u.first_name, u.middle_name, s.birth_date, s.sex, s.personal_file,
    s.email, s.phone, s.address, s.health_group, s.pe_group, s.profile_confirmed_on, u.login, u.state, u.external_id,
    s.version + u.version - 1 as version, s.other_phones
from students s
join users u on u.school_id = s.school_id and u.id = s.id;
comment on view student_profiles is 'Profiles of students (анкета). Written through triggers.';
grant select, insert, update on student_profiles, guardian_profiles, staff_profiles to lyceum_app;

create or replace view guardian_profiles with (security_invoker = true) as
select
    g.school_id, g.id, u.last_name, u.first_name, u.middle_name, g.email, g.phone, g.address, g.workplace,
    u.login, u.state, u.external_id, g.version + u.version - 1 as version, g.other_phones
from guardians g
join users u on u.school_id = g.school_id and u.id = g.id;
comment on view guardian_profiles is 'Guardians with their contacts. Written through triggers.';

create or replace view staff_profiles with (security_invoker = true) as
select
    s.school_id, s.id, u.last_name, u.first_name, u.middle_name, s.position, s.qualification, s.email, s.phone,
    s.hired_on, s.left_on,
    array(
        select r.role from user_roles r
        where r.school_id = s.school_id and r.user_id = s.id
            and r.role in ('administrator', 'head', 'deputy_head', 'teacher')
        order by array_position(array['administrator', 'head', 'deputy_head', 'teacher'], r.role)
    ) as roles,
    u.login, u.state, u.external_id, s.version + u.version - 1 as version
from staff s
join users u on u.school_id = s.school_id and u.id = s.id;
comment on view staff_profiles is 'Staff with their roles. Written through triggers.';

create or replace function lyceum.write_person() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        -- An existing person gets another kind of profile and keeps the name.
        insert into public.users (school_id, id, last_name, first_name, middle_name, external_id)
        values (new.school_id, new.id, new.last_name, new.first_name, new.middle_name, new.external_id)
        on conflict (school_id, id) do nothing;
    else
        if (new.last_name, new.first_name, new.middle_name, new.external_id)
                is distinct from (old.last_name, old.first_name, old.middle_name, old.external_id)
            and tg_table_name <> 'staff_profiles' and lyceum.current_user_id() is not null
            and exists (select from public.staff s where s.school_id = new.school_id and s.id = new.id)
            and not lyceum.has_role('administrator') then
            raise exception using
                errcode = 'LYA04', message = 'not_your_person', detail = 'The names of staff are kept by administrators (A2).';
        end if;
        update public.users u
        set last_name = new.last_name, first_name = new.first_name, middle_name = new.middle_name,
            external_id = new.external_id
        where u.school_id = new.school_id and u.id = new.id
            and (u.last_name, u.first_name, u.middle_name, u.external_id)
                is distinct from (new.last_name, new.first_name, new.middle_name, new.external_id);
    end if;

    case tg_table_name
    when 'student_profiles' then
        if tg_op = 'INSERT' then
            insert into public.user_roles (school_id, user_id, role) values (new.school_id, new.id, 'student');
        end if;
        if not lyceum.sees_health(new.id)
            and (
                tg_op = 'UPDATE' and (new.health_group, new.pe_group) is distinct from (old.health_group, old.pe_group)
                or tg_op = 'INSERT' and coalesce(new.health_group::text, new.pe_group) is not null
            ) then
            raise exception using
                errcode = 'LYA03', message = 'health_not_yours', detail = 'K2: health groups are for those who see them.';
        end if;
        insert into public.students as s (
            school_id, id, birth_date, sex, personal_file, email, phone, address, health_group, pe_group,
            profile_confirmed_on, other_phones
        )
        values (
            new.school_id, new.id, new.birth_date, new.sex, new.personal_file, new.email, new.phone, new.address,
            new.health_group, new.pe_group, new.profile_confirmed_on, coalesce(new.other_phones, '{}')
        )
        on conflict (school_id, id) do update
        set birth_date = excluded.birth_date, sex = excluded.sex, personal_file = excluded.personal_file,
            email = excluded.email, phone = excluded.phone, address = excluded.address,
            health_group = excluded.health_group, pe_group = excluded.pe_group,
            profile_confirmed_on = excluded.profile_confirmed_on, other_phones = excluded.other_phones
        where tg_op = 'UPDATE';
    when 'guardian_profiles' then
        if tg_op = 'INSERT' then
            insert into public.user_roles (school_id, user_id, role) values (new.school_id, new.id, 'guardian');
        end if;
        insert into public.guardians as g (school_id, id, email, phone, address, workplace, other_phones)
        values (
            new.school_id, new.id, new.email, new.phone, new.address, new.workplace, coalesce(new.other_phones, '{}')
        )
        on conflict (school_id, id) do update
        set email = excluded.email, phone = excluded.phone, address = excluded.address, workplace = excluded.workplace,
            other_phones = excluded.other_phones
        where tg_op = 'UPDATE';
    when 'staff_profiles' then
        if tg_op = 'INSERT' and exists (
            select from public.staff s where s.school_id = new.school_id and s.id = new.id
        ) then
            raise exception using
                errcode = 'unique_violation', table = 'staff', constraint = 'staff_pkey', message = 'already_staff';
        end if;
        insert into public.staff as s (school_id, id, position, qualification, email, phone, hired_on, left_on)
        values (
            new.school_id, new.id, new.position, new.qualification, new.email, new.phone, new.hired_on, new.left_on
        )
        on conflict (school_id, id) do update
        set position = excluded.position, qualification = excluded.qualification, email = excluded.email,
            phone = excluded.phone, hired_on = excluded.hired_on, left_on = excluded.left_on,
            -- A change of roles increments the version.
            changed_at = case when new.roles is distinct from old.roles then now() else s.changed_at end
        where tg_op = 'UPDATE';
        delete from public.user_roles r
        where r.school_id = new.school_id and r.user_id = new.id
            and r.role in ('administrator', 'head', 'deputy_head', 'teacher') and r.role <> all (new.roles);
        insert into public.user_roles (school_id, user_id, role)
        select new.school_id, new.id, n.role from unnest(new.roles) as n(role)
        on conflict (school_id, user_id, role) do nothing;
        if tg_op = 'UPDATE' and 'administrator' = any (old.roles) and not exists (
            select from public.user_roles r where r.school_id = new.school_id and r.role = 'administrator'
        ) then
            raise exception using
                errcode = 'LYA05', message = 'last_administrator', detail = 'A school keeps one administrator at least.';
        end if;
    end case;
    return new;
end
$$;

create or replace trigger write instead of insert or update on student_profiles
    for each row execute function lyceum.write_person();
create or replace trigger write instead of insert or update on guardian_profiles
    for each row execute function lyceum.write_person();
create or replace trigger write instead of insert or update on staff_profiles
    for each row execute function lyceum.write_person();
