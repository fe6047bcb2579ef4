import { Icon } from "../../shared/ui/marks";
import type { IconName } from "../../shared/ui/shapes";
import { useWords } from "../words";
import { SafetyButton } from "./Safety";

const ANSWERS: { key: "saying_no" | "pay" | "tunnel" | "pocket" | "door" | "privacy"; icon: IconName }[] = [
  { key: "saying_no", icon: "x" },
  { key: "pay", icon: "money" },
  { key: "tunnel", icon: "signal" },
  { key: "pocket", icon: "sound" },
  { key: "door", icon: "home" },
  { key: "privacy", icon: "lock" },
];

/** Safety first, then the few things everybody asks. */
export function Help() {
  const words = useWords();
  return (
    <div className="pad page">
      <h1>{words("help")}</h1>
      <SafetyButton wide />
      {ANSWERS.map(({ key, icon }) => (
        <details key={key} className="answer">
          <summary>
            <Icon name={icon} />
            {words(`help.${key}`)}
          </summary>
          <p>{words(`help.${key}.more`)}</p>
        </details>
      ))}
    </div>
  );
}
