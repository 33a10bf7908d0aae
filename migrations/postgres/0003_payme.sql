-- Transactions of Payme's Merchant API, as we answered them: Payme asks for the same times again.
CREATE TABLE payme_transactions (
    id           TEXT COLLATE "C" PRIMARY KEY, -- what Payme is told as ours
    tenant_id    TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    mode         TEXT COLLATE "C" NOT NULL, -- test, live
    payme_id     TEXT COLLATE "C" NOT NULL,
    payment_id   TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
    payme_time   BIGINT NOT NULL, -- Payme's own; twelve hours later it is over
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0), -- tiyin
    state        BIGINT NOT NULL CHECK (state IN (1, 2, -1, -2)),
    reason       BIGINT,
    create_time  BIGINT NOT NULL,
    perform_time BIGINT NOT NULL, -- 0 until it happens
    cancel_time  BIGINT NOT NULL,
    UNIQUE (tenant_id, mode, payme_id)
);
-- A payment is held or paid by one transaction at most.
CREATE UNIQUE INDEX payme_transactions_live ON payme_transactions (tenant_id, payment_id)
    WHERE state > 0;
CREATE INDEX payme_transactions_by_time ON payme_transactions (tenant_id, mode, payme_time, id);
