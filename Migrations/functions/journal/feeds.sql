-- The circles of the log of changes that a reader of a feed gets.

create or replace function lyceum.staff_circles(p_school integer, p_user uuid) returns table (circle text, id uuid)
    language sql stable
as $$
    with taught as materialized (
        select t.section_id from public.section_teachers t where t.school_id = p_school and t.teacher_id = p_user
        union
        select l.section_id from public.lessons l where l.school_id = p_school and l.teacher_id = p_user
    ),
    led as materialized (
        select t.class_id, e.student_id
        from public.class_teachers t
        left join public.enrollments e on e.school_id = t.school_id and e.class_id = t.class_id
            and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        where t.school_id = p_school and t.teacher_id = p_user and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
    )
    select 'school', lyceum.nobody()
    union all
    select 'person', p_user
    union
    select c.circle, s.id
    from taught t
    join public.sections s on s.school_id = p_school and s.id = t.section_id
    cross join (values ('section'), ('journal')) c (circle)
    union
    select 'group', s.group_id
    from taught t
    join public.sections s on s.school_id = p_school and s.id = t.section_id
    union
    select 'class', l.class_id from led l
    union
    select c.circle, l.student_id
    from led l
    cross join (values ('student'), ('diary')) c (circle)
    where l.student_id is not null
    union
    select 'person', g.guardian_id
    from led l
    join public.guardianships g on g.school_id = p_school and g.student_id = l.student_id
        and lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
    -- The lessons of the students of the class. Records about other students in these lessons are in the circle journal.
    union
    select 'section', s.id
    from led l
    join public.group_members m on m.school_id = p_school and m.student_id = l.student_id
    join public.sections s on s.school_id = p_school and s.group_id = m.group_id
$$;
comment on function lyceum.staff_circles(integer, uuid) is
    'A4: the circles of a teacher: the set-up, the teacher''s own person, the sections that the teacher teaches or has taught, with their '
    'groups, and the classes that the teacher leads today, with their students, guardians and sections.';

create or replace function lyceum.student_circles(p_school integer, p_student uuid) returns table (circle text, id uuid)
    language sql stable
as $$
    select c.circle, c.id
    from (values ('school', lyceum.nobody()), ('student', p_student), ('diary', p_student)) c (circle, id)
    where p_student is not null
    union
    select 'section', s.id
    from public.group_members m
    join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
    where m.school_id = p_school and m.student_id = p_student
    union
    select 'class', e.class_id
    from public.enrollments e
    where e.school_id = p_school and e.student_id = p_student and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
    union
    select 'group', m.group_id
    from public.group_members m
    where m.school_id = p_school and m.student_id = p_student and lyceum.holds(m.starts_on, m.ends_on, lyceum.today())
$$;
comment on function lyceum.student_circles(integer, uuid) is
    'The circles of a student''s family: the set-up, the student, all sections that the student has ever belonged to, and the class and '
    'groups of today.';
