-- Background work: bookkeeping of the platform, not facts of a register. What a job changes in a register, it changes in an
-- act of its own, which also ends the job: both or neither.
create table platform_job (
    id uuid primary key,
    kind text not null,
    target text not null,
    status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed')),
    caller text not null,
    key_id uuid references platform_api_key (id),
    request_id text not null,
    options jsonb not null,
    file_name text not null,
    bytes bigint not null,
    sha256 bytea not null check (length(sha256) = 32),
    attempt integer not null default 0,
    heartbeat_at timestamptz,
    progress_done bigint not null default 0,
    progress_total bigint,
    counted_read bigint not null default 0,
    counted_valid bigint not null default 0,
    counted_repaired bigint not null default 0,
    counted_rejected bigint not null default 0,
    counted_written bigint not null default 0,
    failure jsonb,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    check ((status = 'failed') = (failure is not null)),
    check ((status in ('done', 'failed')) = (finished_at is not null))
);
create index platform_job_waiting on platform_job (kind, created_at) where status in ('queued', 'running');
comment on table platform_job is 'background jobs; any number of servers take them up, each by one at a time';
comment on column platform_job.caller is 'caller mark of who asked; only it, auditors and administrators see the job';
comment on column platform_job.key_id is 'the key whose rights the job acts with, looked up again when it runs';
comment on column platform_job.sha256 is 'SHA-256 of the file as sent: the receipt';
comment on column platform_job.attempt is 'counts the servers that took it up; one that was given up on can no longer end it';
comment on column platform_job.heartbeat_at is 'by the database''s clock: when the server at work was last heard of';
comment on column platform_job.failure is '{code, message_zh, message_en, errors: [{pointer, code, message_zh, message_en}]}';

create table platform_job_file (
    job_id uuid primary key references platform_job (id),
    content bytea not null
);
alter table platform_job_file alter column content set storage external;
comment on table platform_job_file is 'files waiting to be worked on; gone when their job ends';

create table platform_job_row (
    job_id uuid not null references platform_job (id),
    attempt integer not null,
    row bigint not null,
    n integer not null,
    status text not null check (status in ('rejected', 'repaired')),
    pointer text not null,
    code text not null,
    message_zh text not null,
    message_en text not null,
    hint_zh text,
    hint_en text,
    primary key (job_id, attempt, row, n)
);
comment on table platform_job_row is 'what was wrong with rows of a file';
comment on column platform_job_row.row is 'place in the file, from 1';
comment on column platform_job_row.n is 'numbers the findings of a row, from 0';
comment on column platform_job_row.pointer is 'RFC 6901 pointer into the feature: /properties/code';
