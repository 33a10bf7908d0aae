-- Which payment a hook told of: how long hooks take is read from it.
ALTER TABLE hooks ADD COLUMN payment_id TEXT COLLATE "C";

-- Calls to providers, counted in slots of ten minutes.
CREATE TABLE provider_calls (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    provider  TEXT COLLATE "C" NOT NULL,
    mode      TEXT COLLATE "C" NOT NULL,
    slot_at   BIGINT NOT NULL, -- when the slot begins
    calls     BIGINT NOT NULL,
    errors    BIGINT NOT NULL, -- no proper answer: unavailable, unknown, misconfigured
    PRIMARY KEY (tenant_id, provider, mode, slot_at)
);
CREATE INDEX provider_calls_by_time ON provider_calls (tenant_id, mode, slot_at);

-- How often the database could not be had, in the same slots. Written once it can be.
CREATE TABLE database_troubles (
    slot_at BIGINT PRIMARY KEY,
    times   BIGINT NOT NULL
);

-- Rows taken out of the books, by whom and how far they came.
CREATE TABLE exports (
    id         TEXT COLLATE "C" PRIMARY KEY,
    tenant_id  TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    made_by    TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    filter     TEXT    NOT NULL,
    status     TEXT COLLATE "C" NOT NULL,
    total      BIGINT NOT NULL,
    written    BIGINT NOT NULL,
    runs       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    form_key   TEXT COLLATE "C", -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
);
CREATE INDEX exports_by_tenant ON exports (tenant_id, id);

-- A tenant's thresholds; without a row the defaults hold.
CREATE TABLE alert_rules (
    tenant_id  TEXT COLLATE "C" PRIMARY KEY REFERENCES tenants (id),
    rules      TEXT    NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE alerts (
    id         TEXT COLLATE "C" PRIMARY KEY,
    tenant_id  TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    kind       TEXT COLLATE "C" NOT NULL,
    provider   TEXT COLLATE "C" NOT NULL, -- empty for the database
    wrong      BIGINT NOT NULL,
    of_all     BIGINT NOT NULL,
    opened_at  BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL, -- when the rule was last found broken
    closed_at  BIGINT
);
CREATE INDEX alerts_by_tenant ON alerts (tenant_id, id);
-- A broken rule is one alert while it lasts.
CREATE UNIQUE INDEX alerts_open_once ON alerts (tenant_id, kind, provider)
    WHERE closed_at IS NULL;

-- Every tenant is watched; new ones are queued when they are made.
INSERT INTO jobs (id, tenant_id, kind, subject, run_at, attempts, locked_until, failed_at, last_error)
SELECT 'job_' || substr(id, 5), id, 'watch_alerts', id, 0, 0, 0, NULL, '' FROM tenants;
