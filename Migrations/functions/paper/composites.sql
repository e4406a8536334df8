-- M11: the marks of composite subjects.

create or replace function lyceum.composite_finals(p_school integer, p_year uuid, p_students uuid[], p_published boolean)
    returns table (student_id uuid, subject_id uuid, kind text, number smallint)
    language sql stable rows 100
as $$
    with own as materialized (
        select f.id, f.student_id, f.subject_id, f.kind, f.number
        from public.final_marks f
        where f.school_id = p_school and f.student_id = any (p_students) and f.academic_year_id = p_year and f.value_kind is not null
            and (not p_published or f.published_at <= now())
    ), learned as materialized (
        select m.student_id, s.subject_id
        from public.group_members m
        join public.sections s on s.school_id = p_school and s.group_id = m.group_id and s.academic_year_id = p_year
            and s.grading <> 'none'
        where m.school_id = p_school and m.student_id = any (p_students)
        union
        select o.student_id, o.subject_id from own o
    )
    select l.student_id, p.subject_id, k.kind, lyceum.half_up(sum(o.number), count(o.number))
    from public.subject_parts p
    join learned l on l.subject_id = p.part_id
    cross join (values ('year'), ('exam'), ('final')) k (kind)
    left join own o on o.student_id = l.student_id and o.subject_id = l.subject_id and o.kind = k.kind
    where p.school_id = p_school and p.academic_year_id = p_year
        and not exists (
            select from own w where w.student_id = l.student_id and w.subject_id = p.subject_id and w.kind = k.kind
        )
    group by l.student_id, p.subject_id, k.kind
    having count(o.number) > 0 and (k.kind = 'exam' or count(*) = count(o.id))
$$;
comment on function lyceum.composite_finals(integer, uuid, uuid[], boolean) is
    'M11: the year, exam and final marks of composite subjects: the means over the parts that the student learns, rounded half up, once '
    'each of them has such a mark; of exams those that were held. A mark that was given for the whole subject stands, and has no row here. '
    'p_published: only with marks that families see (M12).';
