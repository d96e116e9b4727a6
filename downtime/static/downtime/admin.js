// Keeps the line that tells the state up to date, and gives each command a button to copy it.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const PAUSE = 5000, LONGEST = 60000; // milliseconds from one look to the next: as a rule, and at the most

  const status = document.getElementById("downtime-status");
  const changed = document.getElementById("downtime-changed");
  const silent = document.getElementById("downtime-silent");
  if (!status) return;

  const drawn = status.textContent; // as of the rest of the page
  let timer, isLooking = false, pause = PAUSE, due = performance.now() + PAUSE;

  function plan() {
    clearTimeout(timer);
    if (!document.hidden && !isLooking) timer = setTimeout(look, Math.max(0, due - performance.now()));
  }

  // One at a time, and never aborted: a look that waits, for a lock of the database say, keeps a worker of the site
  // waiting to the end, whether or not the browser still listens, and the next look would take another worker.
  async function look() {
    isLooking = true;
    const begun = performance.now();
    const late = setTimeout(() => { silent.hidden = false; }, PAUSE);
    try {
      const response = await fetch(status.dataset.url, { cache: "no-store", redirect: "manual" });
      if (!response.ok) throw new Error(response.status || "redirected");
      show(await response.json());
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
