// Lets visitors hide coming periods, and keeps the banner up to date on a page that stays open.
"use strict";
(() => {
  const PAUSE = 60000; // milliseconds from one look to the next
  const HIDDEN = "downtime-hidden"; // in localStorage: the last 20 ids that this visitor has hidden

  const script = document.currentScript, place = script?.previousElementSibling;
  if (!place) return;

  // Storage may be missing, full or forbidden; a notice is then hidden only until the next page.
  function hiddenIds() {
    try {
      return (localStorage.getItem(HIDDEN) || "").split(" ");
    } catch {
      return [];
    }
  }

  function remember(id) {
    try {
      localStorage.setItem(HIDDEN, [...hiddenIds(), id].slice(-20).join(" "));
    } catch {}
  }

  function prepare(content) {
    const ids = hiddenIds();
    for (const notice of content.querySelectorAll("[data-downtime-id]")) {
      const id = notice.dataset.downtimeId, button = notice.querySelector(".downtime-dismiss");
      if (ids.includes(id)) remove(notice);
      if (!button) continue; // a template of the site may have none
      button.hidden = false;
      button.addEventListener("click", () => {
        remember(id);
        remove(notice);
        leaveNoGap();
      });
    }
  }

  function remove(notice) {
    const box = notice.closest(".downtime-banner"); // a template of the site may have none
    notice.remove();
    if (box && !box.querySelector(".downtime-announcement")) box.remove();
  }

  function leaveNoGap() {
    place.hidden = !place.textContent.trim();
  }

  prepare(place);
  leaveNoGap();
  const { downtimeStatus: status, downtimeBanner: banner, downtimeWithin: within } = place.dataset;
  if (!status) return; // the site does not include downtime.urls

  // No look sends cookies: they would keep a session alive, and may make the server ask a database that is down.
  const OPTIONS = { credentials: "omit", redirect: "error" };
  let shown, stale, timer, due = performance.now() + pause();

  // Random, so that visitors who have opened a page at the same moment do not keep asking at the same moment.
  function pause() {
    return PAUSE * (1 + Math.random() / 4);
  }

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, Math.max(0, due - performance.now()));
  }

  async function look() {
    if (!place.isConnected) return document.removeEventListener("visibilitychange", plan); // Turbo shows another page
    due = performance.now() + pause();
    try {
      const response = await fetch(status, OPTIONS);
      if (response.ok) await follow(await response.text(), Date.parse(response.headers.get("Date")) || Date.now());
    } catch {} // the next look may get through
    plan();
  }

  // Something has changed if the state has, or if another period is now near, by the server's clock.
  async function follow(text, now) {
    const near = JSON.parse(text).upcoming.filter(({ start }) => Date.parse(start) - within * 1000 <= now);
    const told = `${near.length} ${text}`;
    if (told !== shown) [shown, stale] = [told, 2]; // another process may answer and lag behind, so look twice
    if (!stale) return;
    const response = await fetch(banner, OPTIONS);
    if (!response.ok) return;
    show(await response.text());
    stale -= 1;
  }

  function show(html) {
    const template = document.createElement("template"), { content } = template;
    template.innerHTML = html;
    for (const link of content.querySelectorAll("link")) link.nonce = script.nonce;
    prepare(content);
    const words = (part) => part.textContent.replace(/\s+/g, " ").trim();
    if (words(content) === words(place)) return; // otherwise it would be read out again, and a focus in it would be lost
    place.hidden = false; // before the words, so that they are read out
    place.replaceChildren(content);
    leaveNoGap();
  }

  document.addEventListener("visibilitychange", plan);
  plan();
})();
