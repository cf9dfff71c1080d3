-- The ledger of the sandbox. Amounts are minor units; times are seconds since 1970 by its own clock.
CREATE TABLE IF NOT EXISTS charge (
    id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    installation TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    capture TEXT NOT NULL,
    return_url TEXT,
    card TEXT,
    state TEXT NOT NULL,
    error_code TEXT,
    captured INTEGER NOT NULL DEFAULT 0 CHECK (captured <= amount),
    refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded <= captured),
    confirms INTEGER NOT NULL DEFAULT 0,
    disputed INTEGER NOT NULL DEFAULT 0,
    authorized_until REAL,
    expected_by REAL,
    created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS refund (
    id TEXT PRIMARY KEY,
    charge_id TEXT NOT NULL REFERENCES charge (id),
    refund_id TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL,
    error_code TEXT,
    reason TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS refund_of_charge ON refund (charge_id);
-- Each time that money moved, in order.
CREATE TABLE IF NOT EXISTS movement (
    id INTEGER PRIMARY KEY,
    charge_id TEXT NOT NULL REFERENCES charge (id),
    kind TEXT NOT NULL CHECK (kind IN ('capture', 'refund', 'refund_returned')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    reference TEXT,
    created_at REAL NOT NULL
);
-- What happens by itself later.
CREATE TABLE IF NOT EXISTS task (
    id INTEGER PRIMARY KEY,
    due_at REAL NOT NULL,
    verb TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY,
    charge_id TEXT NOT NULL REFERENCES charge (id),
    type TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at REAL NOT NULL,
    due_at REAL NOT NULL,
    copies INTEGER NOT NULL DEFAULT 1,
    attempts INTEGER NOT NULL DEFAULT 0,
    badly_signed INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    status INTEGER
);
CREATE INDEX IF NOT EXISTS event_due ON event (due_at) WHERE copies > 0 AND dropped = 0;
CREATE INDEX IF NOT EXISTS event_of_charge ON event (charge_id);
-- The first answer to each idempotency key.
CREATE TABLE IF NOT EXISTS answer (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS option (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
