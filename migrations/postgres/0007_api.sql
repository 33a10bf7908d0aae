-- After this time a key opens nothing; NULL: it does not end by itself.
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT;

-- The id of what the run did, written in the transaction that did it; NULL: nothing yet.
ALTER TABLE idempotency_keys ADD COLUMN done TEXT;

-- Calls of the API as developers look for them. Bodies and queries are not kept.
CREATE TABLE api_requests (
    id              TEXT COLLATE "C" PRIMARY KEY,
    tenant_id       TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    livemode        BIGINT  NOT NULL,
    key_id          TEXT COLLATE "C" NOT NULL,
    method          TEXT    NOT NULL,
    route           TEXT    NOT NULL, -- as in the reference: /api/v1/orders/{id}
    path            TEXT    NOT NULL, -- as it was called
    status          BIGINT  NOT NULL, -- 0: the caller went away before the answer
    code            TEXT    NOT NULL, -- of the problem, else empty
    took_ms         BIGINT  NOT NULL,
    request_id      TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    at              BIGINT  NOT NULL
);
CREATE INDEX api_requests_by_tenant ON api_requests (tenant_id, id);
CREATE INDEX api_requests_by_time ON api_requests (at);
