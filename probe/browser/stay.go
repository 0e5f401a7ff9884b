package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	lr "github.com/launchready/launchready"
)

// Bounds of a stay. A page that needs longer is told as one that was not read.
const (
	mostKept  = 4 << 20         // bytes of all values
	forForm   = 4 * time.Second // until a form to sign in stands there
	forGone   = 8 * time.Second // until it is gone
	forQuiet  = 4 * time.Second // until the page loads nothing more
	between   = 100 * time.Millisecond
	mostSteps = 2 // forms that ask for the name first
)

// Stay implements [lr.Browser]. It refuses any host but the target's.
func (b *Browser) Stay(ctx context.Context, v lr.Sojourn) (*lr.Kept, error) {
	to, err := b.target(v.URL)
	if err != nil {
		return nil, err
	}
	var k *lr.Kept
	err = b.inTab(ctx, b.o.Visit+forForm+forGone+forQuiet, "sign in on the page", func(tab context.Context) (err error) {
		k, err = b.stay(tab, to, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	k.Browser = b.name
	return k, nil
}

func (b *Browser) stay(tab context.Context, to *url.URL, v lr.Sojourn) (*lr.Kept, error) {
	if len(v.Cookies) > 0 {
		home, err := b.intercept(tab, "", v.Cookies)
		if err != nil {
			return nil, err
		}
		if err := chromedp.Do(tab, chromedp.Navigate(home)); err != nil {
			return nil, err
		}
	}
	if err := chromedp.Do(tab, chromedp.Navigate(to.String())); err != nil {
		return nil, err
	}
	k := &lr.Kept{}
	if v.User != "" {
		if err := b.signIn(tab, v, k); err != nil {
			return nil, err
		}
	}
	if !k.SignedIn { // else it has settled since
		if err := settle(tab); err != nil {
			return nil, err
		}
	}
	raw, err := chromedp.Run(tab, chromedp.Evaluate[string](fmt.Sprintf("(%s)(%d)", keeps, mostKept), chromedp.EvalAwaitPromise))
	if err != nil {
		return nil, err
	}
	if err := take(k, raw); err != nil {
		return nil, err
	}
	jar, err := chromedp.Call(tab, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		return nil, err
	}
	for _, c := range jar.Cookies {
		k.Items = append(k.Items, lr.Stored{Store: "cookie", Name: c.Name, Value: lr.NewSecret(c.Value), HTTPOnly: c.HTTPOnly})
	}
	return k, nil
}

// signIn fills in the form and sends it. A form that stays, or never came, is no error.
func (b *Browser) signIn(tab context.Context, v lr.Sojourn, k *lr.Kept) error {
	look := fmt.Sprintf("(%s)().kind || \"gone\"", seeks)
	for range mostSteps {
		found, err := await(tab, forForm, look, func(kind string) bool { return kind == "name" || kind == "password" })
		if err != nil || found != "name" && found != "password" {
			return err
		}
		k.Form = true
		if _, err := chromedp.Run(tab, chromedp.Evaluate[bool](fmt.Sprintf("(%s)((%s)(), %s, %s)", sends, seeks, quote(v.User), quote(v.Password.Reveal())))); err != nil {
			return errors.New("the form could not be filled in") // the script has the password
		}
		if found == "name" {
			if left, err := await(tab, forGone, look, func(kind string) bool { return kind == "password" }); err != nil || left != "password" {
				return err
			}
			continue
		}
		if _, err := await(tab, forGone, look, func(kind string) bool { return kind == "gone" }); err != nil {
			return err
		}
		// A page that is on its way to the next one has no form for a moment.
		if err := settle(tab); err != nil {
			return err
		}
		left, err := await(tab, 0, look, func(string) bool { return true })
		k.SignedIn = left == "gone"
		return err
	}
	return nil
}

// await evaluates an expression until its value is the one that is waited for, and returns
// the last one.
func await(tab context.Context, limit time.Duration, expression string, done func(string) bool) (string, error) {
	until := time.Now().Add(limit)
	for {
		v, err := chromedp.Run(tab, chromedp.Evaluate[string](expression))
		if tab.Err() != nil {
			return "", tab.Err()
		}
		if err == nil && done(v) || time.Now().After(until) {
			return v, nil // a page that changes has no script to ask for a moment
		}
		if err := pause(tab); err != nil {
			return "", err
		}
	}
}

// settle waits until the page loads nothing more for a moment.
func settle(tab context.Context) error {
	last, same := "", 0
	_, err := await(tab, forQuiet, `location.href + " " + document.readyState + " " + performance.getEntriesByType("resource").length`, func(v string) bool {
		if v != last {
			last, same = v, 0
			return false
		}
		same++
		return same >= 4
	})
	return err
}

func pause(ctx context.Context) error {
	t := time.NewTimer(between)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take reads what the script found.
func take(k *lr.Kept, raw string) error {
	var s struct {
		Page  string      `json:"page"`
		Items [][3]string `json:"items"`
		Gaps  []string    `json:"gaps"`
	}
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return errors.New("the page's script handed over something else than it should")
	}
	k.Page, k.Gaps = s.Page, s.Gaps
	for _, i := range s.Items {
		k.Items = append(k.Items, lr.Stored{Store: i[0], Name: i[1], Value: lr.NewSecret(i[2])})
	}
	return nil
}

// seeks finds the fields by which the page signs in, of those that a person sees.
const seeks = `() => {
  const seen = e => !e.disabled && e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";
  const all = [...document.querySelectorAll("input")].filter(seen);
  const password = all.find(e => e.type === "password");
  const name = e => e.type === "email" || (["text", "tel", ""].includes(e.type) && /user|mail|login|account|identifier/i.test([e.name, e.id, e.autocomplete, e.placeholder, e.getAttribute("aria-label")].join(" ")));
  if (password) {
    const before = all.filter(e => e !== password && e.compareDocumentPosition(password) & Node.DOCUMENT_POSITION_FOLLOWING && ["email", "text", "tel"].includes(e.type));
    return {kind: "password", password, user: before.find(name) || before.at(-1)};
  }
  const user = all.find(name);
  return user && user.form && user.form.querySelectorAll("input:not([type=hidden])").length <= 3 ? {kind: "name", user} : {kind: ""};
}`

// sends fills the fields in as typing does, for pages that listen, and sends the form.
const sends = `(f, user, password) => {
  const fill = (e, v) => {
    if (!e) return;
    e.focus();
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(e, v);
    for (const kind of ["input", "change"]) e.dispatchEvent(new Event(kind, {bubbles: true}));
  };
  fill(f.user, user);
  fill(f.password, password);
  const last = f.password || f.user, form = last.form;
  const buttons = [...(form || document).querySelectorAll("button, input[type=submit]")].filter(b => !b.disabled && b.getClientRects().length > 0);
  const button = buttons.find(b => b.type === "submit") || buttons.find(b => /sign.?in|log.?in|continue|next/i.test(b.textContent));
  if (button) button.click();
  else if (form) form.requestSubmit();
  return true;
}`

// keeps reads the storage of the page's origin.
const keeps = `async most => {
  const items = [], gaps = [];
  let left = most;
  const put = (store, name, value) => {
    const text = typeof value === "string" ? value : JSON.stringify(value, (k, v) => {
      if (v instanceof ArrayBuffer) v = new Uint8Array(v);
      if (ArrayBuffer.isView(v)) return new TextDecoder().decode(v);
      if (v instanceof Map) return Object.fromEntries(v);
      if (v instanceof Set) return [...v];
      if (v instanceof Blob) { gaps.push(store + " " + name + " holds a file, which was not read"); return null; }
      return typeof v === "bigint" ? String(v) : v;
    }) || "";
    if (text.length > left) {
      if (left >= 0) gaps.push("more is kept than " + most + " characters");
      left = -1;
      return;
    }
    left -= text.length;
    items.push([store, String(name), text]);
  };
  for (const store of ["localStorage", "sessionStorage"]) {
    try {
      const s = window[store];
      for (let i = 0; i < s.length && i < 5000; i++) put(store, s.key(i), s.getItem(s.key(i)));
      if (s.length > 5000) gaps.push(store + " has " + s.length + " entries");
    } catch (e) { gaps.push(store + ": " + String(e).slice(0, 200)); }
  }
  const asked = r => new Promise((done, fail) => { r.onsuccess = () => done(r.result); r.onerror = () => fail(r.error); r.onblocked = () => fail(new Error("blocked")); setTimeout(() => fail(new Error("no answer")), 3000); });
  try {
    for (const {name} of (await indexedDB.databases()).slice(0, 50)) {
      const db = await asked(indexedDB.open(name));
      try {
        for (const store of db.objectStoreNames) {
          const t = db.transaction(store, "readonly").objectStore(store);
          const [values, n] = await Promise.all([asked(t.getAll(null, 500)), asked(t.count())]);
          for (const v of values) put("IndexedDB", name + "/" + store, v);
          if (n > 500) gaps.push("IndexedDB " + name + "/" + store + " has " + n + " entries");
        }
      } finally { db.close(); }
    }
  } catch (e) { gaps.push("IndexedDB: " + String(e).slice(0, 200)); }
  return JSON.stringify({page: location.href, items, gaps});
}`
