create or replace function lyceum.lacks_second_factor(p_school integer, p_user uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (select from public.school_settings t where t.school_id = p_school and t.second_factor_required)
        and not exists (
            select from public.second_factors f
            where f.school_id = p_school and f.user_id = p_user and f.confirmed_at is not null
        )
        and lyceum.is_staff(p_school, p_user);
end
$$;
comment on function lyceum.lacks_second_factor(integer, uuid) is
    'Whether the school requires a second factor of the person and there is none.';
