/** Codes that a client does not know, of a service that is newer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTemporary, Latchkey } from "../src/index.ts";
import { PASSWORD } from "./browser.ts";
import { ADA, failed, serveAnswers } from "./servers.ts";

test("an unknown code is treated by its status", async () => {
  for (const [status, passes] of [
    [403, false],
    [409, false],
    [422, false],
    [408, true],
    [429, true],
    [500, true],
    [507, true],
  ] as const) {
    const { url } = await serveAnswers({ "POST /auth/signin": [status, failed("auth_never_heard_of")] });
    const { error } = await new Latchkey({ baseUrl: url }).signIn({ email: ADA.email, password: PASSWORD });
    assert.equal(error?.status, status);
    assert.equal(isTemporary(error), passes, String(status));
  }
});

test("where no answer came the status is 0", async () => {
  const { error } = await new Latchkey({ baseUrl: "http://127.0.0.1:9" }).signIn({ email: ADA.email, password: PASSWORD });
  assert.equal(error?.status, 0);
});
