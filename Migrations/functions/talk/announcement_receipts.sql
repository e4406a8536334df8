-- Receipts of announcements (C2): everybody writes only their own, and only for what they are shown.

create or replace function lyceum.guard_announcement_receipt() returns trigger
    language plpgsql
as $$
declare
    v_person uuid := lyceum.current_user_id();
begin
    if tg_op = 'UPDATE' then
        if v_person is distinct from old.person_id then
            raise exception using errcode = 'LYU05', message = 'not_found', detail = 'C2: a receipt belongs to its person.';
        end if;
        -- The first acknowledgement counts.
        new.acknowledged_at := coalesce(old.acknowledged_at, now());
    else
        if coalesce(v_person <> new.person_id, true) or not exists (
            select from public.announcements a
            where a.school_id = new.school_id and a.id = new.announcement_id and a.withdrawn_at is null and a.starts_at <= now()
                and lyceum.is_reached(new.school_id, v_person, a.audience)
        ) then
            raise exception using
                errcode = 'LYU05', message = 'not_found', detail = 'C2: people confirm what they are shown, in person.';
        end if;
        new.read_at := now();
        new.acknowledged_at := case when new.acknowledged_at is not null then now() end;
    end if;
    if not exists (
        select from public.announcements a
        where a.school_id = new.school_id and a.id = new.announcement_id and a.text_version = new.text_version
            and (a.asks_acknowledgement or new.acknowledged_at is null)
    ) then
        raise exception using
            errcode = 'LYU06', message = 'nothing_to_acknowledge',
            detail = 'C2: only the present text is confirmed, and acknowledged only if that is asked for.';
    end if;
    return new;
end
$$;

create or replace trigger guard before insert or update on announcement_receipts
    for each row execute function lyceum.guard_announcement_receipt();

create or replace function lyceum.announcement_readers(p_school integer, p_announcement uuid, p_classes uuid[])
    returns table (person_id uuid, member text, student_id uuid, class_id uuid, state text, read_at timestamptz, acknowledged_at timestamptz)
    language sql stable
as $$
    select r.person_id, r.member, r.student_id, r.class_id,
        case
            when c.acknowledged_at is not null then 'acknowledged'
            when c.read_at is not null then 'read'
            when u.state = 'active' then 'unread'
            else 'unreachable'
        end,
        c.read_at, c.acknowledged_at
    from public.announcements a
    cross join lateral lyceum.reached_by(p_school, a.audience) r
    join public.users u on u.school_id = p_school and u.id = r.person_id
    left join lateral (
        select t.read_at, t.acknowledged_at
        from public.announcement_receipts t
        where t.school_id = p_school and t.announcement_id = a.id and t.person_id = r.person_id and t.text_version = a.text_version
    ) c on true
    where a.school_id = p_school and a.id = p_announcement and (p_classes is null or r.class_id = any (p_classes))
$$;
comment on function lyceum.announcement_readers(integer, uuid, uuid[]) is
    'C2: whom the announcement reaches today, and what each of them has done: acknowledged the present text, read it, not read it, '
    'or not been reachable, because the account is not active. p_classes: only through students of these classes; null: all.';
