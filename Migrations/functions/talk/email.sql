-- Addresses for mail (docs/decisions/0062)

create or replace function lyceum.ask_email_code(p_school integer, p_person uuid, p_id uuid, p_address text) returns void
    language plpgsql
as $$
begin
    -- Requests of one person take turns, so that none of them misses a row of another.
    perform from public.users u where u.school_id = p_school and u.id = p_person for no key update;
    if (
        select greatest(
            count(*) filter (where c.person_id = p_person), count(*) filter (where lower(c.address) = lower(p_address))
        )
        from public.email_codes c
        where c.school_id = p_school and c.created_at > now() - interval '1 day'
    ) >= 5 then
        raise exception using
            errcode = 'LYO02', message = 'too_many_email_codes',
            detail = 'At most 5 codes a day are sent for a person, and to an address.';
    end if;
    insert into public.email_codes (school_id, id, person_id, address) values (p_school, p_id, p_person, p_address);
    -- The person waits for it.
    insert into public.pending (school_id, kind, id, due_at, is_urgent, target)
    values (p_school, 'send_email_code', p_id, now(), true, lyceum.target('smtp://'));
end
$$;
comment on function lyceum.ask_email_code(integer, uuid, uuid, text) is
    'Stores an address that is to be confirmed. Background work then mails the code.';
grant execute on function lyceum.ask_email_code(integer, uuid, uuid, text) to lyceum_app;

create or replace trigger audit after insert or update of address or delete on email_addresses for each row execute function lyceum.audit('address');

-- K2: a person who was depersonalised is told nothing any more, and cannot be called back.
create or replace function lyceum.forget_targets() returns trigger
    language plpgsql
as $$
begin
    delete from public.push_subscriptions p where p.school_id = new.school_id and p.person_id = new.id;
    delete from public.email_addresses a where a.school_id = new.school_id and a.person_id = new.id;
    delete from public.email_codes c where c.school_id = new.school_id and c.person_id = new.id;
    update public.consultations c set phone = null where c.school_id = new.school_id and c.asker_id = new.id and c.phone is not null;
    return null;
end
$$;

create or replace trigger forget_targets after update of depersonalised_at on users
    for each row when (old.depersonalised_at is null and new.depersonalised_at is not null)
    execute function lyceum.forget_targets();
