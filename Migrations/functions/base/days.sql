-- What lasts from a first day to a last one, inclusive, or until further notice: memberships, enrollments, teachers,
-- guardianships. The functions are inlined, so that the planner sees the columns and uses their indexes. lyceum.holds uses its day
-- twice, so PostgreSQL does not inline a call whose day is a subquery or costly; lyceum.holds_between uses each of its days once.

create or replace function lyceum.holds(p_starts_on date, p_ends_on date, p_day date) returns boolean
    language sql immutable parallel safe
    return p_starts_on <= p_day and (p_ends_on is null or p_ends_on >= p_day);
comment on function lyceum.holds(date, date, date) is 'Whether the day is among those from the first to the last; null as last: without end. Is inlined.';

create or replace function lyceum.holds_between(p_starts_on date, p_ends_on date, p_first date, p_last date) returns boolean
    language sql immutable parallel safe
    return p_starts_on <= p_last and (p_ends_on is null or p_ends_on >= p_first);
comment on function lyceum.holds_between(date, date, date, date) is
    'Whether a day from p_first to p_last is among those from the first to the last; null as last: without end. Is inlined.';

create or replace function lyceum.lasts(p_ends_on date, p_day date) returns boolean
    language sql immutable parallel safe
    return p_ends_on is null or p_ends_on >= p_day;
comment on function lyceum.lasts(date, date) is
    'Whether the day is not after the last one; null as last: without end. What has not begun lasts too. Is inlined.';
