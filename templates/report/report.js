"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 200;
const byId = (id) => document.getElementById(id);
const texts = [
  (row) => data.sheets[row[0]],
  (row) => row[1],
  (row) => data.kinds[row[2]],
  (row) => row[3],
  (row) => data.details[row[4]],
];
const lower = data.rows.map((row) => texts.map((text) => text(row)).join("\n").toLowerCase());
let order = data.rows.map((_, number) => number);
let shown = order;
let page = 0;
let sorted = null;

function option(select, value) {
  const made = document.createElement("option");
  made.value = made.textContent = value;
  select.append(made);
}

function fill(id, column) {
  const values = new Set(data.rows.map((row) => String(texts[column](row))).filter(Boolean));
  for (const value of [...values].sort()) option(byId(id), value);
}

function draw() {
  const last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
  page = Math.min(Math.max(page, 0), last);
  const body = document.createDocumentFragment();
  for (const number of shown.slice(page * PAGE, (page + 1) * PAGE)) {
    const row = data.rows[number];
    const line = document.createElement("tr");
    texts.forEach((text, column) => {
      const cell = document.createElement("td");
      if (column === 1) cell.className = "number";
      if (column === 2) {
        const dot = document.createElement("span");
        dot.className = "dot k" + row[2];
        cell.className = "nowrap";
        cell.append(dot);
      }
      cell.append(String(text(row)));
      line.append(cell);
    });
    body.append(line);
  }
  byId("rows").replaceChildren(body);
  const total = data.rows.length.toLocaleString("en");
  byId("shown").textContent = shown.length.toLocaleString("en") + " of " + total + " rows, page " + (page + 1) + " of " + (last + 1);
  byId("before").disabled = page === 0;
  byId("after").disabled = page === last;
}

function filter() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = [["sheet", 0], ["kind", 2], ["code", 3]].map(([id, column]) => [byId(id).value, texts[column]]);
  shown = order.filter((number) =>
    wanted.every(([value, text]) => !value || text(data.rows[number]) === value)
    && words.every((word) => lower[number].includes(word)));
  page = 0;
  draw();
}

function sort(column, header) {
  const down = sorted === column && header.getAttribute("aria-sort") === "ascending";
  for (const each of document.querySelectorAll("th[aria-sort]")) each.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const text = texts[column];
  const compare = (a, b) => {
    const one = text(data.rows[a]);
    const other = text(data.rows[b]);
    return one < other ? -1 : one > other ? 1 : a - b;
  };
  order = data.rows.map((_, number) => number).sort(down ? (a, b) => compare(b, a) : compare);
  sorted = column;
  filter();
}

fill("sheet", 0);
fill("kind", 2);
fill("code", 3);
byId("search").addEventListener("input", filter);
for (const id of ["sheet", "kind", "code"]) byId(id).addEventListener("change", filter);
byId("before").addEventListener("click", () => { page -= 1; draw(); });
byId("after").addEventListener("click", () => { page += 1; draw(); });
document.querySelectorAll("#table th").forEach((header, column) =>
  header.firstElementChild.addEventListener("click", () => sort(column, header)));
for (const button of document.querySelectorAll(".show")) {
  button.addEventListener("click", () => {
    byId("search").value = byId("sheet").value = "";
    byId("kind").value = button.dataset.kind;
    byId("code").value = button.dataset.code;
    filter();
    byId("table").scrollIntoView();
  });
}
draw();
