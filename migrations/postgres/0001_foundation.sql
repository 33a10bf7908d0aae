-- Times are Unix milliseconds (UTC), amounts minor units, flags 0/1, JSON opaque text.

CREATE TABLE tenants (
    id              TEXT COLLATE "C"   PRIMARY KEY,
    slug            TEXT COLLATE "C"   NOT NULL UNIQUE,
    name            TEXT  NOT NULL,
    currency        TEXT  NOT NULL,
    country         TEXT  NOT NULL,
    timezone        TEXT  NOT NULL,
    locale          TEXT  NOT NULL,
    brand           TEXT  NOT NULL, -- #rrggbb
    contact_phone   TEXT  NOT NULL,
    contact_email   TEXT  NOT NULL,
    fallback_email  TEXT  NOT NULL, -- for providers that insist on one
    refund_limit_minor BIGINT,         -- above it a second person approves; NULL is off
    created_at      BIGINT   NOT NULL
);

CREATE TABLE users (
    id            TEXT COLLATE "C"  PRIMARY KEY,
    email         TEXT COLLATE "C"  NOT NULL UNIQUE, -- lower case
    name          TEXT NOT NULL,
    password_hash TEXT,                 -- PHC string; NULL until the one-time link is used
    suspended     BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL
);

CREATE TABLE members (
    tenant_id  TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    user_id    TEXT COLLATE "C"  NOT NULL REFERENCES users (id),
    role       TEXT NOT NULL,
    created_at BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

-- One-time links that set a password. Only the token's SHA-256 is kept.
CREATE TABLE password_links (
    token_hash TEXT COLLATE "C"  PRIMARY KEY,
    user_id    TEXT COLLATE "C"  NOT NULL REFERENCES users (id),
    expires_at BIGINT  NOT NULL,
    used_at    BIGINT
);

-- Sessions by the SHA-256 of their id: a stolen database opens no session.
CREATE TABLE sessions (
    id_hash    TEXT COLLATE "C"  PRIMARY KEY,
    user_id    TEXT COLLATE "C",
    data       TEXT NOT NULL,
    expires_at BIGINT  NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Failed logins, counted by address and by login name.
CREATE TABLE login_attempts (
    subject    TEXT COLLATE "C"  NOT NULL,
    window_at  BIGINT  NOT NULL,
    failures   BIGINT  NOT NULL,
    PRIMARY KEY (subject, window_at)
);

CREATE TABLE provider_accounts (
    tenant_id  TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    provider   TEXT COLLATE "C"  NOT NULL,
    enabled    BIGINT  NOT NULL,
    test_mode  BIGINT  NOT NULL,
    options    TEXT NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, provider)
);

-- R15: sealed values; a page shows the fingerprint alone.
CREATE TABLE provider_credentials (
    tenant_id   TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    provider    TEXT COLLATE "C"  NOT NULL,
    mode        TEXT COLLATE "C"  NOT NULL, -- test, live
    field       TEXT COLLATE "C"  NOT NULL,
    sealed      BYTEA NOT NULL,
    fingerprint TEXT NOT NULL,
    updated_at  BIGINT  NOT NULL,
    updated_by  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, provider, mode, field)
);

-- One data key a tenant, wrapped by the master key.
CREATE TABLE data_keys (
    tenant_id  TEXT COLLATE "C"  PRIMARY KEY REFERENCES tenants (id),
    sealed     BYTEA NOT NULL,
    created_at BIGINT  NOT NULL
);

-- Access tokens of providers, shared by all processes: a new one may end the one before.
CREATE TABLE provider_tokens (
    tenant_id  TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    provider   TEXT COLLATE "C"  NOT NULL,
    mode       TEXT COLLATE "C"  NOT NULL,
    sealed     BYTEA NOT NULL,
    expires_at BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, provider, mode)
);

CREATE TABLE hook_addresses (
    token     TEXT COLLATE "C" PRIMARY KEY, -- hex
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    provider  TEXT COLLATE "C" NOT NULL,
    mode      TEXT COLLATE "C" NOT NULL,
    UNIQUE (tenant_id, provider, mode)
);

CREATE TABLE orders (
    id             TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id      TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    token          TEXT COLLATE "C"  NOT NULL UNIQUE, -- the checkout link
    livemode       BIGINT  NOT NULL,
    kind           TEXT NOT NULL,
    reference      TEXT COLLATE "C"  NOT NULL,
    amount_minor   BIGINT  NOT NULL CHECK (amount_minor > 0),
    currency       TEXT NOT NULL,
    description    TEXT NOT NULL,
    customer       TEXT NOT NULL,
    metadata       TEXT NOT NULL,
    return_url     TEXT,
    failure_url    TEXT,
    providers      TEXT NOT NULL,
    locale         TEXT,
    status         TEXT COLLATE "C"  NOT NULL,
    flags          TEXT NOT NULL,
    paid_minor     BIGINT  NOT NULL CHECK (paid_minor >= 0),
    refunded_minor BIGINT  NOT NULL CHECK (refunded_minor >= 0),
    fulfilled_at   BIGINT, -- R8: set once
    expires_at     BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    form_key       TEXT, -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
);
CREATE INDEX orders_by_tenant ON orders (tenant_id, livemode, id);
CREATE INDEX orders_by_reference ON orders (tenant_id, reference);
CREATE INDEX orders_by_status ON orders (tenant_id, status, id);

CREATE TABLE payments (
    id                TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id         TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    order_id          TEXT COLLATE "C"  NOT NULL REFERENCES orders (id),
    provider          TEXT COLLATE "C"  NOT NULL,
    method            TEXT NOT NULL,
    livemode          BIGINT  NOT NULL,
    test_mode         BIGINT  NOT NULL,
    amount_minor      BIGINT  NOT NULL CHECK (amount_minor > 0),
    currency          TEXT NOT NULL,
    captured_minor    BIGINT  NOT NULL,
    refund_held_minor BIGINT  NOT NULL,
    refunded_minor    BIGINT  NOT NULL, -- what refunds that succeeded gave back
    status            TEXT COLLATE "C"  NOT NULL,
    flags             TEXT NOT NULL,
    reference         TEXT COLLATE "C"  NOT NULL UNIQUE, -- ours, sent to the provider
    provider_ref      TEXT COLLATE "C",
    receipt           TEXT,
    phone             TEXT,
    next_action       TEXT NOT NULL,
    failure_code      TEXT,
    failure_message   TEXT,
    form_key          TEXT COLLATE "C",
    polls             BIGINT  NOT NULL,
    asked_at          BIGINT, -- when the provider was last asked
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    expires_at        BIGINT  NOT NULL,
    -- R10: refunds in flight plus done never exceed what came.
    CHECK (refunded_minor >= 0 AND refunded_minor <= refund_held_minor
        AND refund_held_minor <= captured_minor),
    UNIQUE (order_id, form_key)
);
CREATE INDEX payments_by_tenant ON payments (tenant_id, id);
CREATE INDEX payments_by_order ON payments (order_id, id);
CREATE INDEX payments_by_status ON payments (tenant_id, status, id);
CREATE INDEX payments_by_provider_ref ON payments (tenant_id, provider, provider_ref);

-- The story of an order, one row a step (R12).
CREATE TABLE steps (
    id         TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id  TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    order_id   TEXT COLLATE "C"  NOT NULL REFERENCES orders (id),
    payment_id TEXT COLLATE "C",
    refund_id  TEXT COLLATE "C",
    kind       TEXT NOT NULL,
    actor      TEXT NOT NULL, -- a user's id, an API key's id, customer, provider, system
    words      TEXT NOT NULL, -- the provider's own, or a note
    data       TEXT NOT NULL,
    at         BIGINT  NOT NULL
);
CREATE INDEX steps_by_order ON steps (tenant_id, order_id, id);

CREATE TABLE refunds (
    id              TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id       TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    payment_id      TEXT COLLATE "C"  NOT NULL REFERENCES payments (id),
    amount_minor    BIGINT  NOT NULL CHECK (amount_minor > 0),
    currency        TEXT NOT NULL,
    status          TEXT COLLATE "C"  NOT NULL,
    reason          TEXT NOT NULL,
    note            TEXT NOT NULL,
    requested_by    TEXT NOT NULL,
    decided_by      TEXT,
    provider_ref    TEXT COLLATE "C",
    failure_code    TEXT,
    failure_message TEXT,
    polls           BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    form_key        TEXT, -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
);
CREATE INDEX refunds_by_tenant ON refunds (tenant_id, id);
CREATE INDEX refunds_by_payment ON refunds (payment_id, id);
CREATE INDEX refunds_by_status ON refunds (tenant_id, status, id);

CREATE TABLE proofs (
    id            TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id     TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    payment_id    TEXT COLLATE "C"  NOT NULL REFERENCES payments (id),
    proof_type    TEXT NOT NULL,
    reference     TEXT NOT NULL,
    reference_key TEXT COLLATE "C"  NOT NULL, -- upper case, letters and digits alone
    notes         TEXT NOT NULL,
    file_name     TEXT,
    file_type     TEXT,
    file_bytes    BIGINT,
    file_sha256   TEXT COLLATE "C",
    status        TEXT COLLATE "C"  NOT NULL,
    claimed_by    TEXT COLLATE "C",
    claimed_at    BIGINT,
    decided_by    TEXT,
    decision_note TEXT NOT NULL,
    accepted_minor BIGINT,
    currency      TEXT NOT NULL,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL
);
CREATE INDEX proofs_by_tenant ON proofs (tenant_id, status, id);
CREATE INDEX proofs_by_payment ON proofs (payment_id, id);
CREATE INDEX proofs_by_reference ON proofs (tenant_id, reference_key);
-- A reference that was approved once pays once.
CREATE UNIQUE INDEX proofs_paid_once ON proofs (tenant_id, reference_key)
    WHERE status = 'approved' AND reference_key <> '';
CREATE INDEX proofs_by_file ON proofs (tenant_id, file_sha256);

-- R7: as received. The unique key makes a second delivery harmless.
CREATE TABLE hooks (
    id             TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id      TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    provider       TEXT COLLATE "C"  NOT NULL,
    mode           TEXT COLLATE "C"  NOT NULL,
    dedupe_key     TEXT COLLATE "C"  NOT NULL,
    path_reference TEXT COLLATE "C"  NOT NULL,
    headers        TEXT NOT NULL,
    body           BYTEA NOT NULL,
    source         TEXT NOT NULL,
    status         TEXT COLLATE "C"  NOT NULL,
    why            TEXT NOT NULL,
    deliveries     BIGINT  NOT NULL,
    received_at    BIGINT  NOT NULL,
    handled_at     BIGINT,
    UNIQUE (tenant_id, provider, mode, dedupe_key)
);
CREATE INDEX hooks_by_tenant ON hooks (tenant_id, id);
CREATE INDEX hooks_by_status ON hooks (tenant_id, status, id);

CREATE TABLE jobs (
    id           TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id    TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    kind         TEXT COLLATE "C"  NOT NULL,
    subject      TEXT COLLATE "C"  NOT NULL,
    run_at       BIGINT  NOT NULL,
    attempts     BIGINT  NOT NULL,
    locked_until BIGINT  NOT NULL, -- a dead process's claim ends here
    failed_at    BIGINT,
    last_error   TEXT NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX jobs_due ON jobs (failed_at, run_at);

-- What the merchant is told; written with the change it tells of (R12).
CREATE TABLE events (
    id         TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id  TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    event_type TEXT NOT NULL,
    livemode   BIGINT  NOT NULL,
    subject    TEXT COLLATE "C"  NOT NULL,
    data       TEXT NOT NULL,
    at         BIGINT  NOT NULL
);
CREATE INDEX events_by_tenant ON events (tenant_id, id);

-- What people did.
CREATE TABLE audit (
    id        TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    subject   TEXT COLLATE "C"  NOT NULL,
    detail    TEXT NOT NULL,
    at        BIGINT  NOT NULL
);
CREATE INDEX audit_by_tenant ON audit (tenant_id, id);

CREATE TABLE api_keys (
    id           TEXT COLLATE "C"  PRIMARY KEY,
    tenant_id    TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    mode         TEXT COLLATE "C"  NOT NULL,
    name         TEXT NOT NULL,
    secret_hash  TEXT COLLATE "C"  NOT NULL UNIQUE, -- SHA-256 of the key
    hint         TEXT NOT NULL,        -- its last characters
    scopes       TEXT NOT NULL,        -- empty: every scope
    created_at   BIGINT  NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, id);

CREATE TABLE idempotency_keys (
    tenant_id    TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    mode         TEXT COLLATE "C"  NOT NULL,
    path         TEXT COLLATE "C"  NOT NULL,
    idem_key     TEXT COLLATE "C"  NOT NULL,
    body_sha256  TEXT NOT NULL,
    locked_until BIGINT  NOT NULL, -- a run cut off by a crash is taken over after this
    status       BIGINT,           -- NULL while running
    answer       TEXT,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, mode, path, idem_key)
);
