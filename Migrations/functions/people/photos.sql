create or replace function lyceum.audit_photo() returns trigger
    language plpgsql
as $$
declare
    v_row public.student_photos := case tg_op when 'DELETE' then old else new end;
begin
    if lyceum.current_school() is not null then
        perform lyceum.record_audit(
            lower(tg_op), 'student_photos', v_row.id,
            case when tg_op <> 'DELETE' then jsonb_build_object(
                'media_type', v_row.media_type, 'width', v_row.width, 'height', v_row.height,
                'sha256', encode(v_row.sha256, 'hex')
            ) end);
    end if;
    return null;
end
$$;
comment on function lyceum.audit_photo() is
    'A5: records who added or removed a photo. The digest identifies the photo; its content is not recorded.';

create or replace trigger audit after insert or update or delete on student_photos for each row execute function lyceum.audit_photo();

create or replace function lyceum.sees_photo(p_student uuid) returns boolean
    language sql stable
    return lyceum.has_consent(lyceum.current_school(), p_student, 'photo')
        and (lyceum.sees_profile(p_student) or lyceum.teaches_student(p_student));
comment on function lyceum.sees_photo(uuid) is
    'K3: while a consent to it is valid, everybody who reads the profile and the student''s teachers see the photo.';

create or replace function lyceum.forget_photos() returns void
    language sql
begin atomic
    delete from public.student_photos p
    where p.school_id = lyceum.current_school() and not lyceum.has_consent(p.school_id, p.id, 'photo');
end;
comment on function lyceum.forget_photos() is 'K3: deletes the school''s photos whose consent has ended.';

create or replace function lyceum.withdraw_photo() returns trigger
    language plpgsql
as $$
begin
    delete from public.student_photos p
    where p.school_id = old.school_id and p.id = old.student_id
        and not lyceum.has_consent(old.school_id, old.student_id, 'photo');
    return null;
end
$$;
comment on function lyceum.withdraw_photo() is
    'K3: deletes a photo without consent. If the consent has a last day in the future, the photo is hidden after that '
    'day.';

create or replace trigger photo after update or delete on consents
    for each row when (old.purpose = 'photo') execute function lyceum.withdraw_photo();
