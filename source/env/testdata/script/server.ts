import { cleanEnv, str, num } from "envalid";
import envVar from "env-var";
import { z } from "zod";
import { createEnv } from "@t3-oss/env-nextjs";
import type { ConfigService } from "@nestjs/config";

const e = process.env; // an alias reads nothing by itself
const key: string = process.env.OPENAI_API_KEY!; // want: OPENAI_API_KEY required
const port = process.env.SERVICE_PORT ?? "8080"; // want: SERVICE_PORT default
const host = e.SERVICE_HOST || "localhost"; // want: SERVICE_HOST default
const { SESSION_SECRET, LOG_LEVEL: level = "info" } = process.env; // want: SESSION_SECRET required, LOG_LEVEL default
const bracket = process.env["MAIL_FROM"]; // want: MAIL_FROM required
const flags = process.env[`FEATURE_${port}`]; // want: FEATURE_ dynamic
const any = (n: string) => e[n + "x"]; // want:  dynamic

function required(name: string): string {
  const v = process.env[name];
  if (!v) throw new Error(`${name} is not set`);
  return v;
}
const db = required("DATABASE_URL"); // want: DATABASE_URL required

if (process.env.SENTRY_ENABLED) console.log("on"); // want: SENTRY_ENABLED soft
if (!process.env.STRIPE_KEY) throw new Error("no"); // want: STRIPE_KEY required
const dev = process.env.STAGE === "dev"; // want: STAGE soft

export const cleaned = cleanEnv(process.env, {
  SMTP_HOST: str(), // want: SMTP_HOST required
  SMTP_PORT: num({ default: 587 }), // want: SMTP_PORT default
});
const schema = z.object({
  JWT_KEY: z.string().min(32), // want: JWT_KEY required
  JWT_TTL: z.coerce.number().default(60), // want: JWT_TTL default
});
export const parsed = schema.parse(process.env);
export const t3 = createEnv({
  server: { AUTH_SECRET: z.string() }, // want: AUTH_SECRET required
  client: { NEXT_PUBLIC_SITE: z.string() }, // want: NEXT_PUBLIC_SITE required
});
const region = envVar.get("REGION").default("eu").asString(); // want: REGION default
const bucket = envVar.get("BUCKET").required().asString(); // want: BUCKET required

class S {
  constructor(private readonly configService: ConfigService) {}
  a() { return this.configService.get<string>("QUEUE_URL"); } // want: QUEUE_URL required
  b() { return this.configService.getOrThrow("QUEUE_KEY"); } // want: QUEUE_KEY required
  c() { return this.configService.get("QUEUE_SIZE", 10); } // want: QUEUE_SIZE default
}
const d = Deno.env.get("DENO_HOME"); // want: DENO_HOME required
const text = "process.env.NOT_READ"; // a string reads nothing
// process.env.COMMENTED_OUT
const vite = import.meta.env.VITE_API; // want: VITE_API required
const mode = import.meta.env.MODE; // want: MODE default
