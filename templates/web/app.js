// Improves the pages; each of them works without it. Nothing from a workbook or a server becomes markup here:
// pieces of pages come from this program, whose templates escape them.
"use strict";
document.documentElement.classList.add("script");

// A workbook dropped anywhere on the start page.
const drop = document.getElementById("drop");
if (drop) {
  const form = drop.querySelector("form"), input = form.querySelector("input[type=file]");
  const over = (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    drop.classList.add("over");
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    drop.classList.remove("over");
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.textContent = "Checking …";
    setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", () => { form.querySelector("button").disabled = false; form.querySelector("button").textContent = "Check"; });
}

// A form that begins something is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.closest("#drop")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

// Where the program has ended, the page says so itself: it does not go where nobody answers any more.
const live = document.getElementById("live"), preparing = document.getElementById("preparing");
const gone = document.createElement("p");
gone.className = "alert";
gone.setAttribute("role", "alert");
const sayGone = (isGone) => {
  if (isGone && !gone.isConnected) {
    gone.innerHTML = "<b>The program has ended, or cannot be reached.</b> Nothing of the load is lost: start the program again, and press <i>Resume</i> there if the load is not done.";
    (live || preparing).before(gone);
  } else if (!isGone) {
    gone.remove();
  }
  for (const each of document.querySelectorAll(".while-running")) each.hidden = isGone;
  for (const each of document.querySelectorAll(".actions button, #live button")) {
    if (isGone && !each.disabled) each.dataset.gone = "1";
    if (each.dataset.gone) each.disabled = isGone;
    if (!isGone) delete each.dataset.gone;
  }
};
const lookAgain = async () => {
  try {
    await fetch(location.href);
  } catch {
    sayGone(true);
    setTimeout(lookAgain, 3000);
    return;
  }
  location.reload();
};
if (preparing) setTimeout(lookAgain, 1000);

// Live counts: pieces of the page, sent whenever they change. A stream that breaks is opened again.
if (live && live.dataset.stream) {
  let broken = 0;
  const listen = () => {
    const stream = new EventSource(live.dataset.stream);
    stream.onopen = () => { clearTimeout(broken); broken = 0; sayGone(false); };
    stream.onmessage = (event) => { live.innerHTML = JSON.parse(event.data); };
    stream.onerror = () => {
      broken = broken || setTimeout(sayGone, 4000, true);
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    };
    stream.addEventListener("end", () => { stream.close(); lookAgain(); });
    stream.addEventListener("gone", () => { stream.close(); sayGone(true); setTimeout(lookAgain, 10000); });
  };
  listen();
}

// The grid: rows come as they come into view; only what was changed is sent.
const corrections = document.getElementById("corrections");
if (corrections) {
  const rows = document.getElementById("rows"), said = document.getElementById("changed");
  const fields = () => corrections.querySelectorAll("[name^='cell:']");
  const isChanged = (field) => field.value !== (field.dataset.value || "");
  const count = () => {
    let number = 0;
    for (const field of fields()) {
      const changed = isChanged(field);
      field.classList.toggle("changed", changed);
      number += changed;
    }
    said.textContent = number ? `${number} ${number === 1 ? "cell" : "cells"} changed` : "";
  };
  corrections.addEventListener("input", count);
  corrections.addEventListener("submit", () => {
    for (const field of fields()) field.disabled = !isChanged(field);
  });
  addEventListener("pageshow", () => { for (const field of fields()) field.disabled = false; count(); });

  const pager = corrections.querySelector(".pager");
  if (rows.dataset.next && pager && "IntersectionObserver" in window) {
    pager.hidden = true;
    const end = document.createElement("tr");
    rows.append(end);
    let busy = false;
    const watch = new IntersectionObserver(async (entries) => {
      if (busy || !entries.some((entry) => entry.isIntersecting) || !rows.dataset.next) return;
      busy = true;
      try {
        const answer = await fetch(rows.dataset.next);
        if (!answer.ok) throw new Error(answer.statusText);
        const piece = document.createElement("template");
        piece.innerHTML = await answer.text();
        rows.dataset.next = answer.headers.get("x-next-rows") || "";
        rows.insertBefore(piece.content, end);
      } catch {
        rows.dataset.next = "";
        pager.hidden = false;
      }
      busy = false;
      watch.unobserve(end);
      if (rows.dataset.next) watch.observe(end);
    }, { root: corrections.querySelector(".grid"), rootMargin: "1200px" });
    watch.observe(end);
  }
}
