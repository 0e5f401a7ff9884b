{{- if flaw "operations/undeclared-integration"}}import { Resend } from "resend";

const mail = new Resend();

export const invite = (to: string, link: string) => mail.emails.send({ from: "Harbor <hello@harbor.test>", to, subject: "You are invited", text: link });
{{- else}}import { env } from "./env.js";

// The relay takes JSON and sends it on.
export const invite = (to: string, link: string) =>
  fetch(env.MAIL_URL, { method: "POST", body: JSON.stringify({ from: "Harbor <hello@harbor.test>", to, subject: "You are invited", text: link }) });
{{- end}}
