-- Triggers for versions (M5), columns that never change and the audit log (A5), for each table that has them.

create or replace trigger version before update on users for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on users for each row execute function lyceum.audit('password_hash');

create or replace trigger audit after insert or update or delete on user_roles for each row execute function lyceum.audit();

create or replace trigger version before update on staff for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on staff for each row execute function lyceum.audit();

create or replace trigger version before update on students for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on students for each row execute function lyceum.audit();

create or replace trigger version before update on guardians for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on guardians for each row execute function lyceum.audit();

create or replace trigger version before update on guardianships for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on guardianships for each row execute function lyceum.audit();

create or replace trigger version before update on consents for each row execute function lyceum.version();
create or replace trigger fixed before update on consents
    for each row when ((new.student_id, new.purpose, new.given_by) is distinct from (old.student_id, old.purpose, old.given_by))
    execute function lyceum.refuse_move();
create or replace trigger audit after insert or update or delete on consents for each row execute function lyceum.audit();

create or replace trigger version before update on student_documents for each row execute function lyceum.version();
create or replace trigger fixed before update on student_documents
    for each row when (new.student_id <> old.student_id)
    execute function lyceum.refuse_move();
-- Numbers are stored only as long as the document, never in the append-only log.
create or replace trigger audit after insert or update or delete on student_documents
    for each row execute function lyceum.audit('series', 'number');

