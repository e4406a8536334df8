-- migrate:up

-- Who may see and keep whom. The roles are asked of user_roles and not of the token: what an administrator has taken away is
-- gone at once.

create function lyceum.has_role(variadic p_roles text[]) returns boolean
    language sql stable
    return exists (
        select from public.user_roles r
        where r.school_id = lyceum.current_school() and r.user_id = lyceum.current_user_id() and r.role = any (p_roles)
    );
comment on function lyceum.has_role(text[]) is 'Whether the person of the transaction has one of these roles.';

create function lyceum.leads_student(p_student uuid) returns boolean
    language sql stable
    return lyceum.is_class_teacher(lyceum.current_school(), lyceum.current_user_id(), p_student, lyceum.today());
comment on function lyceum.leads_student(uuid) is 'Whether the person of the transaction is the pupil''s class teacher today.';

create function lyceum.keeps_student(p_student uuid) returns boolean
    language sql stable
    return lyceum.has_role('administrator', 'head', 'deputy_head') or lyceum.leads_student(p_student);
comment on function lyceum.keeps_student(uuid) is
    'A4: whose profile the person of the transaction keeps: managers that of every pupil, a class teacher those of the class.';

create function lyceum.teaches_student(p_student uuid) returns boolean
    language sql stable
    return exists (
        select
        from public.group_members m
        join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
            and lyceum.today() between y.starts_on and y.ends_on
        join public.section_teachers t on t.school_id = s.school_id and t.section_id = s.id
        where m.school_id = lyceum.current_school() and m.student_id = p_student
            and m.starts_on <= lyceum.today() and (m.ends_on is null or m.ends_on >= lyceum.today())
            and t.teacher_id = lyceum.current_user_id()
            and t.starts_on <= lyceum.today() and (t.ends_on is null or t.ends_on >= lyceum.today())
    );
comment on function lyceum.teaches_student(uuid) is 'Whether the person of the transaction teaches the pupil today.';

create function lyceum.sees_profile(p_student uuid) returns boolean
    language sql stable
    return lyceum.keeps_student(p_student)
        or lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student);
comment on function lyceum.sees_profile(uuid) is 'A1, A3: who reads all of a profile: who keeps it, the pupil, guardians with access.';

alter table subjects add column is_physical boolean not null default false;
comment on column subjects.is_physical is 'Physical education: its teachers see their pupils'' health groups (K2).';
update subjects set is_physical = true where name ilike 'физическ%';

create function lyceum.sees_health(p_student uuid) returns boolean
    language sql stable
    return lyceum.has_role('deputy_head')
        or lyceum.leads_student(p_student)
        or lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student)
        or exists (
            select
            from public.group_members m
            join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
            join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
                and lyceum.today() between y.starts_on and y.ends_on
            join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
            join public.section_teachers t on t.school_id = s.school_id and t.section_id = s.id
            where m.school_id = lyceum.current_school() and m.student_id = p_student
                and m.starts_on <= lyceum.today() and (m.ends_on is null or m.ends_on >= lyceum.today())
                and t.teacher_id = lyceum.current_user_id()
                and t.starts_on <= lyceum.today() and (t.ends_on is null or t.ends_on >= lyceum.today())
                and j.is_physical
        );
comment on function lyceum.sees_health(uuid) is 'K2: class teacher, PE teachers of the pupil, deputy head, and the family itself.';

create function lyceum.keeps_guardian(p_guardian uuid) returns boolean
    language sql stable
    return lyceum.has_role('administrator', 'head', 'deputy_head')
        or exists (
            select from public.guardianships g
            where g.school_id = lyceum.current_school() and g.guardian_id = p_guardian
                and g.starts_on <= lyceum.today() and (g.ends_on is null or g.ends_on >= lyceum.today())
                and lyceum.leads_student(g.student_id)
        )
        or (
            not exists (
                select from public.guardianships g
                where g.school_id = lyceum.current_school() and g.guardian_id = p_guardian
            )
            and not exists (
                select from public.staff s where s.school_id = lyceum.current_school() and s.id = p_guardian
            )
            and exists (
                select from public.class_teachers t
                where t.school_id = lyceum.current_school() and t.teacher_id = lyceum.current_user_id()
                    and t.starts_on <= lyceum.today() and (t.ends_on is null or t.ends_on >= lyceum.today())
            )
        );
comment on function lyceum.keeps_guardian(uuid) is
    'Managers keep every guardian, class teachers those who represent their pupils today, and those who have no pupil yet and are no staff.';

-- Search by name

create function lyceum.name_matches(p_name text, p_query text) returns boolean
    language sql immutable parallel safe
    return (
        select coalesce(bool_and(position(' ' || w.word in ' ' || translate(lower(p_name), 'ё-', 'е ')) > 0), true)
        from regexp_split_to_table(translate(lower(p_query), 'ё-', 'е '), '\s+') as w(word)
        where w.word <> ''
    );
comment on function lyceum.name_matches(text, text) is
    'Whether each word of the query begins a word of the name; ё is е, and parts of a double name are words.';

-- People as the API has them: the name from users, the rest from the table of what they are. A version of such a row counts
-- the changes of both.

create view student_profiles with (security_invoker = true) as
select
    s.school_id, s.id, u.last_name, u.first_name, u.middle_name, s.birth_date, s.sex, s.personal_file,
    s.email, s.phone, s.address, s.health_group, s.pe_group, s.profile_confirmed_on, u.login, u.state, u.external_id,
    s.version + u.version - 1 as version
from students s
join users u on u.school_id = s.school_id and u.id = s.id;
comment on view student_profiles is 'Profiles of pupils (анкета). Written through triggers.';

create view guardian_profiles with (security_invoker = true) as
select
    g.school_id, g.id, u.last_name, u.first_name, u.middle_name, g.email, g.phone, g.address, g.workplace,
    u.login, u.state, u.external_id, g.version + u.version - 1 as version
from guardians g
join users u on u.school_id = g.school_id and u.id = g.id;
comment on view guardian_profiles is 'Guardians with their contacts. Written through triggers.';

create view staff_profiles with (security_invoker = true) as
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

grant select, insert, update on student_profiles, guardian_profiles, staff_profiles to lyceum_app;

create function lyceum.write_person() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        -- A person who is there already becomes one more thing, and keeps the name.
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
            profile_confirmed_on
        )
        values (
            new.school_id, new.id, new.birth_date, new.sex, new.personal_file, new.email, new.phone, new.address,
            new.health_group, new.pe_group, new.profile_confirmed_on
        )
        on conflict (school_id, id) do update
        set birth_date = excluded.birth_date, sex = excluded.sex, personal_file = excluded.personal_file,
            email = excluded.email, phone = excluded.phone, address = excluded.address,
            health_group = excluded.health_group, pe_group = excluded.pe_group,
            profile_confirmed_on = excluded.profile_confirmed_on
        where tg_op = 'UPDATE';
    when 'guardian_profiles' then
        if tg_op = 'INSERT' then
            insert into public.user_roles (school_id, user_id, role) values (new.school_id, new.id, 'guardian');
        end if;
        insert into public.guardians as g (school_id, id, email, phone, address, workplace)
        values (new.school_id, new.id, new.email, new.phone, new.address, new.workplace)
        on conflict (school_id, id) do update
        set email = excluded.email, phone = excluded.phone, address = excluded.address, workplace = excluded.workplace
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
            -- Other roles are another version.
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
create trigger write instead of insert or update on student_profiles
    for each row execute function lyceum.write_person();
create trigger write instead of insert or update on guardian_profiles
    for each row execute function lyceum.write_person();
create trigger write instead of insert or update on staff_profiles
    for each row execute function lyceum.write_person();

-- Who loses a role loses the sessions that were opened with it: writes end at once, reads with the access token.
create function lyceum.end_sessions_of_role() returns trigger
    language plpgsql
as $$
begin
    update public.sessions s set ended_at = now(), end_reason = 'role taken away'
    where s.school_id = old.school_id and s.user_id = old.user_id and s.ended_at is null;
    return null;
end
$$;
create trigger sessions after delete on user_roles for each row execute function lyceum.end_sessions_of_role();

create function lyceum.demand_health(p_fields jsonb, p_student uuid) returns void
    language plpgsql stable
as $$
begin
    if p_fields ?| '{health_group,pe_group}' and not lyceum.sees_health(p_student) then
        raise exception using
            errcode = 'LYA03', message = 'health_not_yours', detail = 'K2: health groups are for those who see them.';
    end if;
end
$$;
comment on function lyceum.demand_health(jsonb, uuid) is
    'K2: who does not see health groups may not even name them in a change: what is refused would tell what stands.';

create function lyceum.demand_person(p_person uuid) returns void
    language plpgsql stable
as $$
begin
    if not exists (
        select from public.users u where u.school_id = lyceum.current_school() and u.id = p_person
    ) then
        raise exception using
            errcode = 'foreign_key_violation', table = 'users', constraint = 'users_person',
            message = 'unknown_person', detail = 'The school has no such person.';
    end if;
end
$$;
comment on function lyceum.demand_person(uuid) is 'Raises unless the person is of the school.';

create function lyceum.demand_guardian(p_guardian uuid) returns void
    language plpgsql stable
as $$
begin
    if p_guardian is not null and (
        not lyceum.keeps_guardian(p_guardian) or p_guardian = lyceum.current_user_id()
    ) then
        raise exception using
            errcode = 'foreign_key_violation', table = 'guardianships', constraint = 'guardianships_guardian_id',
            message = 'unknown_guardian', detail = 'No guardian of this person''s to tie to a pupil.';
    end if;
end
$$;
comment on function lyceum.demand_guardian(uuid) is
    'A3: who ties a guardian to a pupil keeps both, and is not that guardian. A guardian of others is as one that is not there.';

create trigger audit after insert or update or delete on subjects for each row execute function lyceum.audit();
create trigger audit after insert or update or delete on group_members for each row execute function lyceum.audit();

create function lyceum.keep_recorded_enrollment() returns trigger
    language plpgsql
as $$
begin
    if exists (
        select from public.marks k
        join public.line_items i on i.school_id = k.school_id and i.id = k.line_item_id
        join public.lessons l on l.school_id = i.school_id and l.id = i.lesson_id
        where k.school_id = old.school_id and k.student_id = old.student_id
            and l.date >= old.starts_on and (old.ends_on is null or l.date <= old.ends_on)
    ) or exists (
        select from public.attendance a
        join public.lessons l on l.school_id = a.school_id and l.id = a.lesson_id
        where a.school_id = old.school_id and a.student_id = old.student_id
            and l.date >= old.starts_on and (old.ends_on is null or l.date <= old.ends_on)
    ) then
        raise exception using
            errcode = 'LYE04', message = 'in_use', detail = 'Marks or absences were recorded while the pupil was enrolled.';
    end if;
    return old;
end
$$;
create trigger recorded before delete on enrollments for each row execute function lyceum.keep_recorded_enrollment();

create function lyceum.record_reading(p_student uuid) returns void
    language plpgsql
as $$
begin
    if exists (
            select from public.students s where s.school_id = lyceum.current_school() and s.id = p_student
        )
        and not lyceum.leads_student(p_student)
        and not lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student)
        and (lyceum.keeps_student(p_student) or lyceum.teaches_student(p_student)) then
        perform lyceum.record_audit('read', 'students', p_student);
    end if;
end
$$;
comment on function lyceum.record_reading(uuid) is
    'K2: every reading of a profile by staff other than the class teacher is recorded.';

-- migrate:down

drop function lyceum.record_reading(uuid);
drop trigger recorded on enrollments;
drop function lyceum.keep_recorded_enrollment();
drop trigger audit on group_members;
drop trigger audit on subjects;
drop function lyceum.demand_guardian(uuid);
drop function lyceum.demand_person(uuid);
drop function lyceum.demand_health(jsonb, uuid);
drop trigger sessions on user_roles;
drop function lyceum.end_sessions_of_role();
drop view staff_profiles;
drop view guardian_profiles;
drop view student_profiles;
drop function lyceum.write_person();
drop function lyceum.name_matches(text, text);
drop function lyceum.keeps_guardian(uuid);
drop function lyceum.sees_health(uuid);
alter table subjects drop column is_physical;
drop function lyceum.sees_profile(uuid);
drop function lyceum.teaches_student(uuid);
drop function lyceum.keeps_student(uuid);
drop function lyceum.leads_student(uuid);
drop function lyceum.has_role(text[]);
