import { type MouseEvent, useState } from "react";
import type { StaffTold } from "../../shared/api/client";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { Icon, Logo } from "../../shared/ui/marks";
import { Preferences } from "../../shared/ui/preferences";
import type { IconName } from "../../shared/ui/shapes";
import { go, linkTo, type Room, useAddress } from "../address";
import { useSignOut } from "../sign-in/session";
import { useWords } from "../words";
import { LeaveDemo } from "./Pace";

const PLACES: { room: Room; icon: IconName }[] = [
  { room: "live", icon: "map" },
  { room: "board", icon: "board" },
  { room: "table", icon: "car" },
  { room: "money", icon: "money" },
];

/** The rooms of the console, and who sits here. */
export function Rail({ me }: { me: StaffTold }) {
  const words = useWords();
  const signOut = useSignOut();
  const [asked, setAsked] = useState(false);
  return (
    <nav className="rail" aria-label={words("rail")}>
      <Logo />
      {PLACES.map((place) => (
        <Place key={place.room} {...place} />
      ))}
      <span className="sp" />
      {me.role === "owner" && <Place room="audit" icon="note" />}
      <Place room="market" icon="gear" />
      <button
        type="button"
        className="me"
        aria-label={words("me", { name: me.name })}
        onClick={() => setAsked(true)}
      >
        {initials(me.name)}
      </button>
      {asked && (
        <Dialog title={me.name} onClose={() => setAsked(false)} className="mine">
          <p>{words("me.role", { role: words(`role.${me.role}`), email: me.email })}</p>
          <Preferences />
          <Button
            icon={<Icon name="lock" size="s" />}
            onClick={() => {
              setAsked(false);
              go({ room: "account", open: "" });
            }}
          >
            {words(me.totp ? "account.open" : "account.open.totp")}
          </Button>
          <LeaveDemo />
          <Button onClick={() => void signOut()}>{words("signout")}</Button>
        </Dialog>
      )}
    </nav>
  );
}

function Place({ room, icon }: { room: Room; icon: IconName }) {
  const words = useWords();
  const { room: now } = useAddress();
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go({ room });
  };
  return (
    <a href={linkTo({ room })} onClick={follow} aria-current={now === room ? "page" : undefined}>
      <Icon name={icon} size="l" />
      {words(`room.${room}`)}
    </a>
  );
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((part) => part[0] ?? "")
    .join("")
    .toUpperCase();
