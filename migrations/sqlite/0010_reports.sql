-- Which payment a hook told of: how long hooks take is read from it.
ALTER TABLE hooks ADD COLUMN payment_id TEXT;

-- Calls to providers, counted in slots of ten minutes.
CREATE TABLE provider_calls (
    tenant_id TEXT    NOT NULL REFERENCES tenants (id),
    provider  TEXT    NOT NULL,
    mode      TEXT    NOT NULL,
    slot_at   INTEGER NOT NULL, -- when the slot begins
    calls     INTEGER NOT NULL,
    errors    INTEGER NOT NULL, -- no proper answer: unavailable, unknown, misconfigured
    PRIMARY KEY (tenant_id, provider, mode, slot_at)
) STRICT;
CREATE INDEX provider_calls_by_time ON provider_calls (tenant_id, mode, slot_at);

-- How often the database could not be had, in the same slots. Written once it can be.
CREATE TABLE database_troubles (
    slot_at INTEGER PRIMARY KEY,
    times   INTEGER NOT NULL
) STRICT;

-- Rows taken out of the books, by whom and how far they came.
CREATE TABLE exports (
    id         TEXT    PRIMARY KEY,
    tenant_id  TEXT    NOT NULL REFERENCES tenants (id),
    made_by    TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    filter     TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    total      INTEGER NOT NULL,
    written    INTEGER NOT NULL,
    runs       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    form_key   TEXT, -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
) STRICT;
CREATE INDEX exports_by_tenant ON exports (tenant_id, id);

-- A tenant's thresholds; without a row the defaults hold.
CREATE TABLE alert_rules (
    tenant_id  TEXT    PRIMARY KEY REFERENCES tenants (id),
    rules      TEXT    NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE alerts (
    id         TEXT    PRIMARY KEY,
    tenant_id  TEXT    NOT NULL REFERENCES tenants (id),
    kind       TEXT    NOT NULL,
    provider   TEXT    NOT NULL, -- empty for the database
    wrong      INTEGER NOT NULL,
    of_all     INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL, -- when the rule was last found broken
    closed_at  INTEGER
) STRICT;
CREATE INDEX alerts_by_tenant ON alerts (tenant_id, id);
-- A broken rule is one alert while it lasts.
CREATE UNIQUE INDEX alerts_open_once ON alerts (tenant_id, kind, provider)
    WHERE closed_at IS NULL;

-- Every tenant is watched; new ones are queued when they are made.
INSERT INTO jobs (id, tenant_id, kind, subject, run_at, attempts, locked_until, failed_at, last_error)
SELECT 'job_' || substr(id, 5), id, 'watch_alerts', id, 0, 0, 0, NULL, '' FROM tenants;
