// Keeps the page up to date without a reload, and gives each command a copy button.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const PAUSE = 5000, LONGEST = 60000; // milliseconds from one look to the next: normally, and at most
  const ICON = "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z", TICK = "M3 8.5l3.5 3.5L13 4.5";

  const state = document.getElementById("downtime-state");
  const silent = document.getElementById("downtime-silent");
  if (!state) return;

  const parts = [...document.querySelectorAll(".downtime-part")];
  const sent = new Map(parts.map((part) => [part, part.innerHTML])); // what the server sent, without the buttons
  let version = state.dataset.version;
  let timer, isLooking = false, pause = PAUSE, due = performance.now() + PAUSE;

  function plan() {
    clearTimeout(timer);
    if (!document.hidden && !isLooking) timer = setTimeout(look, Math.max(0, due - performance.now()));
  }

  // One at a time, and never aborted: a look that waits, say for a database lock, occupies a worker of the site to the
  // end, even if the browser no longer listens, and the next look would occupy another worker.
  async function look() {
    isLooking = true;
    const begun = performance.now();
    const late = setTimeout(() => { silent.hidden = false; }, PAUSE);
    try {
      const now = await (await ask(state.dataset.url)).json();
      if (now.version !== version) show(await (await ask(location.href)).text());
      silent.hidden = true;
      pause = PAUSE;
    } catch {
      silent.hidden = false; // the site restarts or hangs, or the session is over
      pause = Math.min(LONGEST, 2 * Math.max(pause, performance.now() - begun));
    }
    clearTimeout(late);
    isLooking = false;
    due = performance.now() + pause;
    plan();
  }

  async function ask(url) {
    const response = await fetch(url, { cache: "no-store", redirect: "manual" });
    if (!response.ok) throw new Error(response.status || "redirected");
    return response;
  }

  // Takes over whatever has changed in the page that the server sends.
  function show(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("downtime-state");
    if (!fresh) throw new Error("another page");
    state.dataset.state = fresh.dataset.state;
    for (const part of parts) replace(part, page.getElementById(part.id)?.innerHTML ?? "");
    version = fresh.dataset.version;
  }

  // Open details stay open, and the focus stays where it is.
  function replace(part, html) {
    if (html === sent.get(part)) return;
    const folds = () => part.querySelectorAll("details");
    const wasOpen = new Map([...folds()].map((fold) => [fold.className, fold.open]));
    const focused = part.contains(document.activeElement) && controlOf(document.activeElement);
    part.innerHTML = html;
    sent.set(part, html);
    addButtons(part);
    for (const fold of folds()) fold.open = wasOpen.get(fold.className) ?? fold.open;
    const controls = [...part.querySelectorAll("a[href], button, summary")];
    controls.find((control) => controlOf(control) === focused)?.focus({ preventScroll: true });
  }

  // What distinguishes a control from the others in its part, whatever comes or goes above it.
  function controlOf(element) {
    return element.dataset.command || element.parentElement.className + element.getAttribute("href");
  }

  function addButtons(part) {
    if (!navigator.clipboard) return; // for example on a page without TLS
    for (const command of part.querySelectorAll(".downtime-command")) command.after(button(command.textContent));
  }

  function button(command) {
    const made = document.createElement("button");
    made.type = "button";
    made.dataset.command = command;
    const say = (isCopied) => {
      const words = isCopied ? state.dataset.copied : state.dataset.copy;
      made.className = isCopied ? "downtime-copy downtime-copied" : "downtime-copy";
      made.title = words;
      made.setAttribute("aria-label", `${words}: ${command}`);
      made.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${isCopied ? TICK : ICON}"/></svg>`;
    };
    say(false);
    made.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command);
      say(true);
      setTimeout(say, 2000, false);
    });
    return made;
  }

  document.addEventListener("visibilitychange", plan);
  parts.forEach(addButtons);
  plan();
});
