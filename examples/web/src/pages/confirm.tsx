import type { Arrival, components, LatchkeyErrorBody } from "@latchkey/client";
import { useSession } from "@latchkey/client/react";
import { useEffect, useState } from "react";
import { Link, useNavigate } from "react-router";
import { arrival } from "../arrival.ts";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { latchkey } from "../latchkey.ts";
import { emailProblem, problemOf } from "../problems.tsx";
import { finish } from "./return.tsx";
import { Waiting } from "./waiting.tsx";

type MailType = components["schemas"]["VerifyRequest"]["type"];

interface Words {
  title: string;
  text: string;
  button: string;
}

const MAGIC: Words = { title: "Sign in", text: "You asked for a mail to sign in with.", button: "Sign in" };
const WORDS: Record<MailType, Words> = {
  signup: { title: "Confirm your address", text: "One click, and your account is ready.", button: "Confirm" },
  invite: { title: "You are invited", text: "Accept, and choose a password next.", button: "Accept" },
  magiclink: MAGIC,
  email: MAGIC,
  recovery: { title: "Choose a new password", text: "You said that you forgot the old one.", button: "Go on" },
  email_change: { title: "Confirm the new address", text: "You asked to change your address.", button: "Confirm" },
};

/** Where a mail's link leads. Nothing happens before the click: programs that look for viruses follow links too. */
export function Confirm() {
  const { status } = useSession();
  const [half, setHalf] = useState<string | null>(arrival?.kind === "confirm_other_address" ? arrival.kind : null);
  const [over, setOver] = useState<LatchkeyErrorBody | null>(arrival?.kind === "refused" ? arrival.error : null);

  if (half) {
    const isDone = half === "sign_in";
    return (
      <>
        <Heading title={isDone ? "Your address is changed" : "One more mail"}>
          {isDone
            ? "Sign in with the new one from now on."
            : "This address is confirmed. The change is done when you follow the link in your other mailbox, too."}
        </Heading>
        <Elsewhere />
      </>
    );
  }
  if (over) {
    return (
      <>
        <Heading title="This link does not work any more">
          {over.code === "auth_code_invalid"
            ? "It was used, it is too old, or a newer mail has replaced it."
            : problemOf(over, status).notice}
        </Heading>
        <Elsewhere type={arrival?.kind === "link" ? arrival.request.type : undefined} />
      </>
    );
  }
  if (arrival?.kind === "link") return <MailLink request={arrival.request} onHalf={setHalf} onOver={setOver} />;
  if (arrival?.kind === "return") {
    return "code" in arrival.request ? (
      <OtherTemplate request={arrival.request} onOver={setOver} />
    ) : (
      <Refused request={arrival.request} onOver={setOver} />
    );
  }
  return (
    <>
      <Heading title="Open the link in the mail">
        This page belongs to a link that we mail. Open that link again, in this browser.
      </Heading>
      <Elsewhere />
    </>
  );
}

interface MailLinkProps {
  request: Extract<Arrival, { kind: "link" }>["request"];
  onHalf: (next: string) => void;
  onOver: (error: LatchkeyErrorBody) => void;
}

function MailLink({ request, onHalf, onOver }: MailLinkProps) {
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const { title, text, button } = WORDS[request.type];

  async function send({ email }: Values) {
    const { data, error } = await latchkey.verify(asks ? { ...request, email } : request);
    if (error?.code === "auth_address_required") {
      setAsks(true);
      return undefined;
    }
    if (error?.code === "auth_code_invalid") onOver(error);
    else if (error) return error;
    else if (!data.user) onHalf(data.next);
    else await navigate("/profile", { replace: true });
    return undefined;
  }

  return (
    <>
      <Heading title={asks ? "Which address is it?" : title}>
        {asks
          ? "This may be another browser than the one that asked for the mail. So that nobody else can use the link, type the " +
            "address that the mail came to."
          : text}
      </Heading>
      <Form
        key={asks ? "address" : "click"}
        check={({ email }) => (asks ? emailProblem(email) : {})}
        send={send}
        submitLabel={button}
        busyLabel="One moment…"
      >
        {(errors) => asks && <Field name="email" label="E-mail" type="email" autoComplete="username" error={errors.email} />}
      </Form>
    </>
  );
}

interface OtherTemplateProps {
  request: Extract<Arrival, { kind: "return" }>["request"];
  onOver: (error: LatchkeyErrorBody) => void;
}

/** Such a link that Supabase did not take. There is nothing to click for: asking what that means uses nothing up. */
function Refused({ request, onOver }: OtherTemplateProps) {
  useEffect(() => {
    void finish(request).then(({ error }) => error && onOver(error));
  }, [request, onOver]);
  return <Waiting />;
}

/** The link of a mail whose template is Supabase's own. */
function OtherTemplate({ request, onOver }: OtherTemplateProps) {
  const navigate = useNavigate();
  async function send() {
    const { data, error } = await finish(request);
    if (error) onOver(error);
    else await navigate(data.returnTo ?? "/profile", { replace: true });
    return undefined;
  }
  return (
    <>
      <Heading title="You opened our link">One click, and you are in.</Heading>
      <Form send={send} submitLabel="Go on" busyLabel="One moment…" />
    </>
  );
}

function Elsewhere({ type }: { type?: MailType | undefined }) {
  const { status } = useSession();
  if (status === "signedIn") {
    return (
      <p className="elsewhere">
        <Link to="/profile">Go to your profile</Link>
      </p>
    );
  }
  return (
    <ul className="elsewhere">
      {(type === undefined || type === "recovery") && (
        <li>
          <Link to="/recover">Ask for a new password again</Link>
        </li>
      )}
      {type === "signup" && <li>If you used the link before, your address is confirmed: just sign in.</li>}
      <li>
        <Link to="/sign-in">Go to sign-in</Link>
      </li>
    </ul>
  );
}
