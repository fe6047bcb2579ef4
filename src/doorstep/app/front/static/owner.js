// Redeems the link behind this page's address: its token is after the #, which no browser sends.
"use strict";
(() => {
  const page = document.documentElement;
  let kept = null;
  try { kept = localStorage.getItem("doorstep-language"); } catch { /* nothing was chosen, then */ }
  if (kept && kept !== page.lang && !location.search.includes("lang=")) { location.replace("/owner?lang=" + kept + location.hash); return; }
  const words = JSON.parse(page.dataset.words);
  const form = document.getElementById("owner");
  const stop = document.getElementById("stop");
  const field = (name) => document.getElementById(name);
  const link = () => location.hash.slice(1);
  let busy = false;

  const look = () => {
    form.hidden = !link();
    stop.textContent = link() ? "" : words["owner.no_link"];
  };
  look();
  addEventListener("hashchange", look);

  const fits = {
    name: (text) => text.trim() !== "",
    email: (text) => /^[^\s@]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(text.trim()),
    password: (text) => text.length >= 12,
  };
  function judge(name, said) {
    field(name + "-wrong").textContent = said;
    if (said) field(name).setAttribute("aria-invalid", "true");
    else field(name).removeAttribute("aria-invalid");
  }
  function refuse(faults) {
    for (const name of Object.keys(fits)) judge(name, faults[name] ?? "");
    form.querySelector("[aria-invalid]")?.focus();
  }
  for (const name of Object.keys(fits)) field(name).addEventListener("input", () => judge(name, ""));

  async function explain(answer) {
    const told = await answer.json().catch(() => ({}));
    const bad = (told.errors ?? []).map((fault) => fault.where.split("/").pop());
    if (told.code === "email_taken") refuse({ email: words["owner.email_taken"] });
    else if (bad.some((name) => name in fits)) refuse(Object.fromEntries(bad.filter((name) => name in fits).map((name) => [name, words["owner.wrong." + name]])));
    else if (bad.includes("token")) stop.textContent = words["owner.link_spent"];
    else stop.textContent = words["owner." + told.code] ?? [told.detail || told.title, told.remedy].filter(Boolean).join(" ");
    if (!stop.textContent && !form.querySelector("[aria-invalid]")) stop.textContent = words["door.silent"];
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    const wrong = Object.keys(fits).filter((name) => !fits[name](field(name).value));
    refuse(Object.fromEntries(wrong.map((name) => [name, words["owner.wrong." + name]])));
    stop.textContent = "";
    if (wrong.length) return;
    const button = form.querySelector(".door");
    busy = true;
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch("/staff/v1/owner", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Doorstep-CSRF": "1" },
        body: JSON.stringify({ token: link(), name: field("name").value.trim(), email: field("email").value.trim(), password: field("password").value }),
      });
      if (answer.ok) { location.replace("/console"); return; } // signed in; the spent link stays in no history
      await explain(answer);
    } catch { stop.textContent = words["door.silent"]; }
    busy = false;
    button.removeAttribute("aria-busy");
  });

  field("show").addEventListener("click", (event) => {
    const shown = field("password").type === "password";
    field("password").type = shown ? "text" : "password";
    event.currentTarget.setAttribute("aria-pressed", String(shown));
  });

  document.querySelector(".lang").addEventListener("click", (event) => {
    event.currentTarget.hash = location.hash;
    try { localStorage.setItem("doorstep-language", event.currentTarget.lang); } catch { /* then they follow the browser */ }
  });
})();
