// Keeps the page up to date: fetches it again every two seconds and replaces the parts with data-live.
// The page also works without scripts; it is then reloaded by hand, or with ?refresh=5.
"use strict";
const live = document.getElementById("live");
const liveSwitch = document.getElementById("live-switch");
live.hidden = false;

async function refresh() {
  if (document.hidden || !liveSwitch.checked) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      // A part that has the focus is left alone until the focus leaves it.
      const busy = part.contains(document.activeElement) || part.matches(":active");
      if (other && !busy && other.innerHTML !== part.innerHTML) part.replaceChildren(...other.childNodes);
    }
    live.classList.remove("away");
  } catch {
    live.classList.add("away");
  }
}

async function refreshRepeatedly() {
  for (;;) {
    await new Promise((wait) => setTimeout(wait, 2000));
    await refresh();
  }
}
refreshRepeatedly();
