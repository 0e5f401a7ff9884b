// Public by design: this key can only start a payment.
const stripe = Stripe("{{key "pk_live_" 24}}");
const api = "/v1";
{{- if flaw "secrets/public-variable"}}
const direct = import.meta.env.VITE_OPENAI_API_KEY;
{{- end}}

export async function ask(chat: string, content: string) {
  const res = await fetch(`${api}/chats/${chat}/messages`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ content }) });
  return res.json();
}
