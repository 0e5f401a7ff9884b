import { z } from "zod";

// Everything that Harbor reads from its environment, once, at start.
export const env = z
  .object({
    DATABASE_URL: z.string().url(),
    SESSION_SECRET: z.string().min(32),
    OPENAI_API_KEY: z.string(),
    STRIPE_SECRET_KEY: z.string(),
    CRM_WEBHOOK_SECRET: z.string(),
    MAIL_URL: z.string().url(),
    PUBLIC_URL: z.string().url(),
{{- if flaw "operations/undeclared-variable"}}
    QUEUE_URL: z.string().url(),
{{- end}}
{{- if flaw "operations/secrets-map"}}
    SENTRY_AUTH_TOKEN: z.string(),
{{- end}}
    PORT: z.coerce.number().default(3000),
  })
  .parse(process.env);
