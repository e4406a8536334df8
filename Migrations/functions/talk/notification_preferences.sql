-- What is sent outside the feed: by kind and channel, and when.

create or replace function lyceum.notification_kinds() returns table (kind text, push boolean, mail boolean)
    language sql immutable rows 20
as $$
    values
        ('mark', true, false), ('mark_changed', true, false), ('mark_removed', true, false),
        ('absence', true, false), ('first_absence', true, true),
        ('homework', false, false), ('homework_changed', true, false),
        ('final_mark', true, false), ('final_mark_changed', true, false),
        ('feedback', true, false), ('conduct_note', true, false),
        ('announcement', true, true), ('message', true, true),
        ('substitution', true, false), ('lesson_moved', true, false), ('lesson_cancelled', true, false),
        ('debt_due', true, true), ('week_digest', false, true), ('consultation', true, true),
        ('journal_remark', true, true)
$$;
comment on function lyceum.notification_kinds() is 'C3: the kinds of notifications, and whether they are pushed and mailed to a person who chose nothing.';
grant execute on function lyceum.notification_kinds() to lyceum_app;

create or replace function lyceum.chosen(p_choices jsonb, p_kind text, p_channel text, p_default boolean) returns boolean
    language sql immutable parallel safe
    return case p_choices -> p_kind -> p_channel when 'true'::jsonb then true when 'false'::jsonb then false else p_default end;
comment on function lyceum.chosen(jsonb, text, text, boolean) is 'What a person chose for the kind and channel, else the default.';
grant execute on function lyceum.chosen(jsonb, text, text, boolean) to lyceum_app;

create or replace function lyceum.after_quiet_hours(p_at timestamptz, p_from time, p_to time, p_zone text) returns timestamptz
    language plpgsql stable
as $$
declare
    v_day date := (p_at at time zone p_zone)::date;
    v_time time := (p_at at time zone p_zone)::time;
begin
    if p_from is null
        or p_from < p_to and (v_time < p_from or v_time >= p_to)
        or p_from > p_to and v_time < p_from and v_time >= p_to then
        return p_at;
    end if;
    return (v_day + case when p_from > p_to and v_time >= p_from then 1 else 0 end + p_to) at time zone p_zone;
end
$$;
comment on function lyceum.after_quiet_hours(timestamptz, time, time, text) is
    'The moment itself, or the end of the quiet hours in which it lies. They may begin on one day and end on the next.';

create or replace function lyceum.may_send(
    p_school integer, p_person uuid, p_kind text, p_channel text, p_urgent boolean, p_at timestamptz
) returns timestamptz
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select case
            when not lyceum.chosen(
                p.choices, k.kind, p_channel, case p_channel when 'push' then k.push when 'mail' then k.mail else false end
            ) then null
            when p_urgent then p_at
            when coalesce(p.school_quiet_hours, true) then lyceum.after_quiet_hours(
                p_at, coalesce(t.quiet_from, time '21:00'), coalesce(t.quiet_to, time '07:00'), s.time_zone
            )
            else lyceum.after_quiet_hours(p_at, p.quiet_from, p.quiet_to, s.time_zone)
        end
        from lyceum.notification_kinds() k
        join public.schools s on s.id = p_school
        left join public.school_settings t on t.school_id = s.id
        left join public.notification_preferences p on p.school_id = s.id and p.person_id = p_person
        where k.kind = p_kind
    );
end
$$;
comment on function lyceum.may_send(integer, uuid, text, text, boolean, timestamptz) is
    'The moment from which a notification of p_at may be sent to the person through the channel, push or mail; null: not at all. Only what '
    'is urgent passes quiet hours.';
revoke execute on function lyceum.may_send(integer, uuid, text, text, boolean, timestamptz) from public;
grant execute on function lyceum.may_send(integer, uuid, text, text, boolean, timestamptz) to lyceum_app;

create or replace trigger version before update on notification_preferences for each row execute function lyceum.version();
