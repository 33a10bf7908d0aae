-- Where a tenant receives events. Deliveries are made in the transaction of their event.
CREATE TABLE endpoints (
    id            TEXT    PRIMARY KEY,
    tenant_id     TEXT    NOT NULL REFERENCES tenants (id),
    livemode      INTEGER NOT NULL,
    url           TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    events        TEXT    NOT NULL, -- JSON; an empty list takes every type
    sealed        BLOB    NOT NULL, -- the signing secret (R15)
    fingerprint   TEXT    NOT NULL,
    secret_at     INTEGER NOT NULL, -- when this secret was made
    old_sealed    BLOB,             -- the secret before it, which still signs
    old_until     INTEGER,
    disabled_at   INTEGER,
    disabled_why  TEXT,
    failing_since INTEGER,          -- since when nothing but failure came
    locked_until  INTEGER NOT NULL, -- one worker sends to it; a dead process's hold ends here
    served_at     INTEGER NOT NULL, -- when a worker last took it: the next one takes another
    deleted_at    INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    form_key      TEXT,             -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
) STRICT;
CREATE INDEX endpoints_by_tenant ON endpoints (tenant_id, id);

-- One event on its way to one endpoint.
CREATE TABLE deliveries (
    event_id    TEXT    NOT NULL REFERENCES events (id),
    endpoint_id TEXT    NOT NULL REFERENCES endpoints (id),
    tenant_id   TEXT    NOT NULL REFERENCES tenants (id),
    status      TEXT    NOT NULL,
    tries       INTEGER NOT NULL, -- since it was last asked for: what the distances count
    attempts    INTEGER NOT NULL, -- of all times
    resends     INTEGER NOT NULL, -- how often it was asked for again
    next_at     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (event_id, endpoint_id)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (endpoint_id, status, next_at);
CREATE INDEX deliveries_waiting ON deliveries (status, next_at);
CREATE INDEX deliveries_by_tenant ON deliveries (tenant_id, status, event_id);

-- Every try with its answer.
CREATE TABLE delivery_attempts (
    event_id    TEXT    NOT NULL REFERENCES events (id),
    endpoint_id TEXT    NOT NULL REFERENCES endpoints (id),
    n           INTEGER NOT NULL,
    tenant_id   TEXT    NOT NULL REFERENCES tenants (id),
    at          INTEGER NOT NULL,
    status      INTEGER,          -- of the answer; NULL without one
    took_ms     INTEGER NOT NULL,
    answer      TEXT    NOT NULL, -- its beginning
    error       TEXT    NOT NULL,
    PRIMARY KEY (event_id, endpoint_id, n)
) STRICT;
CREATE INDEX delivery_attempts_by_endpoint ON delivery_attempts (tenant_id, endpoint_id, at);

-- Events that NATS has not acknowledged; rows are made where a URL is set.
CREATE TABLE nats_outbox (
    event_id     TEXT    PRIMARY KEY REFERENCES events (id),
    locked_until INTEGER NOT NULL
) STRICT;
CREATE INDEX nats_outbox_due ON nats_outbox (locked_until, event_id);

CREATE INDEX events_by_mode ON events (tenant_id, livemode, id);
CREATE INDEX events_by_subject ON events (tenant_id, subject, id);
