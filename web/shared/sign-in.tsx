import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useId, useState } from "react";
import { Refusal } from "./api/refusal";
import { useShared } from "./i18n/react";
import { Button } from "./ui/button";
import { Logo, Mark } from "./ui/marks";
import { Preferences } from "./ui/preferences";

export type Session<Me> =
  | { state: "asking" }
  | { state: "out" }
  | { state: "in"; me: Me }
  | { state: "failed" };

/**
 * Who sits here. The cookie says it; nothing is kept in the page. `mark` is the readable cookie beside it: without one
 * there is nobody to ask about.
 */
export function useSession<Me extends object>(mark: string, ask: () => Promise<Me>): Session<Me> {
  const asked = useQuery({
    queryKey: ["session"],
    queryFn: async () => {
      if (!document.cookie.split("; ").includes(`${mark}=1`)) return null;
      try {
        return await ask();
      } catch (error) {
        if (error instanceof Refusal && (error.status === 401 || error.status === 403)) return null;
        throw error;
      }
    },
    staleTime: 60_000,
    refetchOnWindowFocus: true,
  });
  if (asked.data) return { state: "in", me: asked.data };
  if (asked.data === null) return { state: "out" };
  return { state: asked.isError ? "failed" : "asking" };
}

/** A page whose people sign in: its inside, the way in, or why neither is shown. */
export function Gate<Me>({
  title,
  session,
  inside,
  wayIn,
}: {
  title: string;
  session: Session<Me>;
  inside: (me: Me) => ReactNode;
  wayIn: ReactNode;
}) {
  const shared = useShared();
  const queries = useQueryClient();
  useEffect(() => {
    document.title = title;
  }, [title]);
  if (session.state === "in") return inside(session.me);
  if (session.state === "out") return wayIn;
  return (
    <main className="signin">
      <Logo />
      <h1>{title}</h1>
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

type Texts = { title: string; lead: string; email: string; password: string; go: string };

/**
 * E-mail and password, and what a page asks for beyond them. `send` signs in or throws; `explain` says why not, and
 * an empty text where the page itself asks for more.
 */
export function SignInForm({
  texts,
  send,
  explain,
  size = "",
  more,
  below,
}: {
  texts: Texts;
  send: (email: string, password: string) => Promise<unknown>;
  explain: (error: unknown) => string;
  size?: "" | "shop";
  more?: ReactNode;
  below?: ReactNode;
}) {
  const queries = useQueryClient();
  const id = useId();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setSaid("");
    try {
      await send(email.trim(), password);
      await queries.invalidateQueries({ queryKey: ["session"] });
    } catch (error) {
      setSaid(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="signin">
      <form onSubmit={submit} aria-labelledby={`${id}h`}>
        <Logo />
        <h1 id={`${id}h`}>{texts.title}</h1>
        <p className="dim">{texts.lead}</p>
        {said && (
          <p className="band e" role="alert">
            <Mark name="late" />
            {said}
          </p>
        )}
        <label htmlFor={`${id}e`}>{texts.email}</label>
        <input
          id={`${id}e`}
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <label htmlFor={`${id}p`}>{texts.password}</label>
        <input
          id={`${id}p`}
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {more}
        <Button kind="door" size={size} type="submit" busy={busy}>
          {texts.go}
        </Button>
        {below}
      </form>
      <Preferences />
    </main>
  );
}
