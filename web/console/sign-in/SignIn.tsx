import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { Button } from "../../shared/ui/button";
import { Logo, Mark } from "../../shared/ui/marks";
import { Preferences } from "../../shared/ui/preferences";
import { useWords } from "../words";

/** E-mail and password first; the authenticator's code when this person has one. */
export function SignIn() {
  const words = useWords();
  const queries = useQueryClient();
  const id = useId();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [wantsCode, setWantsCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const codeField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (wantsCode) codeField.current?.focus();
  }, [wantsCode]);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setSaid("");
    try {
      const totp = wantsCode ? code.replace(/\D/g, "") : null;
      await told(api.POST("/staff/v1/session", { body: { email: email.trim(), password, totp } }));
      await queries.invalidateQueries({ queryKey: ["session"] });
    } catch (error) {
      const why = error instanceof Refusal ? error.code : "";
      if (why === "totp_needed") setWantsCode(true);
      else {
        setSaid(words.has(`signin.${why}`) ? words(`signin.${why}` as never) : words("signin.failed"));
        if (why === "wrong_totp") setCode("");
      }
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="signin">
      <form onSubmit={send} aria-labelledby={`${id}h`}>
        <Logo />
        <h1 id={`${id}h`}>{words("signin.title")}</h1>
        <p className="dim">{words(wantsCode ? "signin.code.lead" : "signin.lead")}</p>
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
        {wantsCode && (
          <>
            <label htmlFor={`${id}c`}>{words("signin.code")}</label>
            <input
              id={`${id}c`}
              ref={codeField}
              className="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              pattern="[0-9 ]{6,7}"
              required
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
          </>
        )}
        <Button kind="door" type="submit" busy={busy}>
          {words("signin.go")}
        </Button>
      </form>
      <Preferences />
    </main>
  );
}
