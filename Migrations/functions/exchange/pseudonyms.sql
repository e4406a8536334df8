-- Pseudonyms of people in exports: HMAC-SHA256 (RFC 2104) of the id with the key of the school, cut to a UUID.

create or replace function lyceum.keep_pseudonym_key() returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from public.pseudonym_keys k where k.school_id = lyceum.current_school()) then
        insert into public.pseudonym_keys (school_id) values (lyceum.current_school()) on conflict do nothing;
    end if;
end
$$;
comment on function lyceum.keep_pseudonym_key() is 'Makes the school''s key if it has none yet.';
revoke execute on function lyceum.keep_pseudonym_key() from public;
grant execute on function lyceum.keep_pseudonym_key() to lyceum_app;

create or replace function lyceum.pseudonym_block(p_key bytea, p_side text) returns bytea
    language plpgsql immutable strict parallel safe
as $$
declare
    v_pad integer := case p_side when 'inner' then x'36'::integer when 'outer' then x'5c'::integer end;
    v_block bytea := p_key || decode(repeat('00', 64 - length(p_key)), 'hex');
begin
    for i in 0..63 loop
        v_block := set_byte(v_block, i, get_byte(v_block, i) # v_pad);
    end loop;
    return v_block;
end
$$;
comment on function lyceum.pseudonym_block(bytea, text) is
    'The key of an HMAC, filled to 64 bytes and combined with the pad of its side, inner or outer.';
revoke execute on function lyceum.pseudonym_block(bytea, text) from public;
grant execute on function lyceum.pseudonym_block(bytea, text) to lyceum_app;

create or replace function lyceum.pseudonym(p_id uuid, p_inner bytea, p_outer bytea) returns uuid
    language sql immutable parallel safe
    return overlay(
        overlay(left(encode(sha256(p_outer || sha256(p_inner || uuid_send(p_id))), 'hex'), 32) placing '8' from 13) placing 'a' from 17
    )::uuid;
comment on function lyceum.pseudonym(uuid, bytea, bytea) is
    'The pseudonym of a person or of a record about one: a UUID of version 8, the same in all exports of the school. p_inner and p_outer are '
    'the blocks of the school''s key.';
revoke execute on function lyceum.pseudonym(uuid, bytea, bytea) from public;
grant execute on function lyceum.pseudonym(uuid, bytea, bytea) to lyceum_app;
