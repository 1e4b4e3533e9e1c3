import { useCallback } from "react";
import { useNavigate } from "react-router";
import { Back } from "../components/back.tsx";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { Notice } from "../components/notice.tsx";
import { useStepUp } from "../components/step-up.tsx";
import { latchkey } from "../latchkey.ts";
import { displayNameProblem, problemOf } from "../problems.tsx";
import { useLoad } from "../use-load.ts";

export function ChangeName() {
  const navigate = useNavigate();
  const withStepUp = useStepUp();
  const { data, error, again } = useLoad(useCallback((options) => latchkey.me(options), []));

  async function send({ displayName }: Values) {
    const { error } = await withStepUp(() => latchkey.updateProfile({ displayName }));
    if (!error) await navigate("/profile");
    return error;
  }

  return (
    <>
      <Heading title="Your display name">How others see you.</Heading>
      {error && <Notice problem={problemOf(error, "signedIn")} onRetry={() => void again()} />}
      {/* There from the start, so that nothing moves when the name comes. */}
      <Form
        key={data ? "known" : "loading"}
        check={({ displayName }) => displayNameProblem(displayName)}
        send={send}
        disabled={!data}
        submitLabel="Save"
        busyLabel="Saving your name…"
      >
        {(errors) => (
          <Field
            name="displayName"
            label="Display name"
            autoComplete="name"
            defaultValue={data?.profile.displayName ?? ""}
            readOnly={!data}
            hint="Leave it empty to have none."
            error={errors.displayName}
          />
        )}
      </Form>
      <Back />
    </>
  );
}
