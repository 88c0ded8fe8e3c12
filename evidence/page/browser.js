// Runs in the page of evidence, and nowhere else: the table that can be searched and sorted. Words of others are only ever set as text.
"use strict";
(() => {
  /**
   * @typedef {{ mailbox: string, passed: boolean, result: string, texts: string[], keys: (number | null)[], details: string[],
   *   files: { path: string, size: string, sha256: string }[] }} Row
   * @typedef {{ rowsAtOnce: number, printedAtMost: number, detailLabels: string[], rows: Row[] }} Data
   */

  const dataElement = document.getElementById("data");
  const table = document.getElementById("table");
  if (dataElement === null || !(table instanceof HTMLTableElement)) return;
  /** @type {Data} */
  const { rowsAtOnce, printedAtMost, detailLabels, rows } = JSON.parse(dataElement.textContent ?? "");

  const body = /** @type {HTMLTableSectionElement} */ (table.tBodies[0]);
  const heads = [...table.querySelectorAll("thead th")];
  const query = /** @type {HTMLInputElement} */ (document.getElementById("query"));
  const filter = /** @type {HTMLSelectElement} */ (document.getElementById("filter"));
  const count = /** @type {HTMLElement} */ (document.getElementById("count"));
  const copied = /** @type {HTMLElement} */ (document.getElementById("copied"));
  const previous = /** @type {HTMLElement} */ (document.getElementById("previous"));
  const next = /** @type {HTMLElement} */ (document.getElementById("next"));
  const pages = /** @type {HTMLElement} */ (previous.parentElement);

  const state = { column: -1, direction: 1, page: 0, isPrinting: false };
  /** What is searched in a row, made when it is searched first. @type {Map<Row, string>} */
  const searched = new Map();
  let chosen = rows;

  /** @param {Row} row */
  const textOf = (row) => {
    let text = searched.get(row);
    if (text === undefined) {
      const files = row.files.flatMap(({ path, sha256 }) => [path, sha256]);
      text = [row.mailbox, row.result, ...row.details, ...files].join("\n").toLowerCase();
      searched.set(row, text);
    }
    return text;
  };

  /** @param {Row} row @param {number} column */
  const keyOf = (row, column) =>
    column === 0
      ? row.mailbox.toLowerCase()
      : column === 1
        ? `${row.passed ? 1 : 0}${row.result}`
        : (row.keys[column - 2] ?? null);

  /** Rows of which nothing is known stand last in either direction. @param {Row} a @param {Row} b */
  const compare = (a, b) => {
    const [x, y] = [keyOf(a, state.column), keyOf(b, state.column)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return (x < y ? -1 : x > y ? 1 : 0) * state.direction;
  };

  const choose = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = rows.filter(
      (row) =>
        // Paper says that it lists all, so it does, whatever was searched for.
        state.isPrinting ||
        ((filter.value === "all" || row.passed === (filter.value === "passed")) &&
          words.every((word) => textOf(row).includes(word))),
    );
    chosen = state.column < 0 ? wanted : wanted.sort(compare);
    render();
  };

  const chooseAnew = () => {
    state.page = 0;
    choose();
  };

  const render = () => {
    const all = state.isPrinting && chosen.length <= printedAtMost;
    const first = all ? 0 : state.page * rowsAtOnce;
    const last = all ? chosen.length : Math.min(chosen.length, first + rowsAtOnce);
    body.replaceChildren(...chosen.slice(first, last).map(rowElement));
    const found = chosen.length.toLocaleString("en-US");
    const range = `, showing ${(first + 1).toLocaleString("en-US")} to ${last.toLocaleString("en-US")}`;
    count.textContent = `${found} ${chosen.length === 1 ? "mailbox" : "mailboxes"}${last - first < chosen.length ? range : ""}`;
    // Not `disabled`: a button that has the focus would lose it.
    previous.setAttribute("aria-disabled", String(state.page === 0));
    next.setAttribute("aria-disabled", String(last >= chosen.length));
    pages.hidden = chosen.length <= rowsAtOnce;
  };

  /** @param {string} name @param {string} [text] @param {string} [className] */
  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className !== undefined) made.className = className;
    return made;
  };

  /** @param {Row} row */
  const rowElement = (row) => {
    const line = element("tr");
    const head = element("th");
    head.setAttribute("scope", "row");
    const open = element("button");
    open.setAttribute("type", "button");
    open.setAttribute("aria-expanded", "false");
    open.append(element("bdi", row.mailbox));
    open.addEventListener("click", () => {
      const isOpen = open.getAttribute("aria-expanded") === "true";
      open.setAttribute("aria-expanded", String(!isOpen));
      if (isOpen) line.nextElementSibling?.remove();
      else line.after(detailElement(row));
    });
    head.append(open);
    const result = element("td");
    result.append(badge(row));
    line.append(head, result, ...row.texts.map((text) => element("td", text, "number")));
    return line;
  };

  /** @param {Row} row */
  const badge = (row) => {
    const made = element("span", undefined, `badge ${row.passed ? "good" : "bad"}`);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", row.passed ? "M4 8.5 7 11.5 12 5" : "M5 5 11 11 M11 5 5 11");
    svg.append(path);
    made.append(svg, row.result);
    return made;
  };

  /** @param {Row} row */
  const detailElement = (row) => {
    const line = element("tr", undefined, "detail");
    const cell = element("td");
    cell.setAttribute("colspan", String(heads.length));
    const list = element("dl", undefined, "lines");
    row.details.forEach((value, index) => {
      if (value !== "") list.append(pair(detailLabels[index] ?? "", document.createTextNode(value)));
    });
    for (const { path, size, sha256 } of row.files) {
      list.append(pair(`File, ${size}`, element("code", path), copyButton(path, `file name ${path}`)));
      list.append(pair("SHA-256", element("code", sha256), copyButton(sha256, `SHA-256 of ${path}`)));
    }
    cell.append(list);
    line.append(cell);
    return line;
  };

  /** @param {string} label @param {Node[]} values */
  const pair = (label, ...values) => {
    const made = element("div");
    const value = element("dd");
    value.append(...values);
    made.append(element("dt", label), value);
    return made;
  };

  /** @param {string} text @param {string} what */
  const copyButton = (text, what) => {
    const button = element("button", "Copy");
    button.setAttribute("type", "button");
    button.setAttribute("aria-label", `Copy ${what}`);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
        copied.textContent = `Copied ${what}`;
      } catch {
        // Without the right to write to the clipboard, the text is selected, ready to be copied by hand.
        if (button.previousElementSibling !== null) getSelection()?.selectAllChildren(button.previousElementSibling);
        copied.textContent = `Selected ${what}`;
      }
    });
    return button;
  };

  const headButtons = heads.map((head, column) => {
    const button = element("button", head.textContent ?? "");
    button.setAttribute("type", "button");
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      state.direction = state.column === column ? -state.direction : 1;
      state.column = column;
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", state.direction === 1 ? "ascending" : "descending");
      chooseAnew();
    });
    return button;
  });
  /** @param {number} pages */
  const turn = (pages) => {
    const page = state.page + pages;
    if (page < 0 || page * rowsAtOnce >= chosen.length) return;
    state.page = page;
    render();
  };
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  query.addEventListener("input", chooseAnew);
  filter.addEventListener("change", chooseAnew);
  query.form?.addEventListener("submit", (event) => event.preventDefault());
  for (const [event, isPrinting] of /** @type {const} */ ([
    ["beforeprint", true],
    ["afterprint", false],
  ])) {
    addEventListener(event, () => {
      state.isPrinting = isPrinting;
      // A head that is repeated on every sheet is painted there without its buttons.
      headButtons.forEach((button, column) =>
        heads[column]?.replaceChildren(isPrinting ? (button.textContent ?? "") : button),
      );
      choose();
    });
  }

  table.querySelector("caption")?.replaceChildren("A mailbox opens to show its details. A column's head sorts by it.");
  for (const hidden of document.querySelectorAll("#all [hidden]")) hidden.removeAttribute("hidden");
  render();
  document.documentElement.dataset["ready"] = "true";
})();
