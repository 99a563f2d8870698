// Keeps the page fresh: fetches it anew every two seconds and puts the marked parts in place.
// Without scripts the page works all the same; it is then refreshed by hand, or by ?refresh=5.
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
      // A part in which somebody is at work is left alone until they leave it.
      const busy = part.contains(document.activeElement) || part.matches(":active");
      if (other && !busy && other.innerHTML !== part.innerHTML) part.replaceChildren(...other.childNodes);
    }
    live.classList.remove("away");
  } catch {
    live.classList.add("away");
  }
}

async function forever() {
  for (;;) {
    await new Promise((wait) => setTimeout(wait, 2000));
    await refresh();
  }
}
forever();
