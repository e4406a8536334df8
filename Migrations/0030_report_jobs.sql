-- Reports that are made in the background, and their results.

-- migrate:up

create table report_jobs (
    school_id integer not null references schools,
    id uuid not null,
    person_id uuid not null,
    client_id uuid,
    session_id uuid,
    report text not null,
    format text not null,
    parameters jsonb not null,
    language text not null,
    state text not null default 'waiting',
    progress smallint not null default 0,
    starts smallint not null default 0,
    problem jsonb,
    standing text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    ended_at timestamptz,
    expires_at timestamptz not null default now() + interval '2 days',
    primary key (school_id, id),
    constraint report_jobs_person_fkey foreign key (school_id, person_id) references users on delete cascade,
    constraint report_jobs_client_fkey foreign key (school_id, client_id) references clients on delete cascade,
    constraint report_jobs_report check (report ~ '^[a-z][a-z-]{0,62}$'),
    constraint report_jobs_format check (format in ('json', 'csv', 'xlsx', 'html', 'pdf')),
    constraint report_jobs_parameters check (jsonb_typeof(parameters) = 'object'),
    constraint report_jobs_language check (language in ('ru', 'en')),
    constraint report_jobs_state check (state in ('waiting', 'running', 'done', 'failed')),
    constraint report_jobs_progress check (progress between 0 and 100),
    constraint report_jobs_problem check ((state = 'failed') = (problem is not null)),
    constraint report_jobs_ended check ((state in ('done', 'failed')) = (ended_at is not null))
);
comment on table report_jobs is
    'Reports that a person has ordered and that the background makes (docs/decisions/0066). Only that person sees them, for a day after '
    'their end (K1).';
comment on column report_jobs.client_id is 'The app of others that ordered it; null for the school''s own apps.';
comment on column report_jobs.session_id is 'The session of that app: when it has ended, nothing is read any more.';
comment on column report_jobs.parameters is 'As GET /v1/reports/{report} takes them, each a text.';
comment on column report_jobs.progress is 'In percent: 10 is reading, 50 is making the form.';
comment on column report_jobs.starts is 'How often a process has begun. A report that ends its process again and again is given up.';
comment on column report_jobs.problem is 'RFC 9457: why there is no result.';
comment on column report_jobs.standing is 'What the person had to do with the school when the report was read, see lyceum.standing.';
comment on column report_jobs.expires_at is 'When the job and its result are deleted: a day after the end.';
create index report_jobs_by_person on report_jobs (school_id, person_id, id);
create index report_jobs_by_client on report_jobs (school_id, client_id) where client_id is not null;
create index report_jobs_by_age on report_jobs (school_id, expires_at);
call lyceum.protect('report_jobs', 'select, insert, update, delete');
create policy own on report_jobs as restrictive to lyceum_app
    using (person_id = lyceum.current_user_id() or lyceum.current_user_id() is null and lyceum.current_client_id() is null);

create table report_results (
    school_id integer not null,
    job_id uuid not null,
    content bytea not null,
    profiles uuid[] not null default '{}',
    primary key (school_id, job_id),
    constraint report_results_job_fkey foreign key (school_id, job_id) references report_jobs on delete cascade
);
comment on table report_results is 'What report jobs have made. Rows are deleted with their jobs.';
comment on column report_results.profiles is 'K2: the students whose profiles it shows. A reading is recorded when the result is fetched.';
-- PDF and workbooks are compressed already.
alter table report_results alter column content set storage external;
call lyceum.protect('report_results', 'select, insert, update, delete');
create policy own on report_results as restrictive to lyceum_app
    using (exists (select from report_jobs j where j.school_id = report_results.school_id and j.id = report_results.job_id));

-- migrate:down

drop table report_results, report_jobs;
delete from pending where kind in ('make_report', 'forget_report_jobs');
