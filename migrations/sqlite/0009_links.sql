-- A page that many can pay on: each begins an order of its own.
CREATE TABLE links (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenants (id),
    token        TEXT NOT NULL UNIQUE, -- the secret part of its address
    livemode     INTEGER  NOT NULL,
    title        TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    amount_minor INTEGER,           -- NULL: the customer chooses
    least_minor  INTEGER,
    most_minor   INTEGER,
    cap          INTEGER  CHECK (cap > 0), -- how often it can be paid; NULL: any number of times
    ends_at      INTEGER,
    active       INTEGER  NOT NULL,
    providers    TEXT    NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER  NOT NULL,
    updated_at   INTEGER  NOT NULL,
    form_key     TEXT, -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key),
    CHECK ((amount_minor IS NULL) = (least_minor IS NOT NULL AND most_minor IS NOT NULL))
) STRICT;
CREATE INDEX links_by_tenant ON links (tenant_id, id);

-- The link that an order was begun on.
ALTER TABLE orders ADD COLUMN link_id TEXT;
CREATE INDEX orders_by_link ON orders (tenant_id, link_id, id);

-- The parts that an order is paid in, and when its customer is reminded: JSON; days from the day
-- on which something is due.
ALTER TABLE orders ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN remind_days TEXT NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN reminded_at INTEGER NOT NULL DEFAULT 0; -- up to when reminders are done

-- A file of requests: checked first, then made into orders row by row.
CREATE TABLE imports (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenants (id),
    livemode     INTEGER  NOT NULL,
    file_name    TEXT    NOT NULL,
    sha256       TEXT NOT NULL, -- of the file, in hex: the same file twice is noticed
    status       TEXT NOT NULL,
    rows_good    INTEGER  NOT NULL,
    rows_bad     INTEGER  NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER  NOT NULL,
    updated_at   INTEGER  NOT NULL
) STRICT;
CREATE INDEX imports_by_tenant ON imports (tenant_id, id);
CREATE INDEX imports_by_file ON imports (tenant_id, sha256);

CREATE TABLE import_rows (
    import_id    TEXT NOT NULL REFERENCES imports (id),
    tenant_id    TEXT NOT NULL REFERENCES tenants (id),
    line         INTEGER  NOT NULL, -- of the file, as an editor counts
    status       TEXT NOT NULL,
    asked        TEXT    NOT NULL, -- the cells by their columns
    problems     TEXT    NOT NULL,
    order_id     TEXT,
    PRIMARY KEY (import_id, line)
) STRICT;
CREATE INDEX import_rows_by_status ON import_rows (import_id, status, line);
