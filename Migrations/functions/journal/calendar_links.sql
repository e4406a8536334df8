-- Secret links to calendars (docs/decisions/0047-calendar-links.md)
create or replace function lyceum.calendar_link_holds(
    p_school integer, p_owner uuid, p_student uuid, p_class uuid, p_teacher uuid
) returns boolean
    language plpgsql stable
as $$
declare
    v_manages boolean := exists (
        select
        from public.user_roles r
        where r.school_id = p_school and r.user_id = p_owner and r.role in ('administrator', 'head', 'deputy_head')
    );
begin
    if not exists (select from public.users u where u.school_id = p_school and u.id = p_owner and u.state = 'active') then
        return false;
    end if;
    return case
        when p_student is not null then
            lyceum.sees_student(p_school, p_owner, p_student)
            and exists (
                select
                from public.enrollments e
                where e.school_id = p_school and e.student_id = p_student and lyceum.lasts(e.ends_on, lyceum.today())
            )
        when p_class is not null then
            v_manages
            or exists (
                select
                from public.class_teachers t
                where t.school_id = p_school
                    and t.class_id = p_class
                    and t.teacher_id = p_owner
                    and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
            )
        when p_teacher is not null then
            (v_manages or p_owner = p_teacher)
            and lyceum.is_staff(p_school, p_teacher)
            and exists (
                select from public.users u where u.school_id = p_school and u.id = p_teacher and u.state <> 'blocked'
            )
    end;
end
$$;
comment on function lyceum.calendar_link_holds(integer, uuid, uuid, uuid, uuid) is
    'A1, A3, A4: whether the owner may see this calendar today: the student or a guardian with access while the student is enrolled, the '
    'class teacher and managers, the teacher and managers. The accounts have to be active.';

create or replace function lyceum.make_calendar_link() returns trigger
    language plpgsql
as $$
begin
    if lyceum.current_client_id() is not null then
        raise exception using
            errcode = 'LYA09', message = 'not_for_programs', detail = 'Apps and integrations make no calendar links.';
    end if;
    if row_security_active('public.calendar_links') and new.owner_id is distinct from lyceum.current_user_id()
        or not lyceum.calendar_link_holds(new.school_id, new.owner_id, new.student_id, new.class_id, new.teacher_id) then
        raise exception using
            errcode = 'LYA11', message = 'not_found', detail = 'The owner of the link may not see this calendar.';
    end if;
    new.created_at := now();
    return new;
end
$$;

create or replace trigger make before insert on calendar_links for each row execute function lyceum.make_calendar_link();
create or replace trigger audit after insert or delete on calendar_links for each row execute function lyceum.audit('secret_hash');
