import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { Button } from "../../shared/ui/button";
import { Logo, Mark } from "../../shared/ui/marks";
import { Preferences } from "../../shared/ui/preferences";
import { useWords } from "../words";

/** E-mail and password of one of the shop's people. */
export function SignIn() {
  const words = useWords();
  const queries = useQueryClient();
  const id = useId();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");

  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setSaid("");
    try {
      await told(api.POST("/v1/session", { body: { email: email.trim(), password } }));
      await queries.invalidateQueries({ queryKey: ["session"] });
    } catch (error) {
      const wrong = error instanceof Refusal && error.status === 401;
      setSaid(words(wrong ? "signin.wrong" : "signin.failed"));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="signin">
      <form onSubmit={send} aria-labelledby={`${id}h`}>
        <Logo />
        <h1 id={`${id}h`}>{words("signin.title")}</h1>
        <p className="dim">{words("signin.lead")}</p>
        {said && (
          <p className="band e" role="alert">
            <Mark name="late" />
            {said}
          </p>
        )}
        <label htmlFor={`${id}e`}>{words("signin.email")}</label>
        <input
          id={`${id}e`}
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <label htmlFor={`${id}p`}>{words("signin.password")}</label>
        <input
          id={`${id}p`}
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button kind="door" size="shop" type="submit" busy={busy}>
          {words("signin.go")}
        </Button>
        <p className="dim">
          <a href="/">{words("signin.street")}</a>
        </p>
      </form>
      <Preferences />
    </main>
  );
}
