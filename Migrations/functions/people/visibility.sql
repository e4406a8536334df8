create or replace function lyceum.seen_students(p_school integer, p_user uuid) returns table (student_id uuid)
    language sql stable
as $$
    select s.id
    from public.students s
    where s.school_id = p_school and s.id = p_user
    union all
    select g.student_id
    from public.guardianships g
    where g.school_id = p_school
        and g.guardian_id = p_user
        and g.access = 'full'
        and lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
$$;
comment on function lyceum.seen_students(integer, uuid) is
    'A1, A3: students whose data a family member reads today: the person, and children under a guardianship with '
    'access. Inlined, so a join keeps using indexes.';

create or replace function lyceum.sees_student(p_school integer, p_user uuid, p_student uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from lyceum.seen_students(p_school, p_user) s where s.student_id = p_student
    );
end
$$;
comment on function lyceum.sees_student(integer, uuid, uuid) is 'A1, A3: like lyceum.seen_students, for one student.';

-- Who may see and write whose data. Roles are read from user_roles and not from the token, so a role that an administrator
-- removes is gone at once.
create or replace function lyceum.has_role(variadic p_roles text[]) returns boolean
    language sql stable
    return exists (
        select from public.user_roles r
        where r.school_id = lyceum.current_school() and r.user_id = lyceum.current_user_id() and r.role = any (p_roles)
    );
comment on function lyceum.has_role(text[]) is 'Whether the person of the transaction has one of these roles.';

create or replace function lyceum.leads_student(p_student uuid) returns boolean
    language sql stable
    return lyceum.is_class_teacher(lyceum.current_school(), lyceum.current_user_id(), p_student, lyceum.today());
comment on function lyceum.leads_student(uuid) is
    'Whether the person of the transaction is the student''s class teacher today.';

create or replace function lyceum.keeps_student(p_student uuid) returns boolean
    language sql stable
    return lyceum.has_role('administrator', 'head', 'deputy_head') or lyceum.leads_student(p_student);
comment on function lyceum.keeps_student(uuid) is
    'A4: whether the person of the transaction may write the profile: managers may for every student, class teachers '
    'for their class.';

create or replace function lyceum.teaches_student(p_student uuid) returns boolean
    language sql stable
    return exists (
        select
        from public.group_members m
        join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
            and lyceum.today() between y.starts_on and y.ends_on
        join public.section_teachers t on t.school_id = s.school_id and t.section_id = s.id
        where m.school_id = lyceum.current_school() and m.student_id = p_student
            and lyceum.holds(m.starts_on, m.ends_on, lyceum.today())
            and t.teacher_id = lyceum.current_user_id()
            and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
    );
comment on function lyceum.teaches_student(uuid) is 'Whether the person of the transaction teaches the student today.';

create or replace function lyceum.sees_profile(p_student uuid) returns boolean
    language sql stable
    return lyceum.keeps_student(p_student)
        or lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student);
comment on function lyceum.sees_profile(uuid) is
    'A1, A3: who reads the whole profile: those who may write it, the student, guardians with access.';

create or replace function lyceum.sees_health(p_student uuid) returns boolean
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
                and lyceum.holds(m.starts_on, m.ends_on, lyceum.today())
                and t.teacher_id = lyceum.current_user_id()
                and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
                and j.is_physical
        );
comment on function lyceum.sees_health(uuid) is
    'K2: class teacher, the student''s PE teachers, deputy head, and the family.';

create or replace function lyceum.keeps_guardian(p_guardian uuid) returns boolean
    language sql stable
    return lyceum.has_role('administrator', 'head', 'deputy_head')
        or exists (
            select from public.guardianships g
            where g.school_id = lyceum.current_school() and g.guardian_id = p_guardian
                and lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
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
                    and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
            )
        );
comment on function lyceum.keeps_guardian(uuid) is
    'Managers may write every guardian. Class teachers may write guardians who represent their students today, and '
    'guardians who have no student yet and are not staff.';

create or replace function lyceum.is_staff(p_school integer, p_user uuid) returns boolean
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
            and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
    );
end
$$;
comment on function lyceum.is_staff(integer, uuid) is
    'A2: whether the person holds a staff role today, besides any other role. Then only an administrator issues the '
    'person''s credentials.';

create or replace function lyceum.knows_person(p_school integer, p_teacher uuid, p_person uuid) returns boolean
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
                and lyceum.holds(g.starts_on, g.ends_on, v_today)
                and lyceum.is_class_teacher(p_school, p_teacher, g.student_id, v_today)
        )
        or exists (
            select
            from public.group_members m
            join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
            join public.section_teachers t on t.school_id = s.school_id and t.section_id = s.id
            where m.school_id = p_school
                and m.student_id = p_person
                and lyceum.holds(m.starts_on, m.ends_on, v_today)
                and t.teacher_id = p_teacher
                and lyceum.holds(t.starts_on, t.ends_on, v_today)
        );
end
$$;
comment on function lyceum.knows_person(integer, uuid, uuid) is
    'Whether a teacher sees the person today: colleagues, taught students, students of the teacher''s own class and '
    'their guardians, including those without access.';

create or replace function lyceum.demand_health(p_fields jsonb, p_student uuid) returns void
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
    'K2: a person who does not see health groups may not name them in a change, because a refusal would reveal the '
    'stored value.';

create or replace function lyceum.demand_person(p_person uuid) returns void
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
comment on function lyceum.demand_person(uuid) is 'Raises an error unless the person belongs to the school.';

create or replace function lyceum.demand_guardian(p_guardian uuid) returns void
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
    'A3: a person who ties a guardian to a student must be allowed to write both, and must not be that guardian. '
    'Other guardians are treated as unknown.';
