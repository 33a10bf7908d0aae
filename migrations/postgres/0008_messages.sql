-- What customers and the team are told, written with the change that it tells of (R12).
CREATE TABLE messages (
    id         TEXT COLLATE "C" PRIMARY KEY,
    tenant_id  TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    livemode   BIGINT NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    channel    TEXT   NOT NULL, -- email, sms
    audience   TEXT   NOT NULL, -- customer, staff
    address    TEXT   NOT NULL,
    locale     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    text       TEXT   NOT NULL,
    html       TEXT   NOT NULL,
    status     TEXT COLLATE "C" NOT NULL,
    why        TEXT   NOT NULL, -- why it is held, or what the last try met
    order_id   TEXT COLLATE "C" REFERENCES orders (id),
    payment_id TEXT COLLATE "C",
    refund_id  TEXT COLLATE "C",
    dedupe_key TEXT COLLATE "C" NOT NULL, -- one thing is told to one person once
    attempts   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    queued_at  BIGINT NOT NULL, -- since when it is tried
    sent_at    BIGINT,
    UNIQUE (tenant_id, dedupe_key)
);
CREATE INDEX messages_by_tenant ON messages (tenant_id, id);
CREATE INDEX messages_by_status ON messages (tenant_id, status, id);
CREATE INDEX messages_by_kind ON messages (tenant_id, kind, id);
CREATE INDEX messages_by_order ON messages (tenant_id, order_id, id);

-- What a tenant switched off; without a row everything is on.
CREATE TABLE message_settings (
    tenant_id  TEXT COLLATE "C" PRIMARY KEY REFERENCES tenants (id),
    topics_off TEXT   NOT NULL, -- JSON
    updated_at BIGINT NOT NULL
);
