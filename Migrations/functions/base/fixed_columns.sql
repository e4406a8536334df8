-- Columns that the API sets once. The WHEN of each trigger names them.
create or replace function lyceum.refuse_move() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYL02', message = 'not_movable',
        detail = format('The row of %s stays with its student, section or class.', tg_table_name);
end
$$;
