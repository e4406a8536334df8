-- Triggers for versions (M5) and the audit log (A5), for each table that has them.

create or replace trigger audit after insert or update or delete on activation_codes
    for each row execute function lyceum.audit('code_hash');

-- Columns that each sign-in writes are not recorded.
create or replace trigger audit after insert or delete or update of confirmed_at on second_factors
    for each row execute function lyceum.audit('secret');

create or replace trigger version before update of name, redirect_uris, scopes, state, requests_per_minute, external_id on clients
    for each row execute function lyceum.version();
create or replace trigger audit
    after insert or delete or update of name, redirect_uris, scopes, state, requests_per_minute, external_id on clients
    for each row execute function lyceum.audit();

create or replace trigger audit after insert or delete or update of secret_hash on client_secrets
    for each row execute function lyceum.audit('secret_hash');
