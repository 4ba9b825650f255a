"use strict";
// The page can be read without this: links go from events to lines and back. It shows both ends
// of a link at once, and brings the picture along.
(() => {
  const timeline = document.getElementById("timeline");
  const cursor = document.getElementById("cursor");
  const rows = [...document.querySelectorAll(".row")];
  const items = [...document.querySelectorAll(".item")];
  const all = [...rows, ...items, ...document.querySelectorAll(".line")];

  const show = (element) => {
    const pane = element && element.closest("main > section");
    if (!pane) return;
    if (getComputedStyle(pane).overflowY === "visible") return;
    const box = element.getBoundingClientRect(), around = pane.getBoundingClientRect();
    if (box.top < around.top + 30 || box.bottom > around.bottom - 10) {
      pane.scrollTop += box.top - around.top - around.height / 3;
    }
  };

  const reveal = (at) => {
    const track = timeline.querySelector(".track");
    const names = track.offsetLeft, column = track.clientWidth / rows.length;
    const x = at * column, room = timeline.clientWidth - names;
    if (x < timeline.scrollLeft || x + column > timeline.scrollLeft + room) {
      timeline.scrollLeft = x - room / 3;
    }
  };

  const clear = () => {
    for (const each of all) each.classList.remove("on", "of");
    cursor.hidden = true;
  };

  const point = (at) => {
    cursor.hidden = false;
    cursor.style.setProperty("--at", at);
    reveal(at);
  };

  const select = (id) => {
    const chosen = id && document.getElementById(id);
    if (!chosen) return;
    clear();
    chosen.classList.add("on");
    if (chosen.matches(".row")) {
      const number = id.slice(1);
      const line = document.getElementById(chosen.dataset.line);
      for (const item of items) if (item.dataset.event === number) item.classList.add("on");
      if (line) line.classList.add("on");
      show(chosen);
      show(line);
      point(rows.indexOf(chosen));
    } else if (chosen.matches(".line")) {
      const ours = rows.filter((row) => row.dataset.line === id);
      for (const each of [...ours, ...items]) if (each.dataset.line === id) each.classList.add("of");
      show(chosen);
      show(ours[0]);
      if (ours.length) point(rows.indexOf(ours[0]));
    }
  };

  const hash = () => decodeURIComponent(location.hash.slice(1));

  const step = (by) => {
    const now = rows.findIndex((row) => row.id === hash());
    const next = rows[Math.max(0, Math.min(rows.length - 1, now + by))];
    if (!next) return;
    location.replace("#" + next.id);
    const stop = timeline.querySelector(`.item[href="#${next.id}"]:not([tabindex])`);
    if (stop && timeline.contains(document.activeElement)) stop.focus({ preventScroll: true });
  };

  addEventListener("hashchange", () => select(hash()));
  // A second choice of the same thing shows it again.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) select(hash());
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, summary")) return;
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    }
  });
  select(hash());
})();
