-- +goose Up
CREATE TABLE owners (
    kind   TEXT NOT NULL,
    id     TEXT NOT NULL,
    tenant TEXT NOT NULL,
    gone   INTEGER NOT NULL DEFAULT 0,
    at     TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX owners_tenant ON owners (kind, tenant, gone);

-- +goose Down
DROP TABLE owners;
