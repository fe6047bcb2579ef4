import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { Button } from "../../shared/ui/button";
import { Logo } from "../../shared/ui/marks";
import { Preferences } from "../../shared/ui/preferences";
import { forgetEverything, lastCopy } from "../phone/keep";
import { useRefused } from "../refused";
import type { Me } from "../types";
import { useWords } from "../words";

const PHONE = "doorstep-driver-phone";

/** Sign-in by a code that is sent to the phone: two fields, one after the other. */
export function SignIn({ onIn, again }: { onIn: () => void; again: boolean }) {
  const words = useWords();
  const refused = useRefused();
  const [phone, setPhone] = useState(() => localStorage.getItem(PHONE) ?? "");
  const [code, setCode] = useState("");
  const [sent, setSent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (sent) field.current?.focus();
  }, [sent]);

  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setWrong("");
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      setWrong(refused(error));
    } finally {
      setBusy(false);
    }
  };

  const ask = () =>
    attempt(async () => {
      await told(api.POST("/driver/v1/session/code", { body: { phone } }));
      localStorage.setItem(PHONE, phone);
      setSent(true);
    });

  const enter = () =>
    attempt(async () => {
      const opened = await told(api.POST("/driver/v1/session", { body: { phone, code } }));
      const before = lastCopy<Me>("me");
      if (before && before.told.id !== opened.subject) await forgetEverything(); // somebody else's phone now
      onIn();
    });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!busy) void (sent ? enter() : ask());
  };

  return (
    <main className="signin">
      <Logo />
      <h1>{words("signin.title")}</h1>
      <p className="lead">{words(again ? "signin.again" : "signin.lead")}</p>
      <form onSubmit={submit}>
        <label htmlFor="phone">{words("signin.phone")}</label>
        <input
          id="phone"
          type="tel"
          autoComplete="tel"
          inputMode="tel"
          required
          value={phone}
          readOnly={sent}
          onChange={(event) => setPhone(event.target.value)}
        />
        {sent && (
          <>
            <label htmlFor="code">{words("signin.code")}</label>
            <input
              id="code"
              ref={field}
              className="codefield"
              inputMode="numeric"
              autoComplete="one-time-code"
              pattern="[0-9]{6}"
              maxLength={6}
              required
              aria-describedby="sentto"
              value={code}
              onChange={(event) => setCode(event.target.value.replace(/\D/g, ""))}
            />
            <p id="sentto" className="dim">
              {words("signin.sent", { phone })}
            </p>
          </>
        )}
        {wrong && (
          <p className="wrong" role="alert">
            {wrong}
          </p>
        )}
        <Button kind="door" size="tall" type="submit" busy={busy} className="wide">
          {words(sent ? "signin.enter" : "signin.ask")}
        </Button>
        {sent && (
          <Button kind="quiet" size="shop" className="wide" onClick={() => setSent(false)}>
            {words("signin.other")}
          </Button>
        )}
      </form>
      <Preferences />
    </main>
  );
}
