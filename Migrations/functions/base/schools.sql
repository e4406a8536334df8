create or replace function lyceum.open_school() returns trigger
    language plpgsql
as $$
begin
    insert into public.school_settings (school_id) values (new.id);
    return null;
end
$$;

create or replace trigger settings after insert on schools for each row execute function lyceum.open_school();
