-- A page that many can pay on: each begins an order of its own.
CREATE TABLE links (
    id           TEXT COLLATE "C" PRIMARY KEY,
    tenant_id    TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    token        TEXT COLLATE "C" NOT NULL UNIQUE, -- the secret part of its address
    livemode     BIGINT  NOT NULL,
    title        TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    amount_minor BIGINT,           -- NULL: the customer chooses
    least_minor  BIGINT,
    most_minor   BIGINT,
    cap          BIGINT  CHECK (cap > 0), -- how often it can be paid; NULL: any number of times
    ends_at      BIGINT,
    active       BIGINT  NOT NULL,
    providers    TEXT    NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    form_key     TEXT COLLATE "C", -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key),
    CHECK ((amount_minor IS NULL) = (least_minor IS NOT NULL AND most_minor IS NOT NULL))
);
CREATE INDEX links_by_tenant ON links (tenant_id, id);

-- The link that an order was begun on.
ALTER TABLE orders ADD COLUMN link_id TEXT COLLATE "C";
CREATE INDEX orders_by_link ON orders (tenant_id, link_id, id);

-- The parts that an order is paid in, and when its customer is reminded: JSON; days from the day
-- on which something is due.
ALTER TABLE orders ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN remind_days TEXT NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN reminded_at BIGINT NOT NULL DEFAULT 0; -- up to when reminders are done

-- A file of requests: checked first, then made into orders row by row.
CREATE TABLE imports (
    id           TEXT COLLATE "C" PRIMARY KEY,
    tenant_id    TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    livemode     BIGINT  NOT NULL,
    file_name    TEXT    NOT NULL,
    sha256       TEXT COLLATE "C" NOT NULL, -- of the file, in hex: the same file twice is noticed
    status       TEXT COLLATE "C" NOT NULL,
    rows_good    BIGINT  NOT NULL,
    rows_bad     BIGINT  NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL
);
CREATE INDEX imports_by_tenant ON imports (tenant_id, id);
CREATE INDEX imports_by_file ON imports (tenant_id, sha256);

CREATE TABLE import_rows (
    import_id    TEXT COLLATE "C" NOT NULL REFERENCES imports (id),
    tenant_id    TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    line         BIGINT  NOT NULL, -- of the file, as an editor counts
    status       TEXT COLLATE "C" NOT NULL,
    asked        TEXT    NOT NULL, -- the cells by their columns
    problems     TEXT    NOT NULL,
    order_id     TEXT COLLATE "C",
    PRIMARY KEY (import_id, line)
);
CREATE INDEX import_rows_by_status ON import_rows (import_id, status, line);
