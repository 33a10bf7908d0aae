-- What customers and the team are told, written with the change that it tells of (R12).
CREATE TABLE messages (
    id         TEXT    PRIMARY KEY,
    tenant_id  TEXT    NOT NULL REFERENCES tenants (id),
    livemode   INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    channel    TEXT    NOT NULL, -- email, sms
    audience   TEXT    NOT NULL, -- customer, staff
    address    TEXT    NOT NULL,
    locale     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    html       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    why        TEXT    NOT NULL, -- why it is held, or what the last try met
    order_id   TEXT REFERENCES orders (id),
    payment_id TEXT,
    refund_id  TEXT,
    dedupe_key TEXT    NOT NULL, -- one thing is told to one person once
    attempts   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    queued_at  INTEGER NOT NULL, -- since when it is tried
    sent_at    INTEGER,
    UNIQUE (tenant_id, dedupe_key)
) STRICT;
CREATE INDEX messages_by_tenant ON messages (tenant_id, id);
CREATE INDEX messages_by_status ON messages (tenant_id, status, id);
CREATE INDEX messages_by_kind ON messages (tenant_id, kind, id);
CREATE INDEX messages_by_order ON messages (tenant_id, order_id, id);

-- What a tenant switched off; without a row everything is on.
CREATE TABLE message_settings (
    tenant_id  TEXT    PRIMARY KEY REFERENCES tenants (id),
    topics_off TEXT    NOT NULL, -- JSON
    updated_at INTEGER NOT NULL
) STRICT;
