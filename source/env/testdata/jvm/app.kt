val level = System.getenv("LOG_LEVEL") ?: "info" // want: LOG_LEVEL default
val db = System.getenv("DATABASE_URL") // want: DATABASE_URL required
