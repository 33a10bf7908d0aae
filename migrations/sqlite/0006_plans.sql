-- Who owes, one row a key: the merchant's own id of the customer, or the contact of an order
-- that has none. Merged rows stay, so that their keys go on leading to the customer.
CREATE TABLE customers (
    id           TEXT    PRIMARY KEY,
    tenant_id    TEXT    NOT NULL REFERENCES tenants (id),
    livemode     INTEGER NOT NULL,
    customer_key TEXT    NOT NULL, -- id:…, or at:phone|e-mail
    external_id  TEXT,
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL, -- lower case
    email        TEXT    NOT NULL, -- lower case
    phone        TEXT    NOT NULL, -- E.164
    merged_into  TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (tenant_id, livemode, customer_key)
) STRICT;
CREATE INDEX customers_by_tenant ON customers (tenant_id, id);
CREATE INDEX customers_by_email ON customers (tenant_id, email);
CREATE INDEX customers_by_phone ON customers (tenant_id, phone);
CREATE INDEX customers_by_name ON customers (tenant_id, name_key);
CREATE INDEX customers_by_merged ON customers (tenant_id, merged_into);

-- Orders made before this have none.
ALTER TABLE orders ADD COLUMN customer_id TEXT;
CREATE INDEX orders_by_customer ON orders (tenant_id, customer_id, id);

CREATE TABLE plans (
    id            TEXT    PRIMARY KEY,
    tenant_id     TEXT    NOT NULL REFERENCES tenants (id),
    livemode      INTEGER NOT NULL,
    name          TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    price_minor   INTEGER NOT NULL CHECK (price_minor > 0),
    currency      TEXT    NOT NULL,
    duration_days INTEGER NOT NULL CHECK (duration_days > 0),
    grace_days    INTEGER NOT NULL CHECK (grace_days >= 0),
    remind_days   TEXT    NOT NULL, -- days before the end
    active        INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    form_key      TEXT,             -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
) STRICT;
CREATE INDEX plans_by_tenant ON plans (tenant_id, id);

-- A customer's running access to a plan. Its periods are the rows of plan_purchases.
CREATE TABLE entitlements (
    id            TEXT    PRIMARY KEY,
    tenant_id     TEXT    NOT NULL REFERENCES tenants (id),
    livemode      INTEGER NOT NULL,
    customer_id   TEXT    NOT NULL REFERENCES customers (id),
    plan_id       TEXT    NOT NULL REFERENCES plans (id),
    status        TEXT    NOT NULL,
    starts_at     INTEGER NOT NULL,
    period_from   INTEGER NOT NULL, -- the newest period's begin
    ends_at       INTEGER NOT NULL,
    grace_days    INTEGER NOT NULL,
    remind_days   TEXT    NOT NULL,
    reminded      INTEGER,          -- the last reminder of this period, in days before its end
    renewal_order TEXT,             -- the order that would renew this period
    last_order    TEXT    NOT NULL REFERENCES orders (id),
    version       INTEGER NOT NULL, -- counts changes: a lost race is seen
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX entitlements_by_customer ON entitlements (tenant_id, customer_id, id);
CREATE INDEX entitlements_by_plan ON entitlements (tenant_id, plan_id, id);

-- One row for each order that buys a plan. The order is fulfilled once (R8), and so is the row.
CREATE TABLE plan_purchases (
    order_id       TEXT    PRIMARY KEY REFERENCES orders (id),
    tenant_id      TEXT    NOT NULL REFERENCES tenants (id),
    plan_id        TEXT    NOT NULL REFERENCES plans (id),
    customer_id    TEXT    NOT NULL REFERENCES customers (id),
    status         TEXT    NOT NULL,
    price_minor    INTEGER NOT NULL CHECK (price_minor > 0),
    credit_minor   INTEGER NOT NULL CHECK (credit_minor >= 0 AND credit_minor < price_minor),
    currency       TEXT    NOT NULL,
    duration_days  INTEGER NOT NULL,
    grace_days     INTEGER NOT NULL,
    replaces       TEXT,             -- the entitlement whose rest is credited
    replaced       INTEGER NOT NULL, -- whether this purchase ended it
    entitlement_id TEXT,
    value_minor    INTEGER NOT NULL, -- what the period is worth: paid plus credit that held
    applied_at     INTEGER,
    period_from    INTEGER,
    period_to      INTEGER,
    created_by     TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX plan_purchases_by_entitlement ON plan_purchases (tenant_id, entitlement_id);
CREATE INDEX plan_purchases_by_replaces ON plan_purchases (tenant_id, replaces);
CREATE INDEX plan_purchases_by_customer ON plan_purchases (tenant_id, customer_id);
