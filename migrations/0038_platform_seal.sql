-- What is signed, and the log of it: keys, entries, the tree over them, its head.

create table platform_signing_key (
    id text primary key check (id ~ '^ed25519:[0-9a-f]{32}$'),
    public_key bytea not null unique check (length(public_key) = 32),
    seed bytea check (length(seed) = 32),
    created_at timestamptz not null,
    retired_at timestamptz,
    -- A key that no longer signs is not kept: whoever reads the database later cannot sign in its name.
    constraint platform_signing_key_forgotten check ((seed is null) = (retired_at is not null))
);
create unique index platform_signing_key_current on platform_signing_key ((true)) where retired_at is null;
comment on table platform_signing_key is 'Ed25519 keys that replies and checkpoints are signed with; one is current';
comment on column platform_signing_key.id is 'ed25519: and the first 16 bytes of SHA-256 over the public key, hexadecimal';
comment on column platform_signing_key.public_key is '32 bytes (RFC 8032)';
comment on column platform_signing_key.seed is '32 secret bytes; null once the key is retired';
comment on column platform_signing_key.created_at is 'when it was made';
comment on column platform_signing_key.retired_at is 'when another took its place; what it signed before still holds';

create table platform_log_entry (
    idx bigint primary key check (idx >= 0),
    leaf_hash bytea not null check (length(leaf_hash) = 32),
    entry bytea not null,
    subject_id uuid not null,
    number text not null
);
create index platform_log_entry_number on platform_log_entry (number);
comment on table platform_log_entry is 'the log of what was signed, in the order of commits; append-only';
comment on column platform_log_entry.idx is 'from 0 without gaps';
comment on column platform_log_entry.leaf_hash is 'SHA-256 over 0x00 and the entry (RFC 6962)';
comment on column platform_log_entry.entry is 'canonical JSON (RFC 8785): kind, number, id, digest, key, signature, instant; no personal data, nothing of a parcel';
comment on column platform_log_entry.subject_id is 'identifier of the record that was signed, as in the entry';
comment on column platform_log_entry.number is 'its number, as in the entry';

create table platform_log_node (
    level smallint not null check (level >= 1),
    idx bigint not null check (idx >= 0),
    hash bytea not null check (length(hash) = 32),
    primary key (level, idx)
);
comment on table platform_log_node is 'inner nodes of the tree over the log that are complete and so never change; append-only';
comment on column platform_log_node.level is 'the node covers 2^level entries; entries themselves are level 0';
comment on column platform_log_node.idx is 'counts from 0 within its level';
comment on column platform_log_node.hash is 'SHA-256 over 0x01, the left and the right hash (RFC 6962)';

-- The log's end is a row of its own: locking it is what keeps the entries without gaps.
create table platform_log_head (
    one boolean primary key default true check (one),
    origin text,
    key_id text references platform_signing_key (id),
    size bigint not null check (size >= 0),
    peaks bytea[] not null,
    checkpoint text,
    constraint platform_log_head_begun check ((origin is null) = (key_id is null) and (origin is null) = (checkpoint is null))
);
insert into platform_log_head (size, peaks) values (0, '{}');
comment on table platform_log_head is 'the end of the log';
comment on column platform_log_head.origin is 'name of the log, fixed when the first key is made';
comment on column platform_log_head.key_id is 'the key that signs now';
comment on column platform_log_head.size is 'entries';
comment on column platform_log_head.peaks is 'roots of the complete subtrees, largest first; all that appending needs';
comment on column platform_log_head.checkpoint is 'origin, size and root, signed (C2SP tlog-checkpoint)';

create function platform_log_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the log is append-only' using errcode = 'JT002';
end $$;
create trigger platform_log_entry_append_only before update or delete on platform_log_entry
    for each row execute function platform_log_append_only();
create trigger platform_log_entry_never_emptied before truncate on platform_log_entry
    for each statement execute function platform_log_append_only();
create trigger platform_log_node_append_only before update or delete on platform_log_node
    for each row execute function platform_log_append_only();
create trigger platform_log_node_never_emptied before truncate on platform_log_node
    for each statement execute function platform_log_append_only();
create trigger platform_log_head_kept before delete on platform_log_head
    for each row execute function platform_log_append_only();
create trigger platform_log_head_never_emptied before truncate on platform_log_head
    for each statement execute function platform_log_append_only();

create function platform_log_only_grows() returns trigger language plpgsql as $$
begin
    if new.size < old.size or (old.origin is not null and new.origin is distinct from old.origin) then
        raise exception 'the log only grows, and keeps its name' using errcode = 'JT002';
    end if;
    return new;
end $$;
create trigger platform_log_head_only_grows before update on platform_log_head
    for each row execute function platform_log_only_grows();

create function platform_signing_key_kept() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or old.retired_at is not null
        or (new.id, new.public_key, new.created_at) is distinct from (old.id, old.public_key, old.created_at) then
        raise exception 'a signing key is kept; all that happens to it is that it is retired' using errcode = 'JT002';
    end if;
    return new;
end $$;
create trigger platform_signing_key_kept before update or delete on platform_signing_key
    for each row execute function platform_signing_key_kept();
create trigger platform_signing_key_never_emptied before truncate on platform_signing_key
    for each statement execute function platform_signing_key_kept();
