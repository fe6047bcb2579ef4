import { useEffect, useState } from "react";
import { go, useAddress } from "../address";
import { DeliveryDrawer } from "../delivery/DeliveryDrawer";
import { DriverDrawer } from "../driver/DriverDrawer";
import type { Market } from "../market/market";
import { useWords } from "../words";

const ROOM_BESIDE = "(min-width: 1280px)";

/** Whether there is room for the drawer beside the map. */
function useBeside(): boolean {
  const [beside, setBeside] = useState(() => matchMedia(ROOM_BESIDE).matches);
  useEffect(() => {
    const asked = matchMedia(ROOM_BESIDE);
    const hear = () => setBeside(asked.matches);
    asked.addEventListener("change", hear);
    return () => asked.removeEventListener("change", hear);
  }, []);
  return beside;
}

/** The drawer that the address names. Without room beside the map it lies over it. */
export function OpenDrawer({ market }: { market: Market }) {
  const words = useWords();
  const { open } = useAddress();
  const beside = useBeside();
  const close = () => go({ open: "" });
  if (!open) return null;
  const driver = open.startsWith("drv_");
  return (
    <aside
      className={beside ? "drawer" : "drawer over"}
      aria-label={words(driver ? "drawer.driver" : "drawer.delivery")}
    >
      {driver ? (
        <DriverDrawer key={open} id={open} market={market} onClose={close} />
      ) : (
        <DeliveryDrawer key={open} id={open} market={market} onClose={close} />
      )}
    </aside>
  );
}
