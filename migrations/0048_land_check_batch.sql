-- Many land checks asked together: the order in which they were asked, what became of each, and the signed manifest.
create table land_check_batch (
    id uuid primary key,
    caller text not null,
    key_id uuid references platform_api_key (id),
    division_code text not null,
    asked integer not null check (asked > 0),
    digest bytea not null check (length(digest) = 32),
    source_name text,
    source_sha256 bytea not null check (length(source_sha256) = 32),
    job_id uuid unique references platform_job (id),
    begun_at timestamptz not null,
    act_id uuid not null
);
create index land_check_batch_division on land_check_batch (division_code, id);
comment on table land_check_batch is 'land checks asked together; append-only';
comment on column land_check_batch.caller is 'mark of the caller; only the same one carries the batch on';
comment on column land_check_batch.key_id is 'key of the caller; null for a command of the operator';
comment on column land_check_batch.division_code is 'division in which the caller''s role holds; 000000: the nation, and the operator';
comment on column land_check_batch.asked is 'rows asked';
comment on column land_check_batch.digest is 'SHA-256 of what was sent and how it is read: the same batch is the same question';
comment on column land_check_batch.source_name is 'name of the file, where there was one';
comment on column land_check_batch.source_sha256 is 'SHA-256 of the body or file as sent';
comment on column land_check_batch.job_id is 'the job that works on it, where it is answered in the background';

create table land_check_batch_row (
    batch_id uuid not null references land_check_batch (id),
    row integer not null check (row >= 1),
    check_id uuid references land_check (id),
    payload_sha256 bytea check (length(payload_sha256) = 32),
    error_code text,
    error bytea,
    act_id uuid not null,
    primary key (batch_id, row),
    check ((check_id is null) = (payload_sha256 is null)),
    check ((check_id is null) = (error is not null)),
    check ((error is null) = (error_code is null))
);
comment on table land_check_batch_row is 'what became of each row of a batch, in the order asked and without gaps; append-only';
comment on column land_check_batch_row.row is 'counts from 1';
comment on column land_check_batch_row.check_id is 'the reply; null: refused';
comment on column land_check_batch_row.payload_sha256 is 'SHA-256 of the reply without its proof, as signed';
comment on column land_check_batch_row.error_code is 'why it was refused';
comment on column land_check_batch_row.error is 'the refusal as sent, byte for byte';

create table land_check_batch_manifest (
    batch_id uuid primary key references land_check_batch (id),
    answered integer not null check (answered >= 0),
    refused integer not null check (refused >= 0),
    finished_at timestamptz not null,
    body bytea not null,
    body_sha256 bytea not null check (body_sha256 = sha256(body)),
    log_index bigint not null unique,
    act_id uuid not null
);
comment on table land_check_batch_manifest is 'the signed list of what a batch came to; none: it is not finished. Append-only';
comment on column land_check_batch_manifest.body is 'the manifest as sent, byte for byte';
comment on column land_check_batch_manifest.log_index is 'place in the log of replies';

create function land_check_batch_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'batches of land checks are append-only' using errcode = 'JT004';
end $$;
create trigger land_check_batch_append_only before update or delete on land_check_batch
    for each row execute function land_check_batch_append_only();
create trigger land_check_batch_never_emptied before truncate on land_check_batch
    for each statement execute function land_check_batch_append_only();
create trigger land_check_batch_row_append_only before update or delete on land_check_batch_row
    for each row execute function land_check_batch_append_only();
create trigger land_check_batch_row_never_emptied before truncate on land_check_batch_row
    for each statement execute function land_check_batch_append_only();
create trigger land_check_batch_manifest_append_only before update or delete on land_check_batch_manifest
    for each row execute function land_check_batch_append_only();
create trigger land_check_batch_manifest_never_emptied before truncate on land_check_batch_manifest
    for each statement execute function land_check_batch_append_only();
