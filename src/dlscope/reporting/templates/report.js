"use strict";
(() => {
  const byId = (id) => document.getElementById(id);

  // Numbers keep the digits they were written with, where the browser can tell them.
  const exact = (key, value, context) =>
    typeof value === "number" && context && context.source ? { digits: context.source } : value;
  const written = (cell) => {
    if (cell === null) return "";
    const text = typeof cell === "object" ? cell.digits
      : cell === true ? "True" : cell === false ? "False" : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  const asCsv = (source) => {
    const table = JSON.parse(byId(source).textContent, exact);
    const names = table.columns.map((c) => (c.unit ? `${c.name} [${c.unit}]` : c.name));
    return [names, ...table.rows].map((row) => row.map(written).join(",")).join("\n") + "\n";
  };

  const wholePage = () => {
    const tables = [...document.querySelectorAll("script[data-name]")]
      .map((data) => `${data.dataset.name}:${data.textContent}`);
    return `{"tables":{${tables.join(",")}},${byId("rest").textContent.slice(1)}\n`;
  };

  const save = (name, text, kind) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: kind }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const download = (source, format) => {
    if (source === "all") return save("report.json", wholePage(), "application/json");
    const data = byId(source);
    const name = JSON.parse(data.dataset.name).replace(/[^\w.-]+/g, "_") || "table";
    if (format === "csv") return save(`${name}.csv`, asCsv(source), "text/csv");
    return save(`${name}.json`, `${data.textContent}\n`, "application/json");
  };

  for (const group of document.querySelectorAll(".links")) {
    group.dataset.ready = "";
    group.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      if (link.dataset.file) {
        save(link.textContent, JSON.parse(byId(link.dataset.file).textContent), "text/plain");
      } else {
        download(group.dataset.source, link.dataset.format);
      }
    });
  }

  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "string" ? a.localeCompare(String(b)) : a - b;
  };
  const special = { NaN: null, Infinity: Infinity, "-Infinity": -Infinity };

  const makeSortable = (table) => {
    const data = JSON.parse(byId(table.dataset.rows).textContent);
    const cell = (row, key) => {
      const value = data.rows[row.dataset.row][key.column];
      const isNumber = data.columns[key.column].dtype === "float";
      return isNumber && typeof value === "string" ? special[value] : value;
    };
    let keys = [];
    const order = (a, b) => {
      for (const key of keys) {
        const [left, right] = [cell(a, key), cell(b, key)];
        const found = compare(left, right);
        if (found) return left === null || right === null ? found : found * key.way;
      }
      return a.dataset.row - b.dataset.row;
    };
    const sortBy = (column, adds) => {
      const known = keys.find((key) => key.column === column);
      if (known) known.way = -known.way;
      const key = known || { column, way: 1 };
      keys = adds ? [...keys.filter((k) => k !== key), key] : [key];
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(order));
      for (const head of table.querySelectorAll("th[data-column]")) {
        const mine = keys.find((k) => String(k.column) === head.dataset.column);
        if (mine) head.setAttribute("aria-sort", mine.way > 0 ? "ascending" : "descending");
        else head.removeAttribute("aria-sort");
      }
    };
    for (const head of table.querySelectorAll("th[data-column]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      const column = Number(head.dataset.column);
      button.addEventListener("click", (event) => sortBy(column, event.shiftKey));
    }
  };
  for (const table of document.querySelectorAll("table[data-rows]")) {
    if (table.tBodies[0].rows.length > 1) makeSortable(table);
  }

  const themes = ["", "light", "dark"];
  const words = ["as the system says", "light", "dark"];
  const button = byId("theme");
  const remember = (theme) => {
    try { localStorage.setItem("dlscope-theme", theme); } catch { /* private windows refuse */ }
  };
  const remembered = () => {
    try { return localStorage.getItem("dlscope-theme") || ""; } catch { return ""; }
  };
  const show = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    button.setAttribute("aria-label", `Colours: ${words[themes.indexOf(theme)]}`);
  };
  button.hidden = false;
  show(themes.includes(remembered()) ? remembered() : "");
  button.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || "";
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    remember(next);
    show(next);
  });
})();
