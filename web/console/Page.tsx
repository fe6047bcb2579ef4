import { useShared } from "../shared/i18n/react";
import { Logo } from "../shared/ui/marks";
import { useWords } from "./words";

/** The whole page. */
export function Page() {
  const words = useWords();
  const shared = useShared();
  return (
    <main>
      <Logo />
      <h1>{words("title")}</h1>
      <p>{shared("soon")}</p>
    </main>
  );
}
