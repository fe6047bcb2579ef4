import { api, Refusal, told } from "../../shared/api/client";
import { SignInForm } from "../../shared/sign-in";
import { useWords } from "../words";

/** E-mail and password of one of the shop's people. */
export function SignIn() {
  const words = useWords();
  return (
    <SignInForm
      size="shop"
      texts={{
        title: words("signin.title"),
        lead: words("signin.lead"),
        email: words("signin.email"),
        password: words("signin.password"),
        go: words("signin.go"),
      }}
      send={(email, password) => told(api.POST("/v1/session", { body: { email, password } }))}
      explain={(error) =>
        words(error instanceof Refusal && error.status === 401 ? "signin.wrong" : "signin.failed")
      }
      below={
        <p className="dim">
          <a href="/">{words("signin.street")}</a>
        </p>
      }
    />
  );
}
