-- Announcements (C2): who may write them, what may change, whom they are told to, and their receipts.

create or replace function lyceum.refused_address(p_audience text[]) returns text
    language plpgsql stable
as $$
declare
    v_school integer := lyceum.current_school();
    v_person uuid := lyceum.current_user_id();
begin
    if lyceum.has_role('administrator', 'head', 'deputy_head') then
        return null;
    end if;
    return (
        select a.address
        from unnest(p_audience) a (address)
        cross join lateral (
            select split_part(a.address, '/', 2) as kind,
                case when split_part(a.address, '/', 2) in ('class', 'group') then split_part(a.address, '/', 3)::uuid end as id
        ) t
        where not coalesce(
            case t.kind
                when 'class' then exists (
                    select from public.class_teachers c
                    where c.school_id = v_school and c.class_id = t.id and c.teacher_id = v_person
                        and lyceum.holds(c.starts_on, c.ends_on, lyceum.today())
                )
                when 'group' then exists (
                    select from lyceum.staff_addresses(v_school) s
                    where s.person_id = v_person and s.address = 'staff/group/' || t.id
                ) or exists (
                    select
                    from public.groups g
                    join public.class_teachers c on c.school_id = g.school_id and c.class_id = g.class_id
                    where g.school_id = v_school and g.id = t.id and c.teacher_id = v_person
                        and lyceum.holds(c.starts_on, c.ends_on, lyceum.today())
                )
            end,
            false
        )
        order by 1
        limit 1
    );
end
$$;
comment on function lyceum.refused_address(text[]) is
    'A4: an address to which the person of the transaction may not write announcements; null if there is none. Heads, deputy heads and '
    'administrators write to everybody, class teachers to their class and its groups, teachers to the groups of their sections.';

create or replace function lyceum.unknown_address(p_school integer, p_audience text[]) returns text
    language sql stable
    return (
        select a.address
        from unnest(p_audience) a (address)
        where case split_part(a.address, '/', 2)
            when 'class' then not exists (
                select from classes c where c.school_id = p_school and c.id = split_part(a.address, '/', 3)::uuid
            )
            when 'group' then not exists (
                select from groups g where g.school_id = p_school and g.id = split_part(a.address, '/', 3)::uuid
            )
            else false
        end
        order by 1
        limit 1
    );
comment on function lyceum.unknown_address(integer, text[]) is 'An address of a class or group that the school does not have; null if there is none.';

create or replace function lyceum.guard_announcement() returns trigger
    language plpgsql
as $$
declare
    -- The owner's command line has no person.
    v_person uuid := coalesce(lyceum.current_user_id(), case when not row_security_active('public.announcements') then new.author_id end);
    v_address text;
begin
    new.audience := array(select distinct a.address from unnest(new.audience) a (address) order by 1);
    if tg_op = 'UPDATE' then
        if (new.author_id, new.created_at) is distinct from (old.author_id, old.created_at) then
            raise exception using errcode = 'LYL02', message = 'not_movable', detail = 'Author and time of an announcement never change.';
        end if;
        if new.text_version <> old.text_version then
            raise exception using
                errcode = 'LYM05', message = 'version_not_writable', detail = 'The version of the text is counted by the database.';
        end if;
        if old.withdrawn_at is not null then
            raise exception using
                errcode = 'LYU01', message = 'announcement_withdrawn', detail = 'A withdrawn announcement does not change.';
        end if;
        if new.starts_at <> old.starts_at and old.starts_at <= now() then
            raise exception using
                errcode = 'LYU02', message = 'announcement_started', detail = 'It is shown already, so its beginning is fixed.';
        end if;
        if coalesce(v_person <> old.author_id, true) and (
            to_jsonb(new) - 'withdrawn_at' <> to_jsonb(old) - 'withdrawn_at' or not lyceum.has_role('head', 'deputy_head')
        ) then
            raise exception using
                errcode = 'LYU03', message = 'not_your_announcement',
                detail = 'A4: the author changes an announcement; heads and deputy heads may withdraw it.';
        end if;
        new.text_version := old.text_version + ((new.title, new.text) is distinct from (old.title, old.text))::integer;
        new.text_changed_at := case when new.text_version > old.text_version then now() else old.text_changed_at end;
        if new.withdrawn_at is not null then
            new.withdrawn_at := now();
        end if;
    else
        new.text_version := 1;
        new.text_changed_at := null;
        new.created_at := now();
        if v_person is null or v_person <> new.author_id or new.withdrawn_at is not null then
            raise exception using
                errcode = 'LYU03', message = 'not_your_announcement', detail = 'A4: people write announcements in their own name.';
        end if;
    end if;
    if tg_op = 'INSERT' or new.starts_at <> old.starts_at then
        new.starts_at := greatest(new.starts_at, now());
    end if;
    -- An author whose post has ended changes nothing any more. Heads only withdraw.
    v_address := case when v_person = new.author_id and row_security_active('public.announcements') then
        coalesce(lyceum.refused_address(new.audience), case tg_op when 'UPDATE' then lyceum.refused_address(old.audience) end) end;
    if v_address is not null then
        raise exception using
            errcode = 'LYU04', message = 'not_your_audience', detail = v_address;
    end if;
    if tg_op = 'INSERT' or new.audience <> old.audience then
        v_address := lyceum.unknown_address(new.school_id, new.audience);
        if v_address is not null then
            raise exception using
                errcode = 'foreign_key_violation', table = 'announcements', constraint = 'announcements_audience_fkey',
                message = 'unknown_reference', detail = v_address;
        end if;
    end if;
    return new;
end
$$;

create or replace trigger guard before insert or update on announcements
    for each row execute function lyceum.guard_announcement();
create or replace trigger version before update on announcements for each row execute function lyceum.version();
create or replace trigger audit after insert or update on announcements for each row execute function lyceum.audit();
-- K1: what is forgotten is not copied.
create or replace trigger audit_deletion after delete on announcements
    for each row when (lyceum.shown_until(old.starts_at, old.ends_at, old.withdrawn_at) >= now() - interval '3 years')
    execute function lyceum.audit();

create or replace function lyceum.is_running(p_starts_at timestamptz, p_ends_at timestamptz) returns boolean
    language sql stable parallel safe
    return p_starts_at <= now() and p_starts_at > now() - interval '366 days' and coalesce(p_ends_at > now(), true);
comment on function lyceum.is_running(timestamptz, timestamptz) is 'Whether an announcement is shown now, unless it was withdrawn. Inlined.';

create or replace function lyceum.tell_announcement(p_announcement announcements, p_again boolean) returns void
    language sql
as $$
    insert into public.notifications (school_id, person_id, student_id, kind, entity, entity_id, once)
    select distinct on (r.person_id) p_announcement.school_id, r.person_id, r.student_id, 'announcement', 'announcements',
        p_announcement.id,
        p_announcement.id || case when lyceum.is_told_again(p_announcement) then ' ' || p_announcement.text_version else '' end
    from lyceum.reached_by(p_announcement.school_id, p_announcement.audience) r
    where p_announcement.withdrawn_at is null and lyceum.is_running(p_announcement.starts_at, p_announcement.ends_at)
        and r.person_id <> p_announcement.author_id
        and (
            p_again
            or not exists (
                select from public.notifications n
                where n.school_id = p_announcement.school_id and n.entity_id = p_announcement.id and n.kind = 'announcement'
                    and n.person_id = r.person_id
            )
        )
        -- Who is told after a change knows the present text.
        and not exists (
            select from public.notifications n
            where p_again and n.school_id = p_announcement.school_id and n.entity_id = p_announcement.id and n.kind = 'announcement'
                and n.person_id = r.person_id and n.created_at >= p_announcement.text_changed_at
        )
    order by r.person_id, r.student_id nulls last
    on conflict do nothing
$$;
comment on function lyceum.tell_announcement(announcements, boolean) is
    'C3: a notification for each person whom the announcement reaches now, and who has none; or, to tell a changed text again, for each '
    'who has none since the change. A person who is reached through several students, or also as staff, is told once.';
revoke execute on function lyceum.tell_announcement(announcements, boolean) from public;

create or replace function lyceum.is_told_again(p_announcement announcements) returns boolean
    language sql immutable
    return p_announcement.asks_acknowledgement and p_announcement.text_version > 1;
comment on function lyceum.is_told_again(announcements) is 'Only a changed text that asks for an acknowledgement is told again.';

create or replace function lyceum.telling_pause() returns interval
    language sql immutable parallel safe
    return interval '1 hour';
comment on function lyceum.telling_pause() is
    'C3: the least time between two times that an announcement is told. What changes meanwhile is told once, at its end.';

create or replace function lyceum.follow_announcement() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_told_at timestamptz;
begin
    if new.withdrawn_at is not null then
        update public.notifications n set closed_at = now()
        where n.school_id = new.school_id and n.entity_id = new.id and n.kind = 'announcement' and n.closed_at is null;
    elsif new.starts_at > now() then
        insert into public.pending (school_id, kind, id, due_at)
        values (new.school_id, 'begin_announcement', new.id, new.starts_at)
        on conflict (school_id, kind, id) do update
        set due_at = excluded.due_at, lease = null, attempts = 0, failure = null, parked_at = null;
    else
        v_told_at := (
            select max(n.created_at) from public.notifications n
            where n.school_id = new.school_id and n.entity_id = new.id and n.kind = 'announcement'
        );
        perform lyceum.tell_announcement(
            new, lyceum.is_told_again(new) and coalesce(v_told_at <= now() - lyceum.telling_pause(), true)
        );
        if lyceum.is_told_again(new) and v_told_at > now() - lyceum.telling_pause() then
            insert into public.pending (school_id, kind, id, due_at)
            values (new.school_id, 'tell_announcement', new.id, v_told_at + lyceum.telling_pause())
            on conflict (school_id, kind, id) do update
            set due_at = excluded.due_at, lease = null, attempts = 0, failure = null, parked_at = null
            where pending.parked_at is not null;
        end if;
    end if;
    return null;
end
$$;
revoke execute on function lyceum.follow_announcement() from public;

create or replace trigger follow after insert on announcements for each row execute function lyceum.follow_announcement();
create or replace trigger follow_again after update on announcements
    for each row when (
        (old.audience, old.text_version, old.asks_acknowledgement, old.starts_at, old.ends_at, old.withdrawn_at)
            is distinct from
            (new.audience, new.text_version, new.asks_acknowledgement, new.starts_at, new.ends_at, new.withdrawn_at)
    )
    execute function lyceum.follow_announcement();

create or replace function lyceum.begin_announcement(p_id uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_announcement public.announcements;
begin
    select a.* into v_announcement
    from public.announcements a
    where a.school_id = lyceum.current_school() and a.id = p_id and a.withdrawn_at is null
        and lyceum.is_running(a.starts_at, a.ends_at)
    for no key update;
    if not found then
        return;
    end if;
    perform lyceum.tell_announcement(v_announcement, false);
    insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
    select v_announcement.school_id, c.circle, c.id, false, 'announcements', 'made', array[v_announcement.id]
    from lyceum.announcement_circles(v_announcement.audience, v_announcement.starts_at) c
    union all
    select v_announcement.school_id, 'office', lyceum.nobody(), true, 'announcements', 'changed', array[v_announcement.id];
end
$$;
comment on function lyceum.begin_announcement(uuid) is
    'When the beginning of an announcement comes: tells it, and logs that it has appeared.';
revoke execute on function lyceum.begin_announcement(uuid) from public;
grant execute on function lyceum.begin_announcement(uuid) to lyceum_app;

create or replace function lyceum.tell_announcement_again(p_id uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_announcement public.announcements;
begin
    select a.* into v_announcement
    from public.announcements a
    where a.school_id = lyceum.current_school() and a.id = p_id
    for no key update;
    if found and lyceum.is_told_again(v_announcement) then
        perform lyceum.tell_announcement(v_announcement, true);
    end if;
end
$$;
comment on function lyceum.tell_announcement_again(uuid) is
    'Tells the present text of an announcement whose changes were gathered (lyceum.telling_pause).';
revoke execute on function lyceum.tell_announcement_again(uuid) from public;
grant execute on function lyceum.tell_announcement_again(uuid) to lyceum_app;
