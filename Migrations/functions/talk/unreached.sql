-- S5.3: families that nothing, or something particular, has not reached.

create or replace function lyceum.waiting_for_families(p_school integer, p_students uuid[])
    returns table (
        student_id uuid, notification_id uuid, kind text, entity text, entity_id uuid, is_urgent boolean, waits_since timestamptz
    )
    language sql stable
as $$
    select f.student_id, f.notification_id, f.kind, f.entity, f.entity_id, f.is_urgent, f.created_at
    from lyceum.family_notifications(p_school, p_students) f
    where f.is_urgent and f.closed_at is null and f.kind <> 'announcement'
        and lyceum.family_read_at(p_school, f.student_id, f.notification_id) is null
    union all
    -- Announcements do not need a notification: a guardian may come after it was written.
    select f.student_id, null, 'announcement', 'announcements', a.id, false, a.starts_at
    from lyceum.family_announcements(p_school, p_students, now() - interval '366 days') f
    join public.announcements a on a.school_id = p_school and a.id = f.announcement_id
    where lyceum.is_running(a.starts_at, a.ends_at)
        and lyceum.family_announcement_read_at(p_school, f.student_id, a.id) is null
$$;
comment on function lyceum.waiting_for_families(integer, uuid[]) is
    'S5.3: urgent notifications whose matter is not settled, and announcements that are shown now, that no guardian has read.';

create or replace function lyceum.unreached(p_school integer, p_students uuid[], p_notification uuid, p_announcement uuid)
    returns table (student_id uuid, reason text, since date)
    language sql stable
as $$
    select a.student_id, case a.account when 'active' then 'unread' else a.account end, a.since
    from lyceum.family_accounts(p_school, p_students) a
    where case
        when p_notification is null and p_announcement is null then a.account <> 'active'
        else (
            exists (
                select from lyceum.family_notifications(p_school, array[a.student_id]) f
                where f.notification_id = p_notification
                    and lyceum.family_read_at(p_school, a.student_id, f.notification_id) is null
            )
            or lyceum.is_announced_to_family(p_school, a.student_id, p_announcement)
                and lyceum.family_announcement_read_at(p_school, a.student_id, p_announcement) is null
        ) and not exists (
            select
            from public.contacts c
            where c.school_id = p_school and c.student_id = a.student_id and c.outcome = 'reached'
                and (c.entity, c.entity_id) in (('notifications', p_notification), ('announcements', p_announcement))
        )
    end
$$;
comment on function lyceum.unreached(integer, uuid[], uuid, uuid) is
    'S5.3: students none of whose guardians with access reads in the system, and why, as lyceum.family_accounts; or, with a notification or '
    'an announcement, those whose family it was told to and has not reached: no guardian has read it (unread: though one has an '
    'account), and no contact about it reached anybody.';
