-- The short references that customers type when they pay by hand, one for each payment that has one.
CREATE TABLE bills (
    tenant_id  TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    reference  TEXT COLLATE "C" NOT NULL,
    payment_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES payments (id),
    PRIMARY KEY (tenant_id, reference)
);

-- Money that was paid by hand to a business number, as the provider told it. A receipt comes once.
CREATE TABLE bill_money (
    id              TEXT COLLATE "C"    PRIMARY KEY,
    tenant_id       TEXT COLLATE "C"    NOT NULL REFERENCES tenants (id),
    provider        TEXT COLLATE "C"    NOT NULL,
    mode            TEXT COLLATE "C"    NOT NULL,
    receipt         TEXT COLLATE "C"    NOT NULL,
    amount_minor    BIGINT NOT NULL CHECK (amount_minor > 0),
    currency        TEXT    NOT NULL,
    business_number TEXT    NOT NULL,
    typed           TEXT    NOT NULL,
    payer_name      TEXT    NOT NULL, -- masked
    payer_phone     TEXT    NOT NULL, -- masked
    hook_id         TEXT COLLATE "C"    NOT NULL,
    status          TEXT COLLATE "C"    NOT NULL,
    why             TEXT,             -- why it waits for a person
    payment_id      TEXT COLLATE "C",
    asked           BIGINT NOT NULL,
    decided_by      TEXT,
    note            TEXT    NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (tenant_id, provider, mode, receipt)
);
CREATE INDEX bill_money_by_status ON bill_money (tenant_id, status, id);

-- R8: a receipt of M-Pesa is booked once, whether it came by prompt, by hand or both.
CREATE UNIQUE INDEX payments_receipt_once ON payments (tenant_id, provider, test_mode, receipt)
    WHERE provider = 'mpesa' AND status = 'succeeded' AND receipt IS NOT NULL;

-- What a provider was asked that answers later, at an address of its own (R5).
CREATE TABLE inquiries (
    id          TEXT COLLATE "C"    PRIMARY KEY, -- hex: the end of its secret address
    tenant_id   TEXT COLLATE "C"    NOT NULL REFERENCES tenants (id),
    provider    TEXT COLLATE "C"    NOT NULL,
    mode        TEXT COLLATE "C"    NOT NULL,
    kind        TEXT COLLATE "C"    NOT NULL, -- refund, refund_status, receipt
    subject     TEXT COLLATE "C"    NOT NULL, -- a refund's id, or that of money paid by hand
    ids         TEXT    NOT NULL, -- the provider's, as JSON; empty until it acknowledged
    asked_at    BIGINT NOT NULL,
    answered_at BIGINT
);
CREATE INDEX inquiries_by_subject ON inquiries (tenant_id, subject, kind, asked_at);

-- Where a provider refused the credentials of a refund, nothing more is sent with them: another try
-- may lock them. New credentials end the stop.
CREATE TABLE refund_stops (
    tenant_id TEXT COLLATE "C"    NOT NULL REFERENCES tenants (id),
    provider  TEXT COLLATE "C"    NOT NULL,
    mode      TEXT COLLATE "C"    NOT NULL,
    why       TEXT    NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, provider, mode)
);
