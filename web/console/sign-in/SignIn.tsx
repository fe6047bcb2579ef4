import { useEffect, useId, useRef, useState } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { SignInForm } from "../../shared/sign-in";
import { useWords } from "../words";

/** E-mail and password first; the authenticator's code when this person has one. */
export function SignIn() {
  const words = useWords();
  const id = useId();
  const [code, setCode] = useState("");
  const [wantsCode, setWantsCode] = useState(false);
  const codeField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (wantsCode) codeField.current?.focus();
  }, [wantsCode]);

  const send = (email: string, password: string) => {
    const totp = wantsCode ? code.replace(/\D/g, "") : null;
    return told(api.POST("/staff/v1/session", { body: { email, password, totp } }));
  };
  const explain = (error: unknown): string => {
    const why = error instanceof Refusal ? error.code : "";
    if (why === "totp_needed") {
      setWantsCode(true);
      return "";
    }
    if (why === "wrong_totp") setCode("");
    return words.has(`signin.${why}`) ? words(`signin.${why}` as never) : words("signin.failed");
  };

  return (
    <SignInForm
      texts={{
        title: words("signin.title"),
        lead: words(wantsCode ? "signin.code.lead" : "signin.lead"),
        email: words("signin.email"),
        password: words("signin.password"),
        go: words("signin.go"),
      }}
      send={send}
      explain={explain}
      more={
        wantsCode && (
          <>
            <label htmlFor={id}>{words("signin.code")}</label>
            <input
              id={id}
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
        )
      }
    />
  );
}
