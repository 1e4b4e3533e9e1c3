import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { JSDOM } from "jsdom";
import { unwrap } from "../src/index.ts";
import { Browser, newEmail, PASSWORD } from "./browser.ts";
import { pretendPage } from "./dom.ts";
import { until } from "./watch.ts";

// Events stay Node's: its channels, which stand in for a browser's, send those.
pretendPage(new JSDOM("", { url: "http://localhost:5173/" }).window, ["navigator"]);

// Vue looks for a page when it is loaded.
const { createApp, createSSRApp, defineComponent, effectScope, h, reactive, watchEffect } = await import("vue");
const { renderToString } = await import("vue/server-renderer");
const { latchkeyPlugin, useLatchkey, useSession } = await import("../src/vue.ts");

const Who = defineComponent(() => {
  const session = useSession();
  return () => h("p", session.value.status === "signedIn" ? session.value.user.email : session.value.status);
});
const Page = defineComponent(() => () => [h(Who), h(Who)]);

const shown = (page: Element) => [...page.querySelectorAll("p")].map(({ textContent }) => textContent).join();

test("components show who is signed in, found out once, and what happens in another tab", async () => {
  const browser = new Browser();
  const { user } = await browser.signedIn();
  const client = browser.tab();
  const page = document.createElement("div");
  const app = createApp(Page).use(latchkeyPlugin(client));
  app.mount(page);
  assert.equal(shown(page), "unknown,unknown");
  await until(() => shown(page) === `${user?.email},${user?.email}`);
  assert.equal(browser.count("POST /auth/refresh"), 1);
  unwrap(await browser.tab().signOut());
  await until(() => shown(page) === "signedOut,signedOut");
  app.unmount();
});

test("a page that a server rendered hydrates without a difference", async () => {
  const browser = new Browser();
  const { user } = await browser.signedIn();
  const client = browser.tab();
  const page = document.createElement("div");
  page.innerHTML = await renderToString(createSSRApp(Page).use(latchkeyPlugin(client)));
  assert.equal(shown(page), "unknown,unknown");
  assert.deepEqual(browser.requests, []);
  const complaints = mock.method(console, "error", () => {});
  const app = createSSRApp(Page).use(latchkeyPlugin(client));
  app.mount(page);
  await until(() => shown(page) === `${user?.email},${user?.email}`);
  assert.equal(complaints.mock.callCount(), 0);
  complaints.mock.restore();
  app.unmount();
});

test("a reactive object may hold the client", async () => {
  const store = reactive({ latchkey: new Browser().tab() });
  unwrap(await store.latchkey.signUp({ email: newEmail(), password: PASSWORD }));
  assert.equal(unwrap(await store.latchkey.me()).id, store.latchkey.user?.id);
});

test("a store outside of any component follows it too, until its scope ends", async () => {
  const client = new Browser().tab();
  const seen: string[] = [];
  const scope = effectScope();
  createApp(Page)
    .use(latchkeyPlugin(client))
    .runWithContext(() =>
      scope.run(() => {
        const session = useSession();
        watchEffect(() => seen.push(session.value.status), { flush: "sync" });
      }),
    );
  await until(() => seen.at(-1) === "signedOut");
  scope.stop();
  unwrap(await client.signUp({ email: newEmail(), password: PASSWORD }));
  assert.deepEqual(seen, ["unknown", "signedOut"]);
});

test("without the plugin the composables say what is missing", () => {
  const app = createApp(Page);
  assert.throws(() => app.runWithContext(() => useLatchkey()), /without latchkeyPlugin/);
});
