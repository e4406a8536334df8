-- M14: marks for conduct. M1, M6, M7 and the formulas do not know them.

create or replace function lyceum.guard_conduct_mark() returns trigger
    language plpgsql
as $$
declare
    v_scale text := (select ss.conduct_scale from public.school_settings ss where ss.school_id = new.school_id);
    v_refusal text;
begin
    if tg_op = 'INSERT' or new.level <> old.level then
        new.scale := coalesce(v_scale, 'none');
    end if;
    v_refusal := case
        when new.scale = 'none' then 'conduct_not_marked'
        when not exists (
            select
            from public.terms t
            join public.classes c
                on c.school_id = t.school_id and c.academic_year_id = t.academic_year_id and c.grade_level = any (t.grade_levels)
            join public.enrollments e
                on e.school_id = c.school_id and e.class_id = c.id and e.student_id = new.student_id
                and lyceum.holds_between(e.starts_on, e.ends_on, t.starts_on, t.ends_on)
            where t.school_id = new.school_id and t.id = new.term_id
        ) then 'not_a_member'
        when lyceum.today() > (select t.marks_close_on from public.terms t where t.school_id = new.school_id and t.id = new.term_id)
            then 'edit_window_closed'
    end;
    if v_refusal is not null then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal), message = v_refusal,
            detail = format('Conduct of student %s in term %s.', new.student_id, new.term_id);
    end if;
    new.recorded_by := coalesce(lyceum.current_user_id(), new.recorded_by);
    return new;
end
$$;
create or replace trigger guard before insert or update on conduct_marks
    for each row execute function lyceum.guard_conduct_mark();
create or replace trigger fixed before update on conduct_marks
    for each row when ((new.student_id, new.term_id) is distinct from (old.student_id, old.term_id))
    execute function lyceum.refuse_move();
create or replace trigger version before update on conduct_marks for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on conduct_marks for each row execute function lyceum.audit('level');
