create or replace function lyceum.normalise_login() returns trigger
    language plpgsql
as $$
begin
    new.login := lower(new.login);
    return new;
end
$$;

create or replace trigger normalise before insert or update of login on users for each row execute function lyceum.normalise_login();

create or replace function lyceum.check_own_role() returns trigger
    language plpgsql
as $$
begin
    if new.user_id = lyceum.current_user_id() and new.role in ('administrator', 'head', 'deputy_head') then
        raise exception using
            errcode = 'LYA08', message = 'own_role', detail = 'A2: another administrator grants it, or the owner on the command line.';
    end if;
    return null;
end
$$;
comment on function lyceum.check_own_role() is
    'A2: nobody grants themselves the role of an administrator, head or deputy head. An administrator reads no marks.';

-- After the insert, so that naming a role that the person already has (ON CONFLICT) is allowed.
create or replace trigger own_role after insert on user_roles for each row execute function lyceum.check_own_role();
