-- Rows of a list that show a row of another table that was written since, or deleted. Programs that keep a copy of the list read
-- them again (docs/decisions/0008-cursors.md). The planner inlines these functions.

create or replace function lyceum.deleted_rows_shown_in(p_school integer, p_since xid8, p_entities text[])
    returns table (id uuid)
    language sql stable
as $$
    select s.id
    from public.deletions d
    cross join unnest(d.shown_in) as s(id)
    where d.school_id = p_school and d.entity = any (p_entities) and d.changed_xid >= p_since
$$;

create or replace function lyceum.students_shown_anew(p_school integer, p_since xid8) returns table (id uuid)
    language sql stable
as $$
    select e.student_id
    from public.enrollments e
    where e.school_id = p_school and e.changed_xid >= p_since
    union all
    select e.student_id
    from public.classes c
    join public.enrollments e on e.school_id = c.school_id and e.class_id = c.id
    where c.school_id = p_school and c.changed_xid >= p_since
        and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
    union all
    select o.id
    from public.student_photos o
    where o.school_id = p_school and o.changed_xid >= p_since
    union all
    select k.student_id
    from public.consents k
    where k.school_id = p_school and k.changed_xid >= p_since and k.purpose = 'photo'
    union all
    select d.id
    from lyceum.deleted_rows_shown_in(p_school, p_since, array['enrollments', 'student_photos', 'consents']) d
$$;
comment on function lyceum.students_shown_anew(integer, xid8) is
    'Students whose class or photo changed. The list shows class and has_photo.';

create or replace function lyceum.guardianships_shown_anew(p_school integer, p_since xid8) returns table (id uuid)
    language sql stable
as $$
    select g.id
    from public.users u
    join public.guardianships g on g.school_id = u.school_id and g.guardian_id = u.id
    where u.school_id = p_school and u.changed_xid >= p_since
$$;
comment on function lyceum.guardianships_shown_anew(integer, xid8) is
    'Guardianships of guardians whose name changed. The list shows guardian.';

create or replace function lyceum.classes_shown_anew(p_school integer, p_since xid8) returns table (id uuid)
    language sql stable
as $$
    select t.class_id
    from public.class_teachers t
    join public.users u on u.school_id = t.school_id and u.id = t.teacher_id
    where t.school_id = p_school and (t.changed_xid >= p_since or u.changed_xid >= p_since)
    union all
    select e.class_id
    from public.enrollments e
    where e.school_id = p_school and e.changed_xid >= p_since
    union all
    select d.id
    from lyceum.deleted_rows_shown_in(p_school, p_since, array['class_teachers', 'enrollments']) d
$$;
comment on function lyceum.classes_shown_anew(integer, xid8) is
    'Classes whose class teacher or students changed. The list shows class_teacher and student_count.';

create or replace function lyceum.sections_shown_anew(p_school integer, p_since xid8) returns table (id uuid)
    language sql stable
as $$
    select s.id
    from public.sections s
    join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    left join public.classes c on c.school_id = g.school_id and c.id = g.class_id
    where s.school_id = p_school
        and (j.changed_xid >= p_since or g.changed_xid >= p_since or c.changed_xid >= p_since)
    union all
    select t.section_id
    from public.section_teachers t
    join public.users u on u.school_id = t.school_id and u.id = t.teacher_id
    where t.school_id = p_school and (t.changed_xid >= p_since or u.changed_xid >= p_since)
    union all
    select d.id
    from lyceum.deleted_rows_shown_in(p_school, p_since, array['section_teachers']) d
$$;
comment on function lyceum.sections_shown_anew(integer, xid8) is
    'Sections whose subject, group, class or teachers changed. The list shows them.';
