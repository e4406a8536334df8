-- Periods from a first to a last day, inclusive, or without an end: memberships, enrollments, teachers,
-- guardianships. The functions are inlined, so the planner sees the columns and uses their indexes. lyceum.holds uses its day
-- twice, so PostgreSQL does not inline a call whose day is a subquery or costly. lyceum.holds_between uses each day once.

create or replace function lyceum.holds(p_starts_on date, p_ends_on date, p_day date) returns boolean
    language sql immutable parallel safe
    return p_starts_on <= p_day and (p_ends_on is null or p_ends_on >= p_day);
comment on function lyceum.holds(date, date, date) is
    'Whether the day lies between the first and the last day, inclusive. A null last day means no end. Inlined.';

create or replace function lyceum.holds_between(p_starts_on date, p_ends_on date, p_first date, p_last date) returns boolean
    language sql immutable parallel safe
    return p_starts_on <= p_last and (p_ends_on is null or p_ends_on >= p_first);
comment on function lyceum.holds_between(date, date, date, date) is
    'Whether any day from p_first to p_last lies between the first and the last day, inclusive. A null last day means '
    'no end. Inlined.';

create or replace function lyceum.lasts(p_ends_on date, p_day date) returns boolean
    language sql immutable parallel safe
    return p_ends_on is null or p_ends_on >= p_day;
comment on function lyceum.lasts(date, date) is
    'Whether the day is not after the last day. A null last day means no end. Also true before the first day. '
    'Inlined.';

create or replace function lyceum.covers(p_starts_on date, p_ends_on date, p_first date, p_last date) returns boolean
    language sql immutable parallel safe
    return daterange(p_starts_on, p_ends_on, '[]') @> daterange(p_first, p_last, '[]');
comment on function lyceum.covers(date, date, date, date) is
    'Whether all days from p_first to p_last lie between the first and the last day, inclusive. A null last day means '
    'no end. Inlined.';
