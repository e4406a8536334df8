-- Values of reports as people read them.

create or replace function lyceum.percent(p_part bigint, p_whole bigint) returns numeric
    language sql immutable parallel safe
    return case when p_whole > 0 then trunc((2000 * p_part::numeric + p_whole) / (2 * p_whole)) / 10 end::numeric(12, 1);
comment on function lyceum.percent(bigint, bigint) is
    'The percentage with one digit, rounded half up; null if the whole is 0. Neither may be negative.';

create or replace function lyceum.local_time(p_moment timestamptz) returns text
    language sql stable parallel safe
    return to_char(p_moment at time zone current_setting('lyceum.time_zone'), 'YYYY-MM-DD HH24:MI');
comment on function lyceum.local_time(timestamptz) is 'The school''s local time, for paper.';
