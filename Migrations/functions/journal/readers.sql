create or replace function lyceum.reads_section(p_school integer, p_user uuid, p_section uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from public.section_teachers t
        where t.school_id = p_school and t.section_id = p_section and t.teacher_id = p_user
    ) or exists (
        select from public.lessons l
        where l.school_id = p_school and l.section_id = p_section and l.teacher_id = p_user
    );
end
$$;
comment on function lyceum.reads_section(integer, uuid, uuid) is
    'Whether the person ever taught the section, as its teacher or as a substitute, and so reads its whole journal.';

create or replace function lyceum.leads_member(p_school integer, p_user uuid, p_section uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.sections s
        join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
        where s.school_id = p_school
            and s.id = p_section
            and lyceum.is_class_teacher(p_school, p_user, m.student_id, lyceum.today())
    );
end
$$;
comment on function lyceum.leads_member(integer, uuid, uuid) is
    'Whether students of the person''s class are in the section. A class teacher reads its journal for those '
    'students.';
