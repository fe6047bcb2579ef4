import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useShared } from "../shared/i18n/react";
import { Button } from "../shared/ui/button";
import { Logo } from "../shared/ui/marks";
import { Counter } from "./frame/Counter";
import { SignIn } from "./sign-in/SignIn";
import { useSession } from "./sign-in/session";
import { useWords } from "./words";

/** The whole page: the counter, or the way in. */
export function Page() {
  const words = useWords();
  const shared = useShared();
  const session = useSession();
  const queries = useQueryClient();
  useEffect(() => {
    document.title = words("title");
  }, [words]);
  if (session.state === "in") return <Counter me={session.me} />;
  if (session.state === "out") return <SignIn />;
  return (
    <main className="signin">
      <Logo />
      <h1>{words("title")}</h1>
      {session.state === "failed" && (
        <>
          <p>{shared("refused.unreachable")}</p>
          <Button onClick={() => void queries.invalidateQueries({ queryKey: ["session"] })}>
            {shared("retry")}
          </Button>
        </>
      )}
    </main>
  );
}
