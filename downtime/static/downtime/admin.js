// Keeps the line that tells the state up to date, and gives each command a button to copy it.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const PAUSE = 5000; // milliseconds between two looks at the least

  const status = document.getElementById("downtime-status");
  const changed = document.getElementById("downtime-changed");
  const silent = document.getElementById("downtime-silent");
  if (!status) return;

  const drawn = status.textContent; // as of the rest of the page
  let timer, isLooking = false, last = performance.now();

  function plan() {
    clearTimeout(timer);
    if (!document.hidden && !isLooking) timer = setTimeout(look, Math.max(0, last + PAUSE - performance.now()));
  }

  async function look() {
    isLooking = true;
    last = performance.now();
    try {
      const signal = AbortSignal.timeout(PAUSE);
      const response = await fetch(status.dataset.url, { cache: "no-store", redirect: "manual", signal });
      if (!response.ok) throw new Error(response.status || "redirected");
      show(await response.json());
      silent.hidden = true;
    } catch {
      silent.hidden = false; // the site restarts, or the session is over
    }
    isLooking = false;
    plan();
  }

  function show(now) {
    changed.hidden = now.status === drawn;
    if (now.status === status.textContent) return;
    status.textContent = now.status;
    status.dataset.state = now.state;
  }

  document.addEventListener("visibilitychange", plan);
  plan();

  if (!navigator.clipboard) return; // as on a page without TLS
  for (const command of document.querySelectorAll(".downtime-command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "downtime-copy";
    const say = (word) => {
      button.textContent = word;
      button.setAttribute("aria-label", `${word}: ${command.textContent}`);
    };
    say(status.dataset.copy);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.textContent);
      say(status.dataset.copied);
      setTimeout(say, 2000, status.dataset.copy);
    });
    command.after(button);
  }
});
