import type { components } from "@latchkey/client";
import { useCallback, useState } from "react";
import { Link } from "react-router";
import { Back } from "../components/back.tsx";
import { Button } from "../components/button.tsx";
import { CodeForm } from "../components/code-form.tsx";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { ListProblem, Row } from "../components/list.tsx";
import { useStepUp } from "../components/step-up.tsx";
import { useConfig } from "../config.tsx";
import { latchkey } from "../latchkey.ts";
import { when } from "../names.ts";
import { useLoad } from "../use-load.ts";

type Schemas = components["schemas"];

export function Security() {
  const { accountDeletion } = useConfig();
  return (
    <>
      <Heading title="Security" />
      <Factors />
      <Devices />
      {accountDeletion && (
        <section>
          <h2>Leave</h2>
          <p>
            <Link to="/profile/delete">Delete your account</Link>
          </p>
        </section>
      )}
      <Back />
    </>
  );
}

function Factors() {
  const withStepUp = useStepUp();
  const { data, error, again } = useLoad(useCallback((options) => latchkey.mfa.factors(options), []));
  const [adding, setAdding] = useState(false);
  return (
    <section>
      <h2>Second factor</h2>
      <p className="muted">A code of an app on your phone, beside your password.</p>
      {error && <ListProblem error={error} again={again} />}
      <ul className="list">
        {data?.map(({ id, name, verified, createdAt }) => (
          <Row
            key={id}
            title={name ?? "Authenticator app"}
            note={verified ? (createdAt ? `since ${when(createdAt)}` : "in use") : "not finished"}
            action={{
              label: "Remove",
              about: name ?? "authenticator app",
              run: async () => {
                const { error } = await withStepUp(() => latchkey.mfa.unenroll(id));
                if (!error) void again();
                return error;
              },
            }}
          />
        ))}
      </ul>
      {adding ? (
        <Enrol
          onDone={() => {
            setAdding(false);
            void again();
          }}
        />
      ) : (
        <Button plain onClick={() => setAdding(true)}>
          Add an authenticator app
        </Button>
      )}
    </section>
  );
}

/** From a name to a picture to the first code. */
function Enrol({ onDone }: { onDone: () => void }) {
  const withStepUp = useStepUp();
  const [enrolled, setEnrolled] = useState<Schemas["FactorEnrollment"] | null>(null);

  async function send({ factorName }: Values) {
    const { data, error } = await withStepUp(() => latchkey.mfa.enroll({ name: factorName }));
    if (data) setEnrolled(data);
    return error;
  }

  if (!enrolled) {
    return (
      <Form
        check={({ factorName }) => (factorName.length <= 100 ? {} : { factorName: "Use up to 100 characters." })}
        send={send}
        submitLabel="Go on"
        busyLabel="Preparing…"
      >
        {(errors) => (
          <Field
            name="factorName"
            label="Name of the app or phone"
            hint="Optional. To tell it from others."
            error={errors.factorName}
          />
        )}
      </Form>
    );
  }
  const { totp } = enrolled;
  return (
    <div className="enrol">
      <p>Scan this with your authenticator app, then enter the code that it shows.</p>
      <img
        className="qr"
        alt="QR code for your authenticator app"
        src={`data:image/svg+xml,${encodeURIComponent(totp.qrSvg)}`}
      />
      <p>
        <a href={totp.uri}>Open it on this device</a>, or type this into the app: <code className="secret">{totp.secret}</code>
      </p>
      <CodeForm factors={[enrolled]} submitLabel="Finish" onDone={onDone} />
    </div>
  );
}

function Devices() {
  const withStepUp = useStepUp();
  const { data, error, again } = useLoad(useCallback((options) => latchkey.sessions(options), []));
  const others = data?.filter(({ current }) => !current) ?? [];

  async function end(id: string) {
    const { error } = await withStepUp(() => latchkey.endSession(id));
    if (!error) void again();
    return error;
  }

  return (
    <section>
      <h2>Devices</h2>
      {error ? <ListProblem error={error} again={again} /> : <p className="muted">Where you are signed in.</p>}
      <ul className="list">
        {data?.map(({ id, current, userAgent, ip, lastUsedAt }) => (
          <Row
            key={id}
            title={
              <>
                {userAgent ?? "Unknown device"} {current && <strong className="badge">This device</strong>}
              </>
            }
            note={[ip, `last used ${when(lastUsedAt)}`].filter(Boolean).join(" · ")}
            action={current ? undefined : { label: "Sign out", about: userAgent ?? "unknown device", run: () => end(id) }}
          />
        ))}
        {(others.length > 0 || error?.code === "auth_sessions_unavailable") && (
          <Row
            title="All other devices"
            action={{
              label: "Sign out",
              about: "all other devices",
              run: async () => {
                const { error } = await withStepUp(() => latchkey.signOut({ scope: "others" }));
                if (!error) void again();
                return error;
              },
            }}
          />
        )}
      </ul>
    </section>
  );
}
