// Keeps the figures of the front page true: asks /status.json every second, says how old they are when it cannot.
"use strict";
(() => {
  const card = document.querySelector(".now[data-market]");
  const count = new Intl.NumberFormat("en-US");
  const asked = Number(document.documentElement.dataset.speed || 1);
  const born = { wall: Date.now(), market: Date.parse(document.documentElement.dataset.clock) };
  const marketNow = () => new Date(born.market + (Date.now() - born.wall) * asked);
  let heard = Date.now();

  const money = (minor) => (minor < 0 ? "−$" : "$") + (Math.abs(minor) / 100).toFixed(2).replace(/\B(?=(\d{3})+$)/g, ",");
  const put = (place, text) => { if (place && place.textContent !== text) place.textContent = text; };
  const time = (options) => new Intl.DateTimeFormat("en-US", { timeZone: card.dataset.timezone, ...options }).format(marketNow()).replace(/\s?([AP]M)/, (_, half) => " " + half.toLowerCase());
  const clock = () => time({ weekday: "long" }) + " " + time({ hour: "numeric", minute: "2-digit" });

  function show(told) {
    const markets = new Map(told.markets.map((market) => [market.id, market]));
    const shown = [...document.querySelectorAll("[data-market]")];
    if (shown.length !== markets.size || shown.some((place) => !markets.has(place.dataset.market))) { location.reload(); return; }
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

  async function look() {
    try {
      const answer = await fetch("/status.json", { cache: "no-store" });
      if (answer.ok) show(await answer.json());
    } catch { /* the age below says it */ }
    if (card) {
      const stale = Date.now() - heard > 3000;
      card.classList.toggle("stale", stale);
      put(card.querySelector(".as-of"), stale ? "as of " + Math.round((Date.now() - heard) / 1000) + " s ago" : "live");
      if (!stale) put(card.querySelector(".clock"), clock());
    }
    setTimeout(look, document.hidden ? 5000 : 1000);
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (way) way.click();
  });
  for (const form of document.querySelectorAll("form[data-inside]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Doorstep-CSRF": "1" },
        body: JSON.stringify({ as: new FormData(form).get("as") }),
      });
      if (answer.ok) location.assign(form.dataset.inside); else form.submit();
    });
  }
  if (card || document.querySelector(".now")) setTimeout(look, 1000);

  for (const place of document.querySelectorAll("pre[data-get]")) {
    (async () => {
      try {
        const answer = await fetch(place.dataset.get, { headers: { Accept: "application/json" } });
        const body = await answer.json();
        put(place, JSON.stringify(body, null, 2));
        put(place.parentElement.querySelector(".status"), `${answer.status} ${answer.statusText}`);
      } catch (error) { put(place, "No answer: " + error.message); }
    })();
  }
})();
