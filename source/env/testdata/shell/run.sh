#!/bin/sh
NAME=value
echo "${DATABASE_URL}" # want: DATABASE_URL required
echo "${SERVICE_PORT:-80}" # want: SERVICE_PORT default
echo "${SERVICE_HOST:?needed}" # want: SERVICE_HOST required
echo "$OPENAI_API_KEY" "$NAME" "$HOME" # want: OPENAI_API_KEY required
LOG_LEVEL="${LOG_LEVEL:-info}" # want: LOG_LEVEL default
# ${COMMENTED}
