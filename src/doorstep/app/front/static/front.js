// Keeps the front page true: figures every second, how old they are when they cannot be had, and how fast time runs.
"use strict";
(() => {
  const page = document.documentElement;
  let kept = null;
  try { kept = localStorage.getItem("doorstep-language"); } catch { /* nothing was chosen, then */ }
  if (kept && kept !== page.lang && !location.search.includes("lang=")) { location.replace("/?lang=" + kept); return; }
  const demo = "demo" in page.dataset;
  const card = document.querySelector(".now[data-market]");
  const stay = document.querySelector(".stay");
  const words = JSON.parse(page.dataset.words || "{}");
  const spanish = page.lang === "es";
  const count = new Intl.NumberFormat("en-US");
  let time = { real: Date.now(), market: Date.parse(page.dataset.clock), speed: Number(page.dataset.speed || 1), turn: null };
  let heard = Date.now();
  let going = false; // through a door: nothing may call the page back

  const marketNow = () => {
    const past = Date.now() - time.real;
    const before = time.turn ? Math.min(past, time.turn.in_real_s * 1000) : past;
    return new Date(time.market + before * time.speed + (past - before) * (time.turn ? time.turn.speed : 0));
  };
  const money = (minor) => (minor < 0 ? "−$" : "$") + (Math.abs(minor) / 100).toFixed(2).replace(/\B(?=(\d{3})+$)/g, ",");
  const put = (place, text) => { if (place && place.textContent !== text) place.textContent = text; };
  const written = (options) => new Intl.DateTimeFormat(spanish ? "es-US" : "en-US", { timeZone: card.dataset.timezone, ...options }).format(marketNow()).replace(/[\s\u00a0\u202f]+/g, " ").replace(/[AP]M/, (half) => half.toLowerCase());
  const clock = () => written({ weekday: "long" }) + " " + written({ hour: "numeric", minute: "2-digit" });
  const pace = (speed) => speed === 1 ? words["pace.life"] : words["pace.faster"].replace("{speed}", speed);
  const again = () => { if (!going) location.reload(); };
  const post = (path, body) => fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Doorstep-CSRF": "1" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });

  function show(told) {
    const markets = new Map(told.markets.map((market) => [market.id, market]));
    const shown = [...document.querySelectorAll("[data-market]")];
    if (shown.length !== markets.size || shown.some((place) => !markets.has(place.dataset.market))) { again(); return; }
    for (const place of shown) {
      const market = markets.get(place.dataset.market);
      for (const figure of place.querySelectorAll("[data-figure]")) {
        const value = market[figure.dataset.figure];
        put(figure, figure.dataset.figure.endsWith("_minor") ? money(value) : count.format(value));
        figure.parentElement.classList.toggle("off", figure.dataset.figure.endsWith("_minor") && value !== 0);
      }
    }
    heard = Date.now();
  }

  // How fast time runs, and why. Of those inside the page knows its own visit alone.
  function run(told) {
    time = { real: Date.now(), market: Date.parse(told.market_time), speed: told.speed, turn: told.turning };
    put(document.querySelector(".pace"), pace(told.speed));
    if (!stay) return;
    if (!told.you) { again(); return; }
    put(stay.querySelector(".why"), words["why." + told.why] ?? "");
    for (const button of stay.querySelectorAll("[data-speed]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === told.wished_speed));
    }
  }

  const get = async (path) => {
    const answer = await fetch(path, { cache: "no-store" });
    return answer.ok ? answer.json() : null;
  };
  async function look() {
    try {
      const [figures, told] = await Promise.all([get("/status.json"), demo ? get("/demo/v1/speed") : null]);
      if (figures) show(figures);
      if (told) run(told);
    } catch { /* the age below says it */ }
    if (card) {
      const stale = Date.now() - heard > 3000;
      card.classList.toggle("stale", stale);
      put(card.querySelector(".as-of"), stale ? words["now.as_of"].replace("{seconds}", Math.round((Date.now() - heard) / 1000)) : words["now.live"]);
      if (!stale) put(card.querySelector(".clock"), clock());
    }
    setTimeout(look, document.hidden ? 5000 : 1000);
  }
  if (card || demo) setTimeout(look, 300);

  // Doors: by key, by their house, or by their button.
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (way) way.click();
  });
  for (const house of document.querySelectorAll("[data-house]")) {
    house.addEventListener("click", () => document.querySelector(`[data-key="${house.dataset.house}"]`)?.click());
  }
  for (const form of document.querySelectorAll("form[data-door]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const say = form.querySelector(".no");
      put(say, "");
      going = true;
      try {
        const answer = await post("/demo/enter", { as: new FormData(form).get("as") });
        const told = await answer.json();
        if (answer.ok) { location.assign(told.go); return; }
        if (told.code === "nothing_to_watch") put(say, words["door.nothing_to_watch"]);
        else put(say, [told.detail, told.remedy].filter(Boolean).join(" ").replace(/([^.!?]) (?=[A-Z])/, "$1. "));
      } catch { put(say, words["door.silent"]); }
      going = false;
    });
  }

  // The pages behind the doors speak the language chosen here.
  document.querySelector(".lang")?.addEventListener("click", (event) => {
    try { localStorage.setItem("doorstep-language", event.currentTarget.lang); } catch { /* then they follow the browser */ }
  });

  if (stay) {
    const here = () => post("/demo/v1/here").catch(() => undefined);
    here();
    setInterval(here, 30000);
    for (const button of stay.querySelectorAll("[data-speed]")) {
      button.addEventListener("click", async () => {
        const answer = await post("/demo/v1/speed", { speed: Number(button.dataset.speed) });
        if (answer.ok) run(await answer.json());
      });
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(text.textContent);
        put(button, words["call.copied"]);
        put(button.parentElement.querySelector("[role=status]"), words["call.copied.said"]);
        setTimeout(() => put(button, words["call.copy"]), 2000);
      } catch { getSelection().selectAllChildren(text); }
    });
  }
})();
