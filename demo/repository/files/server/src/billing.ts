import Stripe from "stripe";
{{- if flaw "secrets/repository"}}

// TODO: read it from the environment
const stripe = new Stripe("{{key "sk_live_" 24}}");
{{- else}}
import { env } from "./env.js";

const stripe = new Stripe(env.STRIPE_SECRET_KEY);
{{- end}}

export const charge = (customer: string, amount: number) => stripe.charges.create({ customer, amount, currency: "eur" });
