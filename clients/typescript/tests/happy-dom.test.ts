import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Window } from "happy-dom";
import { Latchkey, unwrap } from "../src/index.ts";
import { newEmail, PASSWORD, SERVICE } from "./browser.ts";
import { pretendPage } from "./dom.ts";

// With its fetch, its cookies and its CORS, as its global registrator has it.
const window = new Window({ url: "http://localhost:5173/" });
pretendPage(window, ["AbortController", "AbortSignal", "Headers", "Request", "Response", "fetch", "navigator"]);
after(() => window.happyDOM.close());

test("under happy-dom everything works, by its own fetch and cookies", async () => {
  assert.match(navigator.userAgent, /HappyDOM/);
  const service = SERVICE.replace("127.0.0.1", "localhost");
  const client = new Latchkey({ baseUrl: service });
  const { signal } = new AbortController();
  const email = newEmail();
  assert.equal(unwrap(await client.restore({ signal })), null);
  unwrap(await client.signUp({ email, password: PASSWORD }, { signal }));
  assert.equal(unwrap(await client.me()).email, email);
  assert.equal(unwrap(await new Latchkey({ baseUrl: service }).restore())?.email, email); // a reload
  assert.equal((await client.fetch(`${service}/auth/me`, { signal })).status, 200);
  unwrap(await client.signOut());
});
