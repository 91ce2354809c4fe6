-- Documents: papers with the digest of their content. The content is stored once however often it is filed.
create table document_content (
    sha256 bytea primary key check (length(sha256) = 32),
    content bytea not null,
    bytes bigint not null check (bytes = length(content) and bytes > 0),
    stored_at timestamptz not null
);
-- Papers are PDF, images and zip containers: compressing them again costs time and saves nothing.
alter table document_content alter column content set storage external;
comment on table document_content is 'contents of documents, one row per distinct content; never changed, never deleted';
comment on column document_content.sha256 is 'SHA-256 of the content';

create function document_content_immutable() returns trigger language plpgsql as $$
begin
    raise exception 'the content of a document is never changed' using errcode = 'JT003';
end $$;
create trigger document_content_immutable before update or delete on document_content
    for each row execute function document_content_immutable();

create table document (
    id uuid primary key,
    sha256 bytea not null references document_content (sha256),
    bytes bigint not null,
    media_type text not null,
    file_name text not null,
    kind text not null check (kind <> ''),
    title text not null check (title <> ''),
    issued_on date,
    division_code text not null check (division_code ~ '^[0-9]{6}$'),
    owner_credit_code text,
    filed_by text not null,
    recorded_at timestamptz not null
);
select platform_versioned('document');
create index document_sha256 on document (sha256);
comment on table document is 'documents filed with the registry';
comment on column document.media_type is 'found from the content, not believed from the sender';
comment on column document.file_name is 'as the sender named it, without any folder';
comment on column document.kind is 'what the paper is, in the words of the office: notice, report, review_opinion ...';
comment on column document.issued_on is 'the day on the paper, where it carries one';
comment on column document.division_code is 'division of whoever filed it; who covers it may read it';
comment on column document.owner_credit_code is 'credit code of the land user that filed it, whose keys may all read it';
comment on column document.filed_by is 'caller mark of the key that filed it (key:<id>), or operator';

create table document_attachment (
    id uuid primary key,
    document_id uuid not null references document (id),
    subject_register text not null,
    subject_id uuid not null,
    division_code text not null check (division_code ~ '^[0-9]{6}$'),
    owner_credit_code text,
    unique (document_id, subject_register, subject_id)
);
select platform_versioned('document_attachment');
create index document_attachment_subject on document_attachment (subject_register, subject_id);
comment on table document_attachment is 'what a document belongs to: who may see the record''s division, or owns it, may read the paper';
