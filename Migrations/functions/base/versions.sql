-- Versions (M5)
create or replace function lyceum.version() returns trigger
    language plpgsql
as $$
begin
    if new.version is distinct from old.version then
        raise exception using
            errcode = 'LYM05', message = 'version_not_writable', detail = 'The version is counted by the database.';
    end if;
    if new is distinct from old then
        new.version := old.version + 1;
        new.changed_at := now();
        new.changed_xid := pg_current_xact_id();
    end if;
    return new;
end
$$;
comment on function lyceum.version() is
    'M5: increments the version. A row that is written without a change keeps its version. The change feed reads '
    'changed_xid.';

create or replace function lyceum.first_version() returns trigger
    language plpgsql
as $$
begin
    new.version := 1;
    new.changed_at := now();
    new.changed_xid := pg_current_xact_id();
    return new;
end
$$;
comment on function lyceum.first_version() is
    'M5, M12: the database stamps a new row, too. A time of change after published_at would hide that the row is to be published.';
