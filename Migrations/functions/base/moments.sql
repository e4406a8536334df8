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

create or replace function lyceum.local_day(p_moment timestamptz) returns date
    language sql stable parallel safe
    return (p_moment at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date;
comment on function lyceum.local_day(timestamptz) is 'The day of the moment in the school''s time zone.';

create or replace function lyceum.begins_at(p_date date) returns timestamptz
    language sql stable parallel safe
    return p_date::timestamp at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC');
comment on function lyceum.begins_at(date) is 'When the day begins in the school''s time zone.';

-- Moments in cursors of lists, which are numbers.
create or replace function lyceum.microseconds(p_moment timestamptz) returns bigint
    language sql immutable parallel safe
    return (extract(epoch from p_moment) * 1000000)::bigint;
comment on function lyceum.microseconds(timestamptz) is 'Microseconds since 1970.';

create or replace function lyceum.from_microseconds(p_count bigint) returns timestamptz
    language sql stable parallel safe
    return timestamptz 'epoch' + greatest(least(p_count, 253402300799999999), 0) * interval '1 microsecond';
comment on function lyceum.from_microseconds(bigint) is
    'The moment of lyceum.microseconds. A client may send any number; the years 1970 to 9999 are enough.';
