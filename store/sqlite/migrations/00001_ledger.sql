-- +goose Up
CREATE TABLE creations (
    id          INTEGER PRIMARY KEY,
    run         TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    account     TEXT NOT NULL,
    resource    TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    canary      TEXT NOT NULL,
    list_path   TEXT NOT NULL,
    delete_path TEXT NOT NULL DEFAULT '',
    state       INTEGER NOT NULL DEFAULT 0,
    reason      TEXT NOT NULL DEFAULT '',
    at          TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX creations_open ON creations (run, state);
CREATE TABLE runs (
    run     TEXT PRIMARY KEY,
    target  TEXT NOT NULL,
    started TEXT NOT NULL,
    ended   TEXT
);

-- +goose Down
DROP TABLE runs;
DROP TABLE creations;
