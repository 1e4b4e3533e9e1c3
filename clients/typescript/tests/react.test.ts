import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { JSDOM } from "jsdom";
import { unwrap } from "../src/index.ts";
import { Browser, CUT_OFF_SERVICE, newEmail, PASSWORD, redirected } from "./browser.ts";
import { pretendPage } from "./dom.ts";
import { until } from "./watch.ts";

// Events stay Node's: its channels, which stand in for a browser's, send those.
pretendPage(new JSDOM("", { url: "http://localhost:5173/" }).window, ["navigator"]);
Object.defineProperty(globalThis, "IS_REACT_ACT_ENVIRONMENT", { value: true });

// React looks for a page when it is loaded.
const { act, createElement, StrictMode, startTransition, Suspense, use, useState } = await import("react");
const { createRoot, hydrateRoot } = await import("react-dom/client");
const { renderToString } = await import("react-dom/server");
const { LatchkeyProvider, useLatchkey, useSession } = await import("../src/react.ts");
type Client = Parameters<typeof LatchkeyProvider>[0]["client"];
type Root = ReturnType<typeof createRoot>;

const renders: string[] = [];

function Who() {
  const session = useSession();
  const text = session.status === "signedIn" ? session.user.email : session.status;
  renders.push(text);
  return createElement("p", null, text);
}

function app(client: Client) {
  return createElement(StrictMode, null, createElement(LatchkeyProvider, { client }, createElement(Who), createElement(Who)));
}

const page = document.createElement("div");
const shown = () => [...page.querySelectorAll("p")].map(({ textContent }) => textContent);
let root: Root | undefined;

afterEach(async () => {
  await act(async () => root?.unmount());
  page.innerHTML = "";
  renders.length = 0;
});

async function mount(client: Client): Promise<void> {
  root = createRoot(page);
  await act(async () => root?.render(app(client)));
}

/** Waits for what the page shows; React is told to expect updates meanwhile. */
async function shows(...texts: string[]): Promise<void> {
  for (let tries = 0; tries < 100 && shown().join() !== texts.join(); tries++) {
    await act(() => new Promise((resolve) => setTimeout(resolve, 20)));
  }
  assert.deepEqual(shown(), texts);
}

test("components show who is signed in, found out once, in StrictMode too", async () => {
  const browser = new Browser();
  const { user } = await browser.signedIn();
  assert.ok(user);
  const client = browser.tab();
  await mount(client);
  await shows(user.email, user.email);
  assert.equal(browser.count("POST /auth/refresh"), 1);
  await act(async () => unwrap(await client.signOut()));
  await shows("signedOut", "signedOut");
});

test("what happens in another tab is shown", async () => {
  const browser = new Browser();
  await mount(browser.tab());
  await shows("signedOut", "signedOut");
  const other = browser.tab();
  const email = newEmail();
  await act(async () => unwrap(await other.signUp({ email, password: PASSWORD })));
  await shows(email, email);
});

test("a page that a server rendered hydrates without a difference, whoever is signed in", async () => {
  const client = await new Browser().signedIn();
  const { user } = client;
  assert.ok(user);
  page.innerHTML = renderToString(app(client));
  assert.deepEqual(shown(), ["unknown", "unknown"]);
  const complaints: unknown[] = [];
  await act(async () => {
    root = hydrateRoot(page, app(client), { onRecoverableError: (error) => complaints.push(error) });
  });
  await shows(user.email, user.email);
  assert.deepEqual(complaints, []);
});

test("a server renders without a request", async () => {
  const browser = new Browser();
  renderToString(app(browser.tab()));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(browser.requests, []);
});

test("during a transition no two components disagree about who is signed in", async () => {
  const client = await new Browser().signedIn();
  let resolve = (_: string) => {};
  const slow = new Promise<string>((done) => {
    resolve = done;
  });
  let begin = () => {};
  function Slow() {
    return createElement("p", null, use(slow));
  }
  function Switch() {
    const [on, setOn] = useState(false);
    begin = () => startTransition(() => setOn(true));
    return createElement(Suspense, { fallback: null }, createElement(Who), on && createElement(Slow), createElement(Who));
  }
  root = createRoot(page);
  await act(async () => root?.render(createElement(LatchkeyProvider, { client }, createElement(Switch))));
  await act(async () => begin());
  await act(async () => unwrap(await client.signOut()));
  await shows("signedOut", "signedOut");
  await act(async () => resolve("done"));
  await shows("signedOut", "done", "signedOut");
});

test("an outage at start-up is not asked about again and again, and restore tries again", async () => {
  const browser = new Browser();
  const { user } = await browser.signedIn();
  assert.ok(user);
  browser.intercept = (request) => redirected(request, CUT_OFF_SERVICE);
  const client = browser.tab();
  await mount(client);
  const doubt = () => {
    const snapshot = client.getSnapshot();
    return snapshot.status === "unknown" && snapshot.error !== null;
  };
  await act(() => until(doubt));
  await shows("unknown", "unknown");
  assert.equal(browser.count("POST /auth/refresh"), 1);
  browser.intercept = (request) => request;
  await act(async () => unwrap(await client.restore()));
  await shows(user.email, user.email);
});

test("outside of the provider the hooks say what is missing", () => {
  function Lost() {
    return createElement("p", null, useLatchkey().user?.email);
  }
  assert.throws(() => renderToString(createElement(Lost)), /outside of LatchkeyProvider/);
});
