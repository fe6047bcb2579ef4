import { useSyncExternalStore } from "react";

export type Theme = "auto" | "light" | "dark";

const KEPT = "doorstep-theme";
const hearers = new Set<() => void>();
const system = matchMedia("(prefers-color-scheme: dark)");

function kept(): Theme {
  const found = localStorage.getItem(KEPT);
  return found === "light" || found === "dark" ? found : "auto";
}

/** Puts the kept choice on the page. Call it first thing in main. */
export function applyTheme(): void {
  const theme = kept();
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function chooseTheme(theme: Theme): void {
  if (theme === "auto") localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, theme);
  applyTheme();
  for (const hear of hearers) hear();
}

/** Whether the page is dark now. */
export function isDark(): boolean {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : system.matches;
}

/** Tells whenever light and dark change, by choice or by the system. */
export function onTheme(hear: () => void): () => void {
  hearers.add(hear);
  system.addEventListener("change", hear);
  return () => {
    hearers.delete(hear);
    system.removeEventListener("change", hear);
  };
}

export const useTheme = (): Theme => useSyncExternalStore(onTheme, kept);
export const useDark = (): boolean => useSyncExternalStore(onTheme, isDark);
