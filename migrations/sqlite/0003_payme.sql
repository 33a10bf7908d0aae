-- Transactions of Payme's Merchant API, as we answered them: Payme asks for the same times again.
CREATE TABLE payme_transactions (
    id           TEXT    PRIMARY KEY, -- what Payme is told as ours
    tenant_id    TEXT    NOT NULL REFERENCES tenants (id),
    mode         TEXT    NOT NULL, -- test, live
    payme_id     TEXT    NOT NULL,
    payment_id   TEXT    NOT NULL REFERENCES payments (id),
    payme_time   INTEGER NOT NULL, -- Payme's own; twelve hours later it is over
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0), -- tiyin
    state        INTEGER NOT NULL CHECK (state IN (1, 2, -1, -2)),
    reason       INTEGER,
    create_time  INTEGER NOT NULL,
    perform_time INTEGER NOT NULL, -- 0 until it happens
    cancel_time  INTEGER NOT NULL,
    UNIQUE (tenant_id, mode, payme_id)
) STRICT;
-- A payment is held or paid by one transaction at most.
CREATE UNIQUE INDEX payme_transactions_live ON payme_transactions (tenant_id, payment_id)
    WHERE state > 0;
CREATE INDEX payme_transactions_by_time ON payme_transactions (tenant_id, mode, payme_time, id);
