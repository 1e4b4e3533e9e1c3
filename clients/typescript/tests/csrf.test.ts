import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, newEmail } from "./browser.ts";

test("one CSRF token serves every POST", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  await tab.signIn({ email: newEmail(), password: "wrong" });
  await tab.signIn({ email: newEmail(), password: "wrong" });
  await tab.refresh();
  assert.equal(browser.count("GET /auth/csrf"), 1);
});

test("a CSRF token that is not accepted is replaced, and the request repeated once", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.jar.removeAllCookiesSync(); // the token belongs to the cookie that is gone
  const { error } = await tab.signIn({ email: newEmail(), password: "wrong" });
  assert.equal(error?.code, "auth_invalid_credentials");
  assert.deepEqual(browser.requests, ["POST /auth/signin", "GET /auth/csrf", "POST /auth/signin"]);
});

test("a second CSRF refusal is given up on", async () => {
  const browser = new Browser();
  browser.intercept = (request) => {
    request.headers.delete("X-CSRF-Token");
    return request;
  };
  const { error } = await browser.tab().signIn({ email: newEmail(), password: "wrong" });
  assert.equal(error?.code, "csrf_failed");
  assert.equal(browser.count("POST /auth/signin"), 2);
});

test("a page whose origin is refused does not try again", async () => {
  const browser = new Browser();
  browser.intercept = (request) => {
    request.headers.set("Origin", "https://evil.example");
    return request;
  };
  const { error } = await browser.tab().signIn({ email: newEmail(), password: "wrong" });
  assert.ok(error?.code === "csrf_failed" && error.details.reason === "origin");
  assert.equal(browser.count("POST /auth/signin"), 1);
});
