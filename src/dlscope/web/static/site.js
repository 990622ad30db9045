"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  // Shift adds a column to those that the rows are sorted by.
  for (const link of all("a.sort")) {
    link.addEventListener("click", (event) => {
      if (!event.shiftKey) return;
      event.preventDefault();
      location.href = link.dataset.more;
    });
  }

  for (const form of all("form[data-picks]")) {
    const button = one("button", form);
    const told = one("[data-picked]", form);
    const asked = told?.textContent;
    const update = () => {
      const count = all("input[name=runs]:checked", form).length;
      told.textContent = count ? `${count} selected` : asked;
      button.disabled = count < 2 || count > 12;
      button.parentElement.hidden = count === 0;
    };
    form.addEventListener("change", update);
    // One address for one comparison: ids with commas between, as the page itself writes them.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const runs = all("input[name=runs]:checked", form).map((box) => encodeURIComponent(box.value));
      location.href = `${form.getAttribute("action")}?runs=${runs.join(",")}`;
    });
    if (button && told) update();
  }

  // Keys, which rest while somebody types.
  let row = -1;
  const rows = () => all("form[data-picks] tbody tr");
  const move = (step) => {
    const here = rows();
    if (!here.length) return;
    row = Math.min(Math.max(row + step, 0), here.length - 1);
    const link = one("a", here[row]);
    if (link) link.focus();
  };
  const keys = {
    "/": () => one("input[type=search]")?.focus(),
    j: () => move(1),
    k: () => move(-1),
    x: () => row >= 0 && one("input[type=checkbox]", rows()[row])?.click(),
    c: () => one("form[data-picks] button:not(:disabled)")?.click(),
  };
  // Links that a key follows, such as those along a timeline.
  for (const link of all("a[data-key]")) keys[link.dataset.key] = () => link.click();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    if (event.key.startsWith("Arrow") && event.target.closest("[tabindex]")) return;
    if (event.target.closest("input,select,textarea")?.type !== "checkbox"
      && event.target.closest("input,select,textarea")) return;
    event.preventDefault();
    keys[event.key]();
  });

  // Another task has other models; without script the button brings them.
  for (const select of all("form[data-live] select[name=task]")) {
    select.addEventListener("change", () => {
      location.href = `/evaluate?task=${encodeURIComponent(select.value)}`;
    });
  }

  // Live progress.
  const live = one("[data-events]");
  if (live) {
    const state = one("[data-state]", live);
    const now = one("[data-now]", live);
    const bar = one("progress", live);
    const log = one("[data-log]", live);
    const spoken = one("[role=status]", live);
    let last = Number(live.dataset.last);
    let saidAt = 0;
    let source = null;
    const say = (text, must) => {
      if (!must && Date.now() - saidAt < 10000) return;
      saidAt = Date.now();
      spoken.textContent = text;
    };
    const note = (text) => {
      if (!log) return;
      log.textContent = [...log.textContent.split("\n"), text].filter(Boolean).slice(-40).join("\n");
      log.scrollTop = log.scrollHeight;
    };
    const cellOf = (event) => all("td[data-cell]", live).find((c) => c.dataset.cell === event.cell);
    const show = (event, kind, head, tail) => {
      const cell = cellOf(event);
      if (!cell) return;
      cell.className = `cell ${kind}`;
      one("b", cell).textContent = head;
      one("span", cell).textContent = tail;
    };
    const handlers = {
      plan: () => location.reload(),
      stage: (event) => {
        const share = event.share ? ` ${Math.round(100 * event.share)} %` : "";
        now.textContent = `${event.label ? `${event.label}: ` : ""}${event.step}${share}`;
        if (bar && "steps" in bar.dataset) bar.value = event.share || 0;
        show(event, "running", "● running", `${event.step}${share}`);
        say(now.textContent, false);
      },
      run: (event) => {
        bar.max = event.total;
        bar.value = event.done;
        state.textContent = `${event.done} of ${event.total} runs`;
        const failed = event.verdict === "failed" || event.verdict === "aborted";
        show(event, failed ? "failed" : event.verdict === "invalid" ? "invalid" : "done",
          event.told, event.runs_done);
        note(`${event.sign} ${event.label}: ${event.told}`);
        say(`${event.label}: ${event.told}`, failed);
      },
      log: (event) => note(event.text),
      done: () => { source.close(); location.reload(); },
    };
    const connect = () => {
      const after = last >= 0 ? `?after=${last}` : "";
      source = new EventSource(`${live.dataset.events}${after}`);
      source.onopen = () => live.classList.remove("lost");
      source.onerror = () => {
        live.classList.add("lost");
        now.textContent = "not connected, retrying; the run goes on";
      };
      for (const [type, handle] of Object.entries(handlers)) {
        source.addEventListener(type, (message) => {
          last = Number(message.lastEventId);
          handle(JSON.parse(message.data));
        });
      }
    };
    connect();
    document.addEventListener("visibilitychange", () => {
      source.close();
      if (!document.hidden) connect();
    });
  }

  const themes = ["", "light", "dark"];
  const words = ["as the system says", "light", "dark"];
  const button = one("#theme");
  const remember = (theme) => {
    try { localStorage.setItem("dlscope-theme", theme); } catch { /* private windows refuse */ }
  };
  const remembered = () => {
    try { return localStorage.getItem("dlscope-theme") || ""; } catch { return ""; }
  };
  const dress = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    button.setAttribute("aria-label", `Colours: ${words[themes.indexOf(theme)]}`);
  };
  button.hidden = false;
  dress(themes.includes(remembered()) ? remembered() : "");
  button.addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme || "";
    const next = themes[(themes.indexOf(theme) + 1) % themes.length];
    remember(next);
    dress(next);
  });
})();
