-- How far a hook proved its sender when it came: what proves it may be a secret that is not kept.
ALTER TABLE hooks ADD COLUMN proof TEXT NOT NULL DEFAULT 'hint'; -- signed, hint
UPDATE hooks SET proof = 'signed' WHERE provider = 'paystack' AND status <> 'quarantined';

-- A provider may have several products with an access token each. Tokens are fetched anew.
DROP TABLE provider_tokens;
CREATE TABLE provider_tokens (
    tenant_id  TEXT COLLATE "C"  NOT NULL REFERENCES tenants (id),
    provider   TEXT COLLATE "C"  NOT NULL,
    mode       TEXT COLLATE "C"  NOT NULL,
    product    TEXT COLLATE "C"  NOT NULL, -- '' where the provider has one alone
    sealed     BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, provider, mode, product)
);

-- Whether a person pays a refund back: said by the adapter when it was to be sent.
ALTER TABLE refunds ADD COLUMN by_hand BIGINT NOT NULL DEFAULT 0;
UPDATE refunds SET by_hand = 1 WHERE status = 'sending'
    AND payment_id IN (SELECT id FROM payments WHERE provider IN ('mpesa', 'manual'));
