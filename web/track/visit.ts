type Pace = { speed: number; choices: number[]; you: unknown; wished_speed: number };

const EVERY_MS = 30_000;

/** The bar of a visitor of the demo: shows that she is here, how fast time runs, and lets her change it. */
export function visit(bar: HTMLElement): void {
  const said = bar.querySelector("span");
  const choices = bar.querySelector(".speeds");

  const show = (pace: Pace) => {
    bar.hidden = pace.you === null;
    const text = (bar.dataset.now ?? "").replace("{speed}", String(Math.round(pace.speed)));
    if (said && said.textContent !== text) said.textContent = text;
    if (!choices) return;
    if (choices.childElementCount !== pace.choices.length) {
      choices.replaceChildren(
        ...pace.choices.map((speed) => {
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = `${speed}×`;
          button.addEventListener("click", () => void tell("/demo/v1/speed", { speed }));
          return button;
        }),
      );
    }
    for (const [number, button] of [...choices.children].entries()) {
      button.setAttribute("aria-pressed", String(pace.choices[number] === pace.wished_speed));
    }
  };
  const tell = async (where: string, body?: object) => {
    try {
      const answer = await fetch(where, {
        method: "POST",
        ...(body ? { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {}),
      });
      if (answer.ok) show((await answer.json()) as Pace);
      if (body) setTimeout(() => void tell("/demo/v1/here"), 1500); // it has turned by then
    } catch {
      // the next sign of life tells
    }
  };
  void tell("/demo/v1/here");
  setInterval(() => void tell("/demo/v1/here"), EVERY_MS);
}
