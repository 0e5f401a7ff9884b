-- +goose Up
ALTER TABLE creations ADD COLUMN path TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE creations DROP COLUMN path;
