import { useSession } from "@latchkey/client/react";
import { Back } from "../components/back.tsx";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { useStepUp } from "../components/step-up.tsx";
import { latchkey } from "../latchkey.ts";

export function DeleteAccount() {
  const { user } = useSession();
  const withStepUp = useStepUp();
  const expected = user?.email || user?.id || "";

  async function send({ confirm }: Values) {
    return (await withStepUp(() => latchkey.deleteAccount(confirm))).error;
  }

  return (
    <>
      <Heading title="Delete your account">
        Your profile and everything that belongs to it goes, on all devices. Nobody can bring it back.
      </Heading>
      <Form
        danger
        check={({ confirm }) => (confirm ? {} : { confirm: `Type ${expected}.` })}
        send={send}
        submitLabel="Delete it for good"
        busyLabel="Deleting your account…"
      >
        {(errors) => (
          <Field
            name="confirm"
            label={user?.email ? "Type your e-mail address" : "Type your user id"}
            autoComplete="off"
            spellCheck={false}
            hint={expected}
            error={errors.confirm}
          />
        )}
      </Form>
      <Back />
    </>
  );
}
