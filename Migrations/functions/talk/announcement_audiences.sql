-- Who is reached by which address (lyceum.are_addresses), today: in both directions, from a person and from an audience.

create or replace function lyceum.staff_addresses(p_school integer) returns table (person_id uuid, address text)
    language sql stable
as $$
    select r.user_id, a.address
    from public.user_roles r
    cross join lateral (values ('staff/school'), ('staff/role/' || r.role)) a (address)
    where r.school_id = p_school and r.role in ('administrator', 'head', 'deputy_head', 'teacher')
    union all
    select t.teacher_id, a.address
    from public.class_teachers t
    join public.classes c on c.school_id = t.school_id and c.id = t.class_id
    cross join lateral (
        values ('staff/school'), ('staff/role/class_teacher'), ('staff/class/' || c.id), ('staff/grade_level/' || c.grade_level)
    ) a (address)
    where t.school_id = p_school and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
    union all
    select t.teacher_id, a.address
    from public.section_teachers t
    join public.sections s on s.school_id = t.school_id and s.id = t.section_id
    join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
        and lyceum.today() between y.starts_on and y.ends_on
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    cross join lateral (
        values ('staff/group/' || g.id), ('staff/class/' || g.class_id), ('staff/grade_level/' || g.grade_level)
    ) a (address)
    where t.school_id = p_school and lyceum.holds(t.starts_on, t.ends_on, lyceum.today()) and a.address is not null
$$;
comment on function lyceum.staff_addresses(integer) is
    'The addresses of staff today: of their roles, of the classes that they lead, of the groups that they teach and the classes and grade '
    'levels of these groups. A person may have one twice. Inlined.';

create or replace function lyceum.pupil_addresses(p_school integer, p_student uuid) returns table (place text)
    language sql stable
as $$
    select a.place
    from public.enrollments e
    join public.classes c on c.school_id = e.school_id and c.id = e.class_id
    cross join lateral (values ('school'), ('grade_level/' || c.grade_level), ('class/' || c.id)) a (place)
    where e.school_id = p_school and e.student_id = p_student and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
    union all
    select 'group/' || m.group_id
    from public.group_members m
    where m.school_id = p_school and m.student_id = p_student and lyceum.holds(m.starts_on, m.ends_on, lyceum.today())
$$;
comment on function lyceum.pupil_addresses(integer, uuid) is
    'Where the student belongs today: an address without the part that says whether the student or the guardians are meant. Inlined.';

create or replace function lyceum.addresses(p_school integer, p_person uuid) returns table (address text, student_id uuid)
    language sql stable
as $$
    select case when s.student_id = p_person then 'students/' else 'guardians/' end || a.place, s.student_id
    from lyceum.seen_students(p_school, p_person) s
    cross join lateral lyceum.pupil_addresses(p_school, s.student_id) a
    union all
    select distinct a.address, null::uuid
    from lyceum.staff_addresses(p_school) a
    where a.person_id = p_person
$$;
comment on function lyceum.addresses(integer, uuid) is
    'C2, A3: the addresses by which announcements reach the person today, and the student through whom.';

create or replace function lyceum.led_addresses(p_school integer, p_person uuid) returns text[]
    language sql stable
    return array(
        select distinct m.member || a.place
        from class_teachers t
        join enrollments e on e.school_id = t.school_id and e.class_id = t.class_id
            and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        cross join lateral lyceum.pupil_addresses(p_school, e.student_id) a
        cross join (values ('students/'), ('guardians/')) m (member)
        where t.school_id = p_school and t.teacher_id = p_person and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
    );
comment on function lyceum.led_addresses(integer, uuid) is
    'The addresses of the families of the classes that the person leads today.';

create or replace function lyceum.is_reached(p_school integer, p_person uuid, p_audience text[]) returns boolean
    language plpgsql stable
as $$
begin
    return exists (select from lyceum.addresses(p_school, p_person) d where d.address = any (p_audience));
end
$$;
comment on function lyceum.is_reached(integer, uuid, text[]) is 'C2: whether the audience includes the person today.';

create or replace function lyceum.reached_by(p_school integer, p_audience text[])
    returns table (person_id uuid, member text, student_id uuid, class_id uuid)
    language sql stable
as $$
    with asked as materialized (
        select split_part(a.address, '/', 1) as member, split_part(a.address, '/', 2) as kind, split_part(a.address, '/', 3) as key
        from unnest(p_audience) a (address)
    ),
    pupils as materialized (
        select distinct x.member, x.student_id, e.class_id
        from (
            select t.member, e.student_id
            from asked t
            join public.classes c on c.school_id = p_school
                and case t.kind
                    when 'school' then true
                    when 'grade_level' then c.grade_level = t.key::smallint
                    when 'class' then c.id = t.key::uuid
                    else false
                end
            join public.enrollments e on e.school_id = p_school and e.class_id = c.id
                and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
            where t.member <> 'staff'
            union all
            select t.member, m.student_id
            from asked t
            join public.group_members m on m.school_id = p_school
                and m.group_id = case t.kind when 'group' then t.key::uuid end
                and lyceum.holds(m.starts_on, m.ends_on, lyceum.today())
            where t.member <> 'staff'
        ) x
        left join public.enrollments e on e.school_id = p_school and e.student_id = x.student_id
            and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
    )
    select p.student_id, p.member, p.student_id, p.class_id
    from pupils p
    where p.member = 'students'
    union all
    select g.guardian_id, p.member, p.student_id, p.class_id
    from pupils p
    join public.guardianships g on g.school_id = p_school and g.student_id = p.student_id and g.access = 'full'
        and lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
    where p.member = 'guardians'
    union all
    select distinct s.person_id, 'staff', null::uuid, null::uuid
    from lyceum.staff_addresses(p_school) s
    where s.address = any (p_audience)
$$;
comment on function lyceum.reached_by(integer, text[]) is
    'C2, A3: whom the audience reaches today, the same people as by lyceum.addresses: with the student through whom, and the class of the '
    'student. A guardian of two students has two rows.';

create or replace function lyceum.address_circle(p_address text) returns uuid
    language sql immutable parallel safe
    return md5(p_address)::uuid;
comment on function lyceum.address_circle(text) is 'The circle_id of an address in the log of changes.';

create or replace function lyceum.announcement_circles(p_audience text[], p_starts_at timestamptz) returns table (circle text, id uuid)
    language sql stable
as $$
    select distinct 'address', lyceum.address_circle(a.address)
    from unnest(p_audience) a (address)
    where p_starts_at <= now()
$$;
comment on function lyceum.announcement_circles(text[], timestamptz) is
    'A1: the circles of the log of changes whose feeds show the announcement: its addresses, once it has begun. The feeds of others, and '
    'feeds before its beginning, do not learn of it.';

create or replace function lyceum.address_circles(p_school integer, p_person uuid, p_student uuid) returns table (circle text, id uuid)
    language sql stable
as $$
    select 'address', lyceum.address_circle(d.address)
    from lyceum.addresses(p_school, p_person) d
    where p_student is null or d.student_id = p_student
    union
    select 'address', lyceum.address_circle(d.address)
    from unnest(lyceum.led_addresses(p_school, p_person)) d (address)
    where p_student is null
    union
    select 'address', lyceum.address_circle(m.member || a.place)
    from lyceum.pupil_addresses(p_school, p_student) a
    cross join (values ('students/'), ('guardians/')) m (member)
    where not lyceum.sees_student(p_school, p_person, p_student)
$$;
comment on function lyceum.address_circles(integer, uuid, uuid) is
    'The circles of the log of changes with the announcements that the person sees today: all, also those to families of the class that the '
    'person leads; or only through this student. Staff who read the feed of a student get what is for the student or the guardians.';

create or replace function lyceum.audience(p_school integer, p_addresses text[]) returns json
    language sql stable
as $$
    select json_agg(
        json_strip_nulls(json_build_object(
            'kind', t.kind,
            'grade_level', case t.kind when 'grade_level' then t.key::smallint end,
            'class', case t.kind when 'class' then (
                select json_build_object('id', c.id, 'name', c.name) from public.classes c
                where c.school_id = p_school and c.id = t.key::uuid
            ) end,
            'group', case t.kind when 'group' then (
                select json_build_object('id', g.id, 'name', g.name) from public.groups g
                where g.school_id = p_school and g.id = t.key::uuid
            ) end,
            'role', case t.kind when 'role' then t.key end,
            'members', t.members
        ))
        order by t.kind, t.key
    )
    from (
        select split_part(a.address, '/', 2) as kind, split_part(a.address, '/', 3) as key,
            array_agg(split_part(a.address, '/', 1) order by a.address) as members
        from unnest(p_addresses) a (address)
        group by 1, 2
    ) t
$$;
comment on function lyceum.audience(integer, text[]) is 'An audience as answers show it.';
