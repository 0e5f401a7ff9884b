// Public by design: this key can only start a payment.
const stripe = Stripe("{{key "pk_live_" 24}}");
const api = "/v1";

export async function ask(chat: string, content: string) {
  const res = await fetch(`${api}/chats/${chat}/messages`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ content }) });
  return res.json();
}
