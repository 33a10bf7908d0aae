-- Where a tenant receives events. Deliveries are made in the transaction of their event.
CREATE TABLE endpoints (
    id            TEXT COLLATE "C" PRIMARY KEY,
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    livemode      BIGINT NOT NULL,
    url           TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    events        TEXT    NOT NULL, -- JSON; an empty list takes every type
    sealed        BYTEA    NOT NULL, -- the signing secret (R15)
    fingerprint   TEXT    NOT NULL,
    secret_at     BIGINT NOT NULL, -- when this secret was made
    old_sealed    BYTEA,             -- the secret before it, which still signs
    old_until     BIGINT,
    disabled_at   BIGINT,
    disabled_why  TEXT,
    failing_since BIGINT,          -- since when nothing but failure came
    locked_until  BIGINT NOT NULL, -- one worker sends to it; a dead process's hold ends here
    served_at     BIGINT NOT NULL, -- when a worker last took it: the next one takes another
    deleted_at    BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    form_key      TEXT COLLATE "C",             -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
);
CREATE INDEX endpoints_by_tenant ON endpoints (tenant_id, id);

-- One event on its way to one endpoint.
CREATE TABLE deliveries (
    event_id    TEXT COLLATE "C" NOT NULL REFERENCES events (id),
    endpoint_id TEXT COLLATE "C" NOT NULL REFERENCES endpoints (id),
    tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    status      TEXT COLLATE "C" NOT NULL,
    tries       BIGINT NOT NULL, -- since it was last asked for: what the distances count
    attempts    BIGINT NOT NULL, -- of all times
    resends     BIGINT NOT NULL, -- how often it was asked for again
    next_at     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (event_id, endpoint_id)
);
CREATE INDEX deliveries_due ON deliveries (endpoint_id, status, next_at);
CREATE INDEX deliveries_waiting ON deliveries (status, next_at);
CREATE INDEX deliveries_by_tenant ON deliveries (tenant_id, status, event_id);

-- Every try with its answer.
CREATE TABLE delivery_attempts (
    event_id    TEXT COLLATE "C" NOT NULL REFERENCES events (id),
    endpoint_id TEXT COLLATE "C" NOT NULL REFERENCES endpoints (id),
    n           BIGINT NOT NULL,
    tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    at          BIGINT NOT NULL,
    status      BIGINT,          -- of the answer; NULL without one
    took_ms     BIGINT NOT NULL,
    answer      TEXT    NOT NULL, -- its beginning
    error       TEXT    NOT NULL,
    PRIMARY KEY (event_id, endpoint_id, n)
);
CREATE INDEX delivery_attempts_by_endpoint ON delivery_attempts (tenant_id, endpoint_id, at);

-- Events that NATS has not acknowledged; rows are made where a URL is set.
CREATE TABLE nats_outbox (
    event_id     TEXT COLLATE "C" PRIMARY KEY REFERENCES events (id),
    locked_until BIGINT NOT NULL
);
CREATE INDEX nats_outbox_due ON nats_outbox (locked_until, event_id);

CREATE INDEX events_by_mode ON events (tenant_id, livemode, id);
CREATE INDEX events_by_subject ON events (tenant_id, subject, id);
