-- What the role of the server could do in SQL to get round the rules: choose the day, move the second half of the year, make
-- tables of its own. docs/threat-model.md says what it still may.

-- migrate:up

-- Tests replace the function to choose the day (Tests/TestSupport/TestClock.swift); a setting could be set by anybody.
create or replace function lyceum.today() returns date
    language sql stable parallel safe
    return (now() at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date;
comment on function lyceum.today() is 'Date in the school''s time zone (lyceum.time_zone, UTC when not set).';

-- Grade 2 gets marks from this day on (M1), so it cannot be the beginning of the year.
alter table academic_years
    drop constraint academic_years_second_half,
    add constraint academic_years_second_half check (
        (second_half_starts_on - starts_on) * 3 between ends_on - starts_on and (ends_on - starts_on) * 2
    );
comment on column academic_years.second_half_starts_on is
    'M1: grade 2 gets marks from this day on. In the middle third of the year, whatever its terms are.';

-- With a temporary table come triggers and functions of one's own, and guards that look at the depth of triggers are passed by. The
-- rollover has none any more. A new database lets everybody make them, so PUBLIC loses that too.
do $$
begin
    execute format('revoke temporary on database %I from lyceum_app, public', current_database());
end
$$;

-- migrate:down

do $$
begin
    execute format('grant temporary on database %I to lyceum_app', current_database());
end
$$;
comment on column academic_years.second_half_starts_on is 'M1: grade 2 gets marks from this day on.';
alter table academic_years
    drop constraint academic_years_second_half,
    add constraint academic_years_second_half check (second_half_starts_on > starts_on and second_half_starts_on <= ends_on);
create or replace function lyceum.today() returns date
    language sql stable parallel safe
    return coalesce(
        nullif(current_setting('lyceum.today', true), '')::date,
        (now() at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date
    );
comment on function lyceum.today() is
    'Date in the school''s time zone (lyceum.time_zone, UTC when not set). lyceum.today overrides it for tests and the demo school.';
