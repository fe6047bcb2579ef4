import type { components } from "../shared/api/client";

type Pace = components["schemas"]["Pace"];

const EVERY_MS = 30_000;

/** The bar of a visitor of the demo: shows that she is here, how fast time runs, and lets her change it. */
export function visit(bar: HTMLElement): void {
  const said = bar.querySelector("span");
  const choices = bar.querySelector(".speeds");

  let again: ReturnType<typeof setTimeout> | undefined;
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
      if (!answer.ok) return;
      const pace = (await answer.json()) as Pace;
      show(pace);
      clearTimeout(again); // time turns a moment after it was wished, or once an open offer is answered
      const turned = Math.abs(pace.speed - pace.wished_speed) < 0.01;
      again = setTimeout(() => void tell("/demo/v1/here"), turned ? EVERY_MS : 1000);
    } catch {
      again = setTimeout(() => void tell("/demo/v1/here"), EVERY_MS);
    }
  };
  void tell("/demo/v1/here");
}
