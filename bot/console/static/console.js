// What pages need beyond HTMX: keys, toasts, asking before, times that stay true. No page needs it to work.
(() => {
  "use strict";
  const body = document.body;
  const say = (name) => body.dataset["say" + name] || "";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // --- toasts ---------------------------------------------------------------------------------
  function toast(text, kind = "good") {
    const line = document.createElement("p");
    line.className = `toast ${kind}`;
    line.textContent = text;
    $("#toasts").append(line);
    fade(line);
  }
  const fade = (line) => setTimeout(() => line.remove(), line.classList.contains("bad") ? 10000 : 5000);
  $$("#toasts .toast").forEach(fade);
  body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.kind));
  // What a page asks for by itself says so: it is no use of the session, and must not take a page away.
  body.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.triggeringEvent) event.detail.headers["X-Background"] = "true";
  });
  let toldSignedOut = false;
  body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) toast(say("Failed"), "bad");
    else if (!toldSignedOut) toast(say("SignedOut"), "bad");
    if (event.detail.xhr.status === 401) toldSignedOut = true;
  });
  body.addEventListener("htmx:sendError", () => toast(say("Offline"), "bad"));

  // --- asking before something that matters ------------------------------------------------------
  const dialog = $("#confirm");
  function ask(text, yes) {
    return new Promise((resolve) => {
      $("#confirm-text").textContent = text;
      $("[data-yes]", dialog).textContent = yes || say("Yes");
      dialog.returnValue = "";
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
      dialog.showModal();
      $("[data-no]", dialog).focus();
    });
  }
  $("[data-yes]", dialog).addEventListener("click", () => dialog.close("yes"));
  $("[data-no]", dialog).addEventListener("click", () => dialog.close(""));
  const sure = new WeakSet();
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.confirm || sure.has(form) || form.hasAttribute("hx-confirm")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    if (await ask(form.dataset.confirm, form.dataset.confirmYes)) {
      sure.add(form);
      form.requestSubmit(button && form.contains(button) ? button : undefined);
      sure.delete(form);
    }
  }, true);
  body.addEventListener("htmx:confirm", async (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    if (await ask(event.detail.question, event.detail.elt.dataset.confirmYes)) event.detail.issueRequest(true);
  });

  // --- theme: at once, and remembered by the form's own request ------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-switch]")) return;
    event.preventDefault();
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    const use = $("use", form);
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, dark ? "#moon" : "#sun"));
    const sent = new URLSearchParams(new FormData(form));
    sent.set("theme", root.dataset.theme);
    fetch(form.action, { method: "POST", body: sent, redirect: "manual" });
  });

  // --- times stay true while a page is open ---------------------------------------------------------
  const [minutes, hours, oneDay, days] = body.dataset.ago.split("|");
  function refresh() {
    for (const one of $$("time[data-ago]")) {
      const past = (Date.now() - new Date(one.dateTime)) / 1000;
      if (past < 60 || past > 30 * 86400) continue;
      const [words, length] = past >= 2 * 86400 ? [days, 86400] : past >= 86400 ? [oneDay, 86400] : past >= 3600 ? [hours, 3600] : [minutes, 60];
      one.textContent = words.replace("{number}", Math.trunc(past / length));
    }
  }
  setInterval(refresh, 30000);

  // --- copying -------------------------------------------------------------------------------------
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      toast(say("Copied"));
    } catch {
      getSelection().selectAllChildren(source);
    }
  });

  // --- dialogs, menu -------------------------------------------------------------------------------
  const help = $("#keys");
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) help?.showModal();
    const close = event.target.closest("[data-close]");
    if (close) close.closest("dialog").close();
    if (event.target.matches("dialog")) event.target.close();
  });
  // --- selects that send their form ------------------------------------------------------------------
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-auto]")) form.requestSubmit();
  });

  // --- a form that takes a while says so, and is not sent twice ----------------------------------------
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-slow]") || event.defaultPrevented) return;
    for (const button of $$("button", event.target)) button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => $$("[data-slow] button").forEach((button) => button.removeAttribute("aria-busy")));

  // --- what comes in by itself: the panel below it stays where it is looked at, and loses no words ------
  let place = null, written = "";
  body.addEventListener("htmx:oobBeforeSwap", () => {
    const at = $("#hand")?.getBoundingClientRect();
    place = at && at.top < innerHeight && at.bottom > 0 ? at.top : null;
    written = $("#reply")?.value || "";
  });
  body.addEventListener("htmx:oobAfterSwap", () => {
    const field = $("#reply"), hand = $("#hand");
    if (field && !field.value) field.value = written;
    if (!field && written && hand) {
      const kept = document.createElement("div"), words = document.createElement("pre");
      kept.className = "kept";
      words.textContent = written;
      kept.append(say("Kept"), words);
      hand.append(kept);
    }
    if (place !== null && hand) scrollBy(0, hand.getBoundingClientRect().top - place);
  });

  // --- Ctrl+Enter sends what is being written ------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("textarea");
    if (field?.form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); field.form.requestSubmit(); }
  });

  // --- keys ----------------------------------------------------------------------------------------
  // Rows are the children of [data-rows]; a row opens by its first link, or the one with data-open.
  let going = 0;
  const rows = () => $$("[data-rows] > :not([hidden])").filter((row) => row.querySelector("a[href], [data-open]"));
  function select(step) {
    const all = rows();
    if (!all.length) return false;
    const now = all.findIndex((row) => row.classList.contains("selected"));
    const next = Math.min(Math.max(now < 0 ? (step > 0 ? 0 : all.length - 1) : now + step, 0), all.length - 1);
    all.forEach((row) => row.classList.remove("selected"));
    all[next].classList.add("selected");
    const link = all[next].querySelector("[data-open]") || all[next].querySelector("a[href]");
    link.focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest" });
    return true;
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const menu = event.key === "Escape" && $("details.dropdown[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); return; }
    if (event.key === "Escape" && typing) { typing.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (Date.now() - going < 1500) {
      going = 0;
      const link = $$("[data-go]").find((one) => one.dataset.go === event.key);
      if (link) { event.preventDefault(); location.href = link.href; }
      return;
    }
    // A page's own keys: any element with data-key is pressed, or focused when it is a field.
    const own = $$("[data-key]").find((one) => one.dataset.key === event.key && !one.disabled && one.getClientRects().length);
    if (own) {
      event.preventDefault();
      if (own.matches("input, textarea, select")) own.focus(); else own.click();
    } else if (event.key === "g") going = Date.now();
    else if (event.key === "?" && help) { event.preventDefault(); help.showModal(); }
    else if (event.key === "/") { const field = $("[data-search]"); if (field) { event.preventDefault(); field.focus(); field.select?.(); } }
    else if (event.key === "j" && select(1)) event.preventDefault();
    else if (event.key === "k" && select(-1)) event.preventDefault();
  });
})();
