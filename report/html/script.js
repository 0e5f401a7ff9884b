// Reading needs none of this: it adds copy buttons and a filter.
(function () {
  "use strict";
  var d = document;
  function make(tag, text, cls) {
    var e = d.createElement(tag);
    if (text) e.textContent = text;
    if (cls) e.className = cls;
    return e;
  }
  d.querySelectorAll(".command").forEach(function (box) {
    var b = make("button", "Copy", "copy");
    b.type = "button";
    b.addEventListener("click", function () {
      var text = box.querySelector("code").textContent;
      var done = function (ok) {
        b.textContent = ok ? "Copied" : "Select and copy";
        setTimeout(function () { b.textContent = "Copy"; }, 2000);
      };
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(function () { done(true); }, function () { done(false); });
      else done(false);
    });
    box.appendChild(b);
  });
  function reveal() {
    var t = location.hash && d.getElementById(location.hash.slice(1));
    for (var e = t; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    if (t) t.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  var findings = d.querySelectorAll(".finding");
  if (findings.length > 3) {
    var bar = make("div", "", "filter");
    var label = make("label", "Show findings with");
    var input = make("input");
    input.type = "search";
    label.appendChild(input);
    var said = make("span", "", "quiet");
    said.setAttribute("role", "status");
    bar.append(label, said);
    d.querySelector(".findings").before(bar);
    input.addEventListener("input", function () {
      var q = input.value.toLowerCase(), n = 0;
      findings.forEach(function (f) {
        var hit = (f.closest(".check").querySelector("header").textContent + f.textContent).toLowerCase().indexOf(q) >= 0;
        f.hidden = !hit;
        if (hit) n++;
      });
      d.querySelectorAll(".check").forEach(function (c) { c.hidden = !c.querySelector(".finding:not([hidden])"); });
      said.textContent = q ? n + " of " + findings.length + " findings" : "";
    });
  }
  addEventListener("beforeprint", function () {
    d.querySelectorAll("details:not([open])").forEach(function (e) { e.open = true; e.dataset.printed = "1"; });
  });
  addEventListener("afterprint", function () {
    d.querySelectorAll("details[data-printed]").forEach(function (e) { e.open = false; delete e.dataset.printed; });
  });
})();
