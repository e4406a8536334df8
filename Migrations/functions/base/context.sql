-- Context: the server sets these parameters at the beginning of each transaction.
create or replace function lyceum.current_school() returns integer
    language sql stable parallel safe
    return nullif(current_setting('lyceum.school_id', true), '')::integer;
comment on function lyceum.current_school() is 'School of the transaction, null outside a request.';

create or replace function lyceum.today() returns date
    language sql stable parallel safe
    return coalesce(
        nullif(current_setting('lyceum.today', true), '')::date,
        (now() at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date
    );
comment on function lyceum.today() is
    'Date in the school''s time zone (lyceum.time_zone, UTC when not set). lyceum.today overrides it for tests and the demo school.';
