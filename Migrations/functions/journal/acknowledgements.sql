-- C2: guardians acknowledge marks, feedback and conduct notes.
create or replace view lyceum.family_records with (security_invoker = true) as
select k.school_id, 'mark'::text as kind, k.id, k.student_id, k.version, k.published_at, k.changed_at, l.date as day, l.section_id,
    null::uuid as author_id
from public.marks k
join public.line_items i on i.school_id = k.school_id and i.id = k.line_item_id and i.deleted_at is null
join public.lessons l on l.school_id = i.school_id and l.id = i.lesson_id
where k.kind is not null
union all
select f.school_id, 'feedback', f.id, f.student_id, f.version, f.published_at, f.changed_at,
    coalesce(l.date, (f.created_at at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date),
    f.section_id, f.author_id
from public.feedback f
left join public.lessons l on l.school_id = f.school_id and l.id = f.lesson_id
where f.deleted_at is null
union all
select n.school_id, 'conduct_note', n.id, n.student_id, n.version, n.published_at, n.changed_at, n.date, null, n.author_id
from public.conduct_notes n
where n.deleted_at is null;
comment on view lyceum.family_records is
    'C2: what a guardian acknowledges: marks, feedback and conduct notes. M12: a reader compares published_at.';
grant select on lyceum.family_records to lyceum_app;

create or replace function lyceum.represents(p_school integer, p_person uuid, p_student uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.guardianships g
        where g.school_id = p_school
            and g.guardian_id = p_person
            and g.student_id = p_student
            and g.access = 'full'
            and lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
    );
end
$$;
comment on function lyceum.represents(integer, uuid, uuid) is
    'A3: whether the person is a guardian of the student with access today. Unlike lyceum.sees_student, not for the student.';

create or replace function lyceum.check_acknowledgement() returns trigger
    language plpgsql
as $$
declare
    v_person uuid := lyceum.current_user_id();
    v_version integer;
begin
    select r.student_id, r.version into new.student_id, v_version
    from lyceum.family_records r
    where r.school_id = new.school_id
        and r.kind = case
            when new.mark_id is not null then 'mark'
            when new.feedback_id is not null then 'feedback'
            else 'conduct_note'
        end
        and r.id = coalesce(new.mark_id, new.feedback_id, new.conduct_note_id)
        and r.published_at <= now();
    if v_version is null or not lyceum.represents(new.school_id, new.guardian_id, new.student_id)
        or v_person <> new.guardian_id then
        raise exception using
            errcode = 'LYC03', message = 'not_found',
            detail = 'A1, C2: a guardian with access acknowledges published records of the child, in person.';
    end if;
    if new.version <> v_version then
        raise exception using
            errcode = 'LYC04', message = 'stale_version', detail = 'C2: the version that is valid now is acknowledged.';
    end if;
    return new;
end
$$;

create or replace trigger rules before insert on acknowledgements
    for each row execute function lyceum.check_acknowledgement();
