import { Gate } from "../shared/sign-in";
import { Counter } from "./frame/Counter";
import { SignIn } from "./sign-in/SignIn";
import { useSession } from "./sign-in/session";
import { useWords } from "./words";

/** The whole page: the counter, or the way in. */
export function Page() {
  const words = useWords();
  const session = useSession();
  return (
    <Gate title={words("title")} session={session} inside={(me) => <Counter me={me} />} wayIn={<SignIn />} />
  );
}
