-- Small parts of answers that all statements share.
-- A single expression without a subquery, so that PostgreSQL inlines it.
create or replace function lyceum.local_moment(p_date date, p_time time) returns text
    language sql stable parallel safe
    return to_char(p_date + p_time, 'YYYY-MM-DD"T"HH24:MI:SS')
        || case
            when (p_date + p_time) at time zone 'UTC' < (p_date + p_time) at time zone current_setting('lyceum.time_zone')
                then to_char(
                    (p_date + p_time) at time zone current_setting('lyceum.time_zone') - (p_date + p_time) at time zone 'UTC',
                    '-HH24:MI'
                )
            else to_char(
                (p_date + p_time) at time zone 'UTC' - (p_date + p_time) at time zone current_setting('lyceum.time_zone'),
                '+HH24:MI'
            )
        end;
comment on function lyceum.local_moment(date, time) is
    'RFC 3339 with the school''s offset on that day. Only lessons use it; all other moments are in UTC.';

create or replace function lyceum.moment(p_moment timestamptz) returns text
    language sql immutable parallel safe
    return to_char(p_moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
comment on function lyceum.moment(timestamptz) is 'RFC 3339 in UTC, for moments in JSON that the database builds.';
