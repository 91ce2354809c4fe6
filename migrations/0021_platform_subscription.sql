-- Who is told of changes, and what is on its way to whom.
create table platform_subscription (
    id uuid primary key,
    name text not null,
    key_id uuid not null references platform_api_key (id),
    division_code text references division (code),
    subject_register text,
    subject_id uuid,
    kinds text[] check (cardinality(kinds) > 0),
    url text not null,
    status text not null check (status in ('active', 'paused', 'ended')),
    paused_because text check (paused_because in ('holder', 'key_not_valid', 'undelivered')),
    paused_at timestamptz,
    created_at timestamptz not null,
    area geometry(Geometry, 4490),
    check ((subject_register is null) = (subject_id is null)),
    check ((status = 'paused') = (paused_because is not null and paused_at is not null)),
    constraint platform_subscription_area check (geometrytype(area) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('platform_subscription');
create index platform_subscription_key on platform_subscription (key_id, id);
comment on table platform_subscription is 'who is told of which changes, and where; all that is given must hold';
comment on column platform_subscription.name is 'for people';
comment on column platform_subscription.key_id is 'the key that asked for it: what this key may read now is what is told';
comment on column platform_subscription.division_code is 'changes in this division and below';
comment on column platform_subscription.subject_id is 'changes of this record';
comment on column platform_subscription.kinds is 'changes of these kinds';
comment on column platform_subscription.status is 'paused keeps its place and can be resumed; ended is for good';
comment on column platform_subscription.paused_because is 'holder: asked for; key_not_valid: the key was revoked or has expired; undelivered: given up on after the operator''s number of days';
comment on column platform_subscription.area is 'changes of records that meet this outline, CGCS2000 (EPSG:4490) lon/lat';

create table platform_subscription_secret (
    subscription_id uuid primary key references platform_subscription (id),
    secret text not null check (secret <> '')
);
comment on table platform_subscription_secret is 'what deliveries are signed with; goes when the subscription ends';
comment on column platform_subscription_secret.secret is 'as it is: signing needs it. Whoever reads the database or a copy of it can sign';

-- Bookkeeping from here on: what happens to a delivery on its way is not audited.
create table platform_subscription_progress (
    subscription_id uuid primary key references platform_subscription (id),
    scanned_seq bigint not null check (scanned_seq >= 0),
    run integer not null default 1 check (run >= 1),
    failures integer not null default 0 check (failures >= 0),
    rests_until timestamptz
);
comment on table platform_subscription_progress is 'how far each subscription is';
comment on column platform_subscription_progress.scanned_seq is 'every change up to this number was looked at: those that fit have a delivery, and no others';
comment on column platform_subscription_progress.run is 'counts the replays from 1';
comment on column platform_subscription_progress.failures is 'attempts in a row that got no answer at all';
comment on column platform_subscription_progress.rests_until is 'no attempt before this instant: the receiver could not be reached';

create table platform_delivery (
    id uuid primary key,
    subscription_id uuid not null references platform_subscription (id),
    run integer not null,
    seq bigint not null references platform_outbox (seq),
    register text not null,
    subject_id uuid not null,
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'withheld', 'cancelled')),
    attempts integer not null default 0 check (attempts >= 0),
    backoff_s integer not null default 0 check (backoff_s >= 0),
    created_at timestamptz not null,
    next_at timestamptz not null,
    failing_since timestamptz,
    last_attempt_at timestamptz,
    last_status integer,
    last_error text check (last_error in ('http_status', 'timed_out', 'not_reached', 'address_refused', 'no_certificates')),
    delivered_at timestamptz,
    unique (subscription_id, run, seq),
    check ((state = 'delivered') = (delivered_at is not null))
);
create index platform_delivery_due on platform_delivery (subscription_id, next_at, seq) where state = 'waiting';
create index platform_delivery_queue on platform_delivery (subscription_id, register, subject_id, seq) where state = 'waiting';
comment on table platform_delivery is 'a change on its way to a subscriber; the row is locked while an attempt is under way';
comment on column platform_delivery.id is 'the same through all attempts';
comment on column platform_delivery.run is 'the replay it belongs to';
comment on column platform_delivery.subject_id is 'the record: a later change of it waits until the earlier one was acknowledged';
comment on column platform_delivery.state is 'waiting; delivered: answered with 2xx; withheld: its reader may not read it any more; cancelled: a replay took its place, or the subscription ended';
comment on column platform_delivery.backoff_s is 'seconds that were waited last';
comment on column platform_delivery.next_at is 'not before this instant';
comment on column platform_delivery.failing_since is 'the first failed attempt since the subscription was last resumed';
comment on column platform_delivery.last_status is 'HTTP status of the last attempt, where there was an answer';
