-- The short references that customers type when they pay by hand, one for each payment that has one.
CREATE TABLE bills (
    tenant_id  TEXT NOT NULL REFERENCES tenants (id),
    reference  TEXT NOT NULL,
    payment_id TEXT NOT NULL UNIQUE REFERENCES payments (id),
    PRIMARY KEY (tenant_id, reference)
) STRICT;

-- Money that was paid by hand to a business number, as the provider told it. A receipt comes once.
CREATE TABLE bill_money (
    id              TEXT    PRIMARY KEY,
    tenant_id       TEXT    NOT NULL REFERENCES tenants (id),
    provider        TEXT    NOT NULL,
    mode            TEXT    NOT NULL,
    receipt         TEXT    NOT NULL,
    amount_minor    INTEGER NOT NULL CHECK (amount_minor > 0),
    currency        TEXT    NOT NULL,
    business_number TEXT    NOT NULL,
    typed           TEXT    NOT NULL,
    payer_name      TEXT    NOT NULL, -- masked
    payer_phone     TEXT    NOT NULL, -- masked
    hook_id         TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    why             TEXT,             -- why it waits for a person
    payment_id      TEXT,
    asked           INTEGER NOT NULL,
    decided_by      TEXT,
    note            TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (tenant_id, provider, mode, receipt)
) STRICT;
CREATE INDEX bill_money_by_status ON bill_money (tenant_id, status, id);

-- R8: a receipt of M-Pesa is booked once, whether it came by prompt, by hand or both.
CREATE UNIQUE INDEX payments_receipt_once ON payments (tenant_id, provider, test_mode, receipt)
    WHERE provider = 'mpesa' AND status = 'succeeded' AND receipt IS NOT NULL;

-- What a provider was asked that answers later, at an address of its own (R5).
CREATE TABLE inquiries (
    id          TEXT    PRIMARY KEY, -- hex: the end of its secret address
    tenant_id   TEXT    NOT NULL REFERENCES tenants (id),
    provider    TEXT    NOT NULL,
    mode        TEXT    NOT NULL,
    kind        TEXT    NOT NULL, -- refund, refund_status, receipt
    subject     TEXT    NOT NULL, -- a refund's id, or that of money paid by hand
    ids         TEXT    NOT NULL, -- the provider's, as JSON; empty until it acknowledged
    asked_at    INTEGER NOT NULL,
    answered_at INTEGER
) STRICT;
CREATE INDEX inquiries_by_subject ON inquiries (tenant_id, subject, kind, asked_at);

-- Where a provider refused the credentials of a refund, nothing more is sent with them: another try
-- may lock them. New credentials end the stop.
CREATE TABLE refund_stops (
    tenant_id TEXT    NOT NULL REFERENCES tenants (id),
    provider  TEXT    NOT NULL,
    mode      TEXT    NOT NULL,
    why       TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, provider, mode)
) STRICT;
