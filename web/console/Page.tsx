import { Gate } from "../shared/sign-in";
import { Console } from "./frame/Console";
import { SignIn } from "./sign-in/SignIn";
import { useSession } from "./sign-in/session";
import { useWords } from "./words";

/** The whole page: signed in or not. */
export function Page() {
  const words = useWords();
  const session = useSession();
  return (
    <Gate title={words("title")} session={session} inside={(me) => <Console me={me} />} wayIn={<SignIn />} />
  );
}
