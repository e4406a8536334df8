-- S5.3: which families the system reaches, and the proof that class teachers informed them.

create or replace function lyceum.family_accounts(p_school integer, p_students uuid[])
    returns table (student_id uuid, account text, since date)
    language sql stable
as $$
    select s.id,
        case
            when g.active then 'active'
            when g.issued then 'not_activated'
            when g.new then 'none'
            when g.blocked then 'blocked'
            else 'no_guardian'
        end,
        case when not coalesce(g.active, false) then coalesce(g.closed_on, e.starts_on) end
    from unnest(p_students) s (id)
    left join lateral (
        select min(e.starts_on) as starts_on
        from public.enrollments e
        join public.enrollments n on n.school_id = e.school_id and n.student_id = e.student_id and n.class_id = e.class_id
        where n.school_id = p_school and n.student_id = s.id and lyceum.holds(n.starts_on, n.ends_on, lyceum.today())
    ) e on true
    left join lateral (
        select
            bool_or(x.holds and u.state = 'active') as active, bool_or(x.holds and u.state = 'issued') as issued,
            bool_or(x.holds and u.state = 'new') as new, bool_or(x.holds and u.state = 'blocked') as blocked,
            -- Somebody could be reached until then: until the guardianship ended, or the account was blocked.
            max(
                case
                    when u.activated_at is null then null
                    when not x.holds then g.ends_on + 1
                    when u.state = 'blocked' then lyceum.local_day(u.blocked_at)
                end
            ) as closed_on
        from public.guardianships g
        join public.users u on u.school_id = g.school_id and u.id = g.guardian_id
        cross join lateral (select lyceum.holds(g.starts_on, g.ends_on, lyceum.today()) as holds) x
        where g.school_id = p_school and g.student_id = s.id and g.access = 'full' and g.starts_on <= lyceum.today()
    ) g on true
$$;
comment on function lyceum.family_accounts(integer, uuid[]) is
    'S5.3, A3: whether a guardian with access reads in the system today (active), and if not, why: not_activated (a code is out), none (no '
    'credentials), blocked, no_guardian; and since when nobody of the family does.';

create or replace function lyceum.family_notifications(p_school integer, p_students uuid[])
    returns table (
        student_id uuid, notification_id uuid, kind text, entity text, entity_id uuid, is_urgent boolean, created_at timestamptz,
        closed_at timestamptz
    )
    language sql stable
as $$
    select n.student_id, n.id, n.kind, n.entity, n.entity_id, n.is_urgent, n.created_at, n.closed_at
    from public.notifications n
    where n.school_id = p_school and n.student_id = any (p_students) and n.person_id is null
    union all
    select g.student_id, n.id, n.kind, n.entity, n.entity_id, n.is_urgent, n.created_at, n.closed_at
    from public.guardianships g
    join public.notifications n on n.school_id = g.school_id and n.person_id = g.guardian_id
        and (n.student_id is null or n.student_id = g.student_id)
    where g.school_id = p_school and g.student_id = any (p_students) and g.access = 'full'
        and lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
$$;
comment on function lyceum.family_notifications(integer, uuid[]) is
    'A3: the notifications that reach the guardians of the students today. One to a guardian without a student is counted for each child.';

create or replace function lyceum.guardian_addresses(p_school integer, p_student uuid) returns text[]
    language sql stable
    return array(select 'guardians/' || d.place from lyceum.pupil_addresses(p_school, p_student) d);
comment on function lyceum.guardian_addresses(integer, uuid) is
    'C2: the addresses by which announcements reach the guardians of the student today. Also of a student who has none.';

create or replace function lyceum.is_announced_to_family(p_school integer, p_student uuid, p_announcement uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.announcements a
        where a.school_id = p_school and a.id = p_announcement and a.starts_at <= now() and a.withdrawn_at is null
            and a.audience && lyceum.guardian_addresses(p_school, p_student)
    );
end
$$;
comment on function lyceum.is_announced_to_family(integer, uuid, uuid) is 'C2: like lyceum.family_announcements, for one.';

create or replace function lyceum.family_announcements(p_school integer, p_students uuid[], p_since timestamptz)
    returns table (student_id uuid, announcement_id uuid)
    language sql stable
as $$
    with pupils as materialized (
        select s.id, array_agg('guardians/' || d.place) as addresses
        from unnest(p_students) s (id)
        cross join lateral lyceum.pupil_addresses(p_school, s.id) d
        group by s.id
    ), found as materialized (
        select a.id, a.audience
        from public.announcements a
        where a.school_id = p_school and a.starts_at >= p_since and a.starts_at <= now() and a.withdrawn_at is null
            and a.audience && array(select unnest(p.addresses) from pupils p)
    )
    select p.id, f.id from found f join pupils p on f.audience && p.addresses
$$;
comment on function lyceum.family_announcements(integer, uuid[], timestamptz) is
    'C2: announcements since then to the guardians of the students, as the students'' classes and groups are today. The announcements '
    'are read once for all students.';

create or replace function lyceum.family_read_at(p_school integer, p_student uuid, p_notification uuid) returns timestamptz
    language plpgsql stable
    set plan_cache_mode = force_generic_plan -- lyceum.informed calls it for each row
as $$
begin
    return (
        select min(r.read_at)
        from public.notification_receipts r
        where r.school_id = p_school and r.notification_id = p_notification
            and exists (
                select from public.guardianships g
                where g.school_id = p_school and g.guardian_id = r.person_id and g.student_id = p_student and g.access = 'full'
                    and lyceum.holds(g.starts_on, g.ends_on, lyceum.local_day(r.read_at))
            )
    );
end
$$;
comment on function lyceum.family_read_at(integer, uuid, uuid) is
    'S5.3, A3: when a guardian of the student first read the notification, on a day on which the guardianship gave access; null: none has. '
    'A guardianship that has ended since does not undo it.';

create or replace function lyceum.family_announcement_read_at(p_school integer, p_student uuid, p_announcement uuid) returns timestamptz
    language plpgsql stable
    set plan_cache_mode = force_generic_plan -- lyceum.informed calls it for each row
as $$
begin
    return (
        select min(x.read_at)
        from public.announcements a
        cross join public.guardianships g
        cross join lateral (
            select r.read_at
            from public.announcement_receipts r
            where r.school_id = p_school and r.announcement_id = p_announcement and r.person_id = g.guardian_id
                and r.text_version = a.text_version
            union all
            select r.read_at
            from public.notifications n
            join public.notification_receipts r on r.school_id = n.school_id and r.notification_id = n.id
                and r.person_id = g.guardian_id
            where n.school_id = p_school and n.kind = 'announcement' and n.entity_id = p_announcement and n.person_id = g.guardian_id
                and (a.text_changed_at is null or r.read_at >= a.text_changed_at)
        ) x
        where a.school_id = p_school and a.id = p_announcement and g.school_id = p_school and g.student_id = p_student and g.access = 'full'
            and lyceum.holds(g.starts_on, g.ends_on, lyceum.local_day(x.read_at))
    );
end
$$;
comment on function lyceum.family_announcement_read_at(integer, uuid, uuid) is
    'S5.3: like lyceum.family_read_at, for an announcement: when a guardian first opened its present text, or its notification since the '
    'text is so.';

create or replace function lyceum.family_read_text(p_school integer, p_student uuid, p_announcement uuid) returns integer
    language sql stable
    return (
        select max(r.text_version)
        from public.guardianships g
        join public.announcement_receipts r on r.school_id = g.school_id and r.person_id = g.guardian_id
        where g.school_id = p_school and g.student_id = p_student and g.access = 'full' and r.announcement_id = p_announcement
            and lyceum.holds(g.starts_on, g.ends_on, lyceum.local_day(r.read_at))
    );
comment on function lyceum.family_read_text(integer, uuid, uuid) is
    'S5.3: the last version of the text of an announcement that a guardian has opened; null if there is none.';

create or replace function lyceum.informed(p_school integer, p_students uuid[], p_from date, p_to date)
    returns table (
        student_id uuid, date date, informed_at timestamptz, means text, entity text, entity_id uuid, author_id uuid, is_read boolean,
        read_at timestamptz, version integer, read_version integer
    )
    language plpgsql stable rows 100
    set plan_cache_mode = force_generic_plan -- otherwise arrays of one student are planned at each call
as $$
#variable_conflict use_column
declare
    v_zone text := current_setting('lyceum.time_zone');
    v_first timestamptz := p_from::timestamp at time zone v_zone;
    v_end timestamptz := (p_to + 1)::timestamp at time zone v_zone;
begin
    -- A generic plan expects a few students, and takes four times as long for a whole school. Until the end of the function.
    if cardinality(p_students) > 50 then
        perform set_config('plan_cache_mode', 'force_custom_plan', true);
    end if;
    return query
    with led as materialized (
        select e.student_id, t.teacher_id, greatest(e.starts_on, t.starts_on) as starts_on, least(e.ends_on, t.ends_on) as ends_on
        from public.enrollments e
        join public.class_teachers t on t.school_id = e.school_id and t.class_id = e.class_id
            and lyceum.holds_between(t.starts_on, t.ends_on, greatest(e.starts_on, p_from), least(e.ends_on, p_to))
        where e.school_id = p_school and e.student_id = any (p_students)
            and lyceum.holds_between(e.starts_on, e.ends_on, p_from, p_to)
    ), written as (
        select f.student_id, f.published_at as at, 'feedback' as means, 'feedback' as entity, f.id, f.author_id, f.version,
            case when f.version > 1 then greatest(f.published_at, f.changed_at) else f.published_at end as since, null::integer as sequence
        from public.feedback f
        where f.school_id = p_school and f.student_id = any (p_students) and f.deleted_at is null
            and f.published_at >= v_first and f.published_at < v_end and f.published_at <= now()
        union all
        select n.student_id, n.published_at, 'conduct_note', 'conduct_notes', n.id, n.author_id, n.version,
            case when n.version > 1 then greatest(n.published_at, n.changed_at) else n.published_at end, null
        from public.conduct_notes n
        where n.school_id = p_school and n.student_id = any (p_students) and n.deleted_at is null
            and n.published_at >= v_first and n.published_at < v_end and n.published_at <= now()
        union all
        select n.student_id, n.answered_at, 'absence_note', 'absence_notes', n.id, n.answered_by, null, n.answered_at, null
        from public.absence_notes n
        where n.school_id = p_school and n.student_id = any (p_students) and n.by_family and n.state <> 'sent'
            and n.answered_at >= v_first and n.answered_at < v_end
        union all
        -- A thread never gets new participants, so its guardian could read all of it.
        select t.student_id, m.written_at, 'message', 'messages', m.id, m.author_id, m.version, m.written_at, m.sequence
        from public.threads t
        -- OFFSET 0: otherwise PostgreSQL could read all messages of the school in these days.
        cross join lateral (
            select m.id, m.author_id, m.written_at, m.version, m.sequence
            from public.messages m
            where m.school_id = p_school and m.thread_id = t.id
            offset 0
        ) m
        where t.school_id = p_school and t.student_id = any (p_students) and t.latest_at >= v_first
            and m.written_at >= v_first and m.written_at < v_end
            and exists (
                select from public.thread_participants p
                where p.school_id = p_school and p.thread_id = t.id and p.capacity = 'guardian' and p.person_id <> m.author_id
            )
        union all
        select f.student_id, a.starts_at, 'announcement', 'announcements', a.id, a.author_id, a.text_version, a.starts_at, null
        from lyceum.family_announcements(p_school, p_students, v_first) f
        join public.announcements a on a.school_id = p_school and a.id = f.announcement_id
        where a.starts_at < v_end
    )
    select w.student_id, d.day, w.at, w.means, w.entity, w.id, w.author_id, r.at is not null, r.at, w.version,
        case when r.at is not null then w.version else r.version end
    from written w
    cross join lateral (select lyceum.local_day(w.at) as day) d
    left join lateral (
        -- When the present version was first read, and which one was read last.
        select min(x.at) filter (where x.is_present) as at, max(x.version) as version
        from (
            select k.acknowledged_at, k.version, k.version = w.version
            from public.acknowledgements k
            where k.school_id = p_school and k.student_id = w.student_id
                and case w.entity when 'feedback' then k.feedback_id when 'conduct_notes' then k.conduct_note_id end = w.id
            union all
            select r.read_at, v.version, v.sequence = w.sequence
            from public.messages m
            cross join lateral (
                select w.version, w.sequence
                union all
                select e.version, e.sequence from public.message_versions e where e.school_id = p_school and e.message_id = m.id
            ) v
            join public.thread_participants p on p.school_id = m.school_id and p.thread_id = m.thread_id and p.capacity = 'guardian'
            join public.thread_receipts r on r.school_id = m.school_id and r.thread_id = m.thread_id
                and r.person_id = p.person_id and r.sequence >= v.sequence
            where w.entity = 'messages' and m.school_id = p_school and m.id = w.id
            union all
            select lyceum.family_announcement_read_at(p_school, w.student_id, w.id),
                lyceum.family_read_text(p_school, w.student_id, w.id), true
            where w.entity = 'announcements'
            union all
            select lyceum.family_read_at(p_school, w.student_id, n.id), null, n.created_at >= w.since
            from public.notifications n
            where n.school_id = p_school and n.student_id = w.student_id and n.person_id is null
                and n.created_at >= w.at and n.entity = w.entity and n.entity_id = w.id
        ) x (at, version, is_present)
    ) r on true
    where exists (
        select from led l
        where l.student_id = w.student_id and l.teacher_id = w.author_id and lyceum.holds(l.starts_on, l.ends_on, d.day)
    )
    union all
    select c.student_id, c.date, null::timestamptz, c.means, 'contacts', c.id, c.author_id, true, null::timestamptz, null::integer,
        null::integer
    from public.contacts c
    where c.school_id = p_school and c.student_id = any (p_students) and c.outcome = 'reached' and c.date between p_from and p_to;
end
$$;
comment on function lyceum.informed(integer, uuid[], date, date) is
    'S5.3: each time that the class teacher of that day informed the family of a student, whether and when a guardian read it as it is now '
    '(version), and which version a guardian read last (read_version, null: none, or the record has no versions): contacts '
    'that reached somebody, messages to a guardian, announcements to the guardians, feedback and conduct notes of the class teacher, answers '
    'to absence notes of the family.';

create or replace function lyceum.record_call_list(p_students uuid[]) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    select lyceum.record_reading(g.student_id, 'guardians', g.guardian_id)
    from public.guardianships g
    where g.school_id = lyceum.current_school() and g.student_id = any (p_students) and g.access = 'full'
        and lyceum.holds(g.starts_on, g.ends_on, lyceum.today());
end;
comment on function lyceum.record_call_list(uuid[]) is
    'K2: records that the contacts of the students'' guardians were read, unless the class teacher reads them.';
revoke execute on function lyceum.record_call_list(uuid[]) from public;
grant execute on function lyceum.record_call_list(uuid[]) to lyceum_app;
