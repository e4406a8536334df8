-- C3, M13: three days before a debt is due

create or replace function lyceum.tell_debts() returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_from date := lyceum.today();
    v_to date := v_from + 3;
    v_told integer;
begin
    insert into public.notifications (school_id, student_id, kind, entity, entity_id, once)
    select v_school, d.student_id, 'debt_due', d.entity, d.id, d.id || ' ' || d.due_on
    from (
        select k.student_id, 'marks' as entity, k.id, k.due_on
        from public.marks k
        join public.line_items i on i.school_id = k.school_id and i.id = k.line_item_id and i.deleted_at is null
        where k.school_id = v_school and k.code = 'owed' and k.due_on between v_from and v_to and k.published_at <= now()
        union all
        select f.student_id, 'final_marks', f.id, f.due_on
        from public.final_marks f
        where f.school_id = v_school and f.code = 'owed' and f.due_on between v_from and v_to and f.published_at <= now()
        union all
        select d.student_id, 'debts', d.id, a.held_on
        from public.debt_attempts a
        join public.debts d on d.school_id = a.school_id and d.id = a.debt_id
        where a.school_id = v_school and a.result is null and a.held_on between v_from and v_to
            and d.state = 'open' and d.published_at <= now()
    ) d
    on conflict do nothing;
    get diagnostics v_told = row_count;
    return v_told;
end
$$;
comment on function lyceum.tell_debts() is
    'C3: tells once of each mark that is owed, and of each attempt at an academic debt, from the third day before its day on. Returns how '
    'many notifications it wrote.';
revoke execute on function lyceum.tell_debts() from public;
grant execute on function lyceum.tell_debts() to lyceum_app;
