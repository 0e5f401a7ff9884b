import { app } from "./app.js";
import { env } from "./env.js";
import { log } from "./log.js";
import { pool } from "./db.js";

const server = app.listen(env.PORT, () => log.info({ port: env.PORT }, "listening"));

// A release lets what is under way come to its end.
process.on("SIGTERM", () => {
  server.close(async () => {
    await pool.end();
    process.exit(0);
  });
});
