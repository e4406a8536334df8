create or replace function lyceum.normalise_login() returns trigger
    language plpgsql
as $$
begin
    new.login := lower(new.login);
    return new;
end
$$;

create or replace trigger normalise before insert or update of login on users for each row execute function lyceum.normalise_login();
