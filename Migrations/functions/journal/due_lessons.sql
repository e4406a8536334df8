-- L4: which lessons are due. All figures of control count these.

create or replace function lyceum.time_now() returns time
    language sql stable parallel safe
    return (now() at time zone current_setting('lyceum.time_zone'))::time;
comment on function lyceum.time_now() is 'The time of day at the school.';

create or replace function lyceum.is_over(p_date date, p_ends_at time) returns boolean
    language sql stable parallel safe
    return p_date < lyceum.today() or p_date = lyceum.today() and p_ends_at <= lyceum.time_now();
comment on function lyceum.is_over(date, time) is 'Whether a lesson with this date and end has ended. Inlined.';

create or replace function lyceum.is_due(p_state text, p_date date, p_ends_at time) returns boolean
    language sql stable parallel safe
    return p_state <> 'cancelled' and lyceum.is_over(p_date, p_ends_at);
comment on function lyceum.is_due(text, date, time) is
    'L4: whether a lesson is due: planned or held, and its end has passed. Inlined.';
