import type { StaffTold } from "../../shared/api/client";
import { Button } from "../../shared/ui/button";
import { Logo } from "../../shared/ui/marks";
import { Preferences } from "../../shared/ui/preferences";
import { useSignOut } from "../sign-in/session";
import { useWords } from "../words";
import { NewMarket } from "./NewMarket";

/** A network without markets: an owner opens the first one, others are told who can. */
export function FirstMarket({ me }: { me: StaffTold }) {
  const words = useWords();
  const signOut = useSignOut();
  const owner = me.role === "owner";
  return (
    <main className="signin first">
      <section>
        <Logo />
        <h1>{words(owner ? "new.first" : "markets.none")}</h1>
        <p className="dim">{words(owner ? "new.first.lead" : "markets.none.owner")}</p>
        {owner && <NewMarket first />}
      </section>
      <div className="prefs">
        <span>{words("me.role", { role: words(`role.${me.role}`), email: me.email })}</span>
        <Button kind="quiet" onClick={() => void signOut()}>
          {words("signout")}
        </Button>
      </div>
      <Preferences />
    </main>
  );
}
