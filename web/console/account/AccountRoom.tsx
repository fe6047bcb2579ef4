import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, lazy, Suspense, useEffect, useId, useRef, useState } from "react";
import { api, Refusal, type StaffTold, told } from "../../shared/api/client";
import { Button } from "../../shared/ui/button";
import { Ask } from "../../shared/ui/dialog";
import { Icon, Mark } from "../../shared/ui/marks";
import { Preferences } from "../../shared/ui/preferences";
import { useRefused } from "../acts/Acting";
import { useWords } from "../words";

const QrCode = lazy(() => import("./QrCode"));

/** How one signs in, and for owners how the others do. */
export function AccountRoom({ me }: { me: StaffTold }) {
  const words = useWords();
  return (
    <>
      <header className="room-head">
        <h2>{words("account")}</h2>
        <p className="r dim">{words("me.role", { role: words(`role.${me.role}`), email: me.email })}</p>
      </header>
      <div className="sheet account">
        <section>
          <h3>{words("account.second")}</h3>
          {me.totp ? (
            <p className="even">
              <Mark name="done" />
              {words("account.on")}
            </p>
          ) : (
            <>
              <p>{words("account.off")}</p>
              <Enrolling />
            </>
          )}
          <h4>{words("account.lost")}</h4>
          <p className="dim">{words.rich("account.lost.how", {}, CODE)}</p>
        </section>
        {me.role === "owner" && <People me={me} />}
        <section>
          <h3>{words("account.page")}</h3>
          <Preferences />
        </section>
      </div>
    </>
  );
}

const CODE = { code: (inside: string) => <code className="code">{inside}</code> };

type Step = { at: "idle" | "asking" } | { at: "shown"; uri: string };

/** A fresh secret as picture and text, then its first code as the proof that it arrived. */
function Enrolling() {
  const words = useWords();
  const refused = useRefused();
  const queries = useQueryClient();
  const id = useId();
  const [step, setStep] = useState<Step>({ at: "idle" });
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (step.at === "shown") field.current?.focus();
  }, [step.at]);

  const begin = async () => {
    setStep({ at: "asking" });
    setSaid("");
    try {
      setStep({ at: "shown", uri: (await told(api.POST("/staff/v1/totp"))).otpauth_uri });
    } catch (error) {
      setStep({ at: "idle" });
      setSaid(refused(error));
    }
  };
  const confirm = async (event: FormEvent) => {
    event.preventDefault();
    const digits = code.replace(/\D/g, "");
    if (busy || digits.length !== 6) return;
    setBusy(true);
    setSaid("");
    try {
      await told(api.POST("/staff/v1/totp/confirm", { body: { code: digits } }));
      await queries.invalidateQueries({ queryKey: ["session"] });
    } catch (error) {
      const key = error instanceof Refusal ? `signin.${error.code}` : "";
      setSaid(words.has(key) ? words(key) : refused(error));
      setCode("");
      field.current?.focus();
    } finally {
      setBusy(false);
    }
  };

  const alert = said && (
    <p className="band e" role="alert">
      <Mark name="late" />
      {said}
    </p>
  );
  if (step.at !== "shown") {
    return (
      <>
        {alert}
        <Button kind="door" busy={step.at === "asking"} onClick={() => void begin()}>
          {words("account.begin")}
        </Button>
      </>
    );
  }
  const secret = new URL(step.uri).searchParams.get("secret") ?? "";
  return (
    <form className="enrol" onSubmit={confirm}>
      <Suspense fallback={<div className="qr sk" />}>
        <QrCode says={step.uri} label={words("account.qr")} />
      </Suspense>
      <ol>
        <li>{words("account.step.scan")}</li>
        <li>
          {words("account.step.type")}
          <span className="secret">
            <code className="code">{secret.match(/.{1,4}/g)?.join(" ")}</code>
            <Button
              kind="quiet"
              onClick={() => void navigator.clipboard?.writeText(secret).then(() => setCopied(true))}
            >
              {words(copied ? "account.copied" : "account.copy")}
            </Button>
          </span>
        </li>
        <li>
          <label htmlFor={id}>{words("account.step.code")}</label>
          {alert}
          <span className="secret">
            <input
              id={id}
              ref={field}
              className="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={7}
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
            <Button
              kind="door"
              type="submit"
              busy={busy}
              reasonBelow={false}
              offBecause={code.replace(/\D/g, "").length === 6 ? null : words("account.code.first")}
            >
              {words("account.confirm")}
            </Button>
          </span>
        </li>
      </ol>
    </form>
  );
}

/** Who else works here, and who lost her phone. */
function People({ me }: { me: StaffTold }) {
  const words = useWords();
  const refused = useRefused();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<StaffTold | null>(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const people = useQuery({
    queryKey: ["people"],
    queryFn: () => told(api.GET("/staff/v1/staff", { params: { query: { limit: 100 } } })),
  });
  const forget = async (one: StaffTold) => {
    setBusy(true);
    try {
      await told(api.DELETE("/staff/v1/staff/{staff_id}/totp", { params: { path: { staff_id: one.id } } }));
      setAsked(null);
    } catch (error) {
      setSaid(refused(error));
    } finally {
      setBusy(false);
      void queries.invalidateQueries({ queryKey: ["people"] });
    }
  };
  return (
    <section>
      <h3>{words("people")}</h3>
      <div className="scroll-x">
        <table className="tbl wide">
          <thead>
            <tr>
              <th>{words("people.name")}</th>
              <th>{words("people.role")}</th>
              <th>{words("account.second")}</th>
              <th>
                <span className="sr">{words("people.do")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {people.data?.items.map((one) => (
              <tr key={one.id}>
                <td>
                  <b>{one.name}</b>
                  <br />
                  <span className="dim">{one.email}</span>
                </td>
                <td>
                  {words(`role.${one.role}`)}
                  {one.disabled && <span className="dim"> · {words("people.out")}</span>}
                  {one.invited && !one.disabled && <span className="dim"> · {words("people.invited")}</span>}
                </td>
                <td>{words(one.totp ? "yes" : "no")}</td>
                <td className="fig">
                  {one.totp && one.id !== me.id && (
                    <Button
                      onClick={() => {
                        setSaid("");
                        setAsked(one);
                      }}
                    >
                      {words("people.forget")}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {asked && (
        <Ask
          title={words("people.forget.title", { name: asked.name })}
          action={words("people.forget.do")}
          busy={busy}
          onAct={() => void forget(asked)}
          onClose={() => setAsked(null)}
        >
          <p>{words("people.forget.lead")}</p>
          {said && (
            <p className="band e" role="alert">
              <Icon name="shield" size="s" />
              {said}
            </p>
          )}
        </Ask>
      )}
    </section>
  );
}
