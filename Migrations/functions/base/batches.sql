create or replace function lyceum.settle_batch(p_partial boolean) returns void
    language plpgsql stable
as $$
begin
    if current_setting('lyceum.malformed', true) = 'yes'
        or (not p_partial and current_setting('lyceum.refused', true) = 'yes') then
        raise exception using
            errcode = 'LYB01', message = 'journal_refused', detail = 'An item was refused, so the whole batch is rolled back.';
    end if;
end
$$;
comment on function lyceum.settle_batch(boolean) is
    'The last statement of a batch. It rolls everything back when an item was refused (lyceum.refused) and the caller '
    'wanted all or nothing, or when the batch was malformed (lyceum.malformed). The outcomes of the items have been '
    'returned before.';
