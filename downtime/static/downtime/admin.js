// Keeps the line that tells the state up to date, and gives each command a button to copy it.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const PAUSE = 5000; // milliseconds between two looks at the least

  const status = document.getElementById("downtime-status");
  const changed = document.getElementById("downtime-changed");
  const silent = document.getElementById("downtime-silent");
  if (!status) return;

  let timer;
  let last = Date.now();

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, Math.max(0, last + PAUSE - Date.now()));
  }

  async function look() {
    last = Date.now();
    try {
      const response = await fetch(status.dataset.url, { cache: "no-store", redirect: "manual" });
      if (!response.ok) throw new Error(response.status || "redirected");
      show(await response.json());
      silent.hidden = true;
    } catch {
      silent.hidden = false; // the site restarts, or the session is over
    }
    plan();
  }

  function show(now) {
    if (now.status === status.textContent) return;
    status.textContent = now.status;
    status.dataset.state = now.state;
    changed.hidden = false;
  }

  document.addEventListener("visibilitychange", plan);
  plan();

  if (!navigator.clipboard) return; // as on a page without TLS
  for (const command of document.querySelectorAll(".downtime-command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "downtime-copy";
    button.textContent = status.dataset.copy;
    button.setAttribute("aria-label", `${status.dataset.copy}: ${command.textContent}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = status.dataset.copied;
      setTimeout(() => { button.textContent = status.dataset.copy; }, 2000);
    });
    command.after(button);
  }
});
