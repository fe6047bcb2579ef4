import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Refusal } from "./api/client";
import { Speaking } from "./i18n/react";
import { applyTheme } from "./theme";
import { ToastPlace } from "./ui/toast";

/** Reads are kept and read again; only what may pass by itself is tried again. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 3 && error instanceof Refusal && error.passing,
      retryDelay: (count) => Math.min(500 * 2 ** count, 8_000),
    },
    mutations: { retry: false },
  },
});

/** Puts a page into `#page` with everything that all pages stand in: language, toasts, reads. */
export function start(page: ReactNode): void {
  applyTheme();
  const place = document.getElementById("page");
  if (!place) throw new Error("the page has no #page");
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Speaking>
          <ToastPlace>{page}</ToastPlace>
        </Speaking>
      </QueryClientProvider>
    </StrictMode>,
  );
}
