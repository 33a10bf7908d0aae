-- Times are Unix milliseconds (UTC), amounts minor units, flags 0/1, JSON opaque text.

CREATE TABLE tenants (
    id              TEXT   PRIMARY KEY,
    slug            TEXT   NOT NULL UNIQUE,
    name            TEXT  NOT NULL,
    currency        TEXT  NOT NULL,
    country         TEXT  NOT NULL,
    timezone        TEXT  NOT NULL,
    locale          TEXT  NOT NULL,
    brand           TEXT  NOT NULL, -- #rrggbb
    contact_phone   TEXT  NOT NULL,
    contact_email   TEXT  NOT NULL,
    fallback_email  TEXT  NOT NULL, -- for providers that insist on one
    refund_limit_minor INTEGER,         -- above it a second person approves; NULL is off
    created_at      INTEGER   NOT NULL
) STRICT;

CREATE TABLE users (
    id            TEXT  PRIMARY KEY,
    email         TEXT  NOT NULL UNIQUE, -- lower case
    name          TEXT NOT NULL,
    password_hash TEXT,                 -- PHC string; NULL until the one-time link is used
    suspended     INTEGER  NOT NULL,
    created_at    INTEGER  NOT NULL
) STRICT;

CREATE TABLE members (
    tenant_id  TEXT  NOT NULL REFERENCES tenants (id),
    user_id    TEXT  NOT NULL REFERENCES users (id),
    role       TEXT NOT NULL,
    created_at INTEGER  NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) STRICT;
CREATE INDEX members_by_user ON members (user_id);

-- One-time links that set a password. Only the token's SHA-256 is kept.
CREATE TABLE password_links (
    token_hash TEXT  PRIMARY KEY,
    user_id    TEXT  NOT NULL REFERENCES users (id),
    expires_at INTEGER  NOT NULL,
    used_at    INTEGER
) STRICT;

-- Sessions by the SHA-256 of their id: a stolen database opens no session.
CREATE TABLE sessions (
    id_hash    TEXT  PRIMARY KEY,
    user_id    TEXT,
    data       TEXT NOT NULL,
    expires_at INTEGER  NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Failed logins, counted by address and by login name.
CREATE TABLE login_attempts (
    subject    TEXT  NOT NULL,
    window_at  INTEGER  NOT NULL,
    failures   INTEGER  NOT NULL,
    PRIMARY KEY (subject, window_at)
) STRICT;

CREATE TABLE provider_accounts (
    tenant_id  TEXT  NOT NULL REFERENCES tenants (id),
    provider   TEXT  NOT NULL,
    enabled    INTEGER  NOT NULL,
    test_mode  INTEGER  NOT NULL,
    options    TEXT NOT NULL,
    updated_at INTEGER  NOT NULL,
    PRIMARY KEY (tenant_id, provider)
) STRICT;

-- R15: sealed values; a page shows the fingerprint alone.
CREATE TABLE provider_credentials (
    tenant_id   TEXT  NOT NULL REFERENCES tenants (id),
    provider    TEXT  NOT NULL,
    mode        TEXT  NOT NULL, -- test, live
    field       TEXT  NOT NULL,
    sealed      BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    updated_at  INTEGER  NOT NULL,
    updated_by  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, provider, mode, field)
) STRICT;

-- One data key a tenant, wrapped by the master key.
CREATE TABLE data_keys (
    tenant_id  TEXT  PRIMARY KEY REFERENCES tenants (id),
    sealed     BLOB NOT NULL,
    created_at INTEGER  NOT NULL
) STRICT;

-- Access tokens of providers, shared by all processes: a new one may end the one before.
CREATE TABLE provider_tokens (
    tenant_id  TEXT  NOT NULL REFERENCES tenants (id),
    provider   TEXT  NOT NULL,
    mode       TEXT  NOT NULL,
    sealed     BLOB NOT NULL,
    expires_at INTEGER  NOT NULL,
    PRIMARY KEY (tenant_id, provider, mode)
) STRICT;

CREATE TABLE hook_addresses (
    token     TEXT PRIMARY KEY, -- hex
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    provider  TEXT NOT NULL,
    mode      TEXT NOT NULL,
    UNIQUE (tenant_id, provider, mode)
) STRICT;

CREATE TABLE orders (
    id             TEXT  PRIMARY KEY,
    tenant_id      TEXT  NOT NULL REFERENCES tenants (id),
    token          TEXT  NOT NULL UNIQUE, -- the checkout link
    livemode       INTEGER  NOT NULL,
    kind           TEXT NOT NULL,
    reference      TEXT  NOT NULL,
    amount_minor   INTEGER  NOT NULL CHECK (amount_minor > 0),
    currency       TEXT NOT NULL,
    description    TEXT NOT NULL,
    customer       TEXT NOT NULL,
    metadata       TEXT NOT NULL,
    return_url     TEXT,
    failure_url    TEXT,
    providers      TEXT NOT NULL,
    locale         TEXT,
    status         TEXT  NOT NULL,
    flags          TEXT NOT NULL,
    paid_minor     INTEGER  NOT NULL CHECK (paid_minor >= 0),
    refunded_minor INTEGER  NOT NULL CHECK (refunded_minor >= 0),
    fulfilled_at   INTEGER, -- R8: set once
    expires_at     INTEGER  NOT NULL,
    created_at     INTEGER  NOT NULL,
    updated_at     INTEGER  NOT NULL,
    form_key       TEXT, -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
) STRICT;
CREATE INDEX orders_by_tenant ON orders (tenant_id, livemode, id);
CREATE INDEX orders_by_reference ON orders (tenant_id, reference);
CREATE INDEX orders_by_status ON orders (tenant_id, status, id);

CREATE TABLE payments (
    id                TEXT  PRIMARY KEY,
    tenant_id         TEXT  NOT NULL REFERENCES tenants (id),
    order_id          TEXT  NOT NULL REFERENCES orders (id),
    provider          TEXT  NOT NULL,
    method            TEXT NOT NULL,
    livemode          INTEGER  NOT NULL,
    test_mode         INTEGER  NOT NULL,
    amount_minor      INTEGER  NOT NULL CHECK (amount_minor > 0),
    currency          TEXT NOT NULL,
    captured_minor    INTEGER  NOT NULL,
    refund_held_minor INTEGER  NOT NULL,
    refunded_minor    INTEGER  NOT NULL, -- what refunds that succeeded gave back
    status            TEXT  NOT NULL,
    flags             TEXT NOT NULL,
    reference         TEXT  NOT NULL UNIQUE, -- ours, sent to the provider
    provider_ref      TEXT,
    receipt           TEXT,
    phone             TEXT,
    next_action       TEXT NOT NULL,
    failure_code      TEXT,
    failure_message   TEXT,
    form_key          TEXT,
    polls             INTEGER  NOT NULL,
    asked_at          INTEGER, -- when the provider was last asked
    created_at        INTEGER  NOT NULL,
    updated_at        INTEGER  NOT NULL,
    expires_at        INTEGER  NOT NULL,
    -- R10: refunds in flight plus done never exceed what came.
    CHECK (refunded_minor >= 0 AND refunded_minor <= refund_held_minor
        AND refund_held_minor <= captured_minor),
    UNIQUE (order_id, form_key)
) STRICT;
CREATE INDEX payments_by_tenant ON payments (tenant_id, id);
CREATE INDEX payments_by_order ON payments (order_id, id);
CREATE INDEX payments_by_status ON payments (tenant_id, status, id);
CREATE INDEX payments_by_provider_ref ON payments (tenant_id, provider, provider_ref);

-- The story of an order, one row a step (R12).
CREATE TABLE steps (
    id         TEXT  PRIMARY KEY,
    tenant_id  TEXT  NOT NULL REFERENCES tenants (id),
    order_id   TEXT  NOT NULL REFERENCES orders (id),
    payment_id TEXT,
    refund_id  TEXT,
    kind       TEXT NOT NULL,
    actor      TEXT NOT NULL, -- a user's id, an API key's id, customer, provider, system
    words      TEXT NOT NULL, -- the provider's own, or a note
    data       TEXT NOT NULL,
    at         INTEGER  NOT NULL
) STRICT;
CREATE INDEX steps_by_order ON steps (tenant_id, order_id, id);

CREATE TABLE refunds (
    id              TEXT  PRIMARY KEY,
    tenant_id       TEXT  NOT NULL REFERENCES tenants (id),
    payment_id      TEXT  NOT NULL REFERENCES payments (id),
    amount_minor    INTEGER  NOT NULL CHECK (amount_minor > 0),
    currency        TEXT NOT NULL,
    status          TEXT  NOT NULL,
    reason          TEXT NOT NULL,
    note            TEXT NOT NULL,
    requested_by    TEXT NOT NULL,
    decided_by      TEXT,
    provider_ref    TEXT,
    failure_code    TEXT,
    failure_message TEXT,
    polls           INTEGER  NOT NULL,
    created_at      INTEGER  NOT NULL,
    updated_at      INTEGER  NOT NULL,
    form_key        TEXT, -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
) STRICT;
CREATE INDEX refunds_by_tenant ON refunds (tenant_id, id);
CREATE INDEX refunds_by_payment ON refunds (payment_id, id);
CREATE INDEX refunds_by_status ON refunds (tenant_id, status, id);

CREATE TABLE proofs (
    id            TEXT  PRIMARY KEY,
    tenant_id     TEXT  NOT NULL REFERENCES tenants (id),
    payment_id    TEXT  NOT NULL REFERENCES payments (id),
    proof_type    TEXT NOT NULL,
    reference     TEXT NOT NULL,
    reference_key TEXT  NOT NULL, -- upper case, letters and digits alone
    notes         TEXT NOT NULL,
    file_name     TEXT,
    file_type     TEXT,
    file_bytes    INTEGER,
    file_sha256   TEXT,
    status        TEXT  NOT NULL,
    claimed_by    TEXT,
    claimed_at    INTEGER,
    decided_by    TEXT,
    decision_note TEXT NOT NULL,
    accepted_minor INTEGER,
    currency      TEXT NOT NULL,
    created_at    INTEGER  NOT NULL,
    updated_at    INTEGER  NOT NULL
) STRICT;
CREATE INDEX proofs_by_tenant ON proofs (tenant_id, status, id);
CREATE INDEX proofs_by_payment ON proofs (payment_id, id);
CREATE INDEX proofs_by_reference ON proofs (tenant_id, reference_key);
-- A reference that was approved once pays once.
CREATE UNIQUE INDEX proofs_paid_once ON proofs (tenant_id, reference_key)
    WHERE status = 'approved' AND reference_key <> '';
CREATE INDEX proofs_by_file ON proofs (tenant_id, file_sha256);

-- R7: as received. The unique key makes a second delivery harmless.
CREATE TABLE hooks (
    id             TEXT  PRIMARY KEY,
    tenant_id      TEXT  NOT NULL REFERENCES tenants (id),
    provider       TEXT  NOT NULL,
    mode           TEXT  NOT NULL,
    dedupe_key     TEXT  NOT NULL,
    path_reference TEXT  NOT NULL,
    headers        TEXT NOT NULL,
    body           BLOB NOT NULL,
    source         TEXT NOT NULL,
    status         TEXT  NOT NULL,
    why            TEXT NOT NULL,
    deliveries     INTEGER  NOT NULL,
    received_at    INTEGER  NOT NULL,
    handled_at     INTEGER,
    UNIQUE (tenant_id, provider, mode, dedupe_key)
) STRICT;
CREATE INDEX hooks_by_tenant ON hooks (tenant_id, id);
CREATE INDEX hooks_by_status ON hooks (tenant_id, status, id);

CREATE TABLE jobs (
    id           TEXT  PRIMARY KEY,
    tenant_id    TEXT  NOT NULL REFERENCES tenants (id),
    kind         TEXT  NOT NULL,
    subject      TEXT  NOT NULL,
    run_at       INTEGER  NOT NULL,
    attempts     INTEGER  NOT NULL,
    locked_until INTEGER  NOT NULL, -- a dead process's claim ends here
    failed_at    INTEGER,
    last_error   TEXT NOT NULL,
    UNIQUE (kind, subject)
) STRICT;
CREATE INDEX jobs_due ON jobs (failed_at, run_at);

-- What the merchant is told; written with the change it tells of (R12).
CREATE TABLE events (
    id         TEXT  PRIMARY KEY,
    tenant_id  TEXT  NOT NULL REFERENCES tenants (id),
    event_type TEXT NOT NULL,
    livemode   INTEGER  NOT NULL,
    subject    TEXT  NOT NULL,
    data       TEXT NOT NULL,
    at         INTEGER  NOT NULL
) STRICT;
CREATE INDEX events_by_tenant ON events (tenant_id, id);

-- What people did.
CREATE TABLE audit (
    id        TEXT  PRIMARY KEY,
    tenant_id TEXT  NOT NULL REFERENCES tenants (id),
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    subject   TEXT  NOT NULL,
    detail    TEXT NOT NULL,
    at        INTEGER  NOT NULL
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant_id, id);

CREATE TABLE api_keys (
    id           TEXT  PRIMARY KEY,
    tenant_id    TEXT  NOT NULL REFERENCES tenants (id),
    mode         TEXT  NOT NULL,
    name         TEXT NOT NULL,
    secret_hash  TEXT  NOT NULL UNIQUE, -- SHA-256 of the key
    hint         TEXT NOT NULL,        -- its last characters
    scopes       TEXT NOT NULL,        -- empty: every scope
    created_at   INTEGER  NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, id);

CREATE TABLE idempotency_keys (
    tenant_id    TEXT  NOT NULL REFERENCES tenants (id),
    mode         TEXT  NOT NULL,
    path         TEXT  NOT NULL,
    idem_key     TEXT  NOT NULL,
    body_sha256  TEXT NOT NULL,
    locked_until INTEGER  NOT NULL, -- a run cut off by a crash is taken over after this
    status       INTEGER,           -- NULL while running
    answer       TEXT,
    created_at   INTEGER  NOT NULL,
    PRIMARY KEY (tenant_id, mode, path, idem_key)
) STRICT;
