-- Server-Sent Events (docs/decisions/0064)

create or replace function lyceum.notifications_since(p_since pg_snapshot) returns setof notifications
    language sql stable
as $$
    -- PostgreSQL cannot estimate how many these are: the order, and the offset below, make it use the index.
    (
        select n.*
        from public.notifications n
        where n.xid >= pg_snapshot_xmax(p_since)
            -- Higher numbers come from another cluster (lyceum.renumber_notifications).
            and n.xid <= lyceum.last_transaction()
        order by n.xid
    )
    union all
    select n.*
    from unnest(array(select pg_snapshot_xip(p_since))) r (xid)
    cross join lateral (select n.* from public.notifications n where n.xid = r.xid offset 0) n
$$;
comment on function lyceum.notifications_since(pg_snapshot) is
    'The notifications that are not visible in the snapshot, however late their transactions committed.';
grant execute on function lyceum.notifications_since(pg_snapshot) to lyceum_app;

-- The following functions are for all streams of a process at once. They read all schools, so they run only in the scope of the school
-- -1, which no request has.

create or replace function lyceum.require_no_school() returns void
    language plpgsql stable
as $$
begin
    if lyceum.current_school() is distinct from -1 then
        raise exception using errcode = 'insufficient_privilege', message = 'This function reads all schools.';
    end if;
end
$$;
comment on function lyceum.require_no_school() is
    'Protects functions that read all schools from a mistake in a request: only background work has the school -1.';

create or replace function lyceum.told_since(p_since pg_snapshot) returns table (person_id uuid)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform lyceum.require_no_school();
    return query
    with new as materialized (
        select n.school_id, n.person_id, n.student_id from lyceum.notifications_since(p_since) n
    )
    select n.person_id from new n where n.person_id is not null
    union
    select n.student_id from new n where n.person_id is null
    union
    select g.guardian_id
    from new n
    join public.guardianships g on g.school_id = n.school_id and g.student_id = n.student_id
    where n.person_id is null;
end
$$;
comment on function lyceum.told_since(pg_snapshot) is
    'Everybody whom a notification may reach that is not visible in the snapshot: more than lyceum.told returns, because it does not look '
    'at the dates and the access of guardianships. The statement that reads a person''s notifications decides.';
revoke execute on function lyceum.told_since(pg_snapshot) from public;
grant execute on function lyceum.told_since(pg_snapshot) to lyceum_app;

create or replace function lyceum.ended_sessions(p_schools integer[], p_sessions uuid[]) returns setof uuid
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform lyceum.require_no_school();
    return query
    select a.id
    from unnest(p_schools, p_sessions) a (school_id, id)
    where not exists (
        select
        from public.sessions s
        join public.users u on u.school_id = s.school_id and u.id = s.user_id
        left join public.clients c on c.school_id = s.school_id and c.id = s.client_id
        where s.school_id = a.school_id
            and s.id = a.id
            and s.ended_at is null
            and s.expires_at > now()
            and u.state = 'active'
            and (s.client_id is null or c.state = 'active' and s.scopes <@ c.scopes)
    );
end
$$;
comment on function lyceum.ended_sessions(integer[], uuid[]) is
    'Which of these sessions of people lyceum.require_session() would refuse.';
revoke execute on function lyceum.ended_sessions(integer[], uuid[]) from public;
grant execute on function lyceum.ended_sessions(integer[], uuid[]) to lyceum_app;
