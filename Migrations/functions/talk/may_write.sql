-- C1: who may write to whom.

create or replace function lyceum.works(p_school integer, p_person uuid) returns boolean
    language plpgsql stable
as $$
begin
    return (
        lyceum.is_staff(p_school, p_person)
        or exists (select from public.staff s where s.school_id = p_school and s.id = p_person)
    ) and not exists (
        select from public.staff s
        where s.school_id = p_school and s.id = p_person and not lyceum.lasts(s.left_on, lyceum.today())
    );
end
$$;
comment on function lyceum.works(integer, uuid) is 'Whether the person is staff and has not left.';

create or replace function lyceum.has_charge(p_school integer, p_person uuid, p_student uuid) returns boolean
    language plpgsql stable
as $$
declare
    v_today date := lyceum.today();
begin
    return exists (
        select from public.user_roles r
        where r.school_id = p_school and r.user_id = p_person and r.role in ('head', 'deputy_head')
    )
    or lyceum.is_class_teacher(p_school, p_person, p_student, v_today)
    or exists (
        select
        from public.group_members m
        join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
            and v_today between y.starts_on and y.ends_on
        where m.school_id = p_school
            and m.student_id = p_student
            and lyceum.holds(m.starts_on, m.ends_on, v_today)
            and (
                lyceum.teaches(p_school, p_person, s.id, v_today)
                or exists (
                    select from public.lessons l
                    where l.school_id = p_school and l.section_id = s.id and l.date = v_today and l.teacher_id = p_person
                        and l.state <> 'cancelled'
                )
            )
    );
end
$$;
comment on function lyceum.has_charge(integer, uuid, uuid) is
    'A4: whether the student is in the person''s charge today: of the teachers of the student''s sections, of a substitute on the day of '
    'the lesson, of the class teacher (also an acting one), of heads and deputy heads.';

create or replace function lyceum.is_concerned(p_school integer, p_person uuid, p_student uuid) returns boolean
    language plpgsql stable
as $$
begin
    return lyceum.has_charge(p_school, p_person, p_student) or exists (
        select from public.user_roles r
        where r.school_id = p_school and r.user_id = p_person and r.role = 'administrator'
    );
end
$$;
comment on function lyceum.is_concerned(integer, uuid, uuid) is
    'Whether the student''s family may write to this member of staff: lyceum.has_charge, and administrators.';

create or replace function lyceum.capacity(p_school integer, p_person uuid, p_student uuid) returns text
    language plpgsql stable
as $$
begin
    if p_student is null then
        return case
            when lyceum.works(p_school, p_person) then 'staff'
            when exists (select from public.students s where s.school_id = p_school and s.id = p_person) then 'student'
        end;
    elsif p_person = p_student then
        return case when exists (select from public.students s where s.school_id = p_school and s.id = p_person) then 'student' end;
    elsif exists (
        select from public.guardianships g
        where g.school_id = p_school and g.guardian_id = p_person and g.student_id = p_student
            and lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
    ) then
        return case when lyceum.represents(p_school, p_person, p_student) then 'guardian' end;
    end if;
    return case when lyceum.works(p_school, p_person) then 'staff' end;
end
$$;
comment on function lyceum.capacity(integer, uuid, uuid) is
    'A3: as what the person takes part in a conversation about the student today: staff, guardian, student; null: not at all. A member of '
    'staff who is a guardian of the student is a guardian there, and nothing without access.';

create or replace function lyceum.may_write(p_school integer, p_sender uuid, p_recipient uuid, p_student uuid) returns boolean
    language plpgsql stable
as $$
declare
    v_sender text := lyceum.capacity(p_school, p_sender, p_student);
    v_recipient text := lyceum.capacity(p_school, p_recipient, p_student);
begin
    return coalesce(p_sender <> p_recipient and case
        when p_student is null and v_sender = 'student' and v_recipient = 'student' then
            lyceum.are_classmates(p_school, p_sender, p_recipient) and exists (
                select from public.school_settings t where t.school_id = p_school and t.students_write_students
            )
        when p_student is null then
            v_sender = 'staff' and v_recipient = 'staff'
        when v_sender = 'staff' and v_recipient = 'staff' then
            lyceum.is_concerned(p_school, p_sender, p_student) and lyceum.is_concerned(p_school, p_recipient, p_student)
        when v_sender = 'staff' then
            v_recipient is not null and lyceum.has_charge(p_school, p_sender, p_student)
        when v_recipient = 'staff' then
            v_sender is not null and lyceum.is_concerned(p_school, p_recipient, p_student)
        else false
    end, false);
end
$$;
comment on function lyceum.may_write(integer, uuid, uuid, uuid) is
    'C1: whether the person may write to the other one today, about this student. Families to the staff who are concerned with their '
    'child, and these to families, except administrators, who only answer. Colleagues to each other, about a student only if both are '
    'concerned. Students to classmates if the school allows it. Guardians never to guardians (A3).';

create or replace function lyceum.are_classmates(p_school integer, p_student uuid, p_other uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.enrollments e
        join public.enrollments o on o.school_id = e.school_id and o.class_id = e.class_id
        where e.school_id = p_school
            and e.student_id = p_student
            and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
            and o.student_id = p_other
            and lyceum.holds(o.starts_on, o.ends_on, lyceum.today())
    );
end
$$;
comment on function lyceum.are_classmates(integer, uuid, uuid) is
    'A1: whether both are in one class today. Students do not learn of others.';

create or replace function lyceum.recipients(p_school integer, p_person uuid, p_student uuid)
    returns table (person_id uuid, student_id uuid)
    language sql stable
as $$
    with today as materialized (
        select lyceum.today() as date, lyceum.works(p_school, p_person) as works
    ),
    managers as materialized (
        select r.user_id, r.role from public.user_roles r
        where r.school_id = p_school and r.role in ('administrator', 'head', 'deputy_head')
    ),
    own as materialized (
        select s.student_id from lyceum.seen_students(p_school, p_person) s
        where p_student is null or s.student_id = p_student
    ),
    -- The students in the person's charge.
    charge as materialized (
        select e.student_id
        from today d
        join public.class_teachers t on t.school_id = p_school and t.teacher_id = p_person
            and lyceum.holds(t.starts_on, t.ends_on, d.date)
        join public.enrollments e on e.school_id = p_school and e.class_id = t.class_id
            and lyceum.holds(e.starts_on, e.ends_on, d.date)
        union
        select m.student_id
        from today d
        cross join lateral (
            select t.section_id
            from public.section_teachers t
            where t.school_id = p_school and t.teacher_id = p_person and lyceum.holds(t.starts_on, t.ends_on, d.date)
            union
            select l.section_id
            from public.lessons l
            where l.school_id = p_school and l.teacher_id = p_person and l.date = d.date
        ) t
        join public.sections s on s.school_id = p_school and s.id = t.section_id
        join public.group_members m on m.school_id = p_school and m.group_id = s.group_id
            and lyceum.holds(m.starts_on, m.ends_on, d.date)
        union
        select e.student_id
        from today d
        join public.enrollments e on e.school_id = p_school and lyceum.holds(e.starts_on, e.ends_on, d.date)
        where exists (select from managers r where r.user_id = p_person and r.role <> 'administrator')
    ),
    -- The students about whom the person writes to staff: the own children, and a student in the person's charge.
    about as materialized (
        select o.student_id from own o
        union
        select p_student where p_student is not null and lyceum.is_concerned(p_school, p_person, p_student)
    )
    select t.teacher_id, a.student_id
    from today d
    cross join about a
    join public.enrollments e on e.school_id = p_school and e.student_id = a.student_id
        and lyceum.holds(e.starts_on, e.ends_on, d.date)
    join public.class_teachers t on t.school_id = p_school and t.class_id = e.class_id
        and lyceum.holds(t.starts_on, t.ends_on, d.date)
    union
    select t.teacher_id, a.student_id
    from today d
    cross join about a
    join public.group_members m on m.school_id = p_school and m.student_id = a.student_id
        and lyceum.holds(m.starts_on, m.ends_on, d.date)
    join public.sections s on s.school_id = p_school and s.group_id = m.group_id
    cross join lateral (
        select t.teacher_id
        from public.section_teachers t
        where t.school_id = p_school and t.section_id = s.id and lyceum.holds(t.starts_on, t.ends_on, d.date)
        union all
        select l.teacher_id
        from public.lessons l
        where l.school_id = p_school and l.section_id = s.id and l.date = d.date and l.teacher_id is not null
    ) t
    union
    select r.user_id, a.student_id from about a cross join managers r
    union
    select s.id, null
    from today d
    join public.staff s on s.school_id = p_school and lyceum.lasts(s.left_on, d.date)
    where p_student is null and d.works
    union
    select r.user_id, null from today d cross join managers r where p_student is null and d.works
    union
    select c.student_id, c.student_id from charge c where p_student is null or c.student_id = p_student
    union
    select g.guardian_id, c.student_id
    from today d
    cross join charge c
    join public.guardianships g on g.school_id = p_school and g.student_id = c.student_id and g.access = 'full'
        and lyceum.holds(g.starts_on, g.ends_on, d.date)
    where p_student is null or c.student_id = p_student
    union
    select o.student_id, null
    from today d
    join public.enrollments e on e.school_id = p_school and e.student_id = p_person
        and lyceum.holds(e.starts_on, e.ends_on, d.date)
    join public.enrollments o on o.school_id = p_school and o.class_id = e.class_id
        and lyceum.holds(o.starts_on, o.ends_on, d.date)
    where p_student is null
        and exists (select from public.school_settings t where t.school_id = p_school and t.students_write_students)
$$;
comment on function lyceum.recipients(integer, uuid, uuid) is
    'Candidates for lyceum.may_write: all whom the person may write to, about which student, and few others. With a student only those '
    'about this student.';
