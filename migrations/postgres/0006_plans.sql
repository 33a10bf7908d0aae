-- Who owes, one row a key: the merchant's own id of the customer, or the contact of an order
-- that has none. Merged rows stay, so that their keys go on leading to the customer.
CREATE TABLE customers (
    id           TEXT COLLATE "C" PRIMARY KEY,
    tenant_id    TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    livemode     BIGINT  NOT NULL,
    customer_key TEXT COLLATE "C" NOT NULL, -- id:…, or at:phone|e-mail
    external_id  TEXT COLLATE "C",
    name         TEXT    NOT NULL,
    name_key     TEXT COLLATE "C" NOT NULL, -- lower case
    email        TEXT COLLATE "C" NOT NULL, -- lower case
    phone        TEXT COLLATE "C" NOT NULL, -- E.164
    merged_into  TEXT COLLATE "C",
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    UNIQUE (tenant_id, livemode, customer_key)
);
CREATE INDEX customers_by_tenant ON customers (tenant_id, id);
CREATE INDEX customers_by_email ON customers (tenant_id, email);
CREATE INDEX customers_by_phone ON customers (tenant_id, phone);
CREATE INDEX customers_by_name ON customers (tenant_id, name_key);
CREATE INDEX customers_by_merged ON customers (tenant_id, merged_into);

-- Orders made before this have none.
ALTER TABLE orders ADD COLUMN customer_id TEXT COLLATE "C";
CREATE INDEX orders_by_customer ON orders (tenant_id, customer_id, id);

CREATE TABLE plans (
    id            TEXT COLLATE "C" PRIMARY KEY,
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    livemode      BIGINT  NOT NULL,
    name          TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    price_minor   BIGINT  NOT NULL CHECK (price_minor > 0),
    currency      TEXT    NOT NULL,
    duration_days BIGINT  NOT NULL CHECK (duration_days > 0),
    grace_days    BIGINT  NOT NULL CHECK (grace_days >= 0),
    remind_days   TEXT    NOT NULL, -- days before the end
    active        BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    form_key      TEXT COLLATE "C",             -- the form that made it: sent twice, it makes one
    UNIQUE (tenant_id, form_key)
);
CREATE INDEX plans_by_tenant ON plans (tenant_id, id);

-- A customer's running access to a plan. Its periods are the rows of plan_purchases.
CREATE TABLE entitlements (
    id            TEXT COLLATE "C" PRIMARY KEY,
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    livemode      BIGINT  NOT NULL,
    customer_id   TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    plan_id       TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    status        TEXT COLLATE "C" NOT NULL,
    starts_at     BIGINT  NOT NULL,
    period_from   BIGINT  NOT NULL, -- the newest period's begin
    ends_at       BIGINT  NOT NULL,
    grace_days    BIGINT  NOT NULL,
    remind_days   TEXT    NOT NULL,
    reminded      BIGINT,          -- the last reminder of this period, in days before its end
    renewal_order TEXT COLLATE "C",             -- the order that would renew this period
    last_order    TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    version       BIGINT  NOT NULL, -- counts changes: a lost race is seen
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL
);
CREATE INDEX entitlements_by_customer ON entitlements (tenant_id, customer_id, id);
CREATE INDEX entitlements_by_plan ON entitlements (tenant_id, plan_id, id);

-- One row for each order that buys a plan. The order is fulfilled once (R8), and so is the row.
CREATE TABLE plan_purchases (
    order_id       TEXT COLLATE "C" PRIMARY KEY REFERENCES orders (id),
    tenant_id      TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    plan_id        TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    customer_id    TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    status         TEXT COLLATE "C" NOT NULL,
    price_minor    BIGINT  NOT NULL CHECK (price_minor > 0),
    credit_minor   BIGINT  NOT NULL CHECK (credit_minor >= 0 AND credit_minor < price_minor),
    currency       TEXT    NOT NULL,
    duration_days  BIGINT  NOT NULL,
    grace_days     BIGINT  NOT NULL,
    replaces       TEXT COLLATE "C",             -- the entitlement whose rest is credited
    replaced       BIGINT  NOT NULL, -- whether this purchase ended it
    entitlement_id TEXT COLLATE "C",
    value_minor    BIGINT  NOT NULL, -- what the period is worth: paid plus credit that held
    applied_at     BIGINT,
    period_from    BIGINT,
    period_to      BIGINT,
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL
);
CREATE INDEX plan_purchases_by_entitlement ON plan_purchases (tenant_id, entitlement_id);
CREATE INDEX plan_purchases_by_replaces ON plan_purchases (tenant_id, replaces);
CREATE INDEX plan_purchases_by_customer ON plan_purchases (tenant_id, customer_id);
