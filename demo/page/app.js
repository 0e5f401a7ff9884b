// The page talks to the API over the cookie session. Text from the API reaches
// the document through textContent alone, so no reply can become markup.
"use strict";

const $ = (id) => document.getElementById(id);
let open = null; // the conversation on screen

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function send(method, path, body) {
  const init = { method, credentials: "same-origin", headers: { Accept: "application/json", "X-Requested-With": "harbor" } };
  if (body instanceof FormData) init.body = body;
  else if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const res = await fetch(path, init);
  if (!res.ok) {
    const problem = await res.json().catch(() => ({}));
    throw new Refused(res.status, problem.detail || problem.title || `The server answered ${res.status}.`);
  }
  return res;
}

async function call(method, path, body) {
  const res = await send(method, path, body);
  return res.status === 204 ? null : res.json();
}

function make(tag, text, attributes) {
  const el = document.createElement(tag);
  if (text !== undefined) el.textContent = text;
  for (const [k, v] of Object.entries(attributes || {})) el.setAttribute(k, v);
  return el;
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

// act runs a step that a person asked for: its button is busy meanwhile, and a
// refusal is said aloud.
async function act(form, step) {
  const buttons = form ? form.querySelectorAll("button") : [];
  notice("");
  for (const b of buttons) b.disabled = true;
  try {
    await step();
  } catch (e) {
    if (e instanceof Refused && e.status === 401 && $("sign-in").hidden) signedOut();
    notice(e.message);
  } finally {
    for (const b of buttons) b.disabled = false;
  }
}

function onSubmit(id, step) {
  $(id).addEventListener("submit", (ev) => {
    ev.preventDefault();
    act(ev.target, () => step(ev.target));
  });
}

function show(signedIn) {
  $("sign-in").hidden = signedIn;
  for (const id of ["chat", "side", "sign-out", "whoami"]) $(id).hidden = !signedIn;
}

function signedOut() {
  open = null;
  sessionStorage.clear();
  show(false);
  for (const id of ["chats", "files", "messages", "answer"]) $(id).replaceChildren();
  $("email").focus();
}

async function signedIn() {
  const me = await call("GET", "/v1/me");
  sessionStorage.setItem("harbor.me", JSON.stringify({ name: me.name, tenant: me.tenant.name }));
  $("whoami").textContent = `${me.name}, ${me.tenant.name}`;
  show(true);
  await Promise.all([listChats(), listFiles()]);
}

async function listChats() {
  const list = await call("GET", "/v1/chats?limit=50");
  $("chats").replaceChildren(...list.data.map((chat) => {
    const li = make("li");
    const b = make("button", chat.title, { type: "button", "aria-current": String(open !== null && open.id === chat.id) });
    b.addEventListener("click", () => act(null, () => openChat(chat)));
    li.append(b);
    return li;
  }));
}

async function listFiles() {
  const list = await call("GET", "/v1/files");
  $("files").replaceChildren(...list.data.map((f) => {
    const li = make("li");
    li.append(make("a", f.name, { href: `/v1/files/${encodeURIComponent(f.id)}/content`, download: f.name }));
    return li;
  }));
}

function say(message) {
  const turn = make("div", undefined, { class: `turn ${message.role}` });
  turn.append(make("span", message.role === "user" ? "You" : "Harbor", { class: "from" }));
  const text = make("span", message.content);
  turn.append(text);
  cite(turn, message.citations);
  $("messages").append(turn);
  turn.scrollIntoView({ block: "end" });
  return { turn, text };
}

function cite(el, citations) {
  if (!citations || citations.length === 0) return;
  const ul = make("ul", undefined, { class: "citations", "aria-label": "Sources" });
  for (const c of citations) ul.append(make("li", `[${c.number}] ${c.title}`));
  el.append(ul);
}

async function openChat(chat) {
  open = chat;
  $("chat-title").textContent = chat.title;
  $("chat-actions").hidden = false;
  $("shared").hidden = true;
  $("export").href = `/v1/chats/${encodeURIComponent(chat.id)}/export?format=md`;
  $("messages").replaceChildren();
  const list = await call("GET", `/v1/chats/${encodeURIComponent(chat.id)}/messages?limit=200`);
  list.data.forEach(say);
  await listChats();
  $("content").focus();
}

// frames yields the events of a server-sent stream (WHATWG HTML, 9.2.6).
async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    for (let at; (at = rest.indexOf("\n\n")) >= 0; rest = rest.slice(at + 2)) {
      const event = { name: "message", data: "" };
      for (const line of rest.slice(0, at).split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        if (line.startsWith("data: ")) event.data += line.slice(6);
      }
      if (event.data) yield event;
    }
  }
}

async function talk(form) {
  if (!open) await start(`Conversation of ${new Date().toLocaleDateString()}`);
  const content = $("content").value;
  const res = await send("POST", `/v1/chats/${encodeURIComponent(open.id)}/stream`, { content });
  form.reset();
  say({ role: "user", content });
  $("status").textContent = "Harbor is writing…";
  const reply = say({ role: "assistant", content: "" });
  try {
    for await (const event of frames(res.body)) {
      const data = JSON.parse(event.data);
      if (event.name === "token") reply.text.textContent += data.text;
      if (event.name === "done") {
        reply.text.textContent = data.content;
        cite(reply.turn, data.citations);
      }
      if (event.name === "error") throw new Refused(502, data.detail);
    }
  } finally {
    $("status").textContent = "";
  }
}

async function start(title) {
  const chat = await call("POST", "/v1/chats", { title });
  await openChat(chat);
}

onSubmit("sign-in-form", async (form) => {
  await call("POST", "/v1/auth/login", { email: $("email").value, password: $("password").value, cookie: true });
  form.reset();
  await signedIn();
  $("title").focus();
});
onSubmit("new-chat", async (form) => {
  await start($("title").value);
  form.reset();
});
onSubmit("compose", talk);
onSubmit("upload", async (form) => {
  await call("POST", "/v1/files", new FormData(form));
  form.reset();
  await listFiles();
});
onSubmit("ask", async () => {
  const reply = await call("POST", "/v1/ask", { question: $("question").value });
  const p = make("p", reply.answer);
  $("answer").replaceChildren(p);
  cite($("answer"), reply.citations);
});
$("share").addEventListener("click", () => act(null, async () => {
  const link = await call("POST", `/v1/chats/${encodeURIComponent(open.id)}/share`, {});
  $("shared").replaceChildren("Anyone with this link may read the conversation: ", make("a", link.url, { href: link.url }));
  $("shared").hidden = false;
}));
$("delete").addEventListener("click", () => act(null, async () => {
  await call("DELETE", `/v1/chats/${encodeURIComponent(open.id)}`);
  open = null;
  $("chat-title").textContent = "No conversation open";
  $("chat-actions").hidden = true;
  $("messages").replaceChildren();
  await listChats();
}));
$("sign-out").addEventListener("click", () => act(null, async () => {
  await call("POST", "/v1/auth/logout", {});
  signedOut();
}));

signedIn().catch(() => signedOut());
