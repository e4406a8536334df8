create or replace function lyceum.guard_line_item() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYL02', message = 'not_movable', detail = 'A column never changes its lesson.';
end
$$;

create or replace trigger guard before update on line_items
    for each row when (new.lesson_id <> old.lesson_id) execute function lyceum.guard_line_item();
